"""Engines for the tests of the database, closed when the test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.migrate import migrate


@pytest.fixture
def empty_engine(database_uri: str) -> Iterator[sa.Engine]:
    """An engine for a database without any table."""
    engine = connect(database_uri)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: sa.Engine) -> sa.Engine:
    """An engine for a database with our tables, empty."""
    migrate(empty_engine)
    return empty_engine


@pytest.fixture
def mysql_engine(mysql_uri: str) -> Iterator[sa.Engine]:
    """An engine for an empty database of MySQL."""
    engine = connect(mysql_uri)
    yield engine
    engine.dispose()
