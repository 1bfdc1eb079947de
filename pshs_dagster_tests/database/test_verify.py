"""Reading back: what is missing, what differs, and what newer releases have taken over."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.loading.verify import SERIALS_AT_ONCE, newest_created_at, verify_release
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.deals.columns import COLUMNS, ColumnType
from pshs_dagster_tests.database.made_up import (
    LATER,
    NOW,
    TAICHUNG,
    copy_of,
    deal,
    frame,
    lines_of,
    load,
)

pytestmark = pytest.mark.slow

ROWS = [deal("A1", line=5), deal("A2", cancelled_on=pd.Timestamp(2023, 1, 2)), deal("B1", TAICHUNG)]


def tamper(engine: sa.Engine, serial: str, **values: object) -> None:
    with write_transaction(engine) as connection:
        connection.execute(sa.update(deals_table).where(deals_table.c.serial_number == serial).values(**values))


def test_what_was_loaded_is_there(engine: sa.Engine) -> None:
    load(engine, "111S2", ROWS)
    verification = verify_release(engine, copy_of("111S2"), frame(ROWS))
    assert verification.holds
    assert (verification.expected, verification.newer) == (3, 0)


def test_a_release_without_deals_holds(engine: sa.Engine) -> None:
    verification = verify_release(engine, copy_of("111S2"), frame([]))
    assert verification.holds
    assert verification.expected == 0


def test_a_deal_that_is_gone_is_named_with_its_line(engine: sa.Engine) -> None:
    load(engine, "111S2", ROWS)
    with write_transaction(engine) as connection:
        connection.execute(sa.delete(deals_table).where(deals_table.c.serial_number == "A1"))
    verification = verify_release(engine, copy_of("111S2"), frame(ROWS))
    assert not verification.holds
    assert verification.missing.to_dict("records") == [
        {"file": "f_lvr_land_b.csv", "source_line": 5, "city": "新北市", "serial_number": "A1"}
    ]
    assert verification.different.empty


def test_nothing_loaded_means_everything_missing(engine: sa.Engine) -> None:
    assert len(verify_release(engine, copy_of("111S2"), frame(ROWS)).missing) == 3


@pytest.mark.parametrize("name", [column.name for column in COLUMNS if column.name not in ("city", "serial_number")])
def test_a_value_that_is_another_is_named(engine: sa.Engine, name: str) -> None:
    load(engine, "111S2", ROWS)
    kind = next(column.type for column in COLUMNS if column.name == name)
    other = {
        ColumnType.TEXT: "別的",
        ColumnType.DIGIT: "7",
        ColumnType.INTEGER: 1,
        ColumnType.DECIMAL: 406.970001220703,
        ColumnType.DATE: date(2001, 1, 1),
    }[kind]
    tamper(engine, "A2", **{name: other})
    verification = verify_release(engine, copy_of("111S2"), frame(ROWS))
    assert not verification.holds
    (found,) = verification.different.to_dict("records")
    assert (found["serial_number"], found["column"]) == ("A2", name)
    assert found["stored"] == (pd.Timestamp(2001, 1, 1) if kind is ColumnType.DATE else other)
    assert found["expected"] == ROWS[1][name]


def test_a_blank_date_is_no_date(engine: sa.Engine) -> None:
    load(engine, "111S2", ROWS)
    tamper(engine, "A2", cancelled_on=None)
    (found,) = verify_release(engine, copy_of("111S2"), frame(ROWS)).different.to_dict("records")
    assert (found["column"], found["expected"]) == ("cancelled_on", pd.Timestamp(2023, 1, 2))


@pytest.mark.parametrize("stored", ["遠雄之星 ", "𠀁"])
def test_texts_are_compared_exactly(engine: sa.Engine, stored: str) -> None:
    rows = [deal("A1", build_name="遠雄之星" if stored.endswith(" ") else "𠀀")]
    load(engine, "111S2", rows)
    tamper(engine, "A1", build_name=stored)
    assert len(verify_release(engine, copy_of("111S2"), frame(rows)).different) == 1


def test_what_a_newer_release_tells_need_only_be_there(engine: sa.Engine) -> None:
    load(engine, "2022-09-11", ROWS)
    load(engine, "2022-09-21", [deal("A1", price=1)])
    verification = verify_release(engine, copy_of("2022-09-11"), frame(ROWS))
    assert verification.holds
    assert verification.newer == 1


def test_old_values_under_new_knowledge_are_told(engine: sa.Engine) -> None:
    load(engine, "2022-09-11", ROWS)
    newer = [deal("A1", line=5, price=1)]
    assert verify_release(engine, copy_of("2022-09-21"), frame(newer)).different["column"].tolist() == ["price"]


def test_more_deals_than_one_query_takes_are_all_compared(engine: sa.Engine) -> None:
    rows = [deal(f"S{number:05}", line=number) for number in range(2 * SERIALS_AT_ONCE + 1)]
    deals = frame(rows)
    load_release(engine, copy_of("111S2"), deals, lines_of(deals), NOW)
    tamper(engine, f"S{2 * SERIALS_AT_ONCE:05}", price=1)
    verification = verify_release(engine, copy_of("111S2"), deals)
    assert verification.missing.empty
    assert verification.different["serial_number"].tolist() == [f"S{2 * SERIALS_AT_ONCE:05}"]


def test_the_newest_deal_of_a_release_tells_when_it_was_created(engine: sa.Engine) -> None:
    load(engine, "2022-09-11", ROWS[:1], NOW)
    load(engine, "2022-09-21", ROWS, LATER)
    assert newest_created_at(engine, "2022-09-11") == NOW.replace(microsecond=0)
    assert newest_created_at(engine, "2022-09-21") == LATER
    assert newest_created_at(engine, "111S2") is None
