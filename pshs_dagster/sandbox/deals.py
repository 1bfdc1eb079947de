"""Made-up deals: a pure function of a seed, a scale and the name of a stream, as frames of published texts.

A frame has MOI's 31 columns as texts and some of ours, whose names begin with `_`, that later steps need and no file
shows. Which streams make up a release stands in `history.py`, MOI's dirt in `dirt.py`.

Areas are held in hundredths of a m², prices in NTD, days as numpy days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pshs_dagster.deals.columns import CITIES, STANDARD_HEADERS
from pshs_dagster.sandbox import places, serials, words
from pshs_dagster.sandbox.draw import (
    NUMERALS,
    Days,
    Ints,
    Keys,
    Mask,
    Texts,
    below,
    decimal_texts,
    keys,
    mixed,
    normal,
    number_texts,
    texts,
    unit,
    weighted,
)
from pshs_dagster.sandbox.projects import Projects, projects_of

ORDER = ["_city", "_declared", "_office", "_running"]
"""MOI's order of lines."""

NEVER = np.datetime64("9999-01-01", "D")

FIRST_TERMINATIONS = np.datetime64("2023-05-11", "D")
"""Deals traded before the window of 112S3 carry no 解約情形: seasons were not written to after the fact."""

CANCELLED = 0.01
"""Of the deals, sooner or later."""

PARKING_ONLY = 0.0013

EPOCH = np.datetime64("2021-01-01", "D")
_LETTERS = texts([city.letter for city in places.CITIES])
_NAMES = texts([CITIES[city.letter] for city in places.CITIES])
_FLOORS, _BASEMENTS = texts(words.FLOORS), texts(words.BASEMENTS)
_STATES, _STRUCTURES, _USES = texts(words.BUILDING_STATES), texts(words.STRUCTURES), texts(words.USES)
_PARKING_KINDS = texts(words.PARKING_KINDS)
_ZONES = tuple(texts(column) for column in zip(*words.ZONES, strict=True))
_NOTES = texts(("", *words.DEAL_NOTES))
_TOWERS = texts(list("ABCDEFGH"))


@dataclass(frozen=True)
class Stream:
    """Deals that are made together."""

    name: str
    traded: Days
    declared_after: Ints
    """Days from trade to declaration."""
    slot: int
    """See serials.SLOTS."""


def evenly_traded(seed: int, name: str, first: date, last: date, count: int) -> Days:
    """A trade date for each of `count` deals, both ends included."""
    offsets = below(keys(seed, name, count), "traded", (last - first).days + 1)
    return np.datetime64(first, "D") + offsets


def made(stream: Stream, *, seed: int, scale: float) -> pd.DataFrame:
    """The deals of a stream, clean, in the order of MOI's files: by city, declaration, office and number."""
    key = keys(seed, stream.name, len(stream.traded))
    city = weighted(key, "city", [city.share for city in places.CITIES])
    position = (stream.traded - EPOCH).astype(np.int64) / 10.0
    project = projects_of(key, city, position, seed=seed, scale=scale)
    declared = stream.traded + stream.declared_after
    running = serials.running_numbers(city, declared, project.office, stream.slot)
    unit_ = _units(key, project)
    money = _money(key, project, unit_)
    published = {
        **_places(city, project),
        **_building(project, unit_, money, stream.traded),
        **_prices(unit_, money, _PARKING_KINDS[project.parking_kind]),
        "備註": project.note + _NOTES[_note_numbers(key)],
        "編號": serials.serials(city, declared, project.office, running, project.serial_kind),
        "建案名稱": project.name,
        "棟及號": _unit_names(key, project, unit_),
        "解約情形": np.full(len(key), "", dtype=object),
    }
    ours = {
        "_key": key,
        "_city": _LETTERS[city],
        "_city_number": city,
        "_declared": declared.astype(np.int64),
        "_office": project.office,
        "_running": running,
        "_kind": project.serial_kind,
        "_project": project.key,
        "_zone": project.zone,
        "_parcels": np.where(money.parking_only, 0, project.parcels),
        "_land": money.land,
        "_spaces": unit_.spaces,
        "_space_price": money.parking_price // np.maximum(unit_.spaces, 1),
        "_space_area": money.parking_area // np.maximum(unit_.spaces, 1),
        "_spot": _TOWERS[unit_.tower] + NUMERALS[unit_.line] + "棟" + NUMERALS[unit_.floor] + "樓",
        "_cancelled": _cancelled(key, stream.traded).astype(np.int64),
    }
    frame = pd.DataFrame({header: published[header] for header in STANDARD_HEADERS} | ours)
    return frame.sort_values(ORDER, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Units:
    kind: Ints
    rooms: Ints
    halls: Ints
    baths: Ints
    floor: Ints
    tower: Ints
    line: Ints
    spaces: Ints


@dataclass(frozen=True)
class _Money:
    land: Ints
    area: Ints
    """Of the building, parking included."""
    parking_area: Ints
    parking_price: Ints
    total: Ints
    parking_only: Mask


def _units(key: Keys, project: Projects) -> _Units:
    flat = (project.kind == words.TOWER) | (project.kind == words.MANSION)
    shop = flat & (unit(key, "shop") < 0.011)
    kind = np.where(shop, words.SHOP, project.kind)
    house = kind == words.HOUSE
    flat_rooms = weighted(key, "rooms", (0.01, 0.05, 0.40, 0.44, 0.095, 0.005))
    house_rooms = 3 + weighted(key, "rooms", (0.14, 0.5, 0.32, 0.035, 0.005))
    rooms = np.where(house, house_rooms, np.where(kind <= words.MANSION, flat_rooms, 0))
    halls = np.where(rooms == 0, 0, np.where(rooms == 1, 1, 1 + weighted(key, "halls", (0.1, 0.87, 0.03))))
    spare = weighted(key, "baths", (0.45, 0.5, 0.05))
    baths = np.where(rooms == 0, spare.clip(max=1), (1 + (rooms - 1) * (spare + 1) // 2).clip(1, 6))
    upper = 2 + (unit(key, "floor") * (project.floors - 1)).astype(np.int64)
    ground = shop | (unit(key, "ground") < 0.015)
    spaces = 1 + weighted(key, "spaces", (0.9, 0.084, 0.013, 0.003))
    return _Units(
        kind=kind,
        rooms=rooms,
        halls=halls,
        baths=baths,
        floor=np.where(house | ground, 1, upper.clip(max=project.floors)),
        tower=below(key, "tower", 1 + below(project.key, "towers", 6)),
        line=1 + below(key, "line", 1 + below(project.key, "lines", 9)),
        spaces=np.where(project.has_parking & (unit(key, "walks") > 0.1), spaces, 0),
    )


def _money(key: Keys, project: Projects, unit_: _Units) -> _Money:
    house = unit_.kind == words.HOUSE
    size = np.array([95.0, 46.0, 76.0, 102.0, 148.0, 190.0, 230.0, 260.0])[unit_.rooms]
    net = np.where(house, 0.95 * size + 35.0, size) * np.exp(0.13 * normal(key, "size"))
    lot = np.where(house, 95.0, net * 0.17) * np.exp(0.2 * normal(key, "lot"))
    mechanical = (project.parking_kind >= 1) & (project.parking_kind <= 4)
    space = np.where(house, 14.0, np.where(mechanical, 12.0, 27.0)) + 12.0 * unit(project.key, "space")
    odd = unit(key, "parking mixed in")
    no_area = ((odd < 0.005) | (house & (odd > 0.6))) & (unit_.spaces > 0)
    no_price = ((odd > 0.005) & (odd < 0.026)) | (house & (odd > 0.6))
    parking_area = np.where(no_area, 0.0, space * unit_.spaces)
    parking_price = np.where(no_price, 0.0, project.parking_price * unit_.spaces)
    price = project.unit_price * np.exp(0.06 * normal(key, "mood")) * (1 + 0.004 * (unit_.floor - 7))
    only = (unit(key, "parking only") < PARKING_ONLY) & (unit_.spaces > 0)
    # Prices are agreed in ten thousands, now and then in thousands.
    step = np.where(unit(key, "haggled") < 0.012, 1_000, 10_000)
    parking_price = np.where(only, project.parking_price * unit_.spaces, parking_price)
    parking_price = (parking_price / 10_000).round().astype(np.int64) * 10_000
    net = np.where(only, 0.0, net)
    return _Money(
        land=np.where(only, 0, (lot * 100).astype(np.int64)),
        area=(net * 100).astype(np.int64) + (parking_area * 100).astype(np.int64),
        parking_area=(parking_area * 100).astype(np.int64),
        parking_price=parking_price,
        total=(net * price / step).round().astype(np.int64) * step + parking_price,
        parking_only=only,
    )


def _places(city: Ints, project: Projects) -> dict[str, Texts]:
    return {
        "鄉鎮市區": project.district,
        "土地位置建物門牌": _NAMES[city] + project.seat + project.address,
        "都市土地使用分區": _ZONES[0][project.zone],
        "非都市土地使用分區": _ZONES[1][project.zone],
        "非都市土地使用編定": _ZONES[2][project.zone],
    }


def _building(project: Projects, unit_: _Units, money: _Money, traded: Days) -> dict[str, Texts]:
    house = unit_.kind == words.HOUSE
    level = np.where(house, "全", _FLOORS[unit_.floor])
    level = np.where(money.parking_only, _BASEMENTS[unit_.line % len(words.BASEMENTS)], level)
    parcels = np.where(money.parking_only, 0, project.parcels)
    structure = np.where(project.floors > 25, "鋼骨鋼筋混凝土造", _STRUCTURES[project.structure])
    use = np.where(money.parking_only, "停車空間", _USES[project.use])
    use = np.where(unit_.kind == words.SHOP, "商業用", use)
    blank = np.full(len(use), "", dtype=object)
    rooms = np.where(money.parking_only, 0, unit_.rooms)
    return {
        "交易年月日": serials.date_texts(traded),
        "交易筆棟數": "土地" + NUMERALS[parcels] + "建物1車位" + NUMERALS[unit_.spaces],
        "移轉層次": level,
        "總樓層數": NUMERALS[project.floors],
        "建物型態": _STATES[unit_.kind],
        "主要用途": use,
        "主要建材": structure,
        "建築完成年月": blank,
        "建物移轉總面積平方公尺": decimal_texts(money.area),
        "建物現況格局-房": NUMERALS[rooms],
        "建物現況格局-廳": NUMERALS[np.where(money.parking_only, 0, unit_.halls)],
        "建物現況格局-衛": NUMERALS[np.where(money.parking_only, 0, unit_.baths)],
        "建物現況格局-隔間": np.where(unit_.rooms == 0, "無", "有"),
        "有無管理組織": np.full(len(use), "無", dtype=object),
    }


def _prices(unit_: _Units, money: _Money, kinds: Texts) -> dict[str, Texts]:
    """Prices by MOI's formulas: net by net, or total by total where the parking's price or area is 0."""
    parked = (money.parking_price > 0) & (money.parking_area > 0)
    value = np.where(parked, money.total - money.parking_price, money.total)
    area = np.where(parked, money.area - money.parking_area, money.area) / 100.0
    priced = ~money.parking_only & (area > 0)
    per_area = np.floor(value / np.where(priced, area, 1.0) + 0.5).astype(np.int64)
    target = np.where(unit_.spaces > 0, "房地(土地+建物)+車位", "房地(土地+建物)")
    return {
        "交易標的": np.where(money.parking_only, "車位", target),
        "土地移轉總面積平方公尺": decimal_texts(money.land),
        "總價元": number_texts(money.total),
        "單價元平方公尺": np.where(priced, number_texts(per_area), ""),
        "車位類別": np.where(unit_.spaces > 0, kinds, ""),
        "車位移轉總面積平方公尺": decimal_texts(money.parking_area),
        "車位總價元": number_texts(money.parking_price),
    }


def _unit_names(key: Keys, project: Projects, unit_: _Units) -> Texts:
    """棟及號 in the manner of the project; each developer has its own."""
    tower, line, floor = _TOWERS[unit_.tower], NUMERALS[unit_.line], NUMERALS[unit_.floor]
    house = NUMERALS[1 + below(key, "house", 60)]
    manners = [
        tower + "棟" + np.where(unit_.kind == words.HOUSE, house, floor) + "號",
        tower + line + "棟" + floor + "號",
        tower + line + "-" + floor + "F號",
        tower + line + "棟" + floor + "F號",
        tower + "棟" + tower + line + "-" + floor + "F號",
        tower + "棟" + line + "-" + floor + "F號",
        tower + "棟" + floor + "F-" + line + "號",
        tower + line + "棟" + floor + "樓號",
        floor + "F-" + tower + "號",
        tower + house + "號",
        np.full(len(key), "", dtype=object),
    ]
    likely = (0.36, 0.11, 0.11, 0.1, 0.1, 0.07, 0.04, 0.03, 0.03, 0.02, 0.03)
    return np.choose(weighted(project.key, "manner", likely), manners)


def _note_numbers(key: Keys) -> Ints:
    silent = 1.0 - sum(words.DEAL_NOTE_WEIGHTS)
    return weighted(key, "deal note", (silent, *words.DEAL_NOTE_WEIGHTS))


def _cancelled(key: Keys, traded: Days) -> Days:
    """The day on which a deal is dissolved, or NEVER: some weeks to a year or so after the trade."""
    after = 20 - (140 * np.log1p(-unit(key, "dissolved after"))).astype(np.int64)
    dissolved = (unit(key, "dissolved") < CANCELLED) & (traded >= FIRST_TERMINATIONS)
    return np.where(dissolved, traded + after, NEVER)


def rekeyed(key: Keys, name: str) -> Keys:
    """Keys for a second life of the same deals, such as their new declaration."""
    return mixed(key, name)


def as_days(frame: pd.DataFrame, column: str) -> Days:
    return frame[column].to_numpy(dtype=np.int64).astype("datetime64[D]")
