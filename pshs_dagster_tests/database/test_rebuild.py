"""New tables beside the present ones: the same content, nothing lost, and nobody who reads notices."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.reading.digest import table_digests
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.database.killed_rebuild import COPIES, rebuild, rebuild_and_die, refill
from pshs_dagster_tests.database.made_up import NOW, copy_of, deal, deals_by_serial, load, rows_of, snapshot
from pshs_dagster_tests.database.other_application import VARIANTS, Variant, make_their_tables, run
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database

pytestmark = pytest.mark.slow

CLOCKS = ("recorded_at", "withdrawn_at", "loaded_at", "id")
"""What a rebuild tells anew; ids of events and rejects with them."""


def filled(engine: sa.Engine) -> sa.Engine:
    """The same engine, with all copies loaded in another order than that of knowledge."""
    for record, rows in COPIES[::-1]:
        load(engine, record, rows)
    return engine


def identities(engine: sa.Engine) -> list[tuple[Any, ...]]:
    """Who is who, and since when."""
    query = "SELECT serial_number, id, created_at, updated_at FROM {} ORDER BY serial_number, id"
    return [tuple(row.values()) for t in ("deals", "withdrawn_deals") for row in rows_of(engine, query.format(t))]


def leftovers(engine: sa.Engine) -> list[str]:
    """What stands beside the database."""
    if engine.dialect.name == "mysql":
        names = sa.inspect(engine).get_schema_names()
        return [name for name in names if name == f"{engine.url.database}__rebuild"]
    from pathlib import Path

    return sorted(path.name for path in Path(str(engine.url.database)).parent.glob("*.rebuild*"))


def test_a_rebuild_ends_in_the_same_content_with_the_same_ids_and_moments(fresh_engine: sa.Engine) -> None:
    filled(fresh_engine)
    before, who = table_digests(fresh_engine), identities(fresh_engine)
    told = snapshot(fresh_engine, but=CLOCKS)
    rebuild(fresh_engine)
    assert table_digests(fresh_engine) == before
    assert identities(fresh_engine) == who
    counts = told.pop("release_files"), snapshot(fresh_engine, but=CLOCKS).pop("release_files")
    assert len(counts[0]) == len(counts[1])  # what each load did depends on the order
    assert {name: rows for name, rows in snapshot(fresh_engine, but=CLOCKS).items() if name != "release_files"} == told
    assert leftovers(fresh_engine) == []


def test_a_new_deal_gets_a_new_id_and_a_gone_one_leaves_no_trace(fresh_engine: sa.Engine) -> None:
    filled(fresh_engine)
    highest = max(row["id"] for row in rows_of(fresh_engine, "SELECT id FROM deals"))
    with rebuilding(fresh_engine) as made:
        load(made.engine, "2022-07-01", [deal("A1"), deal("Z9")])
        made.swap(lambda: None)
    found = deals_by_serial(fresh_engine)
    assert found.keys() == {"A1", "Z9"}
    assert found["Z9"]["id"] > highest


def test_a_deal_that_changed_keeps_created_at_but_is_updated(fresh_engine: sa.Engine) -> None:
    load(fresh_engine, "2022-07-01", [deal("A1"), deal("A2")])
    before = deals_by_serial(fresh_engine)
    with rebuilding(fresh_engine) as made:
        load(made.engine, "2022-07-01", [deal("A1", price=7), deal("A2")], NOW.replace(year=2024))
        made.swap(lambda: None)
    after = deals_by_serial(fresh_engine)
    assert after["A1"]["created_at"] == before["A1"]["created_at"]
    assert after["A1"]["updated_at"].year == 2024
    assert after["A2"] == before["A2"]


def test_readers_see_the_present_tables_until_the_new_ones_are_whole(fresh_engine: sa.Engine) -> None:
    filled(fresh_engine)
    before = snapshot(fresh_engine)
    reader = connect(fresh_engine.url.render_as_string(hide_password=False))
    with rebuilding(fresh_engine) as made:
        assert snapshot(reader) == before
        load(made.engine, "2022-07-01", [deal("Z9")])
        assert snapshot(reader) == before
        made.swap(lambda: None)
        assert [row["serial_number"] for row in rows_of(reader, "SELECT serial_number FROM deals")] == ["Z9"]
    reader.dispose()


def test_a_rebuild_that_goes_wrong_changes_nothing(fresh_engine: sa.Engine) -> None:
    before = snapshot(filled(fresh_engine))

    def refuse() -> None:
        raise DatabaseError("The new tables are not what they should be.")

    with rebuilding(fresh_engine) as made:
        load(made.engine, "2022-07-01", [deal("Z9")])
        with pytest.raises(DatabaseError, match="not what they should be"):
            made.swap(refuse)
    assert snapshot(fresh_engine) == before
    assert leftovers(fresh_engine) == []
    rebuild(fresh_engine)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("words", "nth"),
    [("INSERT INTO deals ", 1), ("UPDATE deals", 1), ("INSERT INTO deals ", 3)],
)
def test_a_kill_leaves_the_present_tables_and_the_next_rebuild_cleans_up(
    fresh_engine: sa.Engine, words: str, nth: int
) -> None:
    before = snapshot(filled(fresh_engine))
    assert rebuild_and_die(fresh_engine.url.render_as_string(hide_password=False), words, nth)
    assert snapshot(fresh_engine) == before
    assert leftovers(fresh_engine) != []
    digests, who = table_digests(fresh_engine), identities(fresh_engine)
    rebuild(fresh_engine)
    assert (table_digests(fresh_engine), identities(fresh_engine)) == (digests, who)
    assert leftovers(fresh_engine) == []


@pytest.mark.thorough
@pytest.mark.mysql
@pytest.mark.parametrize("words", ["CREATE TABLE", "ALTER TABLE", "RENAME TABLE", "SET SESSION lock_wait_timeout = 60"])
def test_a_kill_around_the_swap_leaves_whole_tables(mysql_engine: sa.Engine, words: str) -> None:
    make_their_tables(mysql_engine, next(variant for variant in VARIANTS if variant.favourites))
    run(mysql_engine, ["INSERT INTO favourites VALUES (1, 7)"])
    migrate(mysql_engine)
    filled(mysql_engine)
    digests, who = table_digests(mysql_engine), identities(mysql_engine)
    assert rebuild_and_die(mysql_engine.url.render_as_string(hide_password=False), words)
    assert (table_digests(mysql_engine), identities(mysql_engine)) == (digests, who)
    rebuild(mysql_engine)
    assert (table_digests(mysql_engine), identities(mysql_engine)) == (digests, who)
    assert leftovers(mysql_engine) == []
    (key,) = sa.inspect(mysql_engine).get_foreign_keys("favourites")
    assert (key["referred_schema"], key["referred_table"]) == (None, "deals")


@pytest.mark.parametrize("words", ["DELETE FROM main", 'INSERT INTO main."releases"'])
def test_a_kill_within_the_swap_of_sqlite_leaves_the_present_tables(empty_engine: sa.Engine, words: str) -> None:
    if empty_engine.dialect.name != "sqlite":
        pytest.skip("MySQL swaps in one statement")
    migrate(empty_engine)
    before = snapshot(filled(empty_engine))
    assert rebuild_and_die(str(empty_engine.url), words)
    assert snapshot(empty_engine) == before
    digests = table_digests(empty_engine)
    rebuild(empty_engine)
    assert table_digests(empty_engine) == digests


@pytest.mark.thorough
@pytest.mark.mysql
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_rows_columns_and_indexes_of_the_other_application_survive(mysql_engine: sa.Engine, variant: Variant) -> None:
    make_their_tables(mysql_engine, variant)
    migrate(mysql_engine)
    run(
        mysql_engine,
        ["ALTER TABLE deals ADD COLUMN app_stars INT NULL, ADD INDEX their_stars (app_stars, price)"],
    )
    filled(mysql_engine)
    run(mysql_engine, ["UPDATE deals SET app_stars = 5, updated_at = updated_at WHERE serial_number = 'A1' OR id = 7"])
    theirs = rows_of(mysql_engine, "SELECT * FROM deals WHERE serial_number IS NULL OR serial_number = 'A1'")
    shape = _shape(mysql_engine)
    rebuild(mysql_engine)
    assert rows_of(mysql_engine, "SELECT * FROM deals WHERE serial_number IS NULL OR serial_number = 'A1'") == theirs
    assert _shape(mysql_engine) == shape
    run(mysql_engine, [variant.insert(None if variant.numbered else 5_000)])


def test_columns_and_rows_of_the_other_application_survive_on_sqlite(empty_engine: sa.Engine) -> None:
    if empty_engine.dialect.name != "sqlite":
        pytest.skip("told for MySQL above")
    migrate(empty_engine)
    filled(empty_engine)
    run(
        empty_engine,
        [
            "ALTER TABLE deals ADD COLUMN app_stars INT",
            "CREATE INDEX their_stars ON deals (app_stars)",
            "UPDATE deals SET app_stars = 5 WHERE serial_number = 'A1'",
            "CREATE TABLE favourites (id INTEGER PRIMARY KEY, deal_id INTEGER REFERENCES deals (id) ON DELETE CASCADE)",
            "INSERT INTO favourites SELECT 1, id FROM deals WHERE serial_number = 'A1'",
        ],
    )
    favourites = rows_of(empty_engine, "SELECT * FROM favourites")
    rebuild(empty_engine)
    assert rows_of(empty_engine, "SELECT app_stars FROM deals WHERE serial_number = 'A1'") == [{"app_stars": 5}]
    assert rows_of(empty_engine, "SELECT * FROM favourites") == favourites
    assert "their_stars" in {index["name"] for index in sa.inspect(empty_engine).get_indexes("deals")}


@pytest.mark.mysql
def test_a_key_of_another_table_refers_to_the_new_deals(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    filled(mysql_engine)
    run(
        mysql_engine,
        [
            "CREATE TABLE stars (id BIGINT PRIMARY KEY, deal_id BIGINT NOT NULL, CONSTRAINT star_of "
            "FOREIGN KEY (deal_id) REFERENCES deals (id) ON DELETE CASCADE)",
            "INSERT INTO stars SELECT 1, id FROM deals WHERE serial_number = 'A1'",
        ],
    )
    rebuild(mysql_engine)
    assert rows_of(mysql_engine, "SELECT serial_number FROM stars JOIN deals ON deals.id = deal_id") == [
        {"serial_number": "A1"}
    ]
    run(mysql_engine, ["DELETE FROM deals WHERE serial_number = 'A1'"])
    assert rows_of(mysql_engine, "SELECT * FROM stars") == []


@pytest.mark.mysql
def test_a_row_that_is_added_at_the_last_moment_is_brought_along(mysql_engine: sa.Engine) -> None:
    their = VARIANTS[0]
    make_their_tables(mysql_engine, their)
    migrate(mysql_engine)
    with rebuilding(mysql_engine) as made:
        refill(made.engine)

        def meanwhile() -> None:
            """The rows of the other application were carried over already."""
            run(mysql_engine, [their.insert(901)])

        made.swap(meanwhile)
    ids = rows_of(mysql_engine, "SELECT id FROM deals WHERE serial_number IS NULL ORDER BY id")
    assert [row["id"] for row in ids] == [7, 900, 901]


def test_a_trigger_that_the_swap_would_lose_is_named(fresh_engine: sa.Engine) -> None:
    before = snapshot(filled(fresh_engine))
    body = "FOR EACH ROW SET NEW.price = 1" if fresh_engine.dialect.name == "mysql" else "BEGIN SELECT 1; END"
    run(fresh_engine, [f"CREATE TRIGGER their_trigger BEFORE INSERT ON deals {body}"])
    with pytest.raises(DatabaseError, match="trigger their_trigger"), rebuilding(fresh_engine):
        pass
    assert snapshot(fresh_engine) == before
    assert leftovers(fresh_engine) == []


@pytest.mark.mysql
def test_an_account_without_the_right_is_told_which_to_grant(mysql_server: PrivateServer) -> None:
    with fresh_database(mysql_server) as uri:
        engine = connect(uri)
        migrate(engine)
        before = snapshot(filled(engine))
        name = str(engine.url.database)
        mysql_server.execute("CREATE OR REPLACE USER 'narrow'@'127.0.0.1' IDENTIFIED BY 'a-secret'")
        mysql_server.execute(f"GRANT ALL PRIVILEGES ON `{name}`.* TO 'narrow'@'127.0.0.1'")
        narrow = connect(engine.url.set(username="narrow", password="a-secret").render_as_string(hide_password=False))
        with pytest.raises(DatabaseError, match="GRANT ALL PRIVILEGES ON") as refused, rebuilding(narrow):
            pass
        assert "a-secret" not in str(refused.value)
        assert snapshot(engine) == before
        granted = str(refused.value).partition("run ")[2].partition(" TO this")[0]
        mysql_server.execute(f"{granted} TO 'narrow'@'127.0.0.1'")
        digests = table_digests(engine)
        rebuild(narrow)
        assert table_digests(engine) == digests
        for opened in (engine, narrow):
            opened.dispose()


@pytest.mark.mysql
def test_a_database_of_that_name_with_other_tables_is_left_alone(
    mysql_server: PrivateServer, mysql_engine: sa.Engine
) -> None:
    migrate(mysql_engine)
    beside = f"{mysql_engine.url.database}__rebuild"
    mysql_server.create_database(beside)
    mysql_server.execute(f"CREATE TABLE `{beside}`.diary (day DATE)")
    try:
        with pytest.raises(DatabaseError, match="diary"), rebuilding(mysql_engine):
            pass
        assert sa.inspect(mysql_engine).get_table_names(beside) == ["diary"]
    finally:
        mysql_server.drop_database(beside)


def test_what_people_decided_stays(fresh_engine: sa.Engine) -> None:
    filled(fresh_engine)
    with write_transaction(fresh_engine) as connection:
        for number, status in enumerate(("open", "corrected", "dismissed")):
            connection.execute(
                sa.text(
                    "INSERT INTO rejected_deals (`release`, file, line, city, serial_number, raw, reasons, status) "
                    "VALUES ('2022-07-01', 'f.csv', :line, '新北市', '', :raw, '[]', :status)"
                ),
                {"line": number + 3, "raw": f"line {number}", "status": status},
            )
        connection.execute(
            sa.text(
                "INSERT INTO corrections (city, serial_number, field, old_value, new_value, reason, editor, edited_on, "
                "status) VALUES ('新北市', 'A1', 'note', '', 'x', 'y', 'me', :day, 'applied')"
            ),
            {"day": date(2023, 1, 1)},
        )
        connection.execute(
            sa.text(
                "INSERT INTO deal_events (city, serial_number, event, `release`, as_of, changes, recorded_at) "
                "VALUES ('新北市', 'A1', 'corrected', '2022-07-01', :now, '{}', :now)"
            ),
            {"now": NOW.replace(tzinfo=None, microsecond=0)},
        )
    written = (
        "SELECT id, city, serial_number, field, old_value, new_value, reason, editor, edited_on, status "
        "FROM corrections"
    )
    corrections = rows_of(fresh_engine, written)
    rebuild(fresh_engine)
    assert rows_of(fresh_engine, written) == corrections
    assert [row["status"] for row in rows_of(fresh_engine, "SELECT status FROM rejected_deals ORDER BY line")] == [
        "corrected",
        "dismissed",
    ]
    events = rows_of(fresh_engine, "SELECT event FROM deal_events WHERE serial_number = 'A1' ORDER BY event")
    assert [row["event"] for row in events] == ["changed", "corrected"]


def test_a_long_text_widens_the_statistics_too(fresh_engine: sa.Engine) -> None:
    if fresh_engine.dialect.name != "mysql":
        pytest.skip("SQLite holds any text")
    name = "長" * 300
    with rebuilding(fresh_engine) as made:
        load(made.engine, copy_of("2022-07-01"), [deal("A1", build_name=name)])
        made.swap(lambda: None)
    assert deals_by_serial(fresh_engine)["A1"]["build_name"] == name
    columns: Any = {column["name"]: column for column in sa.inspect(fresh_engine).get_columns("deal_statistics")}
    assert columns["build_name"]["type"].length >= 300


def _shape(engine: sa.Engine) -> dict[str, Any]:
    """Columns and indexes of `deals`, the order of indexes aside."""
    with engine.connect() as connection:
        spelt = str(connection.exec_driver_sql("SHOW CREATE TABLE deals").one()[1])
    lines = [line.strip().rstrip(",") for line in spelt.splitlines()]
    end = lines[-1].split(" AUTO_INCREMENT=")
    return {"lines": sorted(lines[1:-1]), "options": end[0], "comment": end[-1].partition(" ")[2]}
