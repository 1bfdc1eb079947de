"""What a table of MySQL really looks like: columns with their character sets, and indexes.

Only looks; what to make of it is decided in `conform.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

CHARACTERS_OF_TEXT = {
    # Bytes that the type holds by the most bytes that a character of utf8mb4 takes.
    mysql.TINYTEXT: 255 // 4,
    mysql.TEXT: 65_535 // 4,
    sa.TEXT: 65_535 // 4,
    mysql.MEDIUMTEXT: 16_777_215 // 4,
    mysql.LONGTEXT: 4_294_967_295 // 4,
}


@dataclass(frozen=True)
class ActualColumn:
    """A column as the server has it. `charset` and `collation` are None where it holds no text."""

    column: sa.Column[Any]
    charset: str | None
    collation: str | None
    numbered: bool
    """Whether the server numbers rows by it (AUTO_INCREMENT)."""

    @property
    def characters(self) -> int:
        """How long a text it holds, in characters of utf8mb4; 0 where it holds no text."""
        kind = self.column.type
        for text, characters in CHARACTERS_OF_TEXT.items():
            if type(kind) is text:
                return characters
        return (kind.length or 0) if isinstance(kind, sa.String) else 0


_described = sa.table(
    "columns",
    sa.column("table_schema"),
    sa.column("table_name"),
    sa.column("column_name"),
    sa.column("character_set_name"),
    sa.column("collation_name"),
    sa.column("extra"),
    schema="information_schema",
)


def actual_columns(connection: sa.Connection, table: str) -> dict[str, ActualColumn]:
    """The columns of a table by name."""
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection, resolve_fks=False)
    return {
        row.column_name: ActualColumn(
            reflected.columns[row.column_name],
            row.character_set_name,
            row.collation_name,
            "auto_increment" in (row.extra or "").lower(),
        )
        for row in _describe(connection, table)
    }


def collations(connection: sa.Connection, table: str) -> dict[str, str | None]:
    """The collation of each column, None where it holds no text."""
    return {row.column_name: row.collation_name for row in _describe(connection, table)}


def _describe(connection: sa.Connection, table: str) -> Sequence[sa.Row[Any]]:
    columns = _described.columns
    mine = sa.and_(columns.table_schema == sa.func.database(), columns.table_name == table)
    wanted = (
        # Labelled, since MySQL 8 gives these names in upper case.
        columns[name].label(name)
        for name in ("column_name", "character_set_name", "collation_name", "extra")
    )
    return connection.execute(sa.select(*wanted).where(mine)).all()


def indexed_columns(connection: sa.Connection, table: str) -> list[tuple[tuple[str, ...], bool]]:
    """The columns of each index, in its order, and whether it is unique; the primary key included."""
    inspector = sa.inspect(connection)
    indexes = [(_names(index["column_names"]), bool(index["unique"])) for index in inspector.get_indexes(table)]
    # SQLite lists the index of a constraint with the constraints only.
    indexes += [(_names(unique["column_names"]), True) for unique in inspector.get_unique_constraints(table)]
    return [*indexes, (_names(inspector.get_pk_constraint(table)["constrained_columns"]), True)]


def _names(columns: list[Any]) -> tuple[str, ...]:
    return tuple(str(column) for column in columns)
