"""MOI's pages, as served: the lists of what can be downloaded, and the page that says that there is no such file.

Their quirks are kept, since clients read them: windows with and without 日, seasons within a comment, images and
session numbers in between. What is on offer is decided in `shelf.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pshs_dagster.releases import Release
from pshs_dagster.sandbox.layouts import description
from pshs_dagster.sandbox.shelf import Shelf

_SESSION = "AF83AE73119BA36089F3FD7864B7F8AA"
"""MOI writes its session into the addresses of images; any one will do."""


def history_page(shelf: Shelf) -> str:
    """`/DownloadHistory_ajax_list`: the earlier issues of the quarter; the seasons stand in a comment."""
    rows = "\n".join(_issue_row(issue) for issue in shelf.earlier)
    words = "\n".join(f"\t\tm.set('{season}', '{description(season)}');\n" for season in reversed(shelf.seasons))
    return f"""<!--
		<table width="100%" border='0' cellpadding='0' cellspacing='0' id='table5' >
			<tr>
				<td class="form_gray" colspan="3"><font face='Arial' size='-1'>前季下載</font></td>
			</tr>
			<tr>
				<td class="form_intro">&nbsp;</td>
				<td class="form_intro">&nbsp;發布日期
{_select(shelf.seasons)}
				</td>
				<td class="form_intro">
					<span class="i_download" style="cursor:pointer" onclick="javaScript:downloadSeason();">
						<img src="images/download_b_o.gif" alt="下載">
					</span>
				</td>
			</tr>
		</table>
 -->
<table width="100%" border='0' cellpadding='0' cellspacing='0' id='table5'>
	<tr>
		<td class="form_gray" colspan="3">
			<font face='Arial' size='-1'>前期下載</font>
		</td>
	</tr>

{rows}
</table>
<div id="downloadSeason_list_id">
	<!-- 前季下載 -->
</div>
<script>
	var m = new Map();

	$(document).ready(function () {{
		initDownloadDesc();
		initSeasonDesc();
		loadAjaxUrl('DownloadSeason_ajax_list', 'downloadSeason_list_id');
	}});

	function initSeasonDesc() {{

{words}
	}}

	//前期下載
	function downloadLast(filename) {{
		var url = "DownloadHistory?type=history&fileName=" + filename;
		window.location.href = url;
	}}
</script>
"""


def seasons_page(shelf: Shelf) -> str:
    """`/DownloadSeason_ajax_list`: the seasons as options."""
    return f"""<table width="100%" border='0' cellpadding='0' cellspacing='0' id='table5'>
	<tr>
		<td class="form_gray" colspan="3"><font face='Arial' size='-1'>前季下載</font></td>
	</tr>
	<tr>
		<td class="form_intro">&nbsp;發布日期
{_select(shelf.seasons)}
		</td>
	</tr>
</table>
"""


def current_page(shelf: Shelf) -> str:
    """`/Download_ajax_active`: what the current issue contains, in words."""
    return f"""<table class="table" id="table5">
	<tr>
		<td colspan="3"><font face='Arial' size='-1'>本期下載</font></td>
	</tr>
	<tr>
		<td colspan="3">
			<span class="text-danger">{description(shelf.current, page=True)}</span>
		</td>
	</tr>
	<tr>
		<td><a href="javascript:void(0);" onclick="startOpenData('lvr_landcsv.zip');">下載</a></td>
	</tr>
</table>
"""


def open_data_page(shelf: Shelf) -> str:
    """`/DownloadOpenData`: the page around the others."""
    return f"""<!DOCTYPE html>
<html lang="zh-Hant">
<head><meta charset="UTF-8"><title>內政部不動產交易實價查詢服務網</title></head>
<body>
<h2>不動產成交案件實際資訊資料供應系統</h2>
<div id="tab_opendata_active_content">
{current_page(shelf)}</div>
<div id="tab_opendata_history_content"></div>
<script>loadAjaxUrl('DownloadHistory_ajax_list', 'tab_opendata_history_content');</script>
</body>
</html>
"""


def error_page() -> str:
    """What MOI answers, with status 200, for what it does not have."""
    return """<!DOCTYPE html>
<html lang="zh-Hant">
<head><meta charset="UTF-8"><title>系統訊息</title></head>
<body>
<div class="alert">
	<h3>系統訊息</h3>
	<p>系統發生錯誤</p>
	<p>檔案不存在</p>
</div>
</body>
</html>
"""


def _select(seasons: Sequence[Release]) -> str:
    options = "\n".join(
        f'    <option value="{season}">{season.key[:-2]}年第{season.key[-1]}季</option>' for season in seasons
    )
    return f"""					<select name="season" id="historySeason_id" onchange="chgSesonDesc(this.value);">
{options}
</select>"""


def _issue_row(issue: Release) -> str:
    day = f"{issue.published_on:%Y%m%d}"
    return f"""	<tr>
		<td class="form_intro">&nbsp;</td>
		<td class="form_intro">&nbsp;發布日期 {day}
			<span class="i_desc"
				desc="{description(issue)}">
				<img src="/images/info.png;jsessionid={_SESSION}" width="18" height="18" />
			</span>
		</td>

		<td class="form_intro">
			<span class="i_download" style="cursor:pointer" onclick="javaScript:downloadLast('{day}');">
				<img src="images/download_b_o.gif" alt="下載">
			</span>
		</td>
	</tr>
"""
