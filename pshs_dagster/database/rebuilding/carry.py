"""What outlives a rebuild: ids and moments of known deals, what people wrote, what other programs put into our tables.

The connection is to the new tables, and the former ones have a schema of their own. How the new tables come to be
and take the place of the former ones is told in `rebuild.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting import marks, values
from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.marks import CORRECTED
from pshs_dagster.database.loading.ledger import by_city
from pshs_dagster.database.loading.rejects import DECIDED, refresh_statuses
from pshs_dagster.database.schema.actual import collations
from pshs_dagster.database.tables import corrections, deal_events, deals, metadata, rejected_deals, withdrawn_deals
from pshs_dagster.deals.columns import COMPARED

HEADROOM = 100_000
"""Ids left to another program that adds rows of its own during a rebuild: far more than it will."""

Condition = Callable[[sa.FromClause], sa.ColumnElement[bool]]
"""Which rows of a table are meant."""


def of_people(connection: sa.Connection, former: str) -> None:
    """Bring what people decided and did into the new tables, before anything is loaded into them.

    Not yet the ledger of corrections: MOI's own values are loaded and proved first.
    """
    _copy(connection, former, rejected_deals, lambda rows: rows.c.status.in_([str(status) for status in DECIDED]))
    # Numbered anew: their old numbers may be taken by what is loaded.
    _copy(connection, former, deal_events, lambda rows: rows.c.event == CORRECTED, leave_out=("id",))


def correct(connection: sa.Connection, former: str) -> None:
    """Bring the ledger of corrections, and apply it to the new tables, which are whole."""
    _copy(connection, former, corrections, lambda _: sa.true())
    ledger = read_ledger(connection)
    values.apply_anew(connection, ledger)
    marks.judge_lines(connection, ledger)
    refresh_statuses(connection)
    # Only now it shows which of the corrected deals are as they were.
    for city, serials in by_city(ledger.amendments_of):
        for mine in (deals, withdrawn_deals):
            theirs = _reflected(connection, mine, former)
            _identify(connection, _reflected(connection, mine), theirs, (city, serials))


def of_others(connection: sa.Connection, former: str) -> None:
    """Bring the rows of another program, which have no serial number, into the new `deals` with their ids."""
    _copy(connection, former, deals, _of_another_program)


def latecomers(connection: sa.Connection, former: str, names: Mapping[str, str]) -> None:
    """Bring what was added to the former tables between the carrying over and the swap.

    The connection is to the tables in use; `names` tells what the former ones are called.
    """
    for table, wanted in ((deals, _of_another_program), (corrections, lambda _: sa.true())):
        here = sa.select(table.c.id)

        def missing(rows: sa.FromClause, wanted: Condition = wanted, here: Any = here) -> sa.ColumnElement[bool]:
            return sa.and_(wanted(rows), rows.c.id.not_in(here))

        _copy(connection, former, table, missing, name=names[table.name])


def first_free_id(connection: sa.Connection, former: str) -> int:
    """An id beyond every one that the former tables have, or that another program gives out meanwhile."""
    highest = 0
    for table in (deals, withdrawn_deals):
        rows = _reflected(connection, table, former)
        highest = max(highest, connection.scalar(sa.select(sa.func.max(rows.c.id))) or 0)
    rows = _reflected(connection, deals, former)
    shared = connection.scalar(sa.select(rows.c.id).where(_of_another_program(rows)).limit(1)) is not None
    return highest + 1 + (HEADROOM if shared else 0)


def identities(connection: sa.Connection, former: str) -> None:
    """Give known deals back their ids, `created_at`, and what other programs keep in columns of their own.

    `updated_at` goes back too where no value has changed. No id of the new rows may be one of the former rows.
    """
    for mine in (deals, withdrawn_deals):
        for theirs in (deals, withdrawn_deals):
            _identify(connection, _reflected(connection, mine), _reflected(connection, theirs, former))


def _identify(
    connection: sa.Connection, new: sa.Table, reflected: sa.Table, only: tuple[str, Sequence[str]] | None = None
) -> None:
    old = reflected.alias("former")
    # Always named, since MySQL may be told to move it by itself.
    kept: dict[str, Any] = {"id": old.c.id, "created_at": old.c.created_at, "updated_at": new.c.updated_at}
    if new.name == reflected.name:
        same = sa.and_(*(_same(connection, new.c[name], old.c[name]) for name in COMPARED))
        kept["updated_at"] = sa.case((same, old.c.updated_at), else_=new.c.updated_at)
        if new.name == withdrawn_deals.name:
            again = new.c.withdrawn_release == old.c.withdrawn_release
            kept["withdrawn_at"] = sa.case((again, old.c.withdrawn_at), else_=new.c.withdrawn_at)
    ours = metadata.tables[new.name].columns
    kept |= {name: old.c[name] for name in _writable(new) if name not in ours and name in old.c}
    city: sa.ColumnElement[Any] = old.c.city
    if connection.dialect.name == "mysql" and new.name != reflected.name:
        # Another program's table may sort in another way than the one that we made.
        city = sa.collate(city, str(collations(connection, new.name)["city"]))
    key = sa.and_(new.c.city == city, new.c.serial_number == old.c.serial_number)
    if only is not None:
        key = sa.and_(key, new.c.city == only[0], new.c.serial_number.in_(only[1]))
    connection.execute(sa.update(new).where(key).values(kept))


def _same(
    connection: sa.Connection, one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    if connection.dialect.name == "mysql" and isinstance(one.type, sa.String):
        return sa.cast(one, sa.LargeBinary) == sa.cast(other, sa.LargeBinary)  # collations take case for equal
    return one.is_not_distinct_from(other)


def _of_another_program(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    return rows.c.serial_number.is_(None)


def _copy(
    connection: sa.Connection,
    schema: str,
    table: sa.Table,
    wanted: Condition,
    *,
    name: str | None = None,
    leave_out: tuple[str, ...] = (),
) -> None:
    """Copy rows of a table of `schema` into the one here: every column that both have."""
    here = _reflected(connection, table)
    former = _reflected(connection, table, schema, name).alias("former")
    names = [column for column in _writable(here) if column in former.c and column not in leave_out]
    rows = sa.select(*(former.c[column] for column in names)).where(wanted(former))
    connection.execute(sa.insert(here).from_select(names, rows, include_defaults=False))


def _reflected(
    connection: sa.Connection, table: sa.Table, schema: str | None = None, name: str | None = None
) -> sa.Table:
    """The table as it is, with the columns that other programs added."""
    return sa.Table(name or table.name, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)


def _writable(table: sa.Table) -> list[str]:
    """The columns whose values are not computed by the database."""
    return [column.name for column in table.columns if column.computed is None]
