"""What the tables should hold after copies were loaded in the order of knowledge, and whether they do.

A number is kept for each deal, made from the values of its newest copy. The database makes the same numbers from its
rows, withdrawn ones included, in one pass at the end. On purpose this knows nothing of how rows are merged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa

from pshs_dagster.database.loading.rows import NULL, Rows
from pshs_dagster.database.records import ReleaseRecord, wall_time
from pshs_dagster.database.tables import deals, withdrawn_deals
from pshs_dagster.deals.columns import COLUMNS, ColumnType

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

NAMES = tuple(column.name for column in COLUMNS)
NUMBERS = frozenset(column.name for column in COLUMNS if column.type is ColumnType.DECIMAL)

BETWEEN = "\t"
"""No text of a deal has a tab."""

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Fingerprints = np.ndarray[Any, np.dtype[np.uint32]]

Sum = tuple[int, int]
"""How many rows, and the sum of their fingerprints."""

Copy = tuple[str, datetime]
"""A release, and the moment that the copy knows of as the tables hold it."""


def keys_of(frame: pd.DataFrame) -> Hashes:
    """A number for the key of each deal; of a million deals two share one with a chance of one in 30 million."""
    texts: Any = (frame["city"] + frame["serial_number"]).to_numpy(dtype=object)
    return pd.util.hash_array(texts, categorize=False).astype(np.uint64)


def found_in(known: Hashes, keys: Hashes) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], np.ndarray[Any, Any]]:
    """Which keys are among the known ones, which are sorted; and where they stand there."""
    places = np.searchsorted(known, keys)
    places[places == len(known)] = 0
    if not len(known):
        return np.zeros(len(keys), np.bool_), places
    return known[places] == keys, places


def fingerprints_of(rows: Rows) -> Fingerprints:
    """CRC-32 of the values of each deal."""
    spelt = rows.spelt.cast(pa.large_binary()).to_pylist()
    # A backslash has another before it only because LOAD DATA wants that.
    for row in np.flatnonzero(pc.match_substring(rows.spelt, "\\\\")):
        spelt[row] = spelt[row].replace(b"\\\\", b"\\")
    return np.fromiter(map(crc32, spelt), np.uint32, len(rows))


class Expected:
    """The newest copy of each deal that was loaded so far, and the fingerprint of its values."""

    def __init__(self) -> None:
        self._copies: list[Copy] = []
        self._keys = np.empty(0, np.uint64)
        self._fingerprints = np.empty(0, np.uint32)
        self._copy_numbers = np.empty(0, np.int32)

    def add(self, record: ReleaseRecord, keys: Hashes, fingerprints: Fingerprints) -> None:
        """A copy that knows more than those before it."""
        copy = (record.release.key, wall_time(record.as_of))
        if copy not in self._copies:
            self._copies.append(copy)
        number = np.full(len(keys), self._copies.index(copy), np.int32)
        there, places = found_in(self._keys, keys)
        self._fingerprints[places[there]] = fingerprints[there]
        self._copy_numbers[places[there]] = number[there]
        added = np.concatenate([self._keys, np.sort(keys[~there])])
        # Two sorted runs, which this sort merges.
        order = np.argsort(added, kind="stable")
        new = np.argsort(keys[~there], kind="stable")
        self._keys = added[order]
        self._fingerprints = np.concatenate([self._fingerprints, fingerprints[~there][new]])[order]
        self._copy_numbers = np.concatenate([self._copy_numbers, number[~there]])[order]

    def sums(self) -> dict[Copy, Sum]:
        """What the tables should give, for each copy that is the newest one of some deal."""
        counts = np.bincount(self._copy_numbers, minlength=len(self._copies))
        sums = np.zeros(len(self._copies), np.uint64)
        np.add.at(sums, self._copy_numbers, self._fingerprints.astype(np.uint64))
        return {
            copy: (int(count), int(total))
            for copy, count, total in zip(self._copies, counts, sums, strict=True)
            if count
        }


def stored_sums(connection: sa.Connection) -> dict[Copy, Sum]:
    """What the tables give, for each copy that a deal was last seen in, be it withdrawn since or not."""
    fingerprint = _fingerprint_mysql if connection.dialect.name == "mysql" else _fingerprint_sqlite(connection)
    found: dict[Copy, Sum] = {}
    for table in (deals, withdrawn_deals):
        copy = (table.c.last_release, table.c.as_of)
        query = (
            sa.select(*copy, sa.func.count(), sa.func.sum(fingerprint(table)))
            .where(table.c.serial_number.is_not(None))
            .group_by(*copy)
        )
        for release, as_of, count, total in connection.execute(query):
            before = found.get((release, as_of), (0, 0))
            found[release, as_of] = (before[0] + count, before[1] + int(total))
    return found


def _fingerprint_mysql(table: sa.Table) -> sa.ColumnElement[int]:
    texts = [
        sa.func.coalesce(sa.cast(table.c[name], sa.String), NULL) if table.c[name].nullable else table.c[name]
        for name in NAMES
    ]
    # Whatever the character sets of the columns are, the numbers are made from UTF-8.
    return sa.func.crc32(sa.func.convert(sa.func.concat_ws(BETWEEN, *texts).op("USING")(sa.literal_column("utf8mb4"))))


def _fingerprint_sqlite(connection: sa.Connection) -> Callable[[sa.Table], sa.ColumnElement[int]]:
    raw: Any = connection.connection.dbapi_connection
    raw.create_function("pshs_crc32", 1, lambda text: crc32(text.encode()), deterministic=True)

    def fingerprint(table: sa.Table) -> sa.ColumnElement[int]:
        texts: list[Any] = []
        for name in NAMES:
            text: Any = sa.cast(table.c[name], sa.String)
            if name in NUMBERS:
                # 12.0 is 12 in the other database, and a text that ends in .0 is no number with decimals.
                text = sa.case((text.like("%.0"), sa.func.substr(text, 1, sa.func.length(text) - 2)), else_=text)
            texts.append(sa.func.coalesce(text, NULL))
        joined = reduce(lambda left, right: left.concat(BETWEEN).concat(right), texts)
        return sa.func.pshs_crc32(joined)

    return fingerprint
