"""New tables in a file beside SQLite's, and the transaction that copies them into the present ones' place.

Tables stay where they are, so that columns and indexes of other programs do; readers keep what they see until they
begin anew.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.engine import connect, describe, translated
from pshs_dagster.database.rebuilding import carry
from pshs_dagster.database.tables import STAYING, deals, metadata, withdrawn_deals
from pshs_dagster.errors import DatabaseError

SUFFIX = ".rebuild"
JOURNALS = ("", "-wal", "-shm", "-journal")
"""Endings of the files that belong to one of SQLite."""

NAMES = tuple(table.name for table in metadata.sorted_tables)
SWAPPED = tuple(table.name for table in metadata.sorted_tables if table not in STAYING)
"""What is computed from `deals` stays in place, since other programs may write into it meanwhile."""

FORMER = "former"


class SqliteScratch:
    """The file beside. `connection` is to the present one and becomes a writer, so that no other can be."""

    def __init__(self, connection: sa.Connection) -> None:
        database = connection.engine.url.database or ":memory:"
        if database == ":memory:" or database.startswith("file:"):
            raise DatabaseError(
                f"The database {describe(connection.engine)} is no plain file, so that no tables can be built beside "
                "it: name a file in DATABASE_URI."
            )
        self._connection = connection
        self._present = Path(database).absolute()
        self._path = self._present.with_name(self._present.name + SUFFIX)
        self._engine: sa.Engine | None = None

    @property
    def engine(self) -> sa.Engine:
        if self._engine is None:
            self._engine = connect(f"sqlite:///{self._path}")
        return self._engine

    def clean(self) -> None:
        """Remove the file beside, and give the present one free."""
        if self._connection.in_transaction():
            self._connection.rollback()
            self._raw.execute("PRAGMA foreign_keys = ON")
        for ending in JOURNALS:
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def make(self) -> None:
        # The rows come back under their ids; checked in between, they would take with them what refers to them.
        self._raw.execute("PRAGMA foreign_keys = OFF")
        self._connection.begin()
        statements = self._connection.execute(_SCHEMA, {"names": NAMES}).all()
        bound = [f"trigger {row.name}" for row in statements if row.type == "trigger"]
        if bound:
            raise DatabaseError(
                f"The tables of {describe(self._connection.engine)} cannot be rebuilt while other programs' "
                f"{', '.join(bound)} stand on them: drop them, rebuild, and make them again."
            )
        with self.engine.begin() as connection:
            for row in statements:
                connection.exec_driver_sql(row.sql)
        with self._beside_the_present() as connection:
            carry.of_people(connection, FORMER)

    def complete(self) -> None:
        with self._beside_the_present() as connection:
            first = carry.first_free_id(connection, FORMER)
            _renumber(connection, first)
            carry.identities(connection, FORMER)
            carry.of_others(connection, FORMER)

    def make_indexes(self) -> None:
        """They are there: the rows are copied once more, into tables that have them."""

    def correct(self) -> None:
        with self._beside_the_present() as connection:
            carry.correct(connection, FORMER)

    def swap(self) -> None:
        self.engine.dispose()  # which writes its log into the file
        with translated(self._connection.engine, "put the new tables in place"):
            run = self._connection.exec_driver_sql
            run("ATTACH DATABASE ? AS built", (str(self._path),))
            for name in SWAPPED:
                columns = ", ".join(f'"{column}"' for column in self._columns(name))
                run(f'DELETE FROM main."{name}"')  # noqa: S608 - names of our own tables and of their columns
                run(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM built."{name}"')  # noqa: S608
            self._connection.commit()
        self._raw.execute("DETACH DATABASE built")
        self._raw.execute("PRAGMA foreign_keys = ON")

    @property
    def _raw(self) -> Any:
        """The driver's connection: what SQLAlchemy runs begins a transaction, in which some settings cannot be made."""
        return self._connection.connection.dbapi_connection

    @contextmanager
    def _beside_the_present(self) -> Generator[sa.Connection]:
        """A transaction in the new file that sees the present one as FORMER."""
        with self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute(f"ATTACH DATABASE ? AS {FORMER}", (str(self._present),))
            try:
                with connection.begin():
                    yield connection
            finally:
                # Left attached, the present file would be locked by whoever begins as a writer here.
                raw.execute(f"DETACH DATABASE {FORMER}")

    def _columns(self, name: str) -> list[str]:
        inspector = sa.inspect(self._connection)
        return [column["name"] for column in inspector.get_columns(name) if "computed" not in column]


_SCHEMA = sa.text("""
    SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN :names AND sql IS NOT NULL
    ORDER BY type = 'table' DESC, name
""").bindparams(sa.bindparam("names", expanding=True))


def _renumber(connection: sa.Connection, first: int) -> None:
    """Move the ids of all new rows beyond those of the former ones, and beyond their own: none meets another."""
    for table in (deals, withdrawn_deals):
        highest = connection.scalar(sa.select(sa.func.max(table.c.id))) or 0
        shift = max(first, highest + 1)
        connection.execute(sa.update(table).values(id=table.c.id + shift))
