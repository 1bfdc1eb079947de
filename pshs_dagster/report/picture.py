"""What a report shows, as plain values: a release and what it brought, markets, projects, happenings, quality.

Prices are in 萬元, unit prices in 萬元 per 坪, sizes in 坪, unless a field says NTD. Months are written `2022-07`.
No database here, and nothing of how it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from pshs_dagster.releases import Release


@dataclass(frozen=True)
class Brought:
    """What became of the lines of one city's file; the last four are deals and none of its lines' sums."""

    city: str
    lines: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    cancelled: int
    withdrawn: int
    withdrawn_outside: int
    """Withdrawn trades from outside the window of the season."""
    reinstated: int


class Quartiles(NamedTuple):
    """The middle of a month's values, and the middle half of them."""

    q1: float
    median: float
    q3: float


@dataclass(frozen=True)
class MarketMonth:
    """A market in one month of trades. Without a price where no deal is left to count."""

    month: str
    deals: int
    """Deals that the prices are of."""
    cancelled: int
    left_out: int
    unit_price: Quartiles | None
    total_price: Quartiles | None
    size: float | None
    """Median, of the building without parking."""


@dataclass(frozen=True)
class Market:
    """A district by month; a whole city where `district` is blank, the whole country where both are."""

    city: str
    district: str
    months: tuple[MarketMonth, ...]
    """In order; those without any deal are not there."""


@dataclass(frozen=True)
class OpenedProject:
    """A project that opened within a year, over its last `months`, homes of one size."""

    city: str
    district: str
    name: str
    opened_on: date
    months: int
    """1, 3 or 6."""
    size: str
    """Net area in 坪: 0-10, 10-20, 20-30, 30-40, 40+."""
    deals: int
    mean_unit_price: float
    median_unit_price: float
    mean_total_price: float
    median_total_price: float


class SoldMonth(NamedTuple):
    """What a project sold in a month: all trades, those of them that are cancelled by now, and what is sold so far."""

    month: str
    deals: int
    cancelled: int
    sold: int


@dataclass(frozen=True)
class RegisteredProject:
    """A project of the ministry's list, with the deals that were found to be of it."""

    city: str
    district: str
    name: str
    homes: int | None
    """Homes for sale; None where the list does not tell."""
    listed_on: date
    """The newest list that has it."""
    method: str
    """How deals were matched to it, the least certain way first; blank where none were."""
    confidence: float
    """Of the least certain match, 0 to 1."""
    months: tuple[SoldMonth, ...]
    """In order; only months with a trade."""


@dataclass(frozen=True)
class Unmatched:
    """A project of `deals` that no registered one was found for."""

    city: str
    district: str
    name: str
    method: str
    """`none` or `ambiguous`."""
    deals: int


@dataclass(frozen=True)
class Absorption:
    """Registered projects and what could not be matched; `unmatched` may be cut, the numbers tell of all."""

    registered: tuple[RegisteredProject, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    unmatched_projects: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many there are, by city."""


class What(StrEnum):
    """What happened to a deal."""

    CANCELLED = "cancelled"
    REVISED = "revised"
    """Its total price was published anew."""
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"


@dataclass(frozen=True)
class Happened:
    """What this release told of one deal that was known before. Prices in NTD."""

    what: What
    city: str
    district: str
    name: str
    serial_number: str
    traded_on: date
    price: int
    """As it is now, or was last."""
    old: str
    new: str
    """The values that became others: a price, 解約情形 as published, or the serial that took its place."""


@dataclass(frozen=True)
class Happenings:
    """What this release told of known deals. `listed` may be cut to the highest prices; counts are of all.

    `counts` is by city, district and What; `fields` by city, district and column of `deals`, of changed deals.
    """

    listed: tuple[Happened, ...] = ()
    counts: Mapping[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    fields: Mapping[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    most: int = 0
    """So many of each kind are listed."""
    each: int = 0
    """And so many of each place beyond."""


class Told(NamedTuple):
    """How often a rule spoke in a city; in words of both languages."""

    city: str
    rule: str
    zh: str
    en: str
    release: int
    """In lines or deals of this release."""
    in_all: int
    """Of all that wait for a person, or of all deals."""


class Gap(NamedTuple):
    """Issues in a row that neither are loaded nor in a season that is."""

    first: Release
    last: Release
    issues: int


@dataclass(frozen=True)
class Quality:
    """What is wrong, doubtful or missing."""

    rejected: tuple[Told, ...] = ()
    suspect: tuple[Told, ...] = ()
    missing: tuple[Gap, ...] = ()
    """Between the first and the newest of what is loaded."""
    deals_outside: int = 0
    """Deals with trade months before the first that is shown, or after the last: strays of seasons."""


@dataclass(frozen=True)
class Picture:
    """Everything that a report shows, as the tables knew it at one moment."""

    release: Release
    made_at: datetime
    """Aware."""
    as_of: datetime
    source_url: str
    releases: int
    """How many are loaded."""
    newest: Release
    """The loaded one with the newest window."""
    first_month: str
    last_month: str
    """Months of trades that the windows of the loaded releases reach; all are shown, and none outside."""
    provisional: frozenset[str]
    """Months that are not complete: more deals of them will be published."""
    brought: tuple[Brought, ...]
    new_deals: Mapping[tuple[str, str], int]
    """Deals that this release was the first to know, by city and district."""
    markets: tuple[Market, ...]
    opened: tuple[OpenedProject, ...]
    last_complete: str
    """The month up to which projects are looked at; blank where there is none."""
    absorption: Absorption = Absorption()
    happenings: Happenings = Happenings()
    quality: Quality = Quality()
