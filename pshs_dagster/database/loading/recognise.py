"""Whether the tables hold all of a copy already: then there is nothing to stage, to merge or to tell.

Fetched again, a release is the same bytes most of the time. Where anything at all is not as the copy has it, or where
newer knowledge has taken over some of its deals, the copy is loaded like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from pshs_dagster.database.loading import merge
from pshs_dagster.database.loading.arrivals import Arrival
from pshs_dagster.database.loading.copies import is_copy
from pshs_dagster.database.loading.fingerprints import Sum, fingerprints_of, stored_fingerprint
from pshs_dagster.database.loading.rows import Rows
from pshs_dagster.database.records import FileCounts, FileLines
from pshs_dagster.database.tables import deals

RECOGNISED = "recognised, nothing to write"
"""What is told of how the rows of such a copy went to the database."""


def is_there(connection: sa.Connection, arrival: Arrival, rows: Rows) -> bool:
    """Whether each row is the newest knowledge of its deal, with the same values, and the copy has no other."""
    if arrival.knowledge.bytes is not merge.Bytes.SAME or arrival.tells_absences:
        return False
    expected = (len(rows), int(fingerprints_of(rows).sum(dtype=np.uint64)))
    return _stored(connection, arrival) == expected


def as_unchanged(lines: Sequence[FileLines], rows: Rows) -> tuple[FileCounts, ...]:
    """What is told of the files of such a copy. Raises DatabaseError where a line would be lost."""
    counted = {entry["values"]: entry["counts"] for entry in rows.table["file"].value_counts().to_pylist()}
    return tuple(merge.counts_of(file, {0: counted.get(file.file, 0)}) for file in lines)


def _stored(connection: sa.Connection, arrival: Arrival) -> Sum:
    """The deals that were last seen in this copy."""
    mine = is_copy(deals.c.last_release, deals.c.as_of, arrival.knowledge.copy)
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(stored_fingerprint(connection)(deals)), 0))
    count, total = connection.execute(query.where(mine, deals.c.city.in_(sorted(arrival.cities)))).one()
    return int(count), int(total)
