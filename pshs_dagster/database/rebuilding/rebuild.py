"""Build the tables anew beside the present ones, and put them in their place at once.

Until the swap, readers see the present tables, and whatever goes wrong leaves these as they are. What fills the new
tables is told elsewhere; what outlives the rebuild is told in `carry.py`, and where the new tables stand until the
swap in `scratch_mysql.py` and `scratch_sqlite.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pshs_dagster.database import locks
from pshs_dagster.database.engine import translated
from pshs_dagster.database.rebuilding.scratch_mysql import MysqlScratch
from pshs_dagster.database.rebuilding.scratch_sqlite import SqliteScratch
from pshs_dagster.errors import DatabaseError

logger = logging.getLogger(__name__)


class Scratch(Protocol):
    """A place for the new tables until they are whole."""

    @property
    def engine(self) -> sa.Engine:
        """To the new tables, by the names that they will have."""
        ...

    def clean(self) -> None:
        """Remove what an earlier rebuild, or this one, has left."""
        ...

    def make(self) -> None:
        """Make the new tables like the present ones, with what people wrote in them."""
        ...

    def complete(self) -> None:
        """Bring back into the new tables what outlives the rebuild."""
        ...

    def make_indexes(self) -> None:
        """Make the indexes that were left out for the time of loading."""
        ...

    def correct(self) -> None:
        """Apply what people corrected to the new tables, once MOI's own values in them are proved."""
        ...

    def swap(self) -> None:
        """Put the new tables in the place of the present ones, all or none."""
        ...


class Rebuild:
    """New tables that are being filled. Not swapped by the end of the block, they are gone and nothing has changed."""

    def __init__(self, scratch: Scratch, doing: Callable[[], object]) -> None:
        self._scratch = scratch
        self._check_alone = doing

    @property
    def engine(self) -> sa.Engine:
        """To the new tables, which are empty at first: load into them as into any other."""
        return self._scratch.engine

    def swap(self, prove: Callable[[], object]) -> None:
        """Complete the new tables and put them in the place of the present ones. Raises DatabaseError.

        `prove` raises where the new tables are not what they should be. It is called in a thread of its own, since
        the database is idle in it while it makes indexes, and the other way round.
        """
        with translated(self.engine, "complete the new tables"):
            self._scratch.complete()
            with ThreadPoolExecutor(1, thread_name_prefix="prove") as beside:
                proved = beside.submit(prove)
                self._scratch.make_indexes()
                proved.result()
            self._scratch.correct()
        self._check_alone()
        self._scratch.swap()


@contextmanager
def rebuilding(engine: sa.Engine, *, wait: timedelta = locks.WAIT) -> Generator[Rebuild]:
    """New, empty tables beside those of `engine`, which must be up to date. No load runs meanwhile.

    Raises DatabaseError where the account may not make them, where another program has bound something to the
    present tables that a swap would lose, or where another writer does not end within `wait`.
    """
    with translated(engine, "be rebuilt"), locks.exclusive(engine, wait) as connection:
        scratch = _scratch(connection)
        scratch.clean()
        scratch.make()
        try:
            yield Rebuild(scratch, lambda: _still_alone(connection))
        except BaseException:
            scratch.engine.dispose()
            with suppress(SQLAlchemyError, DatabaseError):  # the next rebuild cleans up; what went wrong matters more
                scratch.clean()
            raise
        scratch.engine.dispose()
        scratch.clean()


def _scratch(connection: sa.Connection) -> Scratch:
    if connection.dialect.name == "mysql":
        return MysqlScratch(connection)
    return SqliteScratch(connection)


def _still_alone(connection: sa.Connection) -> None:
    """The lock ends with its connection: if that lives, no other load has run. Raises OperationalError."""
    connection.execute(sa.select(sa.literal(1)))
    if connection.dialect.name == "mysql":
        connection.rollback()
