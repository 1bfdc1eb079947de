"""The content of the tables as one SHA-256: equal where the content is, on SQLite and MySQL alike.

What counts is what MOI published, what was concluded from it, and what people corrected. Ids and moments of the
clock tell how the rows came in and do not count, nor do columns and rows that other programs added. How rows get in
is not told here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.snapshot import ROWS_AT_ONCE, snapshot
from pshs_dagster.database.tables import corrections, deal_events, deals, rejected_deals, withdrawn_deals

TABLES = (deals, withdrawn_deals, deal_events, rejected_deals, corrections)
"""What a rebuild must bring back, in the order of the digest."""

LEFT_OUT = frozenset({"id", "created_at", "updated_at", "recorded_at", "withdrawn_at", "published"})
"""Numbers that the database gave, moments at which something was done here, and the fields of a rejected line, which
its text has as well."""

NULL = "-"
"""Stands where the length of a value would: no length is spelt so."""

SECONDS = 19
"""Characters of `2022-09-01 00:00:00`; SQLite holds microseconds behind it, which the tables never have."""


def digest(engine: sa.Engine) -> str:
    """SHA-256, in hexadecimal, over TABLES. Raises DatabaseError."""
    return combined(table_digests(engine))


def table_digests(engine: sa.Engine) -> dict[str, str]:
    """SHA-256 of each of TABLES by its name, so that a person sees which one differs. Raises DatabaseError."""
    with snapshot(engine, "be read for its digest") as connection:
        return digests_seen_by(connection)


def digests_seen_by(connection: sa.Connection) -> dict[str, str]:
    """The same as a connection sees the tables: for whoever reads more than the digest from one snapshot."""
    return {table.name: _digest_of(connection, table) for table in TABLES}


def combined(digests: Mapping[str, str]) -> str:
    """The digest of the whole, from those of the tables."""
    return sha256("".join(f"{table.name} {digests[table.name]}\n" for table in TABLES).encode()).hexdigest()


def _digest_of(connection: sa.Connection, table: sa.Table) -> str:
    """Each row is hashed by itself, and the rows stand in the order of their hashes.

    So the database need not sort, whose collation would have a say in it, and only the hashes are held.
    """
    columns = sorted((column for column in table.columns if column.name not in LEFT_OUT), key=lambda c: c.name)
    total = sha256(",".join(column.name for column in columns).encode())
    for row_hash in sorted(_row_hashes(connection, table, columns)):
        total.update(row_hash)
    return total.hexdigest()


def _row_hashes(connection: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[Any]]) -> Iterator[bytes]:
    apart = [column for column in columns if isinstance(column.type, (sa.Float, sa.JSON))]
    together = [column for column in columns if column not in apart]
    query = sa.select(*_in_one(connection.dialect.name, together), *(_plain(column) for column in apart))
    if table in (deals, withdrawn_deals):
        query = query.where(table.c.serial_number.is_not(None))  # others are rows of another program
    canonical = [_canonical_json if isinstance(column.type, sa.JSON) else _canonical_number for column in apart]
    result = connection.execute(query)
    while rows := result.fetchmany(ROWS_AT_ONCE):
        for lengths, texts, *values in map(tuple, rows):
            spelt = [spell(value) for spell, value in zip(canonical, values, strict=True)]
            yield sha256("\n".join((lengths, texts, *spelt)).encode("utf-8", "surrogatepass")).digest()


def _in_one(dialect: str, columns: Sequence[sa.Column[Any]]) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
    """The lengths of values in bytes of UTF-8, and the values one behind the other.

    Both together are unambiguous, whatever characters the values have. The server joins them, since
    Python takes ten times as long for each of them.
    """
    texts = [_as_text(column) for column in columns]
    lengths = [
        sa.func.coalesce(sa.cast(sa.func.length(sa.cast(text, sa.LargeBinary)), sa.String), NULL) for text in texts
    ]
    return _joined(dialect, lengths, ","), _joined(dialect, [sa.func.coalesce(text, "") for text in texts], "")


def _as_text(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    text = sa.cast(column, sa.String)  # on MySQL in the connection's character set, whatever the column's is
    return sa.func.substr(text, 1, SECONDS) if isinstance(column.type, sa.DateTime) else text


def _joined(dialect: str, parts: Sequence[sa.ColumnElement[str]], between: str) -> sa.ColumnElement[str]:
    if dialect == "mysql":
        return sa.func.concat_ws(between, *parts)
    return reduce(lambda left, right: left.concat(between).concat(right), parts)


def _plain(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The value as the driver gives it: JSON as its text."""
    return sa.type_coerce(column, sa.Text) if isinstance(column.type, sa.JSON) else column


def _canonical_number(value: float | None) -> str:
    return NULL if value is None else repr(float(value))


def _canonical_json(text: str | None) -> str:
    """On one line, whatever spaces and order of keys the database keeps."""
    if text is None:
        return NULL
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
