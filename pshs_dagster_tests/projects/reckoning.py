"""Absorption by plain dictionaries, from rows as people would read them. Nothing of the project is used here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

Place = tuple[str, str, str]
"""City, district and name of a registered project."""


class Trade(NamedTuple):
    """A deal, and the registered project that it is of; None where it is of none."""

    project: Place | None
    target: str
    traded: date
    cancelled: bool


class Permit(NamedTuple):
    """A registration."""

    project: Place
    homes: int | None
    listed: datetime


Rows = dict[tuple[Any, ...], tuple[Any, ...]]
"""Place, year and month → homes, traded, cancelled, sold, absorption."""


def absorption(trades: Iterable[Trade], permits: Iterable[Permit]) -> Rows:
    """What `project_absorption` should hold."""
    homes = offered(permits)
    traded: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    cancelled: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for trade in trades:
        if trade.project is None or not trade.target.startswith("房地"):
            continue
        month = trade.traded.strftime("%Y-%m")
        traded[trade.project][month] += 1
        cancelled[trade.project][month] += trade.cancelled
    rows: Rows = {}
    for place, months in traded.items():
        sold = 0
        for month in sorted(months):
            sold += months[month] - cancelled[place][month]
            offer = homes[place]
            share = rounded(Fraction(sold, offer)) if offer else None
            numbers = (offer, months[month], cancelled[place][month], sold, share)
            rows[(*place, month[:4], month[5:])] = numbers
    return rows


def offered(permits: Iterable[Permit]) -> dict[Place, int | None]:
    """The homes of each project: of its permits in the newest list that has it; None where one tells none."""
    known: defaultdict[Place, list[Permit]] = defaultdict(list)
    for permit in permits:
        known[permit.project].append(permit)
    homes: dict[Place, int | None] = {}
    for place, all_of_it in known.items():
        newest = max(permit.listed for permit in all_of_it)
        numbers = [permit.homes for permit in all_of_it if permit.listed == newest]
        homes[place] = None if None in numbers else sum(number or 0 for number in numbers)
    return homes


def rounded(share: Fraction) -> float:
    """To four decimals, half up."""
    return int(share * 10_000 + Fraction(1, 2)) / 10_000


def stored(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """Rows of the table, or of a query that gives its columns, in the same shape."""
    return {
        tuple(row[name] for name in ("city", "district", "build_name", "year", "month")): (
            None if row["homes"] is None else int(row["homes"]),
            int(row["deals_num"]),
            int(row["cancelled_num"]),
            int(row["sold_num"]),
            None if row["absorption"] is None else float(row["absorption"]),
        )
        for row in rows
    }
