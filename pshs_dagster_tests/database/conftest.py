"""Engines for the tests of the database, closed when the test ends.

Making the tables takes longer than most tests: `engine` gets them ready-made, `fresh_engine` its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.database.made_up import emptied
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database


@pytest.fixture
def empty_engine(database_uri: str) -> Iterator[sa.Engine]:
    """An engine for a database without any table."""
    engine = connect(database_uri)
    yield engine
    engine.dispose()


@pytest.fixture
def fresh_engine(empty_engine: sa.Engine) -> sa.Engine:
    """An engine for a database with our tables as they are first made: for tests that alter them."""
    migrate(empty_engine)
    return empty_engine


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine for a database with our tables, empty; once on SQLite and once on MySQL."""
    if request.param == "sqlite":
        path = tmp_path / "pshs.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        engine = connect(f"sqlite:///{path}")
    else:
        engine = emptied(connect(request.getfixturevalue("migrated_mysql")))
    yield engine
    engine.dispose()


@pytest.fixture
def mysql_engine(mysql_uri: str) -> Iterator[sa.Engine]:
    """An engine for an empty database of MySQL."""
    engine = connect(mysql_uri)
    yield engine
    engine.dispose()


@pytest.fixture
def shared_mysql_engine(migrated_mysql: str) -> Iterator[sa.Engine]:
    """An engine for the database of MySQL that one test after the other uses, with our tables, empty."""
    engine = emptied(connect(migrated_mysql))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "pshs.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()  # which writes SQLite's log back into the file
    return path


@pytest.fixture(scope="session")
def migrated_mysql(mysql_server: PrivateServer) -> Iterator[str]:
    """The URL of a database that one test after the other uses."""
    with fresh_database(mysql_server) as uri:
        engine = connect(uri)
        migrate(engine)
        engine.dispose()
        yield uri
