"""The calendar of MOI, against dates that the ministry itself gives."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import TAIPEI, Release, Window, described_window, newest_issue_due

days = st.dates(min_value=date(2013, 1, 1), max_value=date(2060, 12, 31))
seasons = st.builds(Release.season, st.integers(101, 150), st.integers(1, 4))


# From the ministry's list of September 2022.
@pytest.mark.parametrize(
    ("issue", "first", "last"),
    [
        ("2022-07-01", date(2022, 5, 11), date(2022, 5, 20)),
        ("2022-07-11", date(2022, 5, 21), date(2022, 5, 31)),
        ("2022-07-21", date(2022, 6, 1), date(2022, 6, 10)),
        ("2022-03-11", date(2022, 1, 21), date(2022, 1, 31)),
        ("2022-01-01", date(2021, 11, 11), date(2021, 11, 20)),
        ("2024-04-11", date(2024, 2, 21), date(2024, 2, 29)),
    ],
)
def test_an_issue_covers_a_third_of_a_month(issue: str, first: date, last: date) -> None:
    assert Release.parse(issue).window == Window(first, last)


@pytest.mark.parametrize(
    ("season", "first", "last", "published"),
    [
        ("111S1", date(2021, 11, 11), date(2022, 2, 10), date(2022, 4, 1)),
        ("111S2", date(2022, 2, 11), date(2022, 5, 10), date(2022, 7, 1)),
        ("110S4", date(2021, 8, 11), date(2021, 11, 10), date(2022, 1, 1)),
        ("105S4", date(2016, 8, 11), date(2016, 10, 31), date(2017, 1, 1)),
        ("106S1", date(2016, 11, 1), date(2017, 2, 10), date(2017, 4, 1)),
    ],
)
def test_a_season_covers_a_quarter(season: str, first: date, last: date, published: date) -> None:
    release = Release.parse(season)
    assert (release.window, release.published_on) == (Window(first, last), published)


@given(days)
def test_every_trade_day_is_covered_by_one_issue_and_its_season(day: date) -> None:
    issue = Release.covering(day)
    assert day in issue.window
    assert day not in issue.following().window
    assert day not in issue.preceding().window
    assert issue.covering_season().window.covers(issue.window)


@given(seasons)
def test_the_issues_of_a_season_fill_its_window_without_a_gap(season: Release) -> None:
    issues = list(season.issues())
    assert (issues[0].window.first, issues[-1].window.last) == (season.window.first, season.window.last)
    for one, next_one in pairwise(issues):
        assert next_one.window.first == one.window.last + timedelta(days=1)
        assert one.following() == next_one


@given(st.one_of(seasons, st.builds(Release.covering, days)))
def test_names_lead_back_to_their_releases(release: Release) -> None:
    assert Release.parse(release.key) == release
    assert Release.parse(release.key.replace("-", "").lower()) == release
    assert release.following().preceding() == release


@pytest.mark.parametrize("text", ["", "latest", "2022-09-22", "2022-13-01", "111S5", "S2", "20220931", "111s2x"])
def test_what_names_no_release_is_told_with_examples(text: str) -> None:
    with pytest.raises(UnknownRelease, match=r"2022|1st"):
        Release.parse(text)


def test_an_issue_is_due_at_ten_in_taipei() -> None:
    before = datetime(2022, 9, 21, 9, 59, tzinfo=TAIPEI)
    assert newest_issue_due(before).key == "2022-09-11"
    assert newest_issue_due(before + timedelta(minutes=1)).key == "2022-09-21"


def test_an_issue_knows_its_date_and_a_season_the_moment_it_was_fetched() -> None:
    fetched = datetime(2023, 6, 1, 12, 30, tzinfo=TAIPEI)
    assert Release.parse("2022-09-21").as_of(fetched) == datetime(2022, 9, 21, tzinfo=TAIPEI)
    assert Release.parse("111S3").as_of(fetched) == fetched


@pytest.mark.parametrize(
    "text",
    [
        "登記日期自 111年6月11 至 111年6月20日之買賣案件，及交易日期自111年5月1 至 111年5月10日之預售屋案件",
        "申報日期自 111年5月1 至 111年5月10日之租賃、預售屋交易案件",
        "登記日期 111年6月1日至 111年6月10日之買賣案件，及交易日期 111年05月01日至 111年05月10日之預售屋案件",
    ],
)
def test_the_words_of_moi_give_the_pre_sale_window(text: str) -> None:
    assert described_window(text) == Window(date(2022, 5, 1), date(2022, 5, 10))


@pytest.mark.parametrize(
    "text",
    ["", "系統訊息", "登記日期自 111年6月1 至 111年6月10日之買賣案件", "自111年13月1 至 111年5月10日之預售屋案件"],
)
def test_words_without_a_pre_sale_window_give_none(text: str) -> None:
    assert described_window(text) is None
