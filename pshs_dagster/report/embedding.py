"""The picture as the page carries it: columns as arrays, names and places by number, months by number.

The data of the whole country is to stay below 3 MB. `scripts/data.js` reads this: what is changed here is changed
there. Numbers are rounded a little finer than they are shown, so that changes reckoned from them are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pshs_dagster.deals.columns import BY_NAME
from pshs_dagster.releases import TAIPEI
from pshs_dagster.report.picture import Absorption, Happenings, Picture, Quality, RegisteredProject, Told

UNIT_DECIMALS, TOTAL_DECIMALS, SIZE_DECIMALS = 3, 1, 2
"""One more than is shown."""

SOLD_MONTHS = 48
"""Of a project so many months are drawn, as of a district; what it sold before is one number."""

SIZES = ("0-10", "10-20", "20-30", "30-40", "40+")
"""Net areas in 坪, as `project_statistics` names them."""

Columns = dict[str, list[Any]]


class _Numbered:
    """Gives each thing that it meets a number, from 0 on."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}

    def __call__(self, thing: Any) -> int:
        return self.known.setdefault(thing, len(self.known))


def embedded(picture: Picture) -> dict[str, Any]:
    """What `json.dumps` takes. The same picture gives the same."""
    months = months_between(picture.first_month, picture.last_month)
    coding = _Coding(months)
    data: dict[str, Any] = {
        "release": {
            "key": picture.release.key,
            "issue": picture.release.is_issue,
            "from": picture.release.window.first.isoformat(),
            "to": picture.release.window.last.isoformat(),
            "as_of": _minute(picture.as_of),
            "url": picture.source_url,
        },
        "made": _minute(picture.made_at),
        "releases": picture.releases,
        "newest": picture.newest.key,
        "months": months,
        "provisional": sorted(coding.month_of[month] for month in picture.provisional if month in coding.month_of),
        "last_complete": picture.last_complete,
        "brought": _brought(picture),
        "new_deals": [[coding.place(place), number] for place, number in sorted(picture.new_deals.items())],
        "markets": _markets(picture, coding),
        "sizes": list(SIZES),
        "opened": _opened(picture, coding),
        "absorption": _absorption(picture.absorption, coding),
        "happenings": _happenings(picture.happenings, coding),
        "quality": _quality(picture.quality),
        "fields": {name: [column.zh, column.en] for name, column in BY_NAME.items()},
    }
    return data | {"places": list(map(list, coding.place.known)), "names": list(coding.name.known)}


def months_between(first: str, last: str) -> list[str]:
    """Every month from one to another, both included."""
    (year, month), (last_year, last_month) = (map(int, text.split("-")) for text in (first, last))
    numbers = range(year * 12 + month - 1, last_year * 12 + last_month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


class _Coding:
    def __init__(self, months: list[str]) -> None:
        self.month_of = {month: number for number, month in enumerate(months)}
        self.place, self.name = _Numbered(), _Numbered()
        self.place(("", ""))


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(TAIPEI):%Y-%m-%d %H:%M}"


def _brought(picture: Picture) -> list[dict[str, Any]]:
    return [dict(vars(brought)) for brought in picture.brought]


def _markets(picture: Picture, coding: _Coding) -> Columns:
    columns: Columns = {name: [] for name in ("place", "rows", "month", "deals", "cancelled", "left_out", *_VALUES)}
    for market in picture.markets:
        months = [month for month in market.months if month.month in coding.month_of]
        columns["place"].append(coding.place((market.city, market.district)))
        columns["rows"].append(len(months))
        for month in months:
            columns["month"].append(coding.month_of[month.month])
            columns["deals"].append(month.deals)
            columns["cancelled"].append(month.cancelled)
            columns["left_out"].append(month.left_out)
            unit, total = month.unit_price or [None] * 3, month.total_price or [None] * 3
            values = (*unit, *total, month.size)
            for (name, decimals), value in zip(_VALUES.items(), values, strict=True):
                columns[name].append(_rounded(value, decimals))
    return columns


_VALUES = {
    "unit_q1": UNIT_DECIMALS,
    "unit_median": UNIT_DECIMALS,
    "unit_q3": UNIT_DECIMALS,
    "total_q1": TOTAL_DECIMALS,
    "total_median": TOTAL_DECIMALS,
    "total_q3": TOTAL_DECIMALS,
    "size": SIZE_DECIMALS,
}


def _rounded(value: float | None, decimals: int) -> float | int | None:
    if value is None:
        return None
    rounded = round(value, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


def _opened(picture: Picture, coding: _Coding) -> Columns:
    """`place`, `name`, `opened` and `rows` a project; all others a row."""
    columns: Columns = {name: [] for name in ("place", "name", "opened", "rows", "months", "size", "deals")}
    columns |= {name: [] for name in ("mean_unit", "median_unit", "mean_total", "median_total")}
    before: tuple[str, str, str] | None = None
    for row in picture.opened:
        if (project := (row.city, row.district, row.name)) != before:
            columns["place"].append(coding.place(project[:2]))
            columns["name"].append(coding.name(row.name))
            columns["opened"].append(row.opened_on.isoformat())
            columns["rows"].append(0)
            before = project
        columns["rows"][-1] += 1
        columns["months"].append(row.months)
        columns["size"].append(SIZES.index(row.size))
        columns["deals"].append(row.deals)
        columns["mean_unit"].append(_rounded(row.mean_unit_price, UNIT_DECIMALS))
        columns["median_unit"].append(_rounded(row.median_unit_price, UNIT_DECIMALS))
        columns["mean_total"].append(_rounded(row.mean_total_price, TOTAL_DECIMALS))
        columns["median_total"].append(_rounded(row.median_total_price, TOTAL_DECIMALS))
    return columns


def _absorption(absorption: Absorption, coding: _Coding) -> dict[str, Any]:
    names = (
        "place",
        "name",
        "homes",
        "method",
        "confidence",
        "sold",
        "before",
        "first",
        "deals",
        "cancelled",
    )
    columns: Columns = {name: [] for name in names}
    for project in absorption.registered:
        first, before, deals, cancelled = _by_month(project, coding)
        values = (
            coding.place((project.city, project.district)),
            coding.name(project.name),
            project.homes,
            project.method,
            _rounded(project.confidence, 2),
            project.months[-1].sold if project.months else None,
            before,
            first,
            deals,
            cancelled if any(cancelled) else 0,
        )
        for name, value in zip(names, values, strict=True):
            columns[name].append(value)
    return {
        "projects": columns,
        "listed_on": max((project.listed_on.isoformat() for project in absorption.registered), default=""),
        "unmatched": [
            [coding.place((each.city, each.district)), coding.name(each.name), each.method, each.deals]
            for each in absorption.unmatched
        ],
        "unmatched_projects": dict(sorted(absorption.unmatched_projects.items())),
    }


def _by_month(project: RegisteredProject, coding: _Coding) -> tuple[int, int, list[int], list[int]]:
    """The number of the first month, what was sold before, and trades and cancelled ones from then to the last."""
    known = [month for month in project.months if month.month in coding.month_of]
    if not known:
        return 0, project.months[-1].sold if project.months else 0, [], []
    last = coding.month_of[known[-1].month]
    first = max(coding.month_of[known[0].month], last + 1 - SOLD_MONTHS)
    deals, cancelled = [0] * (last + 1 - first), [0] * (last + 1 - first)
    for month in known:
        if (place := coding.month_of[month.month] - first) >= 0:
            deals[place], cancelled[place] = month.deals, month.cancelled
    # Months after the last that is shown count in `sold` only.
    before = known[-1].sold - sum(deals) + sum(cancelled)
    return first, before, deals, cancelled


def _happenings(happenings: Happenings, coding: _Coding) -> dict[str, Any]:
    return {
        "listed": [
            [
                each.what.value,
                coding.place((each.city, each.district)),
                coding.name(each.name),
                each.serial_number,
                each.traded_on.isoformat(),
                each.price,
                each.old,
                each.new,
            ]
            for each in happenings.listed
        ],
        "counts": _by_place(happenings.counts, coding),
        "fields": _by_place(happenings.fields, coding),
        "most": happenings.most,
        "each": happenings.each,
    }


def _by_place(counts: Mapping[tuple[str, str, str], int], coding: _Coding) -> list[list[Any]]:
    return [[coding.place((city, district)), what, number] for (city, district, what), number in sorted(counts.items())]


def _quality(quality: Quality) -> dict[str, Any]:
    def told(rows: tuple[Told, ...]) -> list[list[Any]]:
        return [list(row) for row in rows]

    return {
        "rejected": told(quality.rejected),
        "suspect": told(quality.suspect),
        "missing": [
            [gap.first.key, gap.last.key, gap.issues, _day(gap.first.window.first), _day(gap.last.window.last)]
            for gap in quality.missing
        ],
        "deals_outside": quality.deals_outside,
    }


def _day(day: date) -> str:
    return day.isoformat()
