"""The quality page: what a version brings, what is doubtful or missing in it, and what was proved of it.

In Markdown, Chinese first. It has no moment of making, so that it stays the same file where nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pshs_dagster.dataset.markdown import table
from pshs_dagster.deals.rules import RULE_BY_NAME
from pshs_dagster.releases import Release


@dataclass(frozen=True)
class Brought:
    """What the last load of a release that changed something did."""

    release: Release
    lines: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    withdrawn: int


@dataclass(frozen=True)
class Quality:
    """What was counted in the tables."""

    brought: Sequence[Brought]
    """Loaded releases, the earliest window first."""
    deals: int
    suspect: int
    """Deals that carry a flag."""
    flags: Mapping[str, int]
    cancelled: int
    without_serial: int
    """Rows that another program wrote."""
    withdrawn: int
    rejected: Mapping[str, int]
    """Rejected lines by status."""
    events: Mapping[str, int]
    """Entries of the ledger by kind."""
    provisional: Sequence[str]
    """Months of trades, such as 2022-09, to which deals are still to come."""


STATUSES = {"open": "待處理", "corrected": "已更正", "dismissed": "略過", "fixed upstream": "內政部已更正"}
EVENTS = {"changed": "變更", "cancelled": "解約", "withdrawn": "撤下", "reinstated": "重現", "corrected": "更正"}

PROMISES = (
    (
        "發布正確",
        "每次發布的說明文字與交易日期皆相符，未以上期資料充當新一期",
        "Each release is the one that it is called: its own words and its trade dates both say so.",
    ),
    (
        "原檔不變",
        "原始 zip 先存檔、再解析；存檔讀回的 SHA-256 與下載時相同",
        "MOI's zips are archived before they are parsed, and read back with the SHA-256 that was fetched.",
    ),
    (
        "不漏不重",
        "每個檔案的資料列數＝新增＋變更＋未變＋退件",
        "For each file the lines are the new, changed, unchanged and rejected ones, exactly.",
    ),
    (
        "入庫相符",
        "發布中未退件的每個編號都在資料庫，內容為該發布或更新的值",
        "Every serial that was not rejected is in the tables, with the values of that release or newer ones.",
    ),
    (
        "統計相符",
        "統計表的筆數與總和與交易相符",
        "Counts and sums of the statistics are those of the deals.",
    ),
    (
        "檔案相符",
        "各檔案的列數合計等於資料庫列數，SHA-256 與 datapackage.json 相同",
        "The files have as many rows as the tables had, and the SHA-256 that datapackage.json tells.",
    ),
)
"""What the checks of the pipeline prove before a version is published, in both languages."""


def missing(releases: Iterable[Release]) -> list[Release]:
    """The issues between the first and the last of these releases whose trade dates none of them covers."""
    windows = [release.window for release in releases]
    if not windows:
        return []
    issue, last = Release.covering(min(window.first for window in windows)), max(window.last for window in windows)
    found: list[Release] = []
    while issue.window.last <= last:
        if not any(window.covers(issue.window) for window in windows):
            found.append(issue)
        issue = issue.following()
    return found


def quality_page(quality: Quality) -> str:
    """The page, as Markdown."""
    return "\n".join(_lines(quality)) + "\n"


def _lines(quality: Quality) -> Iterator[str]:
    yield from ("# 資料品質 Quality", "")
    yield f"交易 {quality.deals:,} 筆，其中解約 {quality.cancelled:,} 筆、存疑 {quality.suspect:,} 筆；"
    yield f"內政部已撤下 {quality.withdrawn:,} 筆，另列於 withdrawn_deals。"
    yield ""
    yield f"{quality.deals:,} deals, of which {quality.cancelled:,} are cancelled and {quality.suspect:,} suspect;"
    yield f"{quality.withdrawn:,} that MOI no longer publishes stand in withdrawn_deals."
    if quality.without_serial:
        yield ""
        yield f"{quality.without_serial:,} 筆無編號，為其他程式所寫，來源無從查證。"
        yield f"{quality.without_serial:,} rows have no serial number: another program wrote them, and nothing here "
        yield "proves where they come from."
    yield from _releases(quality)
    yield from _doubtful(quality)
    yield from ("", "## 檢核 What was proved", "")
    yield from table(("檢核", "意義", "what it means"), PROMISES)


def _releases(quality: Quality) -> Iterator[str]:
    yield from ("", "## 各次發布 Releases", "")
    yield "每列為該次發布最後一次有變動的載入：資料列＝新增＋變更＋未變＋退件。"
    yield "Each row is the last load of a release that changed something: lines = new + changed + unchanged + rejected."
    yield ""
    headings = ("發布 release", "交易日期 window", "資料列 lines", "新增 new", "變更 changed", "未變 unchanged")
    rows = [
        (b.release.key, b.release.window, b.lines, b.new, b.changed, b.unchanged, b.rejected, b.withdrawn)
        for b in quality.brought
    ]
    yield from table((*headings, "退件 rejected", "撤下 withdrawn"), rows)
    gaps = missing(each.release for each in quality.brought)
    yield from ("", "### 缺漏的發布 Missing releases", "")
    if not gaps:
        yield "無：首末之間每一旬的交易皆有發布涵蓋。 None: a release covers each third of a month in between."
        return
    yield "下列各旬的交易沒有已載入的發布涵蓋。 No loaded release covers the trades of these days:"
    yield ""
    yield from table(("期 issue", "交易日期 window"), [(gap.key, gap.window) for gap in gaps])


def _doubtful(quality: Quality) -> Iterator[str]:
    yield from ("", "## 存疑 Suspect", "")
    yield "存疑的交易照常收錄，`flags` 欄註明原因。 Suspect deals are in the data; the column `flags` says why."
    yield ""
    flags = sorted(quality.flags.items(), key=lambda item: (-item[1], item[0]))
    yield from table(("flags", "原因", "why", "筆數 deals"), [(name, *_words(name), count) for name, count in flags])
    yield from ("", "## 退件 Rejected", "")
    yield "無法載入的資料列不在 deals，原文與原因列於 rejected_deals。"
    yield "Lines that could not be loaded are not in deals; they stand, with their reasons, in rejected_deals."
    yield ""
    yield from _counts("status", quality.rejected, STATUSES)
    yield from ("", "## 異動 What changed later", "")
    yield from _counts("event", quality.events, EVENTS)
    yield from ("", "## 暫定月份 Provisional months", "")
    yield "這些月份的交易尚未公布完畢，筆數與價格仍會變動。 Deals of these months are still to come:"
    yield "、".join(quality.provisional) or "無 none"


def _counts(heading: str, counts: Mapping[str, int], words: Mapping[str, str]) -> Iterator[str]:
    yield from table(
        (heading, "意義", "筆數 number"), [(each, words.get(each, ""), counts[each]) for each in sorted(counts)]
    )


def _words(flag: str) -> tuple[str, str]:
    rule = RULE_BY_NAME.get(flag)
    return (rule.zh, rule.en) if rule else ("", "")
