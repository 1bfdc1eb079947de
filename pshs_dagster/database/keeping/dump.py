"""`dump`: a whole database into one compressed file, with what it holds at that very moment."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pshs_dagster.archive.backups import Dump
from pshs_dagster.archive.stores import file_chunks
from pshs_dagster.database.engine import connect, describe, translated
from pshs_dagster.database.keeping.contents import contents_of
from pshs_dagster.database.keeping.dump_mysql import dump_mysql
from pshs_dagster.database.keeping.packing import pack
from pshs_dagster.errors import DatabaseError


def dump(engine: sa.Engine, path: Path) -> Dump:
    """Write the whole database to `path`, other programs' tables too: after a disaster everything is wanted back.

    Rows and digest are those of the moment that the file holds, whoever writes meanwhile. Of MySQL's database there
    are tables, their triggers and views; stored routines, events, accounts and other databases of the server are not.
    Needed are the rights SELECT, LOCK TABLES, SHOW VIEW and TRIGGER on it. Raises DatabaseError, and then
    what is at `path` is of no use.
    """
    if engine.dialect.name == "mysql":
        return dump_mysql(engine, path)
    return _copy_sqlite(engine, path)


def _copy_sqlite(engine: sa.Engine, path: Path) -> Dump:
    """By SQLite's own backup in one go, which writers do not disturb; what it holds is read from the copy."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copied = Path(folder) / "copy.db"
        with translated(engine, "be backed up"), engine.connect() as connection:
            source: Any = connection.connection.dbapi_connection
            try:
                with closing(sqlite3.connect(copied)) as target:
                    source.backup(target)
            except sqlite3.Error as error:
                raise DatabaseError(f"The database {describe(engine)} could not be backed up: {error}") from error
        copy = connect(f"sqlite:///{copied}")
        try:
            with translated(copy, "be read"), copy.connect() as connection:
                contents = contents_of(connection)
        finally:
            copy.dispose()  # which writes SQLite's log back into the file
        unpacked = pack(_chunks(copied), path)
    return Dump("sqlite", f"SQLite {sqlite3.sqlite_version}", unpacked, contents)


def _chunks(path: Path) -> Iterator[bytes]:
    yield from file_chunks(path)
