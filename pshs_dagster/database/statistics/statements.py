"""The SELECTs of the .sql files beside, and what they are asked for: which deals, which months. No database here.

Each text runs unchanged on SQLite, MySQL, MariaDB and DuckDB; a name after a colon is a bound value.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

DEALS, PROJECTS, MARKET, CHANGES = "deal_statistics", "project_statistics", "market_statistics", "market_changes"

NAMES = (DEALS, PROJECTS, MARKET, CHANGES)

TARGET, MAIN_USE = "房地(土地+建物)+車位", "住家用"
"""The deals of `deal_statistics` and `project_statistics`: homes with parking, as the web application has always
shown them."""

TARGETS = "房地%"
"""The deals of `market_statistics`: land with building, with parking or without. Parking alone tells no price of a
home."""

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)

YEAR = 12
SPANS = (1, 3, 6)
"""Months over which projects are looked at, back from the last complete one."""

Windows = Sequence[tuple[date, date]]
"""The first and the last day of each release's window."""

Values = dict[str, str | date | int]
"""What is bound to the names of a statement."""

HOMES: Values = {"target": TARGET, "main_use": MAIN_USE}
MARKETS: Values = {"targets": TARGETS}
"""Which deals a statement is asked for."""


@lru_cache
def statement(name: str) -> str:
    """The text of a statement, one of NAMES, without the comment at its head."""
    lines = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


@dataclass(frozen=True, order=True)
class Month:
    """A month of trades."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> Month:
        """The month that is written `2022-07`."""
        year, number = text.split("-")
        return cls(int(year), int(number))

    def plus(self, months: int) -> Month:
        """The month that lies so many months later."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Its number: months that follow each other have numbers that do."""
        return self.year * 12 + self.number

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return self.plus(1).first_day - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def spans_of(months: Collection[Month]) -> list[Values]:
    """Days from and to, for each run of months that follow each other."""
    ordered = sorted(months)
    firsts = ordered[:1] + [month for before, month in pairwise(ordered) if before.plus(1) != month]
    lasts = [before for before, month in pairwise(ordered) if before.plus(1) != month] + ordered[-1:]
    return [
        {"first_day": first.first_day, "last_day": last.last_day} for first, last in zip(firsts, lasts, strict=True)
    ]


WHOLE: list[Values] = [{"first_day": FIRST_DAY, "last_day": LAST_DAY}]
"""Every month at once."""


EVERY_MONTH: Values = {"first_month": Month(1, 1).index, "last_month": Month(9998, 12).index}
"""What `market_changes` is asked for where every month is."""

MOST_SPANS = 12
"""A dozen runs of months take as long as all months at once: a season with stray dates has more."""


def changes_values(months: Collection[Month]) -> Values:
    """What `market_changes` is asked for where these months became others: they are the year before of other months."""
    return {"first_month": min(months).index, "last_month": max(months).plus(YEAR).index}


def project_values(last: Month) -> Values:
    """What `project_statistics` is asked for: projects of the year that ends with `last`, and their last months."""
    return {
        **HOMES,
        "opened_from": last.plus(1 - YEAR).first_day,
        "first_day": last.plus(1 - max(SPANS)).first_day,
        "last_day": last.last_day,
        "last_month": str(last),
        **{f"first_of_{span}": str(last.plus(1 - span)) for span in SPANS},
    }


def last_complete_month(windows: Windows, today: date) -> Month | None:
    """The newest month of which each day lies in a window (first and last day), or None where there is none.

    MOI publishes the last third of a month on the 11th of the month after the next: newer months are not looked at.
    """
    published = Month(today.year, today.month).plus(-2 if today.day >= 11 else -3)
    reached = [Month(last.year, last.month) for _, last in windows]
    month = min(max(reached, default=published), published)
    oldest = min((Month(first.year, first.month) for first, _ in windows), default=month)
    while month >= oldest:
        if is_covered(month, windows):
            return month
        month = month.plus(-1)
    return None


def is_covered(month: Month, windows: Windows) -> bool:
    """Whether each day of a month lies in a window (first and last day): then it is final.

    Windows begin and end with the thirds of a month, so that a day of each tells.
    """
    days = (month.first_day, month.first_day.replace(day=11), month.first_day.replace(day=21))
    return all(any(first <= day <= last for first, last in windows) for day in days)
