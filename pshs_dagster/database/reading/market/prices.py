"""Markets by month, and the projects that opened, from the tables of statistics and, for whole cities, from `deals`."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.statistics.statements import MARKETS, Month
from pshs_dagster.database.tables import deals, market_statistics, project_statistics
from pshs_dagster.releases import Release
from pshs_dagster.report.picture import Market, MarketMonth, OpenedProject, Quartiles

DISTRICT_MONTHS = 48
"""Districts are shown over four years: a year before for each of three, and a page that stays small. Cities are shown
over all months."""

_COUNTS = ("deals_num", "cancelled_num", "left_out_num")


@lru_cache
def _whole_markets() -> str:
    lines = Path(__file__).with_name("whole_markets.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


def markets(connection: sa.Connection, first: Month, last: Month) -> tuple[Market, ...]:
    """The country, each city, and each district, from `first` to `last`; a district by its last DISTRICT_MONTHS."""
    found: dict[tuple[str, str], list[MarketMonth]] = defaultdict(list)
    values = {"first_day": first.first_day, "last_day": last.last_day, **MARKETS}
    for row in connection.execute(sa.text(_whole_markets()), values).mappings():
        found[row["city"], ""].append(_month(row["month"], row))
    table = market_statistics.c
    since = max(first, last.plus(1 - DISTRICT_MONTHS))
    query = (
        sa.select(market_statistics)
        .where(_month_of().between(str(since), str(last)))
        .order_by(table.city, table.district, table.year, table.month)
    )
    for row in connection.execute(query).mappings():
        found[row["city"], row["district"]].append(_month(f"{row['year']}-{row['month']}", row))
    return tuple(Market(*place, tuple(months)) for place, months in sorted(found.items()))


def provisional_months(connection: sa.Connection) -> frozenset[str]:
    """The months of which market_statistics says so."""
    table = market_statistics.c
    query = sa.select(table.year, table.month).where(table.status != "final").distinct()
    return frozenset(f"{row.year}-{row.month}" for row in connection.execute(query))


def deals_outside(connection: sa.Connection, first: Month, last: Month) -> int:
    """How many deals of market_statistics were traded before the month `first` or after the month `last`."""
    outside = sa.or_(_month_of() < str(first), _month_of() > str(last))
    return int(connection.scalar(sa.select(sa.func.sum(market_statistics.c.deals_num)).where(outside)) or 0)


def new_deals(connection: sa.Connection, release: Release) -> dict[tuple[str, str], int]:
    """How many deals a release was the first to know, by city and district."""
    query = (
        sa.select(deals.c.city, deals.c.district, sa.func.count())
        .where(deals.c.first_release == release.key)
        .group_by(deals.c.city, deals.c.district)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def opened_projects(connection: sa.Connection) -> tuple[tuple[OpenedProject, ...], str]:
    """The rows of project_statistics, and the month up to which they look; blank where there are none."""
    table = project_statistics.c
    query = sa.select(project_statistics).order_by(
        table.city, table.district, table.build_name, table.months, table.size
    )
    rows = connection.execute(query).mappings().all()
    return tuple(
        OpenedProject(
            city=row["city"],
            district=row["district"],
            name=row["build_name"],
            opened_on=row["opened_on"],
            months=row["months"],
            size=row["size"],
            deals=row["count_num"],
            mean_unit_price=float(row["mean_unit_price"]),
            median_unit_price=float(row["median_unit_price"]),
            mean_total_price=float(row["mean_total_price"]),
            median_total_price=float(row["median_total_price"]),
        )
        for row in rows
    ), (rows[0]["last_month"] if rows else "")


def _month_of() -> sa.ColumnElement[str]:
    table = market_statistics.c
    return table.year + "-" + table.month


def _month(month: str, row: sa.RowMapping) -> MarketMonth:
    size = row["size_median"]
    return MarketMonth(
        month,
        *(int(row[name]) for name in _COUNTS),
        unit_price=_quartiles(row, "unit_price"),
        total_price=_quartiles(row, "total_price"),
        size=None if size is None else float(size),
    )


def _quartiles(row: sa.RowMapping, name: str) -> Quartiles | None:
    values: list[Any] = [row[f"{name}_{part}"] for part in Quartiles._fields]
    return None if values[1] is None else Quartiles(*map(float, values))
