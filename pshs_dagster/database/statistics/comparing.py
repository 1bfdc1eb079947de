"""Whether `deal_statistics` agrees with `deals`: counts and sums by city and month, computed in another way.

On purpose this reads no .sql file of this room. That project and market statistics are right is left to tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.statistics.statements import MAIN_USE, TARGET
from pshs_dagster.database.tables import deal_statistics, deals

ROUNDED = 0.00005
"""Averages are rounded to 0.0001 (萬元), so that a sum is off by half of it for each deal at most."""

SLACK = 1e-6
"""Of a sum: what adding floating-point numbers in another order makes of it, and more."""

SQUARE_METRES_OF_A_PING = 1 / 0.3025


@dataclass(frozen=True)
class Difference:
    """A city and month whose statistics are others than its deals: deals counted there and here, and what differs."""

    city: str
    month: str
    deals: int
    counted: int
    what: str


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what differs."""

    deals: int
    groups: int
    differences: tuple[Difference, ...]


def compare(engine: sa.Engine) -> Comparison:
    """Compare the whole tables. Raises DatabaseError."""
    with translated(engine, "compare the statistics with deals"), engine.connect() as connection:
        expected = {(row.city, row.month): row for row in connection.execute(_of_deals(connection.dialect.name))}
        found = {(row.city, row.month): row for row in connection.execute(_of_statistics())}
        differences = tuple(
            Difference(*group, _count(expected.get(group)), _count(found.get(group)), ", ".join(what))
            for group in sorted(expected.keys() | found.keys())
            if (what := list(_differing(expected.get(group), found.get(group))))
        )
    return Comparison(sum(row.deals for row in expected.values()), len(expected), differences)


def _differing(expected: Any, found: Any) -> Iterator[str]:
    if _count(expected) != _count(found):
        yield "count"
    if expected is None or found is None:
        return
    for name in ("total_price", "house_price", "unit_price"):
        if name == "unit_price" and expected.without_unit_price:
            continue  # an average is not of all deals that are counted
        wanted, there = float(getattr(expected, name)), float(getattr(found, name))
        if abs(wanted - there) > ROUNDED * expected.deals + SLACK * abs(wanted):
            yield name


def _count(row: Any) -> int:
    return 0 if row is None else int(row.deals)


def _of_deals(dialect: str) -> sa.Executable:
    columns = deals.c
    price, area = columns.price, columns.building_total_area
    parking, parking_area = columns.parking_sapce_price, columns.parking_sapce_total_area
    apart = sa.and_(parking > 0, parking_area > 0)
    per_ping = sa.case(
        (sa.and_(apart, price > parking, area - parking_area > 0.005), (price - parking) / (area - parking_area)),
        (sa.and_(~apart, area > 0.005), sa.cast(price, sa.Double) / area),
    ) * (SQUARE_METRES_OF_A_PING / 10_000)
    return (
        sa.select(
            columns.city,
            _month(dialect).label("month"),
            sa.func.count().label("deals"),
            (sa.func.sum(price) / sa.literal_column("1.0e4")).label("total_price"),
            (sa.func.sum(price - parking) / sa.literal_column("1.0e4")).label("house_price"),
            sa.func.coalesce(sa.func.sum(per_ping), 0).label("unit_price"),
            (sa.func.count() - sa.func.count(per_ping)).label("without_unit_price"),
        )
        .where(
            columns.object_of_transaction == TARGET,
            columns.main_use == MAIN_USE,
            columns.termination == "",
            columns.cancelled_on.is_(None),
        )
        .group_by(columns.city, sa.text("month"))
    )


def _of_statistics() -> sa.Executable:
    columns = deal_statistics.c
    number = columns.count_num
    return sa.select(
        columns.city,
        (columns.year + "-" + columns.month).label("month"),
        sa.func.sum(number).label("deals"),
        sa.func.sum(number * columns.avg_total_price).label("total_price"),
        sa.func.sum(number * columns.avg_house_price).label("house_price"),
        sa.func.sum(number * columns.avg_house_unit_price).label("unit_price"),
    ).group_by(columns.city, columns.year, columns.month)


def _month(dialect: str) -> sa.ColumnElement[str]:
    if dialect == "mysql":
        return sa.func.date_format(deals.c.transaction_date, "%Y-%m")
    return sa.func.strftime("%Y-%m", deals.c.transaction_date)
