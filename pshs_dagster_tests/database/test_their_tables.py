"""The other application's tables on MySQL after our migration: rows and types as they should be, and both at work.

One database for each variant serves all these tests, since making it takes longer than they do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.database.engine import connect
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import metadata
from pshs_dagster_tests.database.made_up import NOW, deal, deals_by_serial, load, rows_of
from pshs_dagster_tests.database.other_application import (
    QUERIES,
    UPDATED,
    VARIANTS,
    Variant,
    definitions,
    make_their_tables,
    run,
)
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database

pytestmark = pytest.mark.mysql

THEIR_ROWS = "SELECT * FROM deals WHERE id IN (7, 900) ORDER BY id"


@dataclass(frozen=True)
class Theirs:
    """Their tables after our migration, and what their rows were before."""

    variant: Variant
    engine: sa.Engine
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.name)
def migrated(request: pytest.FixtureRequest, mysql_server: PrivateServer) -> Iterator[Theirs]:
    with fresh_database(mysql_server) as uri:
        engine = connect(uri)
        make_their_tables(engine, request.param)
        rows = rows_of(engine, THEIR_ROWS)
        migrate(engine)
        yield Theirs(request.param, engine, rows)
        engine.dispose()


@pytest.fixture
def theirs(migrated: Theirs) -> sa.Engine:
    return migrated.engine


def test_rows_keep_ids_values_and_moments(migrated: Theirs) -> None:
    after = rows_of(migrated.engine, THEIR_ROWS)
    assert [row["id"] for row in after] == [7, 900]
    floats = ("land_total_area", "building_total_area", "parking_sapce_total_area")
    for old, new in zip(migrated.rows, after, strict=True):
        kept = [name for name in old if name not in floats]
        assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
        assert (new["created_at"], new["updated_at"]) == (datetime.fromisoformat(UPDATED),) * 2


def test_areas_are_again_what_they_were_before_single_precision(theirs: sa.Engine) -> None:
    row = rows_of(theirs, "SELECT * FROM deals WHERE id = 7")[0]
    areas = (row["land_total_area"], row["building_total_area"], row["parking_sapce_total_area"])
    assert areas == (406.97, 123456.78, 33.1)


def test_every_column_is_at_least_as_wide_as_ours(theirs: sa.Engine) -> None:
    for name in ("deals", "deal_statistics"):
        actual: dict[str, Any] = {column["name"]: column["type"] for column in sa.inspect(theirs).get_columns(name)}
        for column in metadata.tables[name].columns:
            there = actual[column.name]
            if isinstance(column.type, sa.String):
                assert (there.length or 0) >= (column.type.length or 0), column.name
            elif isinstance(column.type, sa.BigInteger) and column.name != "id":
                assert isinstance(there, mysql.BIGINT), column.name
            elif isinstance(column.type, sa.Double):
                assert isinstance(there, mysql.DOUBLE), column.name
            elif isinstance(column.type, sa.Numeric):
                assert isinstance(there, mysql.DECIMAL), column.name


def test_every_text_holds_every_character(theirs: sa.Engine) -> None:
    assert (
        rows_of(
            theirs,
            "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() "
            "AND table_name IN ('deals', 'deal_statistics') AND character_set_name <> 'utf8mb4'",
        )
        == []
    )


def test_a_load_can_be_taken_back(theirs: sa.Engine) -> None:
    engines = rows_of(
        theirs,
        "SELECT DISTINCT engine AS name FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name IN ('deals', 'deal_statistics')",
    )
    assert engines == [{"name": "InnoDB"}]


def test_an_index_is_not_made_twice(theirs: sa.Engine) -> None:
    for name in ("deals", "deal_statistics"):
        indexed = [tuple(index["column_names"]) for index in sa.inspect(theirs).get_indexes(name)]
        assert len(indexed) == len(set(indexed))
        assert set(indexed) >= {
            tuple(column.name for column in index.columns) for index in metadata.tables[name].indexes
        }


def test_their_version_table_stays_theirs(theirs: sa.Engine) -> None:
    assert rows_of(theirs, "SELECT * FROM alembic_version") == [{"version_num": "abc"}]


def test_their_insert_and_queries_go_on_working_beside_a_load(migrated: Theirs) -> None:
    theirs = migrated.engine
    load(theirs, "111S2", [deal("Q1"), deal("Q2", build_name="遠雄新宿", note="𠀀" * 100)])
    run(theirs, [migrated.variant.insert(None)])
    for query in QUERIES:
        rows_of(theirs, query)
    with_name = rows_of(theirs, "SELECT id FROM deals WHERE build_name LIKE '遠雄新宿%'")
    assert len(with_name) == 1
    ids = [row["id"] for row in rows_of(theirs, "SELECT id FROM deals ORDER BY id")]
    assert ids[:2] == [7, 900]
    assert len(ids) == len(set(ids)) >= 5


def test_our_load_leaves_their_rows_alone(theirs: sa.Engine) -> None:
    before = rows_of(theirs, "SELECT * FROM deals WHERE serial_number IS NULL ORDER BY id")
    load(theirs, "111S2", [deal("A1")])
    load(theirs, "111S3", [deal("A1", price=5)])
    assert rows_of(theirs, "SELECT * FROM deals WHERE serial_number IS NULL ORDER BY id") == before
    row = deals_by_serial(theirs)["A1"]
    assert (row["price"], row["building_total_area"], row["cancelled_on"]) == (5, 406.97, None)


def test_statistics_are_computed_from_their_tables(theirs: sa.Engine) -> None:
    load(theirs, "111S2", [deal("S1", build_name="VIP"), deal("S2", build_name="vip")])
    refresh(theirs, NOW)
    found = rows_of(theirs, "SELECT build_name, count_num FROM deal_statistics WHERE build_name IN ('VIP', 'vip')")
    assert sorted(row["build_name"] for row in found) == ["VIP", "vip"]


def test_a_second_migration_finds_nothing_to_do(theirs: sa.Engine) -> None:
    before = definitions(theirs)
    run(theirs, ["DROP TABLE pshs_alembic_version"])
    migrate(theirs)
    assert definitions(theirs) == before


def test_an_index_that_their_columns_are_too_wide_for_is_left_out(
    mysql_engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    make_their_tables(mysql_engine, VARIANTS[0])
    wide = ", ".join(f"MODIFY {name} VARCHAR(255) NOT NULL" for name in ("city", "district", "build_name"))
    run(mysql_engine, [f"ALTER TABLE deals {wide}"])
    with caplog.at_level(logging.INFO, "pshs_dagster.database"):
        migrate(mysql_engine)
    assert "Index ix_deals_project is left out" in caplog.text
    assert "ix_deals_project" not in {index["name"] for index in sa.inspect(mysql_engine).get_indexes("deals")}
    load(mysql_engine, "111S2", [deal("A1")])
    refresh(mysql_engine, NOW)
    assert rows_of(mysql_engine, "SELECT build_name FROM deal_statistics") == [{"build_name": "遠雄之星"}]
