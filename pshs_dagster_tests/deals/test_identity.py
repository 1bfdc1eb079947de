"""Which release a zip is, told by its own words and by the trade dates of its rows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pshs_dagster.deals.identity import identify, trade_days
from pshs_dagster.deals.parse import Days
from pshs_dagster.releases import Release, Window
from pshs_dagster_tests.deals.lines import Csv, csv, line

ISSUE = Release.parse("2022-09-21")
SEASON = Release.parse("111S3")


def days(*spans: tuple[Window, int]) -> Days:
    return np.array(
        [window.first + timedelta(days=i % 5) for window, count in spans for i in range(count)], "datetime64[D]"
    )


def test_an_issue_with_its_own_trades_is_itself() -> None:
    found = identify(ISSUE, ISSUE.window, days((ISSUE.window, 10)))
    assert (found.problem, found.in_window, found.stray) == (None, 10, 0)


def test_the_last_issue_in_place_of_the_new_one_is_told_by_its_words() -> None:
    last = ISSUE.preceding()
    found = identify(ISSUE, last.window, days((last.window, 10)))
    assert found.problem is not None
    assert last.key in found.problem


def test_the_last_issue_in_place_of_the_new_one_is_told_by_its_rows_where_it_has_no_words() -> None:
    last = ISSUE.preceding()
    found = identify(ISSUE, None, days((last.window, 10), (ISSUE.window, 2)))
    assert found.looks_like == last
    assert found.problem is not None


def test_words_of_the_right_issue_over_rows_of_another_do_not_pass() -> None:
    assert identify(ISSUE, ISSUE.window, days((ISSUE.preceding().window, 10))).problem is not None


def test_a_few_stray_dates_do_not_make_it_another_issue() -> None:
    found = identify(
        ISSUE, None, np.append(days((ISSUE.window, 10), (ISSUE.preceding().window, 2)), np.datetime64("NaT"))
    )
    assert (found.problem, found.stray, found.no_date) == (None, 2, 1)


def test_a_season_may_hold_mostly_trades_from_outside_if_its_words_are_right() -> None:
    rows = days((SEASON.window, 3), (SEASON.preceding().window, 90))
    assert identify(SEASON, SEASON.window, rows).problem is None
    assert identify(SEASON, None, rows).problem is not None


def test_a_season_of_which_no_row_agrees_with_its_words_is_refused() -> None:
    assert identify(SEASON, SEASON.window, days((SEASON.preceding().window, 9))).problem is not None


def test_a_zip_without_rows_is_known_by_its_words_only() -> None:
    none = np.array([], "datetime64[D]")
    assert identify(ISSUE, ISSUE.window, none).problem is None
    assert identify(ISSUE, None, none).problem is not None


def test_dirt_among_the_dates_names_no_release() -> None:
    found = identify(ISSUE, None, np.array(["0001-01-01", "9000-01-01", "NaT"], "datetime64[D]"))
    assert found.looks_like is None
    assert found.problem is not None


@pytest.mark.parametrize("day", [date(2022, 8, 1), date(2022, 8, 10)])
def test_the_days_are_those_of_the_file(day: date) -> None:
    data = csv([line(交易年月日=f"{day.year - 1911}{day:%m%d}"), line(交易年月日="x")])
    found = trade_days([Csv(data)])
    assert found[0].astype(object) == day
    assert np.isnat(found[1])
