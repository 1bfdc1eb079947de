"""Migrations: from nothing, from the other application's tables, twice, and two at a time."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError

from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.schema import migrate as migrations
from pshs_dagster.database.schema.conform import ROUNDING
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.tables import metadata
from pshs_dagster_tests.database.made_up import deal, load, rows_of
from pshs_dagster_tests.database.other_application import QUERIES, SQLITE, VARIANTS, definitions, make_their_tables, run


def test_an_empty_database_gets_every_table(empty_engine: sa.Engine) -> None:
    migrate(empty_engine)
    assert set(sa.inspect(empty_engine).get_table_names()) == {*metadata.tables, "pshs_alembic_version"}


def test_the_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_what_is_up_to_date_is_left_alone(engine: sa.Engine) -> None:
    before = definitions(engine)
    statements: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    migrate(engine)
    assert [
        statement
        for statement in statements
        if not statement.lstrip().startswith(("SELECT", "PRAGMA", "BEGIN", "DESCRIBE"))
    ] == []
    assert definitions(engine) == before


@pytest.mark.mysql
def test_every_text_holds_every_character_on_mysql(mysql_engine: sa.Engine) -> None:
    name = mysql_engine.url.database
    run(mysql_engine, [f"ALTER DATABASE {name} CHARACTER SET latin1"])
    migrate(mysql_engine)
    charsets = rows_of(
        mysql_engine,
        "SELECT DISTINCT character_set_name AS charset FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL AND table_name <> 'pshs_alembic_version'",
    )
    assert charsets == [{"charset": "utf8mb4"}]


def test_a_deal_has_one_row(engine: sa.Engine) -> None:
    load(engine, "111S2", [deal("A1")])
    with pytest.raises(IntegrityError), write_transaction(engine) as connection:
        connection.execute(sa.insert(metadata.tables["deals"]).values(id=99, **_bare(deal("A1"))))


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("file", "cancelled_on")}


@pytest.mark.mysql
def test_a_comment_and_a_default_survive_widening(mysql_engine: sa.Engine) -> None:
    variant = next(variant for variant in VARIANTS if variant.comment)
    make_their_tables(mysql_engine, variant)
    migrate(mysql_engine)
    note: Any = next(column for column in sa.inspect(mysql_engine).get_columns("deals") if column["name"] == "note")
    assert (note["comment"], note["default"], note["nullable"]) == ("備'註", "'none'", False)


@pytest.mark.mysql
def test_what_is_wider_than_ours_is_not_narrowed(mysql_engine: sa.Engine) -> None:
    make_their_tables(mysql_engine, VARIANTS[0])
    run(
        mysql_engine,
        [
            "ALTER TABLE deals MODIFY note TEXT NOT NULL, MODIFY location VARCHAR(400) NOT NULL, "
            "MODIFY price BIGINT UNSIGNED NOT NULL, MODIFY land_total_area DECIMAL(20,6) NOT NULL, "
            "MODIFY level VARCHAR(40) NULL",
        ],
    )
    wider = ("note", "location", "price", "land_total_area", "level")

    def described() -> dict[str, Any]:
        return {
            column["name"]: (repr(column["type"]), column["nullable"])
            for column in sa.inspect(mysql_engine).get_columns("deals")
            if column["name"] in wider
        }

    before = described()
    migrate(mysql_engine)
    assert described() == before
    load(mysql_engine, "111S2", [deal("A1", land_total_area=406.97)])
    assert load(mysql_engine, "111S2", [deal("A1", land_total_area=406.97)]).unchanged_deals == 1


@pytest.mark.mysql
def test_a_migration_that_died_between_its_steps_is_completed(mysql_engine: sa.Engine) -> None:
    make_their_tables(mysql_engine, VARIANTS[0])

    @event.listens_for(mysql_engine, "before_cursor_execute")
    def die(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "MODIFY COLUMN land_total_area DOUBLE" in statement:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(mysql_engine)
    half_way: dict[str, Any] = {
        column["name"]: column["type"] for column in sa.inspect(mysql_engine).get_columns("deals")
    }
    assert (half_way["land_total_area"].precision, half_way["land_total_area"].scale) == (
        ROUNDING.precision,
        ROUNDING.scale,
    )
    event.remove(mysql_engine, "before_cursor_execute", die)
    migrate(mysql_engine)
    assert rows_of(mysql_engine, "SELECT land_total_area AS area FROM deals WHERE id = 7") == [{"area": 406.97}]
    columns = {column["name"]: column["type"] for column in sa.inspect(mysql_engine).get_columns("deals")}
    assert isinstance(columns["land_total_area"], mysql.DOUBLE)


def test_their_tables_on_sqlite_get_columns_and_indexes_and_our_load_numbers_its_rows(tmp_path: Any) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'theirs.db'}")
    try:
        make_their_tables(engine, SQLITE)
        before = rows_of(engine, "SELECT * FROM deals ORDER BY id")
        migrate(engine)
        after = rows_of(engine, "SELECT * FROM deals ORDER BY id")
        assert [{name: row[name] for name in before[0]} for row in after] == before
        load(engine, "111S2", [deal("A1"), deal("A2")])
        load(engine, "111S3", [deal("A2", price=1), deal("A3")])
        run(engine, [SQLITE.insert(5000)])
        for query in QUERIES:
            rows_of(engine, query)
        ids = [row["id"] for row in rows_of(engine, "SELECT id FROM deals")]
        assert None not in ids
        assert len(ids) == len(set(ids)) == 6
        assert {row["price"] for row in rows_of(engine, "SELECT price FROM deals WHERE serial_number = 'A2'")} == {1}
        indexed = [tuple(index["column_names"]) for index in sa.inspect(engine).get_indexes("deals")]
        assert len(indexed) == len(set(indexed))
    finally:
        engine.dispose()


def test_two_migrations_at_a_time_end_in_one(database_uri: str) -> None:
    engines = [connect(database_uri) for _ in range(3)]
    errors: list[BaseException] = []
    together = threading.Barrier(len(engines))

    def upgrade(engine: sa.Engine) -> None:
        together.wait()
        try:
            migrate(engine)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade, args=(engine,)) for engine in engines]
    with contextlib.ExitStack() as stack:
        for engine in engines:
            stack.callback(engine.dispose)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert rows_of(engines[0], "SELECT version_num FROM pshs_alembic_version") == [{"version_num": migrations.HEAD}]


def test_a_row_that_knows_only_the_contracted_columns_can_be_inserted(engine: sa.Engine) -> None:
    run(engine, [VARIANTS[0].insert(None), VARIANTS[0].insert(None)])
    rows = rows_of(engine, "SELECT serial_number, flags, termination, as_of, created_at FROM deals")
    assert [(row["serial_number"], row["flags"], row["termination"], row["as_of"]) for row in rows] == [
        (None, "", "", None)
    ] * 2
    assert all(row["created_at"] for row in rows)
