"""The site offers on each day what MOI would, on pages that a stranger can read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from pshs_dagster.releases import Release, described_window
from pshs_dagster.sandbox import pages
from pshs_dagster.sandbox.shelf import shelf_on

FIRST = Release.parse("110S2")


@pytest.mark.parametrize(
    ("today", "current", "earlier", "newest"),
    [
        (date(2022, 9, 21), "2022-09-21", 8, "111S2"),
        (date(2022, 9, 20), "2022-09-11", 7, "111S2"),
        (date(2022, 9, 30), "2022-09-21", 8, "111S2"),
        (date(2022, 10, 1), "2022-10-01", 0, "111S3"),
        (date(2023, 1, 1), "2023-01-01", 0, "111S4"),
        (date(2023, 1, 11), "2023-01-11", 1, "111S4"),
    ],
)
def test_issues_and_seasons_follow_the_calendar(today: date, current: str, earlier: int, newest: str) -> None:
    shelf = shelf_on(today, FIRST)
    assert shelf.current.key == current
    assert len(shelf.earlier) == earlier
    assert shelf.seasons[0].key == newest
    assert shelf.seasons[-1].key == "110S2"


def test_the_history_page_gives_each_issue_with_its_window() -> None:
    html = pages.history_page(shelf_on(date(2022, 9, 1), FIRST))
    rows = re.findall(r"發布日期 (\d{8}).*?desc=\"(.*?)\".*?downloadLast\('(\d{8})'\)", html, re.DOTALL)
    assert [row[0] for row in rows] == ["20220701", "20220711", "20220721", "20220801", "20220811", "20220821"]
    for shown, words, linked in rows:
        assert shown == linked
        assert described_window(words) == Release.parse(shown).window


def test_the_seasons_stand_in_a_comment_of_the_history_page_and_on_their_own() -> None:
    shelf = shelf_on(date(2022, 9, 1), FIRST)
    comment = re.search(r"<!--(.*?)-->", pages.history_page(shelf), re.DOTALL)
    assert comment is not None
    expected = ["111S2", "111S1", "110S4", "110S3", "110S2"]
    for html in (comment[1], pages.seasons_page(shelf)):
        assert re.findall(r'<option value="(\w+)">', html) == expected
    assert '<option value="111S2">111年第2季</option>' in pages.seasons_page(shelf)


def test_on_the_first_day_of_a_quarter_the_history_is_empty_and_the_season_is_there() -> None:
    shelf = shelf_on(date(2026, 7, 1), FIRST)
    assert "downloadLast('" not in pages.history_page(shelf)
    assert '<option value="115S2">' in pages.seasons_page(shelf)


@pytest.mark.parametrize("today", [date(2022, 9, 21), date(2026, 9, 21), date(2026, 3, 1)])
def test_the_current_page_tells_the_window_with_a_day_at_both_ends(today: date) -> None:
    shelf = shelf_on(today, FIRST)
    for html in (pages.current_page(shelf), pages.open_data_page(shelf)):
        words = re.search(r'<span class="text-danger">(.*?)</span>', html)
        assert words is not None
        assert re.search(r"登記日期 \d+年\d+月\d+日至 \d+年\d+月\d+日之買賣案件", words[1])
        assert described_window(words[1]) == shelf.current.window


@pytest.mark.real
def test_issues_are_described_in_the_words_of_the_real_page(real_data: Path) -> None:
    real = (real_data / "DownloadHistory_ajax_list.html").read_text(encoding="utf-8")
    made = pages.history_page(shelf_on(date(2022, 9, 1), FIRST))
    issues = r"發布日期 (\d{8}).*?desc=\"(.*?)\""
    assert re.findall(issues, made, re.DOTALL) == re.findall(issues, real, re.DOTALL)
    seasons = r"m\.set\('(\w+)', '(.*?)'\)"
    assert set(re.findall(seasons, made)) <= set(re.findall(seasons, real))
    assert re.findall(r"<option.*?</option>", made) == re.findall(r"<option.*?</option>", real)[:5]
