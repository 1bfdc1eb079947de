"""MOI's serials: what they say, and how.

`RPQNMLOKKHHGFEA27CB` is the 2nd declaration on 14 February 111 at office E of city A. Every digit is a letter, the
nought being another one at each place; then come office, city, a check of two digits (read backwards) and the kind
of declaration. Told from the real files, where it holds for every serial.
"""

from __future__ import annotations

import string

import numpy as np
import pandas as pd

from pshs_dagster.releases import ROC_OFFSET
from pshs_dagster.sandbox import places
from pshs_dagster.sandbox.draw import Days, Ints, Texts, texts

LENGTH = 19

SLOTS = 32
"""Streams that may be declared on the same day share out the running numbers among them, so that no two deals of
a city ever get the same serial whatever is generated first: running number = SLOTS * count + slot."""

_ZEROS = np.frombuffer(b"ONMLKJIHGFE", dtype=np.uint8).astype(np.int64)
"""The letter that stands for nought: four places of the running number, two of day, two of month, three of year;
each from its last digit on."""

_CHECK_START = 15
"""The check is the code of a capital letter, found by counting on from P by every digit and letter."""

_CITY_LETTERS = np.array([ord(city.letter.upper()) for city in places.CITIES], dtype=np.int64)


def running_numbers(city: Ints, declared: Days, office: Ints, slot: int) -> Ints:
    """The place of each deal among those of its city, day and office."""
    group = pd.DataFrame({"city": city, "day": declared.astype(np.int64), "office": office})
    count = group.groupby(["city", "day", "office"], sort=False).cumcount().to_numpy(dtype=np.int64)
    return (count * SLOTS + slot + 1).astype(np.int64)


def serials(city: Ints, declared: Days, office: Ints, running: Ints, kind: Ints) -> Texts:
    """The serial of each deal; `city` is the index in places.CITIES, `office` and `kind` count from 0."""
    year, month, day = roc_dates(declared)
    digits = np.stack(
        [
            *(running // 10**place % 10 for place in range(4)),
            day % 10,
            day // 10,
            month % 10,
            month // 10,
            *(year // 10**place % 10 for place in range(3)),
        ],
        axis=1,
    )
    letters = np.stack([office + ord("A"), _CITY_LETTERS[city], kind + ord("C")], axis=1)
    check = ord("A") + (_CHECK_START + digits.sum(axis=1) + (letters - ord("A")).sum(axis=1)) % 26
    codes = np.empty((len(city), LENGTH), dtype=np.uint32)
    codes[:, 0], codes[:, 1], codes[:, 18] = ord("R"), ord("P"), ord("B")
    codes[:, 2:13] = digits + _ZEROS
    codes[:, 13:15] = letters[:, :2]
    codes[:, 15], codes[:, 16] = ord("0") + check % 10, ord("0") + check // 10
    codes[:, 17] = letters[:, 2]
    return codes.view(f"<U{LENGTH}").ravel().astype(object)


def application_numbers(city: Ints, declared: Days, office: Ints, running: Ints) -> Texts:
    """原申報序號 as notes tell it: `B1IA11207110002`."""
    year, month, day = roc_dates(declared)
    number = (year * 10_000 + month * 100 + day) * 10_000 + running
    letters = texts([place.letter.upper() for place in places.CITIES])[city]
    offices = texts(list(string.ascii_uppercase))[office]
    return np.full(len(city), "B1", dtype=object) + letters + offices + number.astype("U11").astype(object)


def roc_dates(days: Days) -> tuple[Ints, Ints, Ints]:
    """Year of the Republic, month and day."""
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970 - ROC_OFFSET
    month = months.astype(np.int64) % 12 + 1
    return year, month, (days - months).astype(np.int64) + 1


def date_texts(days: Days) -> Texts:
    """Days as MOI writes them: `1110713`."""
    year, month, day = roc_dates(days)
    return (year * 10_000 + month * 100 + day).astype("U7").astype(object)
