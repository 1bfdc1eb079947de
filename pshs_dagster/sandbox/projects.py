"""Made-up building projects: each has a key, and everything about it is drawn from that key.

A city has a stream of projects without end, numbered by time; each is on sale for a while. Deals share the name,
address, height, parking and price level of their project. Single deals belong to `deals.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pshs_dagster.sandbox import places, words
from pshs_dagster.sandbox.draw import (
    NUMERALS,
    Floats,
    Ints,
    Keys,
    Mask,
    Texts,
    below,
    mixed,
    normal,
    texts,
    unit,
    weighted,
)

ON_SALE = 1500
"""Projects that sell at a time in the whole country, at scale 1."""

MONTHS_ON_SALE = 14
"""A project sells for so long at most; most of its deals come early."""

WINDOWS_A_MONTH = 3

_LIFE = MONTHS_ON_SALE * WINDOWS_A_MONTH
_ORIGIN = 1000.0
"""Windows before the day that times are counted from, so that numbers of projects are positive."""

LOSSY_NAMES = 0.05
"""Names in which MOI's `?` stands for a rare character: some 10,000 of 241,000 deals."""

PRIVATE_NAMES = 0.002
"""Names with a character of the private use area."""

_YEARLY_RISE = 0.055
"""Of prices, from a base in 2021."""

_NUMBERS = NUMERALS[1:900]


@dataclass(frozen=True)
class Projects:
    """The project of each of n deals; arrays of length n."""

    key: Keys
    district: Texts
    seat: Texts
    """The district as addresses write it."""
    office: Ints
    """0 for A and so on."""
    address: Texts
    name: Texts
    kind: Ints
    """words.TOWER and its fellows."""
    floors: Ints
    zone: Ints
    structure: Ints
    use: Ints
    unit_price: Floats
    """NTD/m² in the middle of the project."""
    parking_price: Floats
    parking_kind: Ints
    has_parking: Mask
    parcels: Ints
    note: Texts
    serial_kind: Ints
    """Which of MOI's three kinds of declaration, 0 to 2."""


def _table(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


_DISTRICTS = texts([district for city in places.CITIES for district in city.districts])
_SEATS = texts([district.replace("台", "臺") for city in places.CITIES for district in city.districts])
_DISTRICT_COUNT = np.array([len(city.districts) for city in places.CITIES], dtype=np.int64)
_DISTRICT_START = np.cumsum(_DISTRICT_COUNT) - _DISTRICT_COUNT
_UNIT_PRICES = _table([city.unit_price for city in places.CITIES])
_PARKING_PRICES = _table([city.parking_price for city in places.CITIES])
_SHARES = _table([city.share for city in places.CITIES])
_OFFICE_COUNT = np.array([len(city.offices) for city in places.CITIES], dtype=np.int64)
_OFFICES = np.array([ord(letter) - ord("A") for city in places.CITIES for letter in city.offices], dtype=np.int64)
_OFFICE_START = np.cumsum(_OFFICE_COUNT) - _OFFICE_COUNT

_STREETS, _SECTIONS, _LAND = texts(places.STREETS), texts(places.SECTIONS), texts(places.LAND_SECTIONS)
_HEADS, _MIDDLES, _TAILS = texts(words.NAME_HEADS), texts(words.NAME_MIDDLES), texts(words.NAME_TAILS)
_EDITIONS = texts(words.NAME_EDITIONS)
_NOTES = texts(words.PROJECT_NOTES)
_RARE = texts(words.RARE_CHARACTERS)


def projects_of(deals: Keys, city: Ints, position: Floats, *, seed: int, scale: float) -> Projects:
    """The project that each deal belongs to.

    `city` is the index in places.CITIES, `position` the time of the deal in windows of ten days since a fixed day.
    """
    return described(_project_keys(deals, city, position, seed=seed, scale=scale), city, position)


def described(key: Keys, city: Ints, position: Floats) -> Projects:
    """Everything about the projects with these keys; prices are those of the time `position`."""
    rank = (_DISTRICT_COUNT[city] * unit(key, "district") ** 1.8).astype(np.int64)
    kind = _kinds(key, city)
    factor = np.exp(0.22 * normal(key, "price") - 0.35 * rank / _DISTRICT_COUNT[city] + 0.12)
    rise = 1.0 + _YEARLY_RISE * position / (12 * WINDOWS_A_MONTH)
    noted = unit(key, "noted") < words.PROJECT_NOTE_SHARE
    note = np.where(noted, _NOTES[below(key, "note", len(_NOTES))], "")
    return Projects(
        key=key,
        district=_DISTRICTS[_DISTRICT_START[city] + rank],
        seat=_SEATS[_DISTRICT_START[city] + rank],
        office=_OFFICES[_OFFICE_START[city] + rank % _OFFICE_COUNT[city]],
        address=_addresses(key),
        name=_names(key),
        kind=kind,
        floors=_floors(key, kind, city),
        zone=weighted(key, "zone", words.ZONE_WEIGHTS),
        structure=weighted(key, "structure", words.STRUCTURE_WEIGHTS),
        use=weighted(key, "use", words.USE_WEIGHTS),
        unit_price=_UNIT_PRICES[city] * factor * rise,
        parking_price=_PARKING_PRICES[city] * np.exp(0.15 * normal(key, "parking")),
        parking_kind=_parking_kinds(key, kind),
        has_parking=unit(key, "has parking") < np.where(kind == words.HOUSE, 0.4, 0.93),
        parcels=_parcels(key),
        note=note,
        serial_kind=weighted(key, "declaration", (0.916, 0.083, 0.001)),
    )


def _project_keys(deals: Keys, city: Ints, position: Floats, *, seed: int, scale: float) -> Keys:
    """Small samples have fewer projects, but not as few as deals, so that names still repeat at any scale."""
    number = np.floor(_rate(city, scale) * (position + _ORIGIN - _LIFE * unit(deals, "project") ** 1.5))
    return _keys_of(city, number.astype(np.int64), seed)


def opened_between(city: int, first: float, last: float, *, seed: int, scale: float) -> tuple[Keys, Floats]:
    """The projects of a city that can have deals from time `first` to `last`, and when each opened; in that order.

    `city` is the index in places.CITIES, times are those of `projects_of`.
    """
    rate = float(_rate(np.array([city], dtype=np.int64), scale)[0])
    numbers = np.arange(math.floor(rate * (first + _ORIGIN - _LIFE)), math.floor(rate * (last + _ORIGIN)) + 1)
    cities = np.full(len(numbers), city, dtype=np.int64)
    return _keys_of(cities, numbers.astype(np.int64), seed), numbers / rate - _ORIGIN


def _rate(city: Ints, scale: float) -> Floats:
    """Projects that open in a window."""
    return np.maximum(_SHARES[city] * ON_SALE * min(1.0, scale**0.6), 3.0) / _LIFE


def _keys_of(city: Ints, number: Ints, seed: int) -> Keys:
    start = np.full(len(city), seed % 2**63, dtype=np.uint64)
    return mixed(mixed(mixed(start, "project"), city), number)


def _kinds(key: Keys, city: Ints) -> Ints:
    """Houses are rare where land is dear, and common in the counties."""
    kind = weighted(key, "kind", words.BUILDING_WEIGHTS)
    rural = (_UNIT_PRICES[city] < 80_000) & (unit(key, "rural") < 0.25)
    kind = np.where(rural, words.HOUSE, kind)
    return np.where((kind == words.HOUSE) & (_UNIT_PRICES[city] > 120_000), words.MANSION, kind)


def _floors(key: Keys, kind: Ints, city: Ints) -> Ints:
    low = np.array([11, 5, 3, 5, 10, 7, 3])[kind]
    high = np.array([15, 10, 5, 7, 15, 12, 9])[kind]
    floors = low + below(key, "floors", high - low + 1)
    tall = (kind == words.TOWER) & (unit(key, "tall") < 0.45) & (_UNIT_PRICES[city] > 70_000)
    return np.where(tall, 16 + (unit(key, "height") ** 1.6 * 27).astype(np.int64), floors)


def _parking_kinds(key: Keys, kind: Ints) -> Ints:
    drawn = weighted(key, "parking kind", words.PARKING_WEIGHTS)
    return np.where(kind == words.HOUSE, words.PARKING_KINDS.index("一樓平面"), drawn)


def _parcels(key: Keys) -> Ints:
    """Pieces of land under a project: most have one, a few have dozens."""
    few = 1 + weighted(key, "parcels", (0.64, 0.2, 0.09, 0.05, 0.02))
    return np.where(unit(key, "many parcels") < 0.1, 6 + (unit(key, "parcel count") ** 2 * 25).astype(np.int64), few)


def _addresses(key: Keys) -> Texts:
    """What follows city and district, in the manners that people write it."""
    street = _STREETS[below(key, "street", len(_STREETS))]
    other = _STREETS[below(key, "other street", len(_STREETS))]
    section = np.where(unit(key, "in section") < 0.3, _SECTIONS[below(key, "section", len(_SECTIONS))], "")
    place = street + section
    lane, number = _NUMBERS[below(key, "lane", 400)], _NUMBERS[below(key, "number", 700)]
    land = _LAND[below(key, "land", len(_LAND))] + number + "地號"
    forms = [
        place,
        place + lane + "巷",
        place + number + "號旁",
        place + number + "號對面",
        place + "與" + other + "交叉口",
        place + "、" + other + "口",
        land,
        land + "等" + _NUMBERS[below(key, "pieces", 40)] + "筆土地",
        place + lane + "巷" + _NUMBERS[below(key, "alley", 30)] + "弄",
        place + " " + other,
    ]
    form = weighted(key, "form", (0.46, 0.1, 0.08, 0.06, 0.08, 0.07, 0.08, 0.02, 0.03, 0.02))
    return np.choose(form, forms)


def _names(key: Keys) -> Texts:
    tail = _TAILS[below(key, "tail", len(_TAILS))]
    tail = np.where(unit(key, "lossy") < LOSSY_NAMES, "?", tail)
    tail = np.where(unit(key, "private") < PRIVATE_NAMES, "\ue7b2", tail)
    return _with_tail(key, tail)


def whole_names(key: Keys) -> Texts:
    """The names as builders write them, before MOI lost a character."""
    tail = _TAILS[below(key, "tail", len(_TAILS))]
    lost = (unit(key, "lossy") < LOSSY_NAMES) | (unit(key, "private") < PRIVATE_NAMES)
    return _with_tail(key, np.where(lost, _RARE[below(key, "rare", len(_RARE))], tail))


def _with_tail(key: Keys, tail: Texts) -> Texts:
    edition = _EDITIONS[weighted(key, "edition", words.NAME_EDITION_WEIGHTS)]
    middle = _MIDDLES[below(key, "middle", len(_MIDDLES))]
    return _HEADS[below(key, "head", len(_HEADS))] + middle + tail + edition
