"""Made-up pictures for the tests of the page, and for measuring it: one by hand, and one as large as the country's.

No tests here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.report.embedding import months_between
from pshs_dagster.report.picture import (
    Absorption,
    Brought,
    Gap,
    Happened,
    Happenings,
    Market,
    MarketMonth,
    OpenedProject,
    Picture,
    Quality,
    Quartiles,
    RegisteredProject,
    SoldMonth,
    Told,
    Unmatched,
    What,
)

HOSTILE = "</script><script>window.hacked=1</script>\u2028\"'<img src=x onerror='window.hacked=1'><!-- &amp; {0} ${x}"
"""A name of a project as an enemy would register it."""

MADE_AT = datetime(2026, 7, 21, 12, 30, tzinfo=TAIPEI)


def month(text: str, median: float, deals: int = 20, cancelled: int = 1, left_out: int = 2) -> MarketMonth:
    """A month with a median unit price; everything else follows from it."""
    unit = Quartiles(median - 5, median, median + 5)
    return MarketMonth(text, deals, cancelled, left_out, unit, Quartiles(*(value * 30 for value in unit)), 28.5)


def small_picture() -> Picture:
    """Two cities with three districts over fourteen months, of which the last is provisional; a hostile project."""
    months = months_between("2025-04", "2026-05")
    medians: Mapping[tuple[str, str], int] = {
        ("", ""): 40,
        ("新北市", ""): 45,
        ("新北市", "板橋區"): 60,
        ("新北市", "淡水區"): 30,
        ("臺中市", ""): 35,
        ("臺中市", "西屯區"): 50,
    }
    issue = Release.parse("2026-06-21")
    return Picture(
        release=issue,
        made_at=MADE_AT,
        as_of=datetime(2026, 6, 21, tzinfo=TAIPEI),
        source_url="https://example.org/20260621.zip",
        releases=7,
        newest=issue,
        first_month=months[0],
        last_month=months[-1],
        provisional=frozenset(months[-1:]),
        brought=(
            Brought("新北市", 100, 80, 5, 12, 3, 4, 2, 1, 1),
            Brought("臺中市", 50, 40, 6, 4, 0, 1, 0, 0, 0),
        ),
        new_deals={("新北市", "淡水區"): 37, ("新北市", "板橋區"): 43, ("臺中市", "西屯區"): 40},
        markets=tuple(
            Market(city, district, tuple(month(text, median + number) for number, text in enumerate(months)))
            for (city, district), median in medians.items()
        ),
        opened=(
            _opened("新北市", "淡水區", HOSTILE, deals=3),
            _opened("新北市", "淡水區", "淡海一號", deals=9),
            _opened("新北市", "淡水區", "淡海一號", deals=2, size="30-40"),
            _opened("新北市", "板橋區", "府中一號", deals=4),
            _opened("臺中市", "西屯區", "市政之星", deals=5, months=1),
        ),
        last_complete="2026-04",
        absorption=Absorption(
            registered=(
                RegisteredProject(
                    "新北市",
                    "淡水區",
                    "淡海一號",
                    50,
                    date(2026, 6, 1),
                    "normalised",
                    0.95,
                    (SoldMonth("2026-01", 10, 0, 10), SoldMonth("2026-03", 12, 2, 20)),
                ),
                RegisteredProject("新北市", "淡水區", HOSTILE, None, date(2026, 6, 1), "", 0.0, ()),
            ),
            unmatched=(Unmatched("新北市", "板橋區", "無名之家", "none", 6),),
            unmatched_projects={"新北市": 1},
        ),
        happenings=Happenings(
            listed=(
                _happened(What.CANCELLED, new="1150601全部解約"),
                _happened(What.REVISED, name="淡海一號", old="9000000", new="8100000"),
                _happened(What.REVISED, name="淡海一號", old="9000000", new="9500000"),
                _happened(What.WITHDRAWN, new="RPPNMLMKKHHGFEF77CB"),
            ),
            counts={
                ("新北市", "淡水區", "cancelled"): 4,
                ("新北市", "淡水區", "revised"): 2,
                ("新北市", "淡水區", "withdrawn"): 1,
            },
            fields={("新北市", "淡水區", "price"): 2, ("新北市", "淡水區", "note"): 5},
            most=1000,
            each=5,
        ),
        quality=Quality(
            rejected=(Told("新北市", "price_not_positive", "總價為零或負數", "the price is zero or less", 3, 4),),
            suspect=(Told("臺中市", "special_relation", "備註載明特殊關係人交易", "a special relation", 7, 70),),
            missing=(Gap(Release.parse("2026-01-01"), Release.parse("2026-01-11"), 2),),
            deals_outside=11,
        ),
    )


def _opened(city: str, district: str, name: str, deals: int, size: str = "20-30", months: int = 6) -> OpenedProject:
    return OpenedProject(city, district, name, date(2025, 9, 3), months, size, deals, 41.5, 40.25, 1210.0, 1200.0)


def _happened(what: What, name: str = HOSTILE, old: str = "", new: str = "") -> Happened:
    return Happened(what, "新北市", "淡水區", name, "RPPNMLMKKHHGFEF07CB", date(2026, 2, 3), 9_000_000, old, new)


DISTRICTS, PROJECTS, OPENED = 370, 4_000, 1_800


def national_picture() -> Picture:
    """As large as the country's: 22 cities, some 370 districts, 66 months, 4,000 projects with names of their own."""
    draw = np.random.default_rng(1)
    months = months_between("2021-02", "2026-07")
    cities = list(CITIES.values())
    places = [(cities[number % len(cities)], f"第{number // len(cities)}測試區") for number in range(DISTRICTS)]
    wholes = [("", ""), *((city, "") for city in cities)]
    names = [f"測試建案{number:04d}之第{draw.integers(9)}期" for number in range(PROJECTS)]
    of = [places[draw.integers(len(places))] for _ in names]
    return replace(
        small_picture(),
        first_month=months[0],
        last_month=months[-1],
        provisional=frozenset(months[-2:]),
        markets=tuple(
            Market(*place, tuple(_drawn(draw, text) for text in (months if place in wholes else months[-48:])))
            for place in sorted([*wholes, *places])
        ),
        opened=tuple(
            OpenedProject(*place, name, date(2025, 10, 1), span, size, *_drawn_deals(draw))
            for place, name in sorted(zip(of, names, strict=True))[:OPENED]
            for span in (1, 3, 6)
            for size in ("10-20", "20-30")
        ),
        absorption=Absorption(
            registered=tuple(
                RegisteredProject(*place, name, 150, date(2026, 7, 1), "exact", 1.0, _drawn_sales(draw, months[-24:]))
                for place, name in zip(of, names, strict=True)
            ),
            unmatched=tuple(Unmatched(*of[n], f"未配對建案{n}", "none", int(draw.integers(99))) for n in range(2_000)),
            unmatched_projects=dict.fromkeys(cities, 200),
        ),
        happenings=replace(
            small_picture().happenings,
            listed=tuple(
                Happened(what, *of[n], names[n], f"RPPNMLMKKHHGFE{n:05d}", date(2026, 5, 3), 9_000_000 + n, "1", "2")
                for what in What
                for n in range(1_000)
            ),
        ),
    )


def _drawn(draw: np.random.Generator, text: str) -> MarketMonth:
    return month(text, round(float(draw.uniform(20, 90)), 4), *(int(draw.integers(200)) for _ in range(3)))


def _drawn_deals(draw: np.random.Generator) -> tuple[Any, ...]:
    unit, total = (round(float(draw.uniform(20, 90)), 4), round(float(draw.uniform(700, 4000)), 4))
    return int(draw.integers(1, 60)), unit, unit + 0.1234, total, total + 1.5


def _drawn_sales(draw: np.random.Generator, months: list[str]) -> tuple[SoldMonth, ...]:
    sold, found = 0, list[SoldMonth]()
    for text in months:
        deals = int(draw.integers(0, 9))
        cancelled = int(draw.random() < 0.1 and deals > 0)
        sold += deals - cancelled
        found.append(SoldMonth(text, deals, cancelled, sold))
    return tuple(found)
