"""What the tables of statistics hold, and the deals that they are of. No tests here."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.tables import (
    deal_statistics,
    deals,
    market_statistics,
    project_statistics,
    releases,
)
from pshs_dagster_tests.statistics.reckoning import Rows

KEYS = {
    "deal_statistics": ("city", "district", "year", "month", "build_name", "room"),
    "project_statistics": ("city", "district", "build_name", "months", "size"),
    "market_statistics": ("city", "district", "year", "month"),
}
TABLES = {table.name: table for table in (deal_statistics, project_statistics, market_statistics)}

OWN = ("id", "created_at", "updated_at")


def stored(engine: sa.Engine, name: str) -> Rows:
    """The rows of a table of statistics by their key, without ids and moments."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(TABLES[name])).mappings()
        return {tuple(row[part] for part in KEYS[name]): _without(dict(row), (*KEYS[name], *OWN)) for row in rows}


def everything(engine: sa.Engine) -> dict[str, Rows]:
    """All three tables."""
    return {name: stored(engine, name) for name in TABLES}


def with_identity(engine: sa.Engine, name: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The id and the two moments of each row by its key."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(TABLES[name])).mappings()
        return {tuple(row[part] for part in KEYS[name]): tuple(row[part] for part in OWN) for row in rows}


def deals_of(engine: sa.Engine) -> pd.DataFrame:
    """Every deal, as the table holds it."""
    with engine.connect() as connection:
        return pd.DataFrame(connection.execute(sa.select(deals)).mappings().all(), columns=deals.columns.keys())


def windows_of(engine: sa.Engine) -> list[tuple[date, date]]:
    """The windows of the releases that are loaded."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(releases.c.window_from, releases.c.window_to))]


def _without(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
