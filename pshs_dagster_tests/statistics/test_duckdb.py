"""The same texts, run by DuckDB over Parquet files of the same rows, give the same numbers to the last digit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.statistics.statements import (
    CHANGES,
    DEALS,
    EVERY_MONTH,
    HOMES,
    MARKET,
    MARKETS,
    PROJECTS,
    WHOLE,
    Values,
    project_values,
    statement,
)
from pshs_dagster.database.tables import releases
from pshs_dagster_tests.database.made_up import load
from pshs_dagster_tests.statistics.reckoning import Rows
from pshs_dagster_tests.statistics.stored import KEYS, deals_of, everything
from pshs_dagster_tests.statistics.test_numbers import AFTERWARDS, made_up_deals

duckdb: Any = pytest.importorskip("duckdb")


def bound(name: str) -> str:
    """The text, with names marked as DuckDB marks them."""
    return re.sub(r":(\w+)", r"$\1", statement(name))


def rows_of(connection: Any, name: str, values: Values) -> list[dict[str, Any]]:
    cursor = connection.execute(bound(name), values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def by_key(rows: list[dict[str, Any]], name: str) -> Rows:
    return {
        tuple(row[part] for part in KEYS[name]): {k: v for k, v in row.items() if k not in KEYS[name]} for row in rows
    }


def test_duckdb_gives_the_same_numbers(engine: sa.Engine, tmp_path: Path) -> None:
    for issue, rows in made_up_deals(3, 700).items():
        load(engine, issue, rows)
    done = refresh(engine, AFTERWARDS)
    assert done.last_complete is not None
    deals_of(engine).drop(columns=["as_of", "first_as_of"]).to_parquet(tmp_path / "deals.parquet")
    with engine.connect() as connection:
        loaded = connection.execute(sa.select(releases)).mappings().all()
    pd.DataFrame(loaded, columns=releases.columns.keys()).to_parquet(tmp_path / "releases.parquet")
    with duckdb.connect() as duck:
        for name in ("deals", "releases"):
            duck.execute(f"CREATE VIEW {name} AS FROM '{tmp_path / name}.parquet'")
        found = everything(engine)
        assert by_key(rows_of(duck, DEALS, WHOLE[0] | HOMES), DEALS) == found[DEALS]
        projects = by_key(rows_of(duck, PROJECTS, project_values(done.last_complete)), PROJECTS)
        assert projects == found[PROJECTS]
        market = rows_of(duck, MARKET, WHOLE[0] | MARKETS)
        told = pd.DataFrame(market)
        duck.execute(f"CREATE TABLE {MARKET} AS FROM told")
        assert len(told) == len(market)
        changes = by_key(rows_of(duck, CHANGES, EVERY_MONTH), MARKET)
        assert {key: row | changes[key] for key, row in by_key(market, MARKET).items()} == found[MARKET]
