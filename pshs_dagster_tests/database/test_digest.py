"""The digest of the tables: equal for equal content, another for any other content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.reading.digest import TABLES, combined, digest, table_digests
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.tables import deal_events, deals, rejected_deals, withdrawn_deals
from pshs_dagster.deals.columns import COLUMNS
from pshs_dagster_tests.database.made_up import deal as made_up_deal
from pshs_dagster_tests.database.made_up import emptied, frame

pytestmark = pytest.mark.slow

MOMENT = datetime(2022, 9, 1, 12, 30)  # noqa: DTZ001 - wall time, as in the tables
NOT_COUNTED = {"id", "created_at", "updated_at", "recorded_at", "withdrawn_at", "published"}

Rows = dict[str, list[dict[str, Any]]]

HARD_TEXTS = ("", " ", "x", "X", "x ", "𠀀𠀁", "１２", "a,b", "5:", "-", "'\"\\", "笑😀")
"""Texts that collations, separators or escapes could take for one another."""


def deal(serial: str, **values: Any) -> dict[str, Any]:
    row = frame([made_up_deal(serial, **values)]).to_dict("records")[0]
    days = {name: None if row[name] != row[name] else row[name].date() for name in ("transaction_date", "cancelled_on")}
    return {column.name: row[column.name] for column in COLUMNS} | {
        **days,
        "first_release": "2022-07-01",
        "last_release": "111S3",
        "first_as_of": datetime(2022, 7, 1),  # noqa: DTZ001
        "as_of": MOMENT,
        "earlier_sightings": "2022-07-01",
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


def event(serial: str, kind: str = "changed", **changes: Any) -> dict[str, Any]:
    known = {"city": "新北市", "serial_number": serial, "event": kind, "release": "111S3", "as_of": MOMENT}
    return {**known, "changes": changes, "recorded_at": MOMENT}


def reject(line: int | None, raw: str, **values: Any) -> dict[str, Any]:
    known = {"release": "111S3", "file": "f_lvr_land_b.csv", "line": line, "city": "新北市", "serial_number": "R"}
    return {**known, "raw": raw, "reasons": [{"rule": "price", "zh": "總價為零"}], "status": "open", **values}


def correct(serial: str, status: str = "applied", raw: str | None = None, **changes: Any) -> dict[str, Any]:
    ((field, (old, new)),) = ((name, pair) for name, pair in changes.items() if isinstance(pair, tuple))
    person = {"reason": "看錯", "editor": "王小明", "edited_on": date(2023, 1, 2)}
    looked_at = {"release": "111S3", "as_of": MOMENT, "file": changes.get("file"), "raw": raw, "document": None}
    entry = {"city": "新北市", "serial_number": serial, "field": field, "old_value": old, "new_value": new}
    return {**entry, **person, **looked_at, "status": status, "recorded_at": MOMENT, "published_flags": None}


def content() -> Rows:
    """Some of everything."""
    withdrawn = {"withdrawn_release": "111S3", "withdrawn_at": MOMENT}
    return {
        "deals": [
            *(deal(f"A{place}", note=text, build_name=text) for place, text in enumerate(HARD_TEXTS)),
            deal("B", land_total_area=0.1 + 0.2, building_total_area=1e-9, price=9_999_999_999),
            deal("C", termination="1120102全部解約", cancelled_on=date(2023, 1, 2)),
            deal("c", earlier_sightings=None),
        ],
        "withdrawn_deals": [{"id": 900, **deal("W"), **withdrawn}, {"id": 901, **deal("w"), **withdrawn}],
        "deal_events": [
            event("A1", price=[1, 2], land_total_area=[0.1, 12.0], note=["", "笑"]),
            event("C", "cancelled", termination=["", "1120102全部解約"], cancelled_on=[None, "2023-01-02"]),
            event("W", "withdrawn"),
        ],
        "rejected_deals": [
            reject(7, '板橋區,"\\,\t笑😀𠀀\x00,\x13'),
            reject(8, ""),
            reject(None, "x", status="dismissed"),
        ],
        "corrections": [
            correct("A1", note=("", "笑😀")),
            correct("R", raw='板橋區,"\\,\t笑', file="f_lvr_land_b.csv", status="stale", room=("3333", "3")),
        ],
    }


def hold(engine: sa.Engine, rows: Rows) -> sa.Engine:
    """Make the tables hold exactly these rows."""
    emptied(engine)
    with write_transaction(engine) as connection:
        for table in TABLES:
            for row in rows[table.name]:
                connection.execute(sa.insert(table).values(row))
    return engine


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    return hold(engine, content())


def test_the_same_content_has_the_same_digest_whatever_its_ids_moments_and_order(filled: sa.Engine) -> None:
    before = digest(filled)
    rows = content()
    for of_table in rows.values():
        of_table.reverse()
        for number, row in enumerate(of_table):
            row.update({name: MOMENT + timedelta(days=number + 1) for name in row if name in NOT_COUNTED - {"id"}})
    for number, row in enumerate(rows["withdrawn_deals"]):
        row["id"] = 5_000 + number
    assert digest(hold(filled, rows)) == before


@pytest.mark.mysql
def test_sqlite_and_mysql_agree(mysql_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    sqlite = connect(f"sqlite:///{tmp_path_factory.mktemp('digest') / 'pshs.db'}")
    try:
        for engine in (sqlite, mysql_engine):
            migrate(engine)
            assert table_digests(engine) == table_digests(sqlite), "when empty"
        for engine in (sqlite, mysql_engine):
            hold(engine, content())
        assert table_digests(mysql_engine) == table_digests(sqlite)
    finally:
        sqlite.dispose()


def other_values(column: sa.Column[Any]) -> Iterator[Any]:
    """Two values of a column; one of them is another than it has."""
    match column.type:
        case sa.JSON():
            yield from ({"a": 1}, {"a": 2})
        case sa.DateTime():
            yield from (MOMENT, MOMENT + timedelta(seconds=1))
        case sa.Date():
            yield from (date(2022, 1, 1), date(2022, 1, 2))
        case sa.Float():
            yield from (1.0, 1.0000000000000002)
        case sa.Integer():
            yield from (70_001, 70_002)
        case _:
            yield from ("x", "X")


def put(engine: sa.Engine, column: sa.Column[Any], value: Any) -> None:
    """Give every row of a table this value."""
    with write_transaction(engine) as connection:
        connection.execute(sa.update(column.table).values({column.name: value}))


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_counts_but_ids_and_moments_of_the_clock(engine: sa.Engine, table: sa.Table) -> None:
    hold(engine, {name: of_table[:1] for name, of_table in content().items()})
    whole, by_table = digest(engine), table_digests(engine)
    for column in table.columns:
        digests = set[str]()
        with engine.connect() as connection:
            before = connection.scalar(sa.select(column))
        for value in other_values(column):
            put(engine, column, value)
            after = table_digests(engine)
            assert {name for name in after if after[name] != by_table[name]} <= {table.name}
            digests.add(combined(after))
        put(engine, column, before)
        if column.name in NOT_COUNTED:
            assert digests == {whole}, column.name
        else:
            assert len(digests) == 2, column.name
    assert digest(engine) == whole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"note": "ab", "object_of_transaction": "c"}, {"note": "a", "object_of_transaction": "bc"}),
        ({"note": "", "object_of_transaction": "x"}, {"note": "x", "object_of_transaction": ""}),
        ({"earlier_sightings": None}, {"earlier_sightings": ""}),
        ({"earlier_sightings": None}, {"earlier_sightings": "-"}),
        ({"cancelled_on": None, "note": ""}, {"cancelled_on": date(2022, 1, 1), "note": ""}),
        ({"note": "x"}, {"note": "x "}),
        ({"note": "𠀀"}, {"note": "𠀁"}),
        ({"land_total_area": 0.3}, {"land_total_area": 0.1 + 0.2}),
    ],
)
def test_what_looks_alike_is_told_apart(engine: sa.Engine, one: dict[str, Any], other: dict[str, Any]) -> None:
    rows = content()
    digests = {digest(hold(engine, rows | {"deals": [deal("A") | values]})) for values in (one, other)}
    assert len(digests) == 2


def test_a_row_more_or_twice_the_same_row_counts(engine: sa.Engine) -> None:
    rows = content()
    once = digest(hold(engine, rows | {"deal_events": [event("A")]}))
    twice = digest(hold(engine, rows | {"deal_events": [event("A"), event("A")]}))
    none = digest(hold(engine, rows | {"deal_events": []}))
    assert len({once, twice, none}) == 3


def test_how_the_database_spells_json_does_not_count(filled: sa.Engine) -> None:
    before = digest(filled)
    with write_transaction(filled) as connection:
        for row in connection.execute(sa.select(deal_events)).mappings().all():
            spelt = json.dumps(dict(reversed(row["changes"].items())), indent=2, ensure_ascii=True)
            mine = sa.update(deal_events).where(deal_events.c.id == row["id"])
            connection.execute(mine.values(changes=sa.type_coerce(spelt, sa.Text)))
    assert digest(filled) == before


def test_columns_and_rows_of_another_program_do_not_count(fresh_engine: sa.Engine) -> None:
    before = digest(hold(fresh_engine, content()))
    with write_transaction(fresh_engine) as connection:
        connection.execute(sa.text("ALTER TABLE deals ADD COLUMN a_favourite VARCHAR(8) DEFAULT 'yes'"))
        theirs = {name: value for name, value in deal("X", note="theirs").items() if name != "serial_number"}
        connection.execute(sa.insert(deals).values(theirs))
    assert digest(fresh_engine) == before


def test_one_digest_a_table_tells_which_one_differs(filled: sa.Engine) -> None:
    before = table_digests(filled)
    with write_transaction(filled) as connection:
        connection.execute(sa.update(withdrawn_deals).values(price=1))
        connection.execute(sa.delete(rejected_deals))
    after = table_digests(filled)
    assert {name for name in after if after[name] != before[name]} == {"withdrawn_deals", "rejected_deals"}


def test_the_order_of_the_rows_does_not_hide_where_they_stand(filled: sa.Engine) -> None:
    """A deal that moves from one table to the other makes another whole, though the rows are the same."""
    rows = content()
    whole = digest(hold(filled, rows | {"deals": [deal("A")], "withdrawn_deals": []}))
    moved = {"id": 1, **deal("A"), "withdrawn_release": "", "withdrawn_at": MOMENT}
    assert digest(hold(filled, rows | {"deals": [], "withdrawn_deals": [moved]})) != whole
