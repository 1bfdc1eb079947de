"""One writer at a time: loads, migrations and whatever else must not run beside its like.

MySQL has named locks for it; on SQLite a transaction that begins as a writer waits for the others by
itself. Locks on rows are the database's own affair and not told here.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pshs_dagster.database.engine import as_writer, describe
from pshs_dagster.errors import DatabaseError

logger = logging.getLogger(__name__)

WAIT = timedelta(minutes=10)
"""Longer than loading a season takes, so that a waiting run gets its turn."""

NAME = "pshs_dagster"


@contextmanager
def exclusive(engine: sa.Engine, wait: timedelta = WAIT) -> Generator[sa.Connection, None, None]:
    """A connection, not yet in a transaction, that no other writer has beside it.

    On SQLite writers wait for each other from the beginning of a transaction.
    Raises DatabaseError where another writer does not end within `wait`.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "mysql":
            yield as_writer(connection)
            return
        _take(connection, wait)
        try:
            yield connection
        finally:
            _release(connection)


def _take(connection: sa.Connection, wait: timedelta) -> None:
    if connection.scalar(sa.select(sa.func.get_lock(_name(), 0))) != 1:
        logger.info("Another writer is at work in %s; waiting up to %s.", describe(connection.engine), wait)
        if connection.scalar(sa.select(sa.func.get_lock(_name(), wait.total_seconds()))) != 1:
            raise DatabaseError(
                f"Another load is at work in {describe(connection.engine)} and did not end within {wait}: "
                "wait for it, or end it, and try again."
            )
    connection.rollback()  # nothing was written; whoever gets the connection begins anew


def _release(connection: sa.Connection) -> None:
    try:
        connection.rollback()
        connection.execute(sa.select(sa.func.release_lock(_name())))
        connection.rollback()
    except SQLAlchemyError:
        # The server releases the lock when the connection ends; it must not go back to the pool with it.
        connection.invalidate()


def _name() -> sa.ColumnElement[str]:
    """Such locks hold for the whole server, so the name tells the database; 64 characters at most."""
    return sa.func.concat(NAME + ":", sa.func.md5(sa.func.database()))
