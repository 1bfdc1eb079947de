"""MySQL's own programs, started without a word of a password on the disk, on a command line or in the environment.

What they are told to do stands in `dump_mysql.py` and `restore_mysql.py`.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

import sqlalchemy as sa

from pshs_dagster.errors import DatabaseError

PACKAGE = "mariadb-client (Debian, Ubuntu: `apt-get install mariadb-client`) or mysql-client"

TOLD = 300
"""Characters of what a program complained about: a statement that failed may be megabytes long."""

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}
"""What a quoted value of an option file cannot hold as it is."""

_TLS = {"ssl_ca": "ssl-ca", "ssl_cert": "ssl-cert", "ssl_key": "ssl-key", "ssl_capath": "ssl-capath"}
"""Parts of a database URL by the options of the programs."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MYSQL_TEST_LOGIN_FILE": os.devnull}
"""All that a program gets: no setting of ours, and neither a MYSQL_PWD nor a login path that would have a say."""


@dataclass(frozen=True)
class Client:
    """A program that runs. `output` is its standard output, `input` its standard input, where they were asked for."""

    process: subprocess.Popen[bytes]
    name: str
    _complaints: IO[bytes]

    @property
    def output(self) -> io.BufferedReader:
        assert isinstance(self.process.stdout, io.BufferedReader)
        return self.process.stdout

    @property
    def input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def end(self, doing: str) -> None:
        """Wait for its end. Raises DatabaseError, with its own words, where that is not a good one."""
        status = self.process.wait()
        if status:
            raise DatabaseError(f"{self.name} could not {doing} ({self._complaint() or f'status {status}'}).")

    def _complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read(64 * 1024).decode(errors="replace").splitlines()
        errors = [line for line in lines if "error" in line.lower()] or lines[-1:]
        return " ".join(errors[0].split())[:TOLD] if errors else ""


def find_program(engine: sa.Engine, mariadb: str, mysql: str) -> str:
    """The path of a program by its two names, the server's own one first. Raises DatabaseError where none is here."""
    own_first = (mariadb, mysql) if getattr(engine.dialect, "is_mariadb", False) else (mysql, mariadb)
    for name in own_first:
        if path := shutil.which(name):
            return path
    raise DatabaseError(
        f"Neither {own_first[0]} nor {own_first[1]} is on the PATH: install the package {PACKAGE}, then repeat."
    )


def version_of(program: str) -> str:
    """What the program says of itself, on one line."""
    said = subprocess.run(
        [program, "--no-defaults", "--version"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return " ".join((said.stdout or program).split()).removeprefix(os.path.dirname(program) + "/")  # noqa: PTH120


@contextmanager
def started(
    program: str, url: sa.URL, arguments: Sequence[str], *, stdin: int = subprocess.DEVNULL, stdout: int | None = None
) -> Generator[Client]:
    """The program, connected to the database of `url`; ended, if need be by force, at the end of the block.

    The streams are those of `subprocess.Popen`. User, password and server go through a pipe that only the two processes
    hold, as an option file: it is on no disk, so that nothing is left of it whatever becomes of them.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as complaints:
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(option_file(url))  # far below the 64 KiB that a pipe holds, so that this never waits
            process = subprocess.Popen(
                [program, f"--defaults-file=/dev/fd/{reading}", *arguments],
                stdin=stdin,
                stdout=stdout,
                stderr=complaints,
                pass_fds=(reading,),
                env=ENVIRONMENT,
            )
        finally:
            os.close(reading)
        try:
            yield Client(process, os.path.basename(program), complaints)  # noqa: PTH119
        finally:
            for stream in (process.stdin, process.stdout):
                # A program that has ended before it read all tells why by its status.
                with suppress(BrokenPipeError):
                    if stream is not None:
                        stream.close()
            process.kill()
            process.wait()


def option_file(url: sa.URL) -> bytes:
    """How to reach the database of `url`, as MySQL's programs read it."""
    options = {"user": url.username or "", "password": url.password or ""}
    socket = url.query.get("unix_socket")
    if isinstance(socket, str):
        options |= {"socket": socket}
    else:
        # As our own driver does: it takes `localhost` for a host like any other, these programs for a socket.
        options |= {"host": url.host or "localhost", "port": str(url.port or 3306), "protocol": "tcp"}
    options |= {name: str(url.query[key]) for key, name in _TLS.items() if key in url.query}
    # As our own driver does: the server's certificate is looked at where the URL says by what.
    verify = "ssl_ca" in url.query or "ssl_capath" in url.query
    options["loose-ssl-verify-server-cert"] = "1" if verify else "0"
    if verify:
        options["loose-ssl-mode"] = "VERIFY_IDENTITY"
    lines = ["[client]", *(f'{name}="{_escape(value)}"' for name, value in options.items())]
    return "\n".join(lines).encode() + b"\n"


def _escape(value: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in value)
