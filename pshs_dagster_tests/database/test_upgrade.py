"""A database of the first revision, as an installation in use has it, brought up to the present one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.tables import deals, metadata, rejected_deals
from pshs_dagster_tests.database.made_up import NEW_TAIPEI, TAICHUNG, copy_of, deal, load, rows_of
from pshs_dagster_tests.database.other_application import definitions, run

ADDED = {
    "deals": ("earlier_sightings",),
    "withdrawn_deals": ("earlier_sightings",),
    "release_files": ("withdrawn_outside", "cancelled_deals", "reinstated_deals"),
}
"""Columns that the first revision did not have."""


@pytest.fixture
def of_the_first_revision(fresh_engine: sa.Engine) -> Callable[[], sa.Engine]:
    """Takes from the tables what the second revision added, whatever they hold by then."""

    def taken_back() -> sa.Engine:
        on = " ON deal_events" if fresh_engine.dialect.name == "mysql" else ""
        run(
            fresh_engine,
            [
                *(f"ALTER TABLE {table} DROP COLUMN {name}" for table, names in ADDED.items() for name in names),
                f"DROP INDEX ix_deal_events_as_of{on}",
                "DROP TABLE release_copies",
                "UPDATE pshs_alembic_version SET version_num = '0001'",
            ],
        )
        return fresh_engine

    return taken_back


def stored_copies(engine: sa.Engine) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(metadata.tables["release_copies"])).mappings()
        return {row["release"]: dict(row) for row in rows}


def test_the_releases_on_record_become_copies(of_the_first_revision: Callable[[], sa.Engine]) -> None:
    engine = of_the_first_revision()
    migrate(engine)
    load(engine, copy_of("111S2", date(2022, 9, 1)), [deal("A1"), deal("B1", TAICHUNG)])
    load(engine, "2022-09-21", [deal("A2")])
    with engine.begin() as connection:
        line = {"release": "111S2", "file": NEW_TAIPEI, "city": "新北市", "raw": "x", "reasons": [], "status": "open"}
        for number, serial in ((8, "R1"), (9, ""), (None, "R2")):
            connection.execute(sa.insert(rejected_deals).values(**line, line=number, serial_number=serial))
    told = rows_of(engine, "SELECT * FROM releases ORDER BY window_from")
    of_the_first_revision()
    migrate(engine)
    copies = stored_copies(engine)
    assert set(copies) == {"111S2", "2022-09-21"}
    assert copies["111S2"]["cities"] == ["新北市", "臺中市"]
    assert copies["111S2"]["rejected"] == [["新北市", "R1"]]
    assert copies["111S2"]["as_of"] == datetime.fromisoformat("2022-09-01 12:00:00")
    again = rows_of(engine, "SELECT * FROM release_copies ORDER BY window_from")
    assert [{name: row[name] for name in told[0]} for row in again] == told


def test_a_deal_of_two_releases_was_seen_by_both(of_the_first_revision: Callable[[], sa.Engine]) -> None:
    engine = of_the_first_revision()
    migrate(engine)
    load(engine, "2022-09-11", [deal("A1"), deal("A3")])
    load(engine, copy_of("111S2", date(2022, 9, 1)), [deal("A2")])
    load(engine, copy_of("111S2", date(2023, 6, 1)), [deal("A2"), deal("A1")])
    of_the_first_revision()
    migrate(engine)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(deals.c.serial_number, deals.c.earlier_sightings)).all()
    assert dict(map(tuple, rows)) == {"A1": "2022-09-11", "A2": "111S2@20220901120000", "A3": None}


def test_an_upgraded_database_is_made_like_a_new_one(of_the_first_revision: Callable[[], sa.Engine]) -> None:
    engine = of_the_first_revision()
    migrate(engine)
    upgraded = definitions(engine)
    engine.dispose()
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE pshs_alembic_version")
    migrate(engine)
    new = definitions(engine)
    assert {name: (sorted(columns), indexes) for name, (columns, indexes) in upgraded.items()} == {
        name: (sorted(columns), indexes) for name, (columns, indexes) in new.items()
    }


def test_an_installation_in_use_gets_the_index_of_projects(fresh_engine: sa.Engine) -> None:
    migrate(fresh_engine)
    on = " ON deals" if fresh_engine.dialect.name == "mysql" else ""
    run(
        fresh_engine,
        [
            f"DROP INDEX ix_deals_project{on}",
            "CREATE INDEX ix_deals_build_name ON deals (build_name)",
            "UPDATE pshs_alembic_version SET version_num = '0005'",
        ],
    )
    migrate(fresh_engine)
    indexes = {index["name"]: index["column_names"] for index in sa.inspect(fresh_engine).get_indexes("deals")}
    assert indexes["ix_deals_project"] == ["build_name", "city", "district", "transaction_date"]
    assert indexes["ix_deals_build_name"] == ["build_name"]  # it may be another program's
