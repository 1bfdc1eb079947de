"""A database of MySQL or MariaDB by the server's own dump program, and its contents, of one and the same moment.

The project's loads wait until the dump is written, as a table that is renamed or altered meanwhile would break it.
Other programs wait for an instant only: while the dump and our own look at the tables begin.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from pshs_dagster.archive.backups import Dump
from pshs_dagster.database.engine import describe, translated
from pshs_dagster.database.keeping import clients
from pshs_dagster.database.keeping.contents import contents_of
from pshs_dagster.database.keeping.packing import CHUNK, pack
from pshs_dagster.database.locks import exclusive
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import releases
from pshs_dagster.errors import DatabaseError

OPTIONS = (
    "--single-transaction",  # one moment, without a lock
    "--quick",  # row by row: memory stays small
    "--no-tablespaces",  # which would need a right over the whole server
    "--hex-blob",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",  # for rows; the statements stay below the server's own limit
    "--skip-add-drop-table",  # restored by hand into a database in use, it fails instead of destroying it
    "--skip-add-locks",  # which restoring would need a right for
    "--skip-dump-date",
    # Where MySQL's own program is used: it asks for rights over the whole server, and for what MariaDB has not.
    "--loose-set-gtid-purged=OFF",
    "--loose-column-statistics=0",
)

BEGUN = b"CREATE TABLE"
"""The program opens its transaction before it writes the first of these."""

COMPLETE = b"-- Dump completed"
"""What it writes last."""

DENIED = frozenset({1044, 1142})


def dump_mysql(engine: sa.Engine, path: Path) -> Dump:
    """Raises DatabaseError."""
    program = clients.find_program(engine, "mariadb-dump", "mysqldump")
    doing = "be backed up"
    with (
        translated(engine, doing),
        exclusive(engine) as writer,
        snapshot(engine, doing) as view,
        ExitStack() as running,
    ):
        with _held_still(writer):
            view.execute(sa.select(releases.c.release).limit(1)).all()  # from here on it sees nothing new
            arguments = [*OPTIONS, "--", str(engine.url.database)]
            client = running.enter_context(clients.started(program, engine.url, arguments, stdout=subprocess.PIPE))
            output = _Output(client)
        unpacked = pack(output.chunks(), path)
        client.end(f"back {describe(engine)} up")
        if COMPLETE not in output.tail:
            raise DatabaseError(f"{client.name} ended before {describe(engine)} was backed up: repeat it.")
        contents = contents_of(view)
    return Dump("mysql", clients.version_of(program), unpacked, contents)


@contextmanager
def _held_still(writer: sa.Connection) -> Generator[None]:
    """Nobody writes to any table within the block; it begins when those who do have ended."""
    preparer: Any = writer.dialect.identifier_preparer
    names = sa.inspect(writer).get_table_names()
    writer.rollback()
    locks = ", ".join(f"{preparer.quote_identifier(name)} READ" for name in names)
    try:
        writer.exec_driver_sql(f"LOCK TABLES {locks}")
    except OperationalError as error:
        if error.orig and error.orig.args and error.orig.args[0] in DENIED:
            raise _not_allowed(writer.engine) from error
        raise
    try:
        yield
    finally:
        writer.exec_driver_sql("UNLOCK TABLES")
        writer.rollback()


def _not_allowed(engine: sa.Engine) -> DatabaseError:
    return DatabaseError(
        f"The account {engine.url.username} may not lock the tables of {describe(engine)}, without which a backup is "
        f"not of one moment: have an administrator run GRANT LOCK TABLES ON `{engine.url.database}`.* TO this account, "
        "then repeat."
    )


class _Output:
    """What a dump program writes, piece by piece, and how it ended. Its transaction has begun when this is made."""

    def __init__(self, client: clients.Client) -> None:
        self._client = client
        self._head = b""
        self.tail = b""
        while BEGUN not in self._head and (chunk := client.output.read1(CHUNK)):
            self._head += chunk

    def chunks(self) -> Iterator[bytes]:
        chunk = self._head
        while chunk:
            yield chunk
            self.tail = (self.tail + chunk)[-2 * len(COMPLETE) :]
            chunk = self._client.output.read(CHUNK)
