"""The same copy again: recognised where the tables hold all of it, and put right where they do not."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.loading.recognise import RECOGNISED
from pshs_dagster_tests.database.made_up import (
    LATER,
    TAICHUNG,
    copy_of,
    deal,
    deals_by_serial,
    load,
    snapshot,
)

pytestmark = pytest.mark.slow

BACKSLASH, NULLISH = "A\\棟", "\\N"

ROWS = [
    deal("A1", buildings=BACKSLASH, note=NULLISH),
    deal("A2", land_total_area=12.0, building_total_area=0.5),
    deal("A3", termination="1121113全部解約", cancelled_on=pd.Timestamp(2023, 11, 13), flags="lost_characters"),
    deal("B1", TAICHUNG),
]


@pytest.mark.parametrize("release", ["2022-09-21", "111S3"])
def test_the_same_copy_again_is_recognised_and_changes_nothing(engine: sa.Engine, release: str) -> None:
    load(engine, release, ROWS)
    before = snapshot(engine)
    again = load(engine, release, ROWS, LATER)
    assert again.method == RECOGNISED
    assert (again.new_deals, again.changed_deals, again.unchanged_deals) == (0, 0, 4)
    assert snapshot(engine) == before


def test_one_city_of_a_copy_is_recognised_too(engine: sa.Engine) -> None:
    load(engine, "2022-09-21", ROWS)
    assert load(engine, "2022-09-21", ROWS[3:], LATER).method == RECOGNISED


@pytest.mark.parametrize(
    ("harm", "serial"),
    [
        ("UPDATE deals SET price = price + 1 WHERE serial_number = 'A1'", "A1"),
        ("UPDATE deals SET note = 'else' WHERE serial_number = 'A2'", "A2"),
        ("UPDATE deals SET land_total_area = 12.01 WHERE serial_number = 'A2'", "A2"),
        ("UPDATE deals SET cancelled_on = NULL WHERE serial_number = 'A3'", "A3"),
        ("UPDATE deals SET flags = '' WHERE serial_number = 'A3'", "A3"),
        ("DELETE FROM deals WHERE serial_number = 'B1'", "B1"),
    ],
)
def test_what_somebody_changed_behind_our_back_is_put_right(engine: sa.Engine, harm: str, serial: str) -> None:
    load(engine, "2022-09-21", ROWS)
    before = _values(engine, serial)
    with engine.begin() as connection:
        connection.execute(sa.text(harm))
    assert load(engine, "2022-09-21", ROWS, LATER).method != RECOGNISED
    assert _values(engine, serial) == before


def test_a_line_that_our_rules_judge_otherwise_by_now_is_not_recognised(engine: sa.Engine) -> None:
    load(engine, "2022-09-21", ROWS)
    flagged = [{**ROWS[0], "flags": "special_relation"}, *ROWS[1:]]
    load(engine, "2022-09-21", flagged, LATER)
    assert deals_by_serial(engine)["A1"]["flags"] == "special_relation"


def test_a_copy_whose_deals_newer_knowledge_has_taken_over_is_loaded_as_any_other(engine: sa.Engine) -> None:
    load(engine, "2022-09-21", ROWS)
    load(engine, "111S3", [{**ROWS[0], "price": 1}, *ROWS[1:]])
    before = snapshot(engine)
    again = load(engine, "2022-09-21", ROWS, LATER)
    assert again.method != RECOGNISED
    assert snapshot(engine) == before


def test_other_bytes_with_the_same_rows_are_a_copy_of_their_own(engine: sa.Engine) -> None:
    load(engine, copy_of("111S3", sha256="1" * 64), ROWS)
    report = load(engine, copy_of("111S3", sha256="2" * 64), ROWS, LATER)
    assert report.method != RECOGNISED


def _values(engine: sa.Engine, serial: str) -> dict[str, Any]:
    stored = deals_by_serial(engine)[serial]
    return {name: value for name, value in stored.items() if name not in ("id", "created_at", "updated_at")}
