"""The engines of the database's tests, and the stores of the archive's."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.archive.conftest import store

__all__ = ["store"]


@pytest.fixture
def fresh_mysql_engine(mysql_uri: str) -> Iterator[sa.Engine]:
    """An engine for a database of MySQL of its own, for a test that alters its tables."""
    made = connect(mysql_uri)
    migrate(made)
    yield made
    made.dispose()
