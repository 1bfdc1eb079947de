"""Connections: from a database URL to an engine, transactions, and errors that people can read.

Knows how SQLite and MySQL want to be spoken to. What is in the database is no concern of this module.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from pshs_dagster.errors import DatabaseError, SettingsError

logger = logging.getLogger(__name__)

EXAMPLES = "sqlite:///data/pshs.db or mysql+pymysql://user:password@host/name"

CONNECT_SECONDS = 10
"""A server on the same network answers at once or not at all."""

ANSWER_SECONDS = 1800
"""The longest single statement: altering a table of the whole history on a slow disk. A connection that
is silent for longer is dead."""

LOCK_SECONDS = 60
"""How long a statement waits for another's lock before it gives up."""

SQL_MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
"""A value that does not fit is an error, whatever the server's default; a row with id 0 keeps it."""

TAIPEI_OFFSET = "+08:00"
"""So that the server's own defaults give Taipei's wall time too. Taiwan has no summer time."""

IO_ERROR, FULL = "disk I/O error", "database or disk is full"
"""What SQLite says where it cannot write, and where there is no room."""

NO_ROOM = 1 << 20
"""Bytes that are left on a disk on which SQLite cannot write for want of room: it takes a file beside its own."""

IMMEDIATE = "pshs_immediate"
"""Execution option: begin SQLite's transaction as a writer, which waits for other writers instead of failing later."""


def connect(uri: str) -> sa.Engine:
    """An engine for `uri`, tried once.

    Raises SettingsError for a URL that cannot be used, DatabaseError where the database does not answer.
    """
    url = _checked(uri)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _mysql(url)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        engine.dispose()
        raise DatabaseError(
            f"The database {describe(engine)} does not answer ({_cause(engine, error)}): "
            "see that it runs and that DATABASE_URI is right."
        ) from error
    return engine


def describe(engine: sa.Engine) -> str:
    """The engine's URL for people, without any password."""
    url = engine.url
    hidden = {key: "***" for key in url.query if "pass" in key.lower()}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


@contextmanager
def translated(engine: sa.Engine, doing: str) -> Generator[None, None, None]:
    """Turn the database's errors inside the block into a DatabaseError: `doing` completes 'could not …'."""
    try:
        yield
    except DBAPIError as error:
        # Neither the statement nor its values: they may be megabytes, and the password stands in neither.
        raise DatabaseError(f"The database {describe(engine)} could not {doing}: {_cause(engine, error)}") from error
    except SQLAlchemyError as error:
        raise DatabaseError(f"The database {describe(engine)} could not {doing}: {error}") from error


@contextmanager
def write_transaction(engine: sa.Engine) -> Generator[sa.Connection, None, None]:
    """A connection in a transaction that writes: committed at the end of the block, rolled back on an error."""
    with engine.connect() as connection, as_writer(connection).begin():
        yield connection


def as_writer(connection: sa.Connection) -> sa.Connection:
    """The same connection; its next transaction on SQLite begins as a writer."""
    return connection.execution_options(**{IMMEDIATE: True})


def _checked(uri: str) -> sa.URL:
    """Raises SettingsError. The URL itself is not repeated: a broken one may show its password."""
    try:
        url = sa.make_url(uri.strip())
    except (ArgumentError, ValueError):
        raise SettingsError(f"DATABASE_URI is not a database URL: give one such as {EXAMPLES}.") from None
    if url.drivername in ("mysql", "mariadb", "mariadb+pymysql"):
        url = url.set(drivername="mysql+pymysql")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "mysql+pymysql"):
        raise SettingsError(f"DATABASE_URI names {url.drivername}, which is not supported: give {EXAMPLES}.")
    if url.get_backend_name() == "mysql" and not url.database:
        raise SettingsError("DATABASE_URI names no database: give mysql+pymysql://user:password@host/name.")
    return url


def _mysql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",  # no gap locks: other programs' writes are not held up
        pool_pre_ping=True,
        pool_recycle=3600,  # servers and proxies drop idle connections
        json_serializer=_json,
        connect_args={
            "charset": "utf8mb4",
            "local_infile": True,
            "sql_mode": SQL_MODE,
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "write_timeout": ANSWER_SECONDS,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SET SESSION time_zone = %s, lock_wait_timeout = %s, innodb_lock_wait_timeout = %s",
                (TAIPEI_OFFSET, LOCK_SECONDS, LOCK_SECONDS),
            )

    return engine


def _sqlite(url: sa.URL) -> sa.Engine:
    database = url.database or ":memory:"
    if database != ":memory:" and not database.startswith("file:"):
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"The folder of the database {database} cannot be made: {error.strerror}. Choose another DATABASE_URI."
            ) from error
    engine = sa.create_engine(url, json_serializer=_json, connect_args={"timeout": LOCK_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Python's driver would begin transactions late and not for DDL; `begin` below does it instead.
        connection.isolation_level = None
        # Readers are not held up by a load, nor a load by readers.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        immediate = connection.get_execution_options().get(IMMEDIATE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


_json = partial(json.dumps, ensure_ascii=False, separators=(", ", ": "))
"""Chinese stays readable in JSON columns."""


def _cause(engine: sa.Engine, error: DBAPIError) -> str:
    """The driver's own words, on one line; SQLite calls a full disk what it is only at times."""
    arguments = error.orig.args if error.orig else ()
    words = arguments[-1] if arguments and isinstance(arguments[-1], str) else str(error.orig)
    if words == IO_ERROR and _has_no_room(engine):
        return FULL
    return " ".join(words.split())


def _has_no_room(engine: sa.Engine) -> bool:
    folder = Path(engine.url.database or "").absolute().parent
    return folder.is_dir() and shutil.disk_usage(folder).free < NO_ROOM
