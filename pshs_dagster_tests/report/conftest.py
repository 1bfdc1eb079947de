"""The engines of the database's tests."""

from pshs_dagster_tests.database.conftest import engine, migrated_mysql, migrated_sqlite

__all__ = ["engine", "migrated_mysql", "migrated_sqlite"]
