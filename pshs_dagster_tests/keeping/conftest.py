"""A database that two releases were loaded into, an empty one to restore into, and MySQL's programs watched."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from pshs_dagster.archive.backups import Dump
from pshs_dagster.database.engine import connect
from pshs_dagster.database.keeping.dump import dump
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.database.made_up import TAICHUNG, copy_of, deal, load
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database

Standing = Callable[[str, str], None]
"""Puts a shell script in the place of a program: its name, and what the script does."""


class Dumped(NamedTuple):
    """A database that was dumped: the file, and what every table held."""

    path: Path
    dump: Dump
    content: dict[str, list[tuple[object, ...]]]


@pytest.fixture
def source(database_uri: str) -> Iterator[sa.Engine]:
    """A database with something in every table that a load fills, and a table of another program."""
    engine = filled(database_uri)
    yield engine
    engine.dispose()


def filled(uri: str) -> sa.Engine:
    """An engine for what was an empty database."""
    engine = connect(uri)
    migrate(engine)
    load(engine, "2022-09-01", [deal("A", price=1_000), deal("B", TAICHUNG, note="備註 \\'\"%;-- 😀")])
    load(engine, copy_of("111S3", date(2022, 10, 5)), [deal("A", price=2_000, note="更正"), deal("C")])
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE favourites (deal INTEGER, liked_by VARCHAR(20))"))
        connection.execute(sa.text("INSERT INTO favourites VALUES (1, '王小明'), (2, NULL)"))
    return engine


@pytest.fixture(scope="session")
def dumped_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Dumped:
    """Made once: only read."""
    folder = tmp_path_factory.mktemp("dumped")
    return _dumped(f"sqlite:///{folder / 'pshs.db'}", folder / "dump")


@pytest.fixture(scope="session")
def dumped_mysql(tmp_path_factory: pytest.TempPathFactory, mysql_server: PrivateServer) -> Dumped:
    """Made once: only read."""
    with fresh_database(mysql_server) as uri:
        return _dumped(uri, tmp_path_factory.mktemp("dumped") / "dump")


def _dumped(uri: str, path: Path) -> Dumped:
    engine = filled(uri)
    made = Dumped(path, dump(engine, path), content(engine))
    engine.dispose()
    return made


@pytest.fixture
def empty_uri(request: pytest.FixtureRequest, database_uri: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of the kind of `database_uri`."""
    if database_uri.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored' / 'pshs.db'}"
        return
    server: PrivateServer = request.getfixturevalue("mysql_server")
    with fresh_database(server) as uri:
        yield uri


@pytest.fixture
def standing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """Scripts before all programs on the PATH. In a script, REAL is the path of the program that it stands for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{path}")

    def put(name: str, script: str) -> None:
        real = shutil.which(name, path=path)
        assert real is not None
        # The programs get no environment, and so no PATH.
        head = f"#!/bin/sh\nPATH=/usr/bin:/bin\nREAL={real}\n"
        file = folder / name
        file.write_text(head + script)
        file.chmod(0o755)

    return put


def content(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, whosever it is, read by hand."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f"SELECT * FROM {name}"))  # noqa: S608 - names of this test's tables
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def await_that(condition: Callable[[], bool]) -> None:
    """Come back when the condition holds, which takes an instant; raises where it does not within a minute."""
    pause = threading.Event()
    for _ in range(3_000):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to that")
