"""What the portal offers, as its three pages tell it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from pshs_dagster.errors import PortalError
from pshs_dagster.portal import Portal, connection, pages
from pshs_dagster.releases import Release, Window
from pshs_dagster_tests.fixtures.portal import (
    ACTIVE,
    HISTORY,
    MISSING_PAGE,
    SEASONS,
    Answer,
    ScriptedPortal,
    active_page,
    history_page,
    page,
    season_page,
)
from pshs_dagster_tests.portal.at_hand import (
    EARLIER,
    LAST,
    NEW,
    SEASON,
    WINDOW,
)

REAL_LIST = (
    Path(os.environ.get("PSHS_REAL_DATA", Path(__file__).parents[3] / "shared" / "moi"))
    / "DownloadHistory_ajax_list.html"
)


class TestWhatIsPublished:
    def test_the_current_issue_the_earlier_ones_and_the_seasons_are_listed(self, portal: Portal) -> None:
        published = portal.published()
        assert published.current == NEW
        assert published.current_window == Window(date(2022, 8, 1), date(2022, 8, 10))
        assert published.earlier == (EARLIER, LAST)
        assert published.seasons == (Release.parse("110S4"), SEASON)
        assert portal.releases() == (Release.parse("110S4"), SEASON, EARLIER, LAST, NEW)

    def test_an_issue_that_is_current_and_listed_is_given_once(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(HISTORY, page(history_page("20220911", "20220921")))
        assert portal.releases().count(NEW) == 1

    def test_a_window_of_no_issue_is_told_but_is_no_release(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page(active_page("111年8月1日至 111年8月31日")))
        published = portal.published()
        assert published.current is None
        assert published.current_window == Window(date(2022, 8, 1), date(2022, 8, 31))

    def test_seasons_in_a_comment_of_the_list_of_issues_are_found(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(SEASONS, Answer(status=404))
        site.on(HISTORY, page(history_page("20220911", seasons=("111S2", "111S1"))))
        assert [str(season) for season in portal.published().seasons] == ["111S1", "111S2"]

    def test_an_empty_list_of_issues_is_no_error_when_a_quarter_begins(
        self, site: ScriptedPortal, portal: Portal
    ) -> None:
        site.on(HISTORY, page(history_page()))
        assert portal.published().earlier == ()

    @pytest.mark.parametrize("path", [ACTIVE, HISTORY, SEASONS])
    @pytest.mark.parametrize("html", [MISSING_PAGE, "<html><body>系統維護中</body></html>", ""])
    def test_a_page_without_a_release_is_an_error_not_an_empty_list(
        self, site: ScriptedPortal, portal: Portal, path: str, html: str
    ) -> None:
        site.on(path, page(html))
        with pytest.raises(PortalError, match="tells of no release"):
            portal.published()

    def test_an_error_page_is_quoted_without_its_scripts(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page(MISSING_PAGE + "長" * 1000))
        with pytest.raises(PortalError) as caught:
            portal.published()
        assert "系統訊息 檔案不存在" in str(caught.value)
        assert "不給人看" not in str(caught.value)
        assert "長" * pages.QUOTED_WORDS not in str(caught.value)

    def test_a_page_in_big5_is_read(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, Answer(active_page(WINDOW).encode("big5")))
        assert portal.published().current == NEW

    def test_a_listed_date_that_is_no_issue_is_left_out_with_a_warning(
        self, site: ScriptedPortal, portal: Portal, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.on(HISTORY, page(history_page("20220911", "20220915")))
        assert portal.published().earlier == (LAST,)
        assert "2022-09-15" in caplog.text

    def test_a_page_without_end_is_given_up(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page("<p>" + "x" * connection.MAX_PAGE))
        with pytest.raises(PortalError, match="more than"):
            portal.published()

    @pytest.mark.real
    @pytest.mark.skipif(not REAL_LIST.is_file(), reason=f"MOI's real list of releases is not at {REAL_LIST}")
    def test_the_real_list_of_september_2022_is_read(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(HISTORY, Answer(REAL_LIST.read_bytes()))
        site.on(SEASONS, page(MISSING_PAGE))
        published = portal.published()
        assert published.earlier == tuple(Release.parse("2022-07-01").issues()) + tuple(
            Release.parse(key) for key in ("2022-07-11", "2022-07-21", "2022-08-01", "2022-08-11", "2022-08-21")
        )
        assert published.seasons[0] == Release.parse("101S1")
        assert published.seasons[-1] == Release.parse("111S2")
        assert len(published.seasons) == 10 * 4 + 2


def test_the_page_of_seasons_is_preferred_to_the_comment(site: ScriptedPortal, portal: Portal) -> None:
    site.on(HISTORY, page(history_page("20220911", seasons=("110S4",))))
    site.on(SEASONS, page(season_page("111S1")))
    assert portal.published().seasons == (SEASON,)
