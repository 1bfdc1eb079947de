"""Bring tables up to their definitions: add what is missing, widen what is too narrow.

Nothing is ever dropped, renamed or narrowed, and rows keep their ids, values and moments, because the
other application may have created these tables and goes on using them. A table that conforms is left
alone, so that every step can be repeated after a crash. `widen` is the same mechanism for a single
text that is longer than its column.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.database.schema.actual import (
    ActualColumn,
    actual_columns,
    collations,
    indexed_columns,
)
from pshs_dagster.database.schema.alter import Alterations, AlterTable
from pshs_dagster.database.tables import corrections, deal_events, deals, rejected_deals, withdrawn_deals
from pshs_dagster.errors import DatabaseError

logger = logging.getLogger(__name__)

NARROW_INTEGERS = (mysql.TINYINT, mysql.SMALLINT, mysql.MEDIUMINT, mysql.INTEGER)

CHARSET = "utf8mb4"
"""Text in another character set is converted: most do not hold every character, and statements compare by the bytes of
this one."""

KEPT_COLLATIONS = frozenset({"general_ci", "unicode_ci", "unicode_520_ci", "bin"})
"""Collations that utf8mb3 and utf8mb4 both have, so that a converted column sorts as before."""

ROUNDING = mysql.DECIMAL(65, 2)
"""On the way from FLOAT to DOUBLE: 406.97 would become 406.970001220703, this makes it 406.97 again. Areas
have two decimals. The type also tells, after a crash between the two steps, that the second is missing."""

LONGEST_VARCHAR = 512
"""Longer texts become MEDIUMTEXT: a row of MySQL holds 65,535 bytes in all, a character may take 4, and a
deal has 18 texts."""

LONGEST_INDEXED = 768
"""Characters that an index of InnoDB holds: 3,072 bytes."""

SHORT_VALUES = 16
"""Characters' room for what stands beside the texts of an index of several columns: a day, lengths, an id."""


def conform(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Create the tables that do not exist; add and widen in those that do.

    On MySQL each statement commits by itself, and what was begun is completed by the next call.
    """
    existing = set(sa.inspect(connection).get_table_names())
    for table in tables:
        if table.name not in existing:
            table.create(connection)
            logger.info("Table %s: created.", table.name)
        elif connection.dialect.name == "mysql":
            _conform_mysql(connection, table)
        else:
            _conform_sqlite(connection, table)
    if connection.dialect.name == "mysql":
        _sort_alike(connection)


def _sort_alike(connection: sa.Connection) -> None:
    """Let our other tables sort their texts as `deals` does, which another application may have made.

    They are joined by city and serial, rows move between two of them, and MySQL compares no texts that are sorted
    differently.
    """
    existing = set(sa.inspect(connection).get_table_names())
    wanted = collations(connection, deals.name)
    for table in (withdrawn_deals, rejected_deals, deal_events, corrections):
        if table.name not in existing:
            continue
        alterations = Alterations()
        for name, there in actual_columns(connection, table.name).items():
            collation = wanted.get(name)
            if collation and there.collation and collation != there.collation:
                alterations.modify.append(_with_type(there, _sorted_by(there, collation)))
        _alter(connection, table, alterations)


def _sorted_by(there: ActualColumn, collation: str) -> sa.types.TypeEngine[Any]:
    """The text type that is there, sorted by this collation."""
    charset = collation.partition("_")[0]
    if there.characters > LONGEST_VARCHAR:
        return mysql.MEDIUMTEXT(charset=charset, collation=collation)
    return mysql.VARCHAR(there.characters, charset=charset, collation=collation)


def widen(connection: sa.Connection, table: sa.Table, lengths: Mapping[str, int]) -> None:
    """Widen text columns so that texts of these lengths (characters) fit; the others stay as they are.

    Call it outside a transaction: MySQL commits when a table is altered. SQLite holds any text as it is.
    Raises DatabaseError where an indexed column would become longer than an index can be.
    """
    if connection.dialect.name != "mysql":
        return
    actual = actual_columns(connection, table.name)
    longest = _longest(actual, indexed_columns(connection, table.name))
    alterations = Alterations()
    for name, length in lengths.items():
        if length <= actual[name].characters:
            continue
        if length > longest.get(name, length):
            raise DatabaseError(
                f"{table.name}.{name} would have to hold a text of {length} characters, but for its index it holds "
                f"{longest[name]} at most: have that line of the file corrected, or drop the index."
            )
        # A little more than needed, so that the next text does not alter the table again.
        room = 1 << (length - 1).bit_length()
        room = min(room, longest.get(name, room))
        alterations.modify.append(_with_type(actual[name], _text_type(room, actual[name], name in longest)))
    _alter(connection, table, alterations)


def _longest(actual: Mapping[str, ActualColumn], indexes: Iterable[tuple[tuple[str, ...], bool]]) -> dict[str, int]:
    """How many characters each column of an index may hold beside the others of the same index."""
    longest: dict[str, int] = {}
    for names, _unique in indexes:
        for name in names:
            others = sum(actual[other].characters for other in names if other != name)
            room = LONGEST_INDEXED - others - (SHORT_VALUES if len(names) > 1 else 0)
            longest[name] = min(longest.get(name, room), room)
    return longest


def _conform_sqlite(connection: sa.Connection, table: sa.Table) -> None:
    """SQLite does not enforce types, so that columns and indexes are all that can be missing."""
    existing = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    _alter(connection, table, Alterations(add=[column for column in table.columns if column.name not in existing]))
    for index in _missing_indexes(connection, table):
        index.create(connection)
        logger.info("Table %s: index %s.", table.name, index.name)


def _conform_mysql(connection: sa.Connection, table: sa.Table) -> None:
    actual = actual_columns(connection, table.name)
    first, second = Alterations(), Alterations()
    engine = str(sa.inspect(connection).get_table_options(table.name).get("mysql_engine", ""))
    if engine.lower() != "innodb":
        first.engine = "InnoDB"  # without transactions a load could stop half way
    for column in table.columns:
        there = actual.get(column.name)
        if there is None:
            first.add.append(_new_column(column))
        elif column.primary_key:
            if column is table.autoincrement_column and not there.numbered:
                first.modify.append(_numbered(there))
        elif isinstance(there.column.type, mysql.FLOAT):
            first.modify.append(_with_type(there, ROUNDING))
            second.modify.append(_with_type(there, mysql.DOUBLE()))
        elif (wider := _wider(there, column.type)) is not None:
            first.modify.append(_with_type(there, wider))
    first.index.extend(_fitting(_missing_indexes(connection, table), actual))
    _alter(connection, table, first)
    _alter(connection, table, second)


def _alter(connection: sa.Connection, table: sa.Table, alterations: Alterations) -> None:
    if not alterations:
        return
    logger.info("Table %s: %s.", table.name, alterations)
    if connection.dialect.name != "mysql":
        for column in alterations.add:
            connection.execute(AlterTable(table, Alterations(add=[column])))
        return
    # The other application's tables may refer to the id, which keeps its type.
    connection.execute(sa.text("SET SESSION foreign_key_checks = 0"))
    try:
        connection.execute(AlterTable(table, alterations))
    except BaseException:
        connection.invalidate()  # it must not go back to the pool without its checks
        raise
    connection.execute(sa.text("SET SESSION foreign_key_checks = 1"))


def _missing_indexes(connection: sa.Connection, table: sa.Table) -> Iterator[sa.Index]:
    """Indexes that have no equal, whatever its name."""
    existing = indexed_columns(connection, table.name)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = tuple(column.name for column in index.columns)
        if not any(names == columns and (unique or not index.unique) for names, unique in existing):
            yield index


def _fitting(indexes: Iterable[sa.Index], actual: Mapping[str, ActualColumn]) -> Iterator[sa.Index]:
    """Of some indexes those that InnoDB can hold; another program's columns may be too wide for several together."""

    def width(column: sa.ColumnElement[Any]) -> int:
        there = actual[column.key or ""].characters if column.key in actual else 0
        return max(there, getattr(column.type, "length", None) or 0)

    for index in indexes:
        if index.unique or len(index.columns) == 1 or sum(map(width, index.columns)) + SHORT_VALUES <= LONGEST_INDEXED:
            yield index
        else:
            logger.info("Index %s is left out: its columns are too wide together.", index.name)


def _wider(there: ActualColumn, ours: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any] | None:
    """The type that holds what both hold, or None where the type that is there does."""
    kind = there.column.type
    whole_numbers = isinstance(kind, (*NARROW_INTEGERS, mysql.BIGINT))
    if isinstance(ours, sa.String) and isinstance(kind, sa.String):
        wanted = ours.length or there.characters
        if wanted > there.characters or there.charset != CHARSET:
            return _text_type(max(wanted, there.characters), there)
    elif isinstance(ours, sa.BigInteger) and isinstance(kind, NARROW_INTEGERS):
        return mysql.BIGINT(unsigned=kind.unsigned)
    elif isinstance(ours, sa.Double) and (whole_numbers or _is_rounding(kind)):
        return mysql.DOUBLE()
    elif isinstance(ours, sa.Numeric) and whole_numbers:
        return ours
    return None


def _is_rounding(kind: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(kind, mysql.DECIMAL) and (kind.precision, kind.scale) == (ROUNDING.precision, ROUNDING.scale)


def _text_type(length: int, there: ActualColumn, indexed: bool = False) -> sa.types.TypeEngine[Any]:
    """A text of `length` characters that sorts as before; one with an index cannot become MEDIUMTEXT."""
    charset, collation = there.charset, there.collation
    if charset != CHARSET:
        family = (collation or "").partition("_")[2]
        keeps = (charset or "").startswith("utf8") and family in KEPT_COLLATIONS
        charset, collation = CHARSET, f"{CHARSET}_{family}" if keeps else None
    was_text = not isinstance(there.column.type, (sa.VARCHAR, sa.CHAR))
    if was_text or (length > LONGEST_VARCHAR and not indexed):
        return mysql.MEDIUMTEXT(charset=charset, collation=collation)
    return mysql.VARCHAR(length, charset=charset, collation=collation)


def _new_column(column: sa.Column[Any]) -> sa.Column[Any]:
    """Our column for a table whose own character set may be any."""
    kind = column.type.dialect_impl(mysql.dialect())
    if isinstance(kind, sa.String) and not getattr(kind, "charset", None) and not isinstance(kind, sa.Text):
        kind = mysql.VARCHAR(kind.length, charset=CHARSET)
    return sa.Column(
        column.name, kind, nullable=column.nullable, server_default=column.server_default, comment=column.comment
    )


def _with_type(there: ActualColumn, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """The column as it is, but for its type: MODIFY drops whatever it does not repeat."""
    default = there.column.server_default
    if isinstance(kind, mysql.MEDIUMTEXT) and isinstance(default, sa.DefaultClause):
        default = sa.text(f"({default.arg})")  # MySQL gives a long text no other default than an expression
    return sa.Column(
        there.column.name, kind, nullable=there.column.nullable, server_default=default, comment=there.column.comment
    )


def _numbered(there: ActualColumn) -> sa.Column[Any]:
    return sa.Column(
        there.column.name, there.column.type, primary_key=True, autoincrement=True, comment=there.column.comment
    )
