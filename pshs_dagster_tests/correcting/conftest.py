"""Engines with our tables in them, ready-made, as the tests of the database have them."""

from pshs_dagster_tests.database.conftest import (
    empty_engine,
    engine,
    fresh_engine,
    migrated_mysql,
    migrated_sqlite,
    mysql_engine,
)

__all__ = ["empty_engine", "engine", "fresh_engine", "migrated_mysql", "migrated_sqlite", "mysql_engine"]
