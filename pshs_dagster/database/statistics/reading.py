"""What a person is shown of a table of statistics: how many rows it has, and the newest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.statistics.replacing import OWN
from pshs_dagster.database.tables import deal_statistics, market_statistics, project_statistics

ROWS = 10
"""Enough to see what the table is like."""

NEWEST_FIRST = {
    deal_statistics.name: (deal_statistics.c.year, deal_statistics.c.month, deal_statistics.c.count_num),
    project_statistics.name: (project_statistics.c.months, project_statistics.c.count_num),
    market_statistics.name: (market_statistics.c.year, market_statistics.c.month, market_statistics.c.deals_num),
}
"""By what the rows that are shown are chosen, the highest first."""


@dataclass(frozen=True)
class Shown:
    """The number of rows, the names of the columns, and the first rows by NEWEST_FIRST."""

    rows: int
    headings: tuple[str, ...]
    first: tuple[Sequence[object], ...]


def shown(engine: sa.Engine, name: str) -> Shown:
    """Look at the table of statistics that is named. Raises DatabaseError."""
    order = NEWEST_FIRST[name]
    table = order[0].table
    columns = [column for column in table.columns if column.name not in OWN]
    with translated(engine, f"show {name}"), engine.connect() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        query = sa.select(*columns).order_by(*(column.desc() for column in order)).limit(ROWS)
        first = tuple(tuple(row) for row in connection.execute(query))
    return Shown(rows, tuple(column.name for column in columns), first)
