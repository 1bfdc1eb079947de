"""What the tables should hold after copies were loaded in the order of knowledge, and whether they do.

A number is kept for each deal, made from the values of its newest copy. The database makes the same numbers from its
rows, withdrawn ones included, in one pass at the end. On purpose this knows nothing of how rows are merged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute
import sqlalchemy as sa

from pshs_dagster.database.loading.fingerprints import Fingerprints, Sum, stored_fingerprint
from pshs_dagster.database.records import ReleaseRecord, wall_time
from pshs_dagster.database.tables import deals, withdrawn_deals

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
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
    fingerprint = stored_fingerprint(connection)
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
