"""The details beside a main file: the parcels of land and the parking spaces of each deal.

Lines of text by city; how a deal came about belongs to `deals.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pshs_dagster.sandbox import places, words
from pshs_dagster.sandbox.draw import NUMERALS, Ints, Keys, Texts, below, mixed, texts, unit
from pshs_dagster.sandbox.layouts import Era

_LAND = texts(places.LAND_SECTIONS)
_CENTS = texts([f".{number:02d}" for number in range(100)])
_FLOORS = texts(words.BASEMENTS_IN_DETAILS)
_SHARES = np.array([10_000, 100_000, 1_000_000], dtype=np.int64)


def _zone_words(zone: tuple[str, str, str]) -> str:
    city, rural, use = zone
    return f"都市：{city}" if city else f"非都市：{rural} ; 非都市編定：{use}"


_ZONES = texts([_zone_words(zone) for zone in words.ZONES])


def land_lines(frame: pd.DataFrame, era: Era) -> list[str]:
    """A line for each parcel of each deal, in the order of the deals. Areas in m², without a leading nought."""
    parcels = frame["_parcels"].to_numpy(dtype=np.int64)
    deal = np.repeat(np.arange(len(frame)), parcels)
    number = np.arange(len(deal)) - np.repeat(np.cumsum(parcels) - parcels, parcels)
    key: Keys = frame["_key"].to_numpy(dtype=np.uint64)[deal]
    project: Keys = frame["_project"].to_numpy(dtype=np.uint64)[deal]
    parcel = mixed(project, number)
    # Each parcel has its part of the land; what is lost to rounding is no one's.
    weight = 0.1 + unit(parcel, "size")
    total = np.bincount(deal, weights=weight, minlength=len(frame))[deal]
    area = (frame["_land"].to_numpy(dtype=np.int64)[deal] * weight / total).astype(np.int64)
    house = frame["建物型態"].to_numpy(dtype=object)[deal] == words.BUILDING_STATES[words.HOUSE]
    whole = house & (number == 0)
    shares = _SHARES[below(project, "shares", 3)]
    columns: list[Texts] = [
        frame["編號"].to_numpy(dtype=object)[deal],
        _LAND[below(project, "land", len(_LAND))],
        _bare_decimals(area),
        _ZONES[frame["_zone"].to_numpy(dtype=np.int64)[deal]],
        np.where(whole, 1, shares).astype("U8").astype(object),
        np.where(whole, 1, 1 + below(key, "share", shares // 40)).astype("U8").astype(object),
        np.where(whole, "全筆移轉", "持分移轉"),
        _parcel_numbers(parcel),
    ]
    return joined(columns[: era.land_columns])


def park_lines(frame: pd.DataFrame, era: Era) -> list[str]:
    """A line for each parking space of each deal, in the order of the deals. Areas in m², prices in NTD."""
    spaces = frame["_spaces"].to_numpy(dtype=np.int64)
    deal = np.repeat(np.arange(len(frame)), spaces)
    number = np.arange(len(deal)) - np.repeat(np.cumsum(spaces) - spaces, spaces)
    key: Keys = mixed(frame["_key"].to_numpy(dtype=np.uint64)[deal], number)
    area = frame["_space_area"].to_numpy(dtype=np.int64)[deal]
    kind = frame["車位類別"].to_numpy(dtype=object)[deal]
    floor = np.where(kind == "一樓平面", "一樓", _FLOORS[below(key, "basement", len(_FLOORS))])
    columns: list[Texts] = [
        frame["編號"].to_numpy(dtype=object)[deal],
        kind,
        frame["_space_price"].to_numpy(dtype=np.int64)[deal].astype("U12").astype(object),
        NUMERALS[area // 100] + _CENTS[area % 100],
        floor,
    ]
    return joined(columns[: era.park_columns])


def owners(frame: pd.DataFrame, counts: str) -> Texts:
    """The city's letter of each line that `land_lines` (`_parcels`) or `park_lines` (`_spaces`) gives."""
    return np.repeat(frame["_city"].to_numpy(dtype=object), frame[counts].to_numpy(dtype=np.int64))


def joined(columns: list[Texts]) -> list[str]:
    """Lines out of columns; nothing is quoted, as with MOI."""
    return [",".join(fields) for fields in zip(*(column.tolist() for column in columns), strict=True)]


def _bare_decimals(hundredths: Ints) -> Texts:
    whole = np.where(hundredths < 100, "", NUMERALS[hundredths // 100])
    return whole + _CENTS[hundredths % 100]


def _parcel_numbers(parcel: Keys) -> Texts:
    main = 1 + below(parcel, "number", 1900)
    branch = np.where(unit(parcel, "branch") < 0.2, 1 + below(parcel, "branch number", 40), 0)
    return texts([f"{number:08d}" for number in (main * 10_000 + branch).tolist()])
