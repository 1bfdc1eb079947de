"""Statistics reckoned by pandas and numpy from rows of `deals`, apart from the project's SQL. No tests here.

Sums and quantiles are plain floating-point ones; `rounded` spells what the tables hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

TEN_THOUSAND = 10_000
PING = 0.3025
"""坪 in a m²."""

DOUBTFUL = ("special_relation", "unusual_terms", "unit_price_mismatch")

Rows = dict[tuple[Any, ...], dict[str, Any]]


def priced(deals: pd.DataFrame) -> pd.DataFrame:
    """The deals with month, net area in 坪, unit price in 萬元 per 坪 (NaN where there is none), and whether the
    parking is mixed in."""
    day = pd.to_datetime(deals["transaction_date"])
    price, parking = deals["price"].astype(float), deals["parking_sapce_price"].astype(float)
    area, parking_area = deals["building_total_area"].astype(float), deals["parking_sapce_total_area"].astype(float)
    apart = (parking > 0) & (parking_area > 0)
    net_price, net_area = price - parking.where(apart, 0), area - parking_area.where(apart, 0)
    sound = (net_price > 0) & (net_area > 0.005)
    ping = net_area * PING
    return deals.assign(
        year=day.dt.strftime("%Y"),
        month=day.dt.strftime("%m"),
        day=day,
        total=price / TEN_THOUSAND,
        house=(price - parking) / TEN_THOUSAND,
        ping=ping,
        unit=(net_price / ping.where(sound)) / TEN_THOUSAND,
        mixed=~apart,
        build_name=deals["build_name"].str.rstrip(" "),
        cancelled=(deals["termination"] != "") | deals["cancelled_on"].notna(),
    )


def deal_statistics(deals: pd.DataFrame) -> Rows:
    """By city, district, year, month, project, rooms."""
    rows = priced(deals)
    homes = rows[_homes(rows) & ~rows["cancelled"]]
    found: Rows = {}
    for key, group in homes.groupby(["city", "district", "year", "month", "build_name", "room"]):
        found[_key(key)] = {
            "count_num": len(group),
            "avg_total_price": group["total"].mean(),
            "avg_house_price": group["house"].mean(),
            "avg_house_unit_price": group["unit"].mean() if group["unit"].notna().any() else 0.0,
            "mixed_parking_num": int(group["mixed"].sum()),
        }
    return found


def market_statistics(deals: pd.DataFrame, windows: Sequence[tuple[date, date]]) -> Rows:
    """By city, district, year, month."""
    rows = priced(deals)
    rows = rows[rows["object_of_transaction"].str.startswith("房地")]
    tainted = rows["flags"].map(lambda flags: bool(set(flags.split(",")) & set(DOUBTFUL)))
    found: Rows = {}
    for key, group in rows.groupby(["city", "district", "year", "month"]):
        cancelled = group["cancelled"]
        left_out = ~cancelled & (tainted.loc[group.index] | group["unit"].isna())
        counted = group[~cancelled & ~left_out]
        row: dict[str, Any] = {
            "status": "final" if _is_final("-".join(_key(key)[2:]), windows) else "provisional",
            "deals_num": len(counted),
            "cancelled_num": int(cancelled.sum()),
            "left_out_num": int(left_out.sum()),
        }
        for name, column in (("unit_price", "unit"), ("total_price", "total"), ("size", "ping")):
            quartiles = np.percentile(counted[column], [25, 50, 75]) if len(counted) else [None] * 3
            row |= dict(zip((f"{name}_q1", f"{name}_median", f"{name}_q3"), quartiles, strict=True))
        found[_key(key)] = row
    for (city, district, year, month), row in found.items():
        for since, back in (("month", 1), ("year", 12)):
            then = pd.Period(f"{year}-{month}") - back
            before = found.get((city, district, f"{then.year:04d}", f"{then.month:02d}"))
            for name, column in (
                ("deals", "deals_num"),
                ("unit_price", "unit_price_median"),
                ("total_price", "total_price_median"),
            ):
                row[f"{name}_{since}_change"] = _change(row[column], before and before[column])
    return found


def project_statistics(deals: pd.DataFrame, last_month: str) -> Rows:
    """By city, district, project, months, size."""
    rows = priced(deals)
    rows = rows[rows["build_name"] != ""]
    last = pd.Period(last_month)
    opened = rows.groupby(["city", "district", "build_name"])["day"].min()
    homes = rows[_homes(rows) & ~rows["cancelled"] & rows["unit"].notna()]
    size = pd.cut(homes["ping"], [0, 10, 20, 30, 40, np.inf], right=False, labels=False)
    homes = homes.assign(size=size.map(dict(enumerate(("0-10", "10-20", "20-30", "30-40", "40+")))))
    found: Rows = {}
    for months in (1, 3, 6):
        period = homes["day"].dt.to_period("M")
        within = homes[(period > last - months) & (period <= last)]
        for key, group in within.groupby(["city", "district", "build_name", "size"]):
            city, district, name, bucket = _key(key)
            first = opened[city, district, name]
            if first.to_period("M") <= last - 12:
                continue
            found[city, district, name, months, bucket] = {
                "opened_on": first.date(),
                "last_month": last_month,
                "count_num": len(group),
                "mean_unit_price": group["unit"].mean(),
                "median_unit_price": group["unit"].median(),
                "mean_total_price": group["total"].mean(),
                "median_total_price": group["total"].median(),
            }
    return found


def differences(stored: Rows, reckoned: Rows, within: float = 0.000_06) -> list[str]:
    """What differs, by more than the rounding of the tables where it is a number with decimals."""
    told = [f"{key} only in {where}" for key, where in _only(stored, reckoned)]
    for key in stored.keys() & reckoned.keys():
        for name, value in reckoned[key].items():
            if _differ(stored[key][name], value, within):
                told.append(f"{key} {name}: {stored[key][name]} is not {value}")
    return sorted(told)


def _differ(stored: Any, reckoned: Any, within: float) -> bool:
    if stored is None or reckoned is None:
        return stored is not reckoned
    if isinstance(reckoned, float):
        return abs(float(stored) - reckoned) > within
    return bool(stored != reckoned)


def _only(stored: Rows, reckoned: Rows) -> list[tuple[tuple[Any, ...], str]]:
    return [(key, "the table") for key in stored.keys() - reckoned.keys()] + [
        (key, "the reckoning") for key in reckoned.keys() - stored.keys()
    ]


def _homes(rows: pd.DataFrame) -> pd.Series[bool]:
    return (rows["object_of_transaction"] == "房地(土地+建物)+車位") & (rows["main_use"] == "住家用")


def _key(key: object) -> tuple[Any, ...]:
    assert isinstance(key, tuple)
    return key


def _change(now: Any, before: Any) -> float | None:
    return None if now is None or not before else float(now / before - 1)


def _is_final(month: str, windows: Sequence[tuple[date, date]]) -> bool:
    days = pd.Period(month).to_timestamp()
    every = [day.date() for day in pd.date_range(days, days + pd.offsets.MonthEnd(0))]
    return all(any(first <= day <= last for first, last in windows) for day in every)
