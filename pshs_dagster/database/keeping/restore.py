"""`restore`: a dump into an empty database, which is proved to hold what was dumped, or is left empty."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from pshs_dagster.archive.backups import Contents, Dump
from pshs_dagster.database.engine import EXAMPLES, connect, translated
from pshs_dagster.database.keeping.contents import contents_of, differences, scheme
from pshs_dagster.database.keeping.packing import unpack
from pshs_dagster.database.keeping.restore_mysql import restore_mysql
from pshs_dagster.errors import DatabaseError, PshsError, SettingsError

KINDS = {"mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
NAMES = {"mysql": "MySQL", "sqlite": "SQLite"}

JOURNALS = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""


def restore(packed: Path, dump: Dump, uri: str) -> Contents:
    """Bring `packed`, whose bytes were verified, into the empty database of `uri`; gives what it holds then.

    The rows of every table are proved to be those of `dump`, and the digest too; this is left blank where the dump was
    made by a version of the project whose digest went over other columns.
    Raises SettingsError for a URL that cannot be used, DatabaseError where the database is not empty or does not take
    the dump, ArchiveError where `packed` is damaged; whatever was made by then is removed.
    """
    url = _checked(uri)
    kind = KINDS[url.get_backend_name()]
    if kind != dump.database:
        raise DatabaseError(
            f"The backup is one of {NAMES.get(dump.database, dump.database)} and cannot be restored into "
            f"{NAMES[kind]}: name a database of its own kind."
        )
    if kind == "sqlite":
        return _restore_sqlite(packed, dump, url)
    engine = _connect(url)
    try:
        return restore_mysql(packed, dump, engine, prove)
    finally:
        engine.dispose()


def prove(connection: sa.Connection, dump: Dump, where: str) -> Contents:
    """What the restored database holds. Raises DatabaseError where that is not what was dumped."""
    wanted = dump.contents
    found = contents_of(connection, with_digest=wanted.digest_scheme == scheme())
    if wrong := differences(found, wanted):
        raise DatabaseError(
            f"{where} was restored but does not hold what was backed up, and is empty again: {'; '.join(wrong)}. "
            "Restore another backup."
        )
    return found


def _restore_sqlite(packed: Path, dump: Dump, url: sa.URL) -> Contents:
    """Built and proved in a file beside, which then gets the name."""
    path = Path(url.database or ":memory:").absolute()
    if (url.database or ":memory:") == ":memory:" or str(url.database).startswith("file:"):
        raise SettingsError("A backup of SQLite is restored into a file: name one, such as sqlite:///data/pshs.db.")
    _refuse_a_database_in_use(path)
    beside = path.with_name(f"{path.name}.restoring-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            for chunk in unpack(packed, dump.unpacked_size):
                file.write(chunk)
        found = _prove_sqlite(beside, dump, path)
        _refuse_a_database_in_use(path)
        for ending in JOURNALS:
            path.with_name(path.name + ending).unlink(missing_ok=True)  # of an empty database
        beside.replace(path)
    except OSError as error:
        raise DatabaseError(f"{path} cannot be written ({error.strerror or error}): name another file.") from error
    finally:
        for ending in ("", *JOURNALS):
            beside.with_name(beside.name + ending).unlink(missing_ok=True)
    return found


def _prove_sqlite(beside: Path, dump: Dump, path: Path) -> Contents:
    try:
        with closing(sqlite3.connect(beside)) as raw:
            raw.execute("PRAGMA trusted_schema = OFF")  # what a schema may do when it is only read
            said = str(raw.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise DatabaseError(f"{path} was not restored: the backup is no sound database of SQLite ({said}).")
    engine = connect(f"sqlite:///{beside}")
    try:
        with translated(engine, "be read"), engine.connect() as connection:
            return prove(connection, dump, str(path))
    finally:
        engine.dispose()


def _refuse_a_database_in_use(path: Path) -> None:
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    there = "it is no database of SQLite"
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as raw:
        names = [str(name) for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        if not names:
            return
        there = f"it has {', '.join(sorted(names)[:5])}"
    raise DatabaseError(f"{path} is not empty ({there}): name a file that is not there yet.")


def _checked(uri: str) -> sa.URL:
    try:
        url = sa.make_url(uri.strip())
    except (ArgumentError, ValueError):
        raise SettingsError(f"What to restore into is not a database URL: give one such as {EXAMPLES}.") from None
    if url.get_backend_name() not in KINDS:
        raise SettingsError(f"{url.get_backend_name()} is not supported: give a URL such as {EXAMPLES}.")
    return url


def _connect(url: sa.URL) -> sa.Engine:
    try:
        return connect(url.render_as_string(hide_password=False))
    except PshsError as error:
        raise type(error)(str(error).replace("DATABASE_URI", "the URL to restore into")) from error.__cause__
