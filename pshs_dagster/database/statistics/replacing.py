"""Make rows of a table of statistics what a SELECT gives: what stays keeps its id, what is gone is deleted.

All of it happens in the caller's transaction, so that nobody sees a table that is half of the old and half of the new.
The result of the SELECT goes through a temporary table.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.schema.actual import actual_columns
from pshs_dagster.database.statistics.statements import CHANGES, Values, statement
from pshs_dagster.database.tables import MYSQL_OPTIONS, market_statistics

OWN = frozenset({"id", "created_at", "updated_at"})
"""Columns that no SELECT gives."""

BESIDE = frozenset(
    column.name for column in market_statistics.columns if column.name == "status" or column.name.endswith("_change")
)
"""Columns of `market_statistics` that come from its own rows and from releases, not from deals."""

LONGEST_KEY = 700
"""Characters that an index of InnoDB holds, all columns together; without one the result is as right, and slow."""


def key_of(target: sa.Table) -> tuple[str, ...]:
    """The columns that tell a row: those of the table's unique index."""
    (unique,) = (index for index in target.indexes if index.unique)
    return tuple(column.name for column in unique.columns)


def replace_rows(
    connection: sa.Connection,
    target: sa.Table,
    spans: Sequence[Values],
    now: datetime,
    *,
    scope: sa.ColumnElement[bool] | None = None,
    text: str | None = None,
) -> int:
    """Replace the rows of `target` in `scope` (all by default) by those of its statement, asked once for each of
    `spans`; `text` is a statement that does not stand beside. `now` is naive, in Taipei. Gives the number of rows
    written or deleted."""
    key = key_of(target)
    # The SELECT gives the columns in the order of the table.
    names = [column.name for column in target.columns if column.name not in OWN | BESIDE]
    values = [name for name in names if name not in key]
    text, written = text or statement(target.name), 0
    if connection.scalar(sa.select(target.c.id).limit(1)) is None:
        asked = (_selected(text, names, each).subquery("fresh") for each in spans)
        return sum(_insert(connection, target, rows, rows, names, now) for rows in asked)
    with _fresh(connection, target, text, names, spans) as fresh:
        same = reduce(and_, (target.c[name] == fresh.c[name] for name in key))
        common, differing = _in_both(connection, target, fresh, same, values)
        if differing:
            written += _update(connection, target, fresh, same, values, now)
        if common < _count(connection, target, scope):
            gone = sa.delete(target).where(~sa.exists().where(same).correlate(target))
            written += connection.execute(gone if scope is None else gone.where(scope)).rowcount
        if common < _count(connection, fresh):
            new = fresh.outerjoin(target, same)
            written += _insert(connection, target, fresh, new, names, now, target.c.id.is_(None))
    return written


def update_changes(connection: sa.Connection, asked: Values, now: datetime) -> int:
    """Set the columns BESIDE of `market_statistics`. Gives the number of rows that became others."""
    target, key = market_statistics, key_of(market_statistics)
    names = [column.name for column in target.columns if column.name in (*key, *BESIDE)]
    with _fresh(connection, target, statement(CHANGES), names, [asked]) as fresh:
        same = reduce(and_, (target.c[name] == fresh.c[name] for name in key))
        return _update(connection, target, fresh, same, [name for name in names if name in BESIDE], now)


@contextmanager
def _fresh(
    connection: sa.Connection, target: sa.Table, text: str, names: Sequence[str], spans: Sequence[Values]
) -> Generator[sa.Table]:
    """A temporary table with what the statement gives."""
    fresh = _like(connection, target, names)
    # Not Table.drop: without the word TEMPORARY MySQL commits the transaction.
    kind = "TEMPORARY TABLE" if connection.dialect.name == "mysql" else "TABLE"
    drop = sa.DDL(f"DROP {kind} IF EXISTS {fresh.name}")
    connection.execute(drop)
    fresh.create(connection, checkfirst=False)
    for values in spans:
        rows = _selected(text, names, values)
        connection.execute(sa.insert(fresh).from_select(names, rows, include_defaults=False))
    yield fresh
    connection.execute(drop)


def _like(connection: sa.Connection, target: sa.Table, names: Sequence[str]) -> sa.Table:
    """Texts sort as in the target, for else MySQL could not look them up in its index."""
    actual = actual_columns(connection, target.name) if connection.dialect.name == "mysql" else {}
    columns: list[sa.Column[Any]] = []
    for name in names:
        column = target.c[name]
        kind = actual[name].column.type if name in actual and isinstance(column.type, sa.String) else column.type
        columns.append(sa.Column(name, kind, nullable=column.nullable))
    # Within CREATE TABLE: a statement of its own, which an index is, would commit the transaction.
    key = [column for column in columns if column.name in key_of(target)]
    width = sum(getattr(column.type, "length", None) or 1 for column in key)
    unique = [sa.PrimaryKeyConstraint(*(column.name for column in key))] if width <= LONGEST_KEY else []
    return sa.Table("pshs_fresh", sa.MetaData(), *columns, *unique, prefixes=["TEMPORARY"], **MYSQL_OPTIONS)


def _in_both(
    connection: sa.Connection, target: sa.Table, fresh: sa.Table, same: sa.ColumnElement[bool], values: Sequence[str]
) -> tuple[int, int]:
    """How many rows both tables have, and how many of those have other values: often there is nothing more to do."""
    differs = sa.case((_differs(target, fresh, values), 1), else_=0)
    found = connection.execute(sa.select(sa.func.count(), sa.func.sum(differs)).select_from(fresh).join(target, same))
    common, differing = found.one()
    return common, differing or 0


def _count(connection: sa.Connection, table: sa.Table, scope: sa.ColumnElement[bool] | None = None) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return connection.scalar(query if scope is None else query.where(scope)) or 0


def _differs(target: sa.Table, fresh: sa.Table, values: Sequence[str]) -> sa.ColumnElement[bool]:
    return reduce(or_, (target.c[name].is_distinct_from(fresh.c[name]) for name in values))


def _update(
    connection: sa.Connection,
    target: sa.Table,
    fresh: sa.Table,
    same: sa.ColumnElement[bool],
    values: Sequence[str],
    now: datetime,
) -> int:
    """Rows that are the same stay as they are, with their moment."""
    differs = _differs(target, fresh, values)
    new: dict[str, Any] = {name: fresh.c[name] for name in values} | {"updated_at": sa.literal(now, sa.DateTime)}
    return connection.execute(sa.update(target).where(same, differs).values(new)).rowcount


def _selected(text: str, names: Sequence[str], values: Values) -> sa.TextualSelect:
    return sa.text(text).bindparams(**values).columns(*(sa.column(name) for name in names))


def _insert(
    connection: sa.Connection,
    target: sa.Table,
    fresh: sa.FromClause,
    source: sa.FromClause,
    names: Sequence[str],
    now: datetime,
    *which: sa.ColumnElement[bool],
) -> int:
    """Insert what `fresh` holds in those rows of `source`."""
    moment = sa.literal(now, sa.DateTime)
    row: dict[str, sa.ColumnElement[Any]] = {name: fresh.c[name] for name in names}
    row |= {"created_at": moment, "updated_at": moment}
    if connection.dialect.name != "mysql":
        # A table that the other application has made in SQLite numbers no rows by itself.
        last = sa.select(sa.func.coalesce(sa.func.max(target.alias("numbered").c.id), 0)).scalar_subquery()
        row["id"] = last + sa.func.row_number().over()
    rows = sa.select(*row.values()).select_from(source).where(*which)
    return connection.execute(sa.insert(target).from_select(list(row), rows, include_defaults=False)).rowcount
