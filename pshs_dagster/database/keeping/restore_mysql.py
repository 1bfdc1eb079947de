"""A dump into an empty database of MySQL or MariaDB by the server's own client; what went wrong is taken back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pshs_dagster.archive.backups import Contents, Dump
from pshs_dagster.database.engine import describe, translated
from pshs_dagster.database.keeping import clients
from pshs_dagster.database.keeping.packing import unpack
from pshs_dagster.database.locks import exclusive
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.errors import DatabaseError

OPTIONS = (
    "--batch",
    "--binary-mode",  # bytes as they are; and no command of the client's own, such as one for the shell, is obeyed
    "--local-infile=0",  # no statement of a dump may ask for a file of this machine
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
)

Proof = Callable[[sa.Connection, Dump, str], Contents]


def restore_mysql(packed: Path, dump: Dump, engine: sa.Engine, prove: Proof) -> Contents:
    """Raises DatabaseError or ArchiveError, and then the database is empty as before.

    What the dump says is done with the rights of this account: give it none beyond this database, where the origin of
    a backup is in doubt.
    """
    program = clients.find_program(engine, "mariadb", "mysql")
    doing = "be restored into"
    with translated(engine, doing), exclusive(engine) as writer:
        if there := _everything(writer):
            some = ", ".join(sorted(there)[:5])
            raise DatabaseError(f"The database {describe(engine)} is not empty (it has {some}): name an empty one.")
        try:
            arguments = [*OPTIONS, "--", str(engine.url.database)]
            with clients.started(program, engine.url, arguments, stdin=subprocess.PIPE) as client:
                _feed(client, unpack(packed, dump.unpacked_size))
                client.end(f"restore {describe(engine)}, which is empty again")
            with snapshot(engine, doing) as view:
                return prove(view, dump, describe(engine))
        except BaseException:
            _empty(writer)
            raise


def _feed(client: clients.Client, chunks: Iterable[bytes]) -> None:
    with suppress(BrokenPipeError):  # it has ended, and its status tells why
        for chunk in chunks:
            client.input.write(chunk)
        client.input.close()


def _everything(connection: sa.Connection) -> dict[str, str]:
    """The tables and views by their names."""
    inspector = sa.inspect(connection)
    found = dict.fromkeys(inspector.get_table_names(), "TABLE") | dict.fromkeys(inspector.get_view_names(), "VIEW")
    connection.rollback()
    return found


def _empty(connection: sa.Connection) -> None:
    preparer: Any = connection.dialect.identifier_preparer
    connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    for name, kind in _everything(connection).items():
        connection.exec_driver_sql(f"DROP {kind} {preparer.quote_identifier(name)}")
    connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
    connection.rollback()
