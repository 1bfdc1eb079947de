"""The engines of the database's tests, and the stores of the archive's."""

from pshs_dagster_tests.archive.conftest import store
from pshs_dagster_tests.database.conftest import engine, migrated_mysql, migrated_sqlite

__all__ = ["engine", "migrated_mysql", "migrated_sqlite", "store"]
