"""Everything loaded anew brings back what people corrected."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pshs_dagster.database.reading.digest import table_digests
from pshs_dagster_tests.correcting.desk import (
    ISSUE,
    A,
    B,
    C,
    Copies,
    arrives,
    catches_up,
    edited,
    given_back,
    later,
    let_go,
    rebuilt,
    season,
    shown,
    waiting,
)
from pshs_dagster_tests.database.made_up import copy_of, rows_of
from pshs_dagster_tests.deals.lines import line

pytestmark = [pytest.mark.thorough, pytest.mark.slow]

ROOMS = "建物現況格局-房"
BAD = line(編號=A, **{ROOMS: "3333"})
ODD = line(編號=B, 單價元平方公尺="1")
WORSE = line(編號=C, 總價元="0")


def worked_on(engine: sa.Engine) -> Copies:
    """A line corrected, one let go, a deal corrected twice; some of it taken over by MOI."""
    copies = {
        copy_of(ISSUE): [BAD, ODD, WORSE],
        season(5): [BAD, ODD, WORSE],
        season(20): [ODD, BAD],
    }
    for record, lines in copies.items():
        arrives(engine, record, lines)
    bad = next(row for row in waiting(engine, ISSUE) if row.serial_number == A)
    worse = next(row for row in waiting(engine, ISSUE) if row.serial_number == C)
    given_back(engine, edited(bad, room="3"), let_go(worse, "列 6"), now=later(1))
    given_back(engine, edited(shown(engine, B), unit_price="79157", note="親友"), now=later(2))
    given_back(engine, edited(shown(engine, B), unit_price="79158"), now=later(3))
    assert catches_up(engine, copies, now=later(4)) == 3
    return copies


def test_the_content_is_the_same(fresh_engine: sa.Engine) -> None:
    copies = worked_on(fresh_engine)
    before = table_digests(fresh_engine)
    who = rows_of(fresh_engine, "SELECT serial_number, id, created_at, updated_at FROM deals ORDER BY id")
    ledger = rows_of(fresh_engine, "SELECT * FROM corrections")
    rebuilt(fresh_engine, copies)
    assert table_digests(fresh_engine) == before
    assert rows_of(fresh_engine, "SELECT * FROM corrections") == ledger
    assert rows_of(fresh_engine, "SELECT serial_number, id, created_at, updated_at FROM deals ORDER BY id") == who
    values = rows_of(fresh_engine, "SELECT serial_number, room, unit_price, flags FROM deals ORDER BY serial_number")
    assert values == [
        {"serial_number": A, "room": "3", "unit_price": 79157, "flags": ""},
        {"serial_number": B, "room": "3", "unit_price": 79158, "flags": "special_relation"},
    ]


def test_after_it_the_next_load_keeps_them(fresh_engine: sa.Engine) -> None:
    copies = worked_on(fresh_engine)
    rebuilt(fresh_engine, copies)
    arrives(fresh_engine, season(25), [ODD, BAD])
    deals = rows_of(fresh_engine, "SELECT unit_price, last_release FROM deals ORDER BY serial_number")
    assert [row["unit_price"] for row in deals] == [79157, 79158]
    statuses = rows_of(fresh_engine, "SELECT field, status FROM corrections ORDER BY id")
    assert [(row["field"], row["status"]) for row in statuses] == [
        ("room", "applied"),
        ("", "applied"),
        ("unit_price", "superseded"),
        ("note", "applied"),
        ("unit_price", "applied"),
    ]
