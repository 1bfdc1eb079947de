"""New tables in a database of MySQL beside the present one, and the RENAME that puts them in its tables' place.

pshs.deals            the present table, which readers see
pshs__rebuild.deals   the new one, made LIKE it: columns and indexes of other programs stay
pshs__rebuild.old_…   the former one, from the RENAME until it is dropped
"""

from __future__ import annotations

import logging
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from pshs_dagster.database.engine import LOCK_SECONDS, connect, describe, translated
from pshs_dagster.database.rebuilding import carry, foreign_keys
from pshs_dagster.database.schema.actual import actual_columns
from pshs_dagster.database.schema.conform import widen
from pshs_dagster.database.tables import STAYING, deal_statistics, deals, metadata
from pshs_dagster.errors import DatabaseError

logger = logging.getLogger(__name__)

SUFFIX = "__rebuild"
LONGEST_NAME = 64
"""Characters of MySQL's identifiers."""

FORMER = "old_"

SWAPPED = tuple(table for table in metadata.sorted_tables if table not in STAYING)
"""What is computed from `deals` stays in place, since other programs may write into it meanwhile."""

KEPT_INDEXES = ("transaction_date", "city")
"""Columns whose indexes are there from the beginning: loading looks up by days what took a withdrawn deal's place, and
rows come in the order of their cities, so that the other one costs next to nothing."""

SWAP_SECONDS, SWAP_TRIES = 5, 24
"""A RENAME waits for readers that hold a table, and new readers wait behind it: so not for long, but often."""

DENIED = frozenset({1044, 1142, 1227})
LOCK_TIMEOUT = 1205

_SECONDARY = re.compile(r"^\s+((?:FULLTEXT |SPATIAL )?KEY `((?:[^`]|``)+)` .*?),?$", re.MULTILINE)
"""Indexes that are not unique, as SHOW CREATE TABLE spells them."""


class MysqlScratch:
    """The database beside. `connection` is to the present one, holds the lock of writers, and is in no transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._present = str(connection.engine.url.database)
        self._name = self._present[: LONGEST_NAME - len(SUFFIX)] + SUFFIX
        self._engine: sa.Engine | None = None
        self._indexes: list[str] = []

    @property
    def engine(self) -> sa.Engine:
        if self._engine is None:
            url = self._connection.engine.url.set(database=self._name)
            self._engine = connect(url.render_as_string(hide_password=False))
        return self._engine

    def clean(self) -> None:
        """Drop the database beside; after a crash in the middle of a swap, keys of other tables are put right first."""
        if self._name not in sa.inspect(self._connection).get_schema_names():
            self._connection.rollback()
            return
        there = set(sa.inspect(self._connection).get_table_names(self._name))
        self._connection.rollback()
        known = {table.name for table in metadata.sorted_tables}
        if strange := sorted(there - known - {FORMER + name for name in known}):
            raise DatabaseError(
                f"The database {self._name} is where tables are rebuilt, but it holds {', '.join(strange)}, which is "
                "not the project's: move it elsewhere, then repeat."
            )
        self._repair_foreign_keys()
        self._run(f"DROP DATABASE {self._quoted(self._name)}")

    def make(self) -> None:
        """Raises DatabaseError where the account may not, or where a swap would lose something of other programs."""
        self._refuse_what_would_be_lost()
        self._make_database()
        for table in metadata.sorted_tables:
            self._run(f"CREATE TABLE {self._new(table.name)} LIKE {self._here(table.name)}")
        self._set_indexes_aside()
        with self.engine.begin() as connection:
            first = carry.first_free_id(connection, self._present)
            carry.of_people(connection, self._present)
        self._run(f"ALTER TABLE {self._new(deals.name)} AUTO_INCREMENT = {first}")

    def complete(self) -> None:
        with self.engine.begin() as connection:
            carry.identities(connection, self._present)
        with self.engine.begin() as connection:
            carry.of_others(connection, self._present)
        self._widen_statistics()

    def make_indexes(self) -> None:
        if self._indexes:
            added = ", ".join(f"ADD {index}" for index in self._indexes)
            self._run(f"ALTER TABLE {self._new(deals.name)} {added}")

    def correct(self) -> None:
        with self.engine.begin() as connection:
            carry.correct(connection, self._present)

    def swap(self) -> None:
        renamed = ", ".join(
            f"{self._here(table.name)} TO {self._new(FORMER + table.name)}, "
            f"{self._new(table.name)} TO {self._here(table.name)}"
            for table in SWAPPED
        )
        with translated(self._connection.engine, "put the new tables in place"):
            self._rename(f"RENAME TABLE {renamed}")
            with self._connection.begin():
                names = {table.name: FORMER + table.name for table in SWAPPED}
                carry.latecomers(self._connection, self._name, names)
            self._repair_foreign_keys()

    def _make_database(self) -> None:
        try:
            self._run(f"CREATE DATABASE {self._quoted(self._name)} CHARACTER SET utf8mb4")
        except OperationalError as error:
            if not (error.orig and error.orig.args and error.orig.args[0] in DENIED):
                raise
            escaped = self._name.replace("_", "\\_")
            raise DatabaseError(
                f"The account {self._connection.engine.url.username} may not make the database {self._name} at "
                f"{describe(self._connection.engine)}, where the new tables are built: have an administrator run "
                f"GRANT ALL PRIVILEGES ON `{escaped}`.* TO this account, then repeat."
            ) from error

    def _refuse_what_would_be_lost(self) -> None:
        """A RENAME takes no trigger along, and a table made LIKE another has none of its foreign keys."""
        with self._connection.begin():
            bound = foreign_keys.bound_to(self._connection, [table.name for table in SWAPPED])
        if bound:
            raise DatabaseError(
                f"The tables of {describe(self._connection.engine)} cannot be rebuilt while other programs' "
                f"{', '.join(bound)} stand on them, which would be lost: drop them, rebuild, and make them again."
            )

    def _set_indexes_aside(self) -> None:
        """Drop what only readers need: made at the end, over sorted rows, an index costs a fraction."""
        with self.engine.begin() as connection:
            statement = f"SHOW CREATE TABLE {self._new(deals.name)}"
            spelt = str(connection.exec_driver_sql(statement).one()[1])
        kept = tuple(f"(`{column}`" for column in KEPT_INDEXES)
        found = [match for match in _SECONDARY.finditer(spelt) if not any(words in match[1] for words in kept)]
        self._indexes = [match[1] for match in found]
        if found:
            dropped = ", ".join(f"DROP INDEX `{match[2]}`" for match in found)
            self._run(f"ALTER TABLE {self._new(deals.name)} {dropped}")

    def _widen_statistics(self) -> None:
        """A text that is longer than any before has widened its column only beside."""
        with self.engine.begin() as connection:
            new = actual_columns(connection, deal_statistics.name)
        lengths = {name: column.characters for name, column in new.items() if name in deal_statistics.c}
        with self._connection.begin():
            widen(self._connection, deal_statistics, lengths)

    def _rename(self, statement: str) -> None:
        self._run(f"SET SESSION lock_wait_timeout = {SWAP_SECONDS}")
        try:
            for tries_left in reversed(range(SWAP_TRIES)):
                try:
                    self._run(statement)
                except OperationalError as error:
                    if not tries_left or not (error.orig and error.orig.args[0] == LOCK_TIMEOUT):
                        raise
                    logger.info("Readers hold the tables; the swap is tried again.")
                else:
                    return
        finally:
            self._run(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}")

    def _repair_foreign_keys(self) -> None:
        """Keys of other programs' tables follow a table that is renamed: lead them back to the one in use."""
        with self._connection.begin():
            foreign_keys.lead_back(self._connection, self._name, FORMER)

    def _run(self, statement: str) -> None:
        with self._connection.begin():
            self._connection.exec_driver_sql(statement)

    def _quoted(self, name: str) -> str:
        return _quote(self._connection, name)

    def _here(self, table: str) -> str:
        return f"{self._quoted(self._present)}.{self._quoted(table)}"

    def _new(self, table: str) -> str:
        return f"{self._quoted(self._name)}.{self._quoted(table)}"


def _quote(connection: sa.Connection, name: str) -> str:
    preparer: Any = connection.dialect.identifier_preparer
    return preparer.quote_identifier(name)
