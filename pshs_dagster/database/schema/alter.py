"""ALTER TABLE in one statement: many additions and changes, one copy of the table, all or nothing.

On MySQL a statement for each column would copy a large table as often, and could stop half way. SQLite
takes one column a statement, and cannot give a column another type. What is to be altered is decided in
`conform.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.compiler import DDLCompiler


@dataclass
class Alterations:
    """What to do to a table: columns to add, columns to give another type, indexes to add, its engine."""

    add: list[sa.Column[Any]] = field(default_factory=list)
    modify: list[sa.Column[Any]] = field(default_factory=list)
    index: list[sa.Index] = field(default_factory=list)
    engine: str | None = None
    """The storage engine that the table is to get."""

    def __bool__(self) -> bool:
        return bool(self.add or self.modify or self.index or self.engine)

    def __str__(self) -> str:
        """For the log: what is added and what becomes what."""
        return ", ".join(
            [
                *(f"add {column.name}" for column in self.add),
                *(f"{column.name} becomes {column.type}" for column in self.modify),
                *(f"index {index.name}" for index in self.index),
                *([f"engine {self.engine}"] if self.engine else []),
            ]
        )


class AlterTable(ExecutableDDLElement):
    """The statement that carries out `alterations` of `table`."""

    inherit_cache = False

    def __init__(self, table: sa.Table, alterations: Alterations) -> None:
        self.table = table
        self.add = tuple(_in_table(table.name, alterations.add))
        self.modify = tuple(_in_table(table.name, alterations.modify))
        self.index = tuple(alterations.index)
        self.engine = alterations.engine


def _in_table(name: str, columns: Sequence[sa.Column[Any]]) -> Sequence[sa.Column[Any]]:
    """Copies of the columns in a table of their own: only a column of a table can be spelt out."""
    copies = [column._copy() for column in columns]  # pyright: ignore[reportPrivateUsage]
    sa.Table(name, sa.MetaData(), *copies)
    return copies


@compiles(AlterTable)
def _spelt_out(element: AlterTable, compiler: DDLCompiler, **_: Any) -> str:
    prepare = compiler.preparer
    clauses = [
        *(f"ADD COLUMN {compiler.get_column_specification(column)}" for column in element.add),
        *(f"MODIFY COLUMN {compiler.get_column_specification(column)}" for column in element.modify),
        *(
            f"ADD {'UNIQUE ' if index.unique else ''}INDEX {prepare.quote(str(index.name))} "
            f"({', '.join(prepare.quote(column.name) for column in index.columns)})"
            for index in element.index
        ),
        *([f"ENGINE = {prepare.quote(element.engine)}"] if element.engine else []),
    ]
    return f"ALTER TABLE {prepare.format_table(element.table)} {', '.join(clauses)}"
