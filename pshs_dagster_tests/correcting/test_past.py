"""What was known on a day, where people have corrected something since."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.reading.past import as_of
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.correcting.desk import (
    ISSUE,
    A,
    B,
    arrives,
    edited,
    given_back,
    let_go,
    season,
    shown,
    waiting,
)
from pshs_dagster_tests.deals.lines import line

pytestmark = pytest.mark.slow

ROOMS = "建物現況格局-房"
BAD = line(編號=A, **{ROOMS: "3333"})
FINE = line(編號=B)
ODD = line(編號=A, 單價元平方公尺="1")


def on(engine: sa.Engine, day: date, *names: str) -> list[list[Any]]:
    """Serial and other columns of the deals that were known."""
    found = as_of(engine, day)
    return found[["serial_number", *names]].to_numpy(dtype=object).tolist()


def noon(month: int, day: int) -> datetime:
    return datetime(2022, month, day, 12, tzinfo=TAIPEI)


def test_a_corrected_deal_has_mois_value_before_the_day_and_the_corrected_from_then_on(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    given_back(engine, edited(shown(engine, A), unit_price="79157", termination="1110802解約"), now=noon(9, 20))
    blank = pd.NaT
    (before,), (after,) = (on(engine, date(2022, 9, day), "unit_price", "cancelled_on") for day in (19, 20))
    assert before[:2] == [A, 1]
    assert before[2] is blank
    assert after == [A, 79157, pd.Timestamp(2022, 8, 2)]


def test_until_moi_changed_the_field_the_correction_was_what_was_known(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    given_back(engine, edited(shown(engine, A), unit_price="79157"), now=noon(9, 20))
    arrives(engine, season(5), [line(編號=A, 單價元平方公尺="2")])
    days = (date(2022, 9, 19), date(2022, 9, 20), date(2022, 10, 4), date(2022, 10, 5))
    assert [on(engine, day, "unit_price") for day in days] == [[[A, 1]], [[A, 79157]], [[A, 79157]], [[A, 2]]]


def test_of_two_corrections_each_day_has_its_own(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [line(編號=A, 單價元平方公尺="1", 備註="親友")])
    given_back(engine, edited(shown(engine, A), unit_price="79157"), now=noon(9, 20))
    given_back(engine, edited(shown(engine, A), unit_price="80000", note="親友間"), now=noon(9, 22))
    told = [on(engine, date(2022, 9, day), "unit_price", "note") for day in (19, 20, 21, 22)]
    assert told == [[[A, 1, "親友"]], [[A, 79157, "親友"]], [[A, 79157, "親友"]], [[A, 80000, "親友間"]]]


def test_a_corrected_line_is_no_deal_before_the_day(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, FINE])
    given_back(engine, edited(waiting(engine)[0], room="3"), now=noon(9, 20))
    arrives(engine, ISSUE, [BAD, FINE])
    assert on(engine, date(2022, 9, 19)) == [[B]]
    assert on(engine, date(2022, 9, 20), "room", "first_release") == [[A, "3", ISSUE], [B, "3", ISSUE]]


def test_before_the_day_of_a_corrected_line_what_older_copies_told_stands(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [line(編號=A, **{ROOMS: "2"}), FINE])
    arrives(engine, season(5), [BAD, FINE])
    given_back(engine, edited(waiting(engine)[0], room="3"), now=noon(10, 8))
    arrives(engine, season(5), [BAD, FINE])
    assert on(engine, date(2022, 10, 7), "room", "last_release")[0] == [A, "2", ISSUE]
    assert on(engine, date(2022, 10, 8), "room", "last_release")[0] == [A, "3", "111S3"]


def test_a_line_that_was_corrected_after_moi_mended_it_elsewhere(engine: sa.Engine) -> None:
    """The issue's line is corrected last of all: the season knew the deal by then, and nothing older did."""
    arrives(engine, ISSUE, [BAD, FINE])
    given_back(engine, edited(waiting(engine)[0], room="3"), now=noon(11, 1))
    arrives(engine, season(5), [line(編號=A, **{ROOMS: "5"}), FINE])
    arrives(engine, ISSUE, [BAD, FINE])
    told = [
        on(engine, day, "room", "first_release") for day in (date(2022, 9, 30), date(2022, 10, 5), date(2022, 11, 1))
    ]
    assert told[0] == [[B, "3", ISSUE]]
    assert told[1][0] == [A, "5", "111S3"]
    assert told[2][0] == [A, "5", ISSUE]


TWICE = [line(編號=A, 總價元="9000000"), line(編號=A)]


def test_a_line_that_repeated_a_serial_is_a_deal_from_the_day_on_which_the_other_was_let_go(engine: sa.Engine) -> None:
    """Whatever is decided later about the same serial in another copy."""
    arrives(engine, ISSUE, TWICE)
    given_back(engine, let_go(waiting(engine)[0]), now=noon(9, 11))
    arrives(engine, ISSUE, TWICE)
    arrives(engine, season(5), [ODD])
    given_back(engine, edited(shown(engine, A), unit_price="79157"), now=noon(10, 20))
    told = [on(engine, day, "price", "first_release") for day in (date(2022, 9, 10), date(2022, 9, 11))]
    assert told == [[], [[A, 12320000, ISSUE]]]
