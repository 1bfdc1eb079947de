"""Laws of loading over made-up histories: the order does not matter, and neither does repeating.

SQLite sees many histories, MySQL a few: the statements are built from the same parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pshs_dagster.database.engine import connect
from pshs_dagster.database.loading.load import ReleaseRecord
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.database.made_up import (
    LATER,
    NOW,
    TAICHUNG,
    copy_of,
    deal,
    emptied,
    frame,
    load,
    rows_of,
    snapshot,
)

pytestmark = pytest.mark.thorough

Copy = tuple[ReleaseRecord, list[dict[str, Any]]]

ORDER_TELLS = ("id", "created_at", "updated_at", "loaded_at")
"""What rightly depends on the order of loading: numbers and moments of loading."""

records = st.one_of(
    st.sampled_from(["2022-09-01", "2022-09-11", "2022-09-21"]).map(copy_of),
    st.builds(
        lambda season, days: copy_of(season, date(2022, 8, 30) + timedelta(days=days)),
        st.sampled_from(["111S2", "111S3"]),
        st.integers(0, 40),
    ),
)

deals = st.builds(
    lambda serial, price, name, line, cancelled, taichung: deal(
        serial,
        TAICHUNG if taichung else "f_lvr_land_b.csv",
        line,
        price=price,
        build_name=name,
        cancelled_on=pd.Timestamp(2023, 1, 2) if cancelled else pd.NaT,
    ),
    st.sampled_from(["A", "B", "C"]),
    st.integers(1, 2),
    st.sampled_from(["x", "X", "x ", "𠀀", "𠀁"]),
    st.integers(3, 4),
    st.booleans(),
    st.booleans(),
)

copies = st.lists(
    st.tuples(records, st.lists(deals, max_size=4, unique_by=lambda row: (row["city"], row["serial_number"]))),
    min_size=1,
    max_size=4,
    unique_by=lambda copy: (copy[0].release.key, copy[0].sha256),
)


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('laws') / 'pshs.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def outcome(engine: sa.Engine, history: Sequence[Copy]) -> dict[str, Any]:
    """What the tables hold after a history, but for what rightly depends on its order."""
    emptied(engine)
    for record, rows in history:
        load(engine, record, rows)
    content = snapshot(engine, but=ORDER_TELLS)
    # What was new and what was changed depends on what was there: only the lines do not.
    content["release_files"] = [(row[0], row[1], row[2]) for row in content["release_files"]]
    return content


def every_order_ends_the_same(engine: sa.Engine, history: list[Copy]) -> None:
    orders = list(itertools.islice(itertools.permutations(history), 3))
    expected = outcome(engine, orders[0])
    for order in [*orders[1:], tuple(reversed(history))]:
        assert outcome(engine, order) == expected


def loading_again_changes_nothing(engine: sa.Engine, history: list[Copy]) -> None:
    emptied(engine)
    for record, rows in history:
        load(engine, record, rows)
        before = snapshot(engine)
        load(engine, record, rows, LATER)
        assert snapshot(engine) == before
        assert verify_release(engine, record, frame(rows)).holds


many = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(history=copies)
def test_the_order_of_loading_does_not_matter_on_sqlite(sqlite_engine: sa.Engine, history: list[Copy]) -> None:
    every_order_ends_the_same(sqlite_engine, history)


@many
@given(history=copies)
def test_loading_again_changes_nothing_on_sqlite(sqlite_engine: sa.Engine, history: list[Copy]) -> None:
    loading_again_changes_nothing(sqlite_engine, history)


@pytest.mark.mysql
@few
@given(history=copies)
def test_the_order_of_loading_does_not_matter_on_mysql(mysql_engine: sa.Engine, history: list[Copy]) -> None:
    migrate(mysql_engine)
    every_order_ends_the_same(mysql_engine, history)


@pytest.mark.mysql
@few
@given(history=copies)
def test_loading_again_changes_nothing_on_mysql(mysql_engine: sa.Engine, history: list[Copy]) -> None:
    migrate(mysql_engine)
    loading_again_changes_nothing(mysql_engine, history)


@pytest.mark.mysql
@few
@given(history=copies)
def test_both_databases_come_to_the_same_tables(
    sqlite_engine: sa.Engine, mysql_engine: sa.Engine, history: list[Copy]
) -> None:
    migrate(mysql_engine)
    assert outcome(sqlite_engine, history) == outcome(mysql_engine, history)


def test_created_at_is_the_first_load_and_updated_at_the_last_change(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'pshs.db'}")
    try:
        migrate(engine)
        for number, price in enumerate([1, 1, 2, 2]):
            load(engine, f"2022-0{number + 1}-01", [deal("A", price=price)], NOW + timedelta(hours=number))
        (row,) = rows_of(engine, "SELECT created_at, updated_at FROM deals")
        assert (row["created_at"][:19], row["updated_at"][:19]) == ("2023-07-01 10:00:00", "2023-07-01 12:00:00")
    finally:
        engine.dispose()
