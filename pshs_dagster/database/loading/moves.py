"""Whole rows from `deals` to `withdrawn_deals` and back, and sightings written to many rows at a time.

Who has to move is decided elsewhere. What is to be written goes through a temporary table, `pshs_fates`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.database.loading.ledger import portions
from pshs_dagster.database.tables import RELEASE_WIDTH, deals, withdrawn_deals

COMMON = tuple(column.name for column in deals.columns if column.name in withdrawn_deals.c)

MOVED = tuple(name for name in COMMON if name != "updated_at")
"""What a moved row takes along; it is updated by moving."""

fates = sa.Table(
    "pshs_fates",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first_release", sa.String(RELEASE_WIDTH)),
    sa.Column("first_as_of", sa.DateTime),
    sa.Column("earlier_sightings", sa.Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql")),
    sa.Column("withdrawn_release", sa.String(RELEASE_WIDTH)),
    prefixes=["TEMPORARY"],
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
)


@dataclass(frozen=True)
class Sighted:
    """What the sightings of a deal are now."""

    id: int
    first_release: str
    first_as_of: datetime
    earlier_sightings: str | None


@dataclass(frozen=True)
class Gone:
    """A deal to be withdrawn, and by which season."""

    id: int
    withdrawn_release: str


def write_sightings(connection: sa.Connection, table: sa.Table, sighted: Sequence[Sighted]) -> None:
    """Write the sightings of deals in `table`, which is one of the two."""
    if not sighted:
        return
    names = ("first_release", "first_as_of", "earlier_sightings")
    # The moment is named, so that a server which moves it by itself leaves it.
    values: dict[str, Any] = {name: fates.c[name] for name in names} | {"updated_at": table.c.updated_at}
    with filled(connection, fates, [asdict(row) for row in sighted]):
        connection.execute(sa.update(table).where(table.c.id == fates.c.id).values(values))


def withdraw(connection: sa.Connection, gone: Sequence[Gone], now: datetime) -> None:
    """Move deals to `withdrawn_deals`."""
    if not gone:
        return
    values: dict[str, Any] = {name: deals.c[name] for name in MOVED}
    values |= {"withdrawn_release": fates.c.withdrawn_release}
    with filled(connection, fates, [asdict(row) for row in gone]):
        _move(connection, deals, withdrawn_deals, values, ("updated_at", "withdrawn_at"), now)


def rename_withdrawer(connection: sa.Connection, gone: Sequence[Gone], now: datetime) -> None:
    """Withdrawn deals that an earlier copy, or no longer that one, turns out to have withdrawn."""
    if not gone:
        return
    values: dict[str, Any] = {"withdrawn_release": fates.c.withdrawn_release, "withdrawn_at": now}
    with filled(connection, fates, [asdict(row) for row in gone]):
        connection.execute(sa.update(withdrawn_deals).where(withdrawn_deals.c.id == fates.c.id).values(values))


def reinstate(connection: sa.Connection, ids: Sequence[int], now: datetime) -> None:
    """Move withdrawn deals back to `deals`, where they have the ids that they had."""
    if not ids:
        return
    values: dict[str, Any] = {name: withdrawn_deals.c[name] for name in MOVED}
    with filled(connection, fates, [{"id": row_id} for row_id in ids]):
        _give_way(connection)
        _move(connection, withdrawn_deals, deals, values, ("updated_at",), now)


def _give_way(connection: sa.Connection) -> None:
    """SQLite may have given the id of a withdrawn deal to a row of the other application: take another."""
    taken = sa.select(fates.c.id).join(deals, deals.c.id == fates.c.id)
    for row_id in connection.scalars(taken).all():
        last = max(connection.scalar(sa.select(sa.func.max(table.c.id))) or 0 for table in (deals, withdrawn_deals))
        for table in (withdrawn_deals, fates):
            connection.execute(sa.update(table).where(table.c.id == row_id).values(id=last + 1))


def _move(
    connection: sa.Connection,
    source: sa.Table,
    target: sa.Table,
    values: dict[str, Any],
    moments: Sequence[str],
    now: datetime,
) -> None:
    values = values | {name: sa.literal(now, sa.DateTime) for name in moments}
    rows = sa.select(*values.values()).select_from(source.join(fates, fates.c.id == source.c.id))
    connection.execute(sa.insert(target).from_select(list(values), rows, include_defaults=False))
    if connection.dialect.name != "mysql":
        connection.execute(sa.delete(source).where(source.c.id.in_(sa.select(fates.c.id))))
        return
    # What another application keeps about a deal waits for it: it comes back with the same id.
    connection.execute(sa.text("SET SESSION foreign_key_checks = 0"))
    try:
        connection.execute(sa.delete(source).where(source.c.id == fates.c.id))
    except BaseException:
        connection.invalidate()  # it must not go back to the pool without its checks
        raise
    connection.execute(sa.text("SET SESSION foreign_key_checks = 1"))


@contextmanager
def filled(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> Generator[None, None, None]:
    """A temporary table with these rows, for the time of the block."""
    # Not Table.drop: without the word TEMPORARY MySQL commits the transaction.
    kind = "TEMPORARY TABLE" if connection.dialect.name == "mysql" else "TABLE"
    drop = sa.DDL(f"DROP {kind} IF EXISTS {table.name}")
    connection.execute(drop)
    table.create(connection, checkfirst=False)
    for part in portions(rows):
        connection.execute(sa.insert(table), part)
    yield
    connection.execute(drop)
