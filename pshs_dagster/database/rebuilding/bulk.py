"""Rows that are certainly new, straight into the new `deals` of a rebuild, in one statement and without a plan.

Only MySQL that takes local files does it; elsewhere, and for every other row, `load.py` does. The rest of the copy is
loaded after them, and then the copy's files are told of as if all had gone one way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.loading.replacements import PLACE
from pshs_dagster.database.loading.rows import Rows, in_lines
from pshs_dagster.database.loading.staging import ALLOWED
from pshs_dagster.database.records import FileCounts, LoadReport, ReleaseRecord, wall_time
from pshs_dagster.database.tables import deals, release_files, withdrawn_deals
from pshs_dagster.deals.columns import BY_NAME, COLUMNS
from pshs_dagster.errors import DatabaseError

_BULK = Path(__file__).with_name("bulk.sql")

Places = set[tuple[Any, ...]]
"""Values of PLACE of withdrawn deals."""


def is_possible(engine: sa.Engine) -> bool:
    """Whether the server takes local files."""
    if engine.dialect.name != "mysql":
        return False
    with translated(engine, "tell whether it takes local files"), engine.connect() as connection:
        return bool(connection.scalar(ALLOWED))


def write_rows(rows: Rows, which: np.ndarray[tuple[int], np.dtype[np.bool_]], file: BinaryIO) -> bool:
    """Spell some of the rows for `insert`; False where a text does not fit its column, which only `load.py` widens."""
    if any(length > (BY_NAME[name].width or 0) for name, length in rows.lengths.items()):
        return False
    spelt = rows.spelt if which.all() else rows.spelt.filter(pa.array(which))
    for content in in_lines(spelt, len(COLUMNS)):
        file.write(content)
    file.flush()
    return True


def insert(engine: sa.Engine, record: ReleaseRecord, path: str, count: int, now: datetime) -> None:
    """Insert `count` rows that `write_rows` wrote to `path`. Raises DatabaseError unless all went in as they are."""
    # What is not of `deals` goes into a variable, and so nowhere.
    columns = ", ".join(column.name if column.name in deals.c else f"@{column.name}" for column in COLUMNS)
    statement = _BULK.read_text(encoding="utf-8").replace("COLUMNS_OF_THE_FILE", columns)
    values = {
        "path": path,
        "release": record.release.key,
        "as_of": wall_time(record.as_of),
        "now": wall_time(now),
    }
    with translated(engine, f"load {record.release}"), engine.begin() as connection:
        result = connection.execute(sa.text(statement), values)
        # With LOCAL the server only warns of a value that does not fit, strict or not, and of a key that is there.
        warnings = connection.execute(sa.text("SHOW WARNINGS LIMIT 1")).all()
        if warnings or result.rowcount != count:
            first = warnings[0][2] if warnings else "no warning"
            raise DatabaseError(f"The database took {result.rowcount} of {count} new rows as they are ({first}).")


def take_back(engine: sa.Engine, record: ReleaseRecord) -> None:
    """Delete what was inserted of a copy the rest of which cannot be loaded: nothing else was last seen in it."""
    mine = sa.and_(deals.c.last_release == record.release.key, deals.c.as_of == wall_time(record.as_of))
    with translated(engine, f"take {record.release} back"), engine.begin() as connection:
        connection.execute(sa.delete(deals).where(mine))


def withdrawn_places(engine: sa.Engine) -> Places:
    """Where withdrawn deals were: a new deal there takes the place of one, which has to be told."""
    query = sa.select(*(withdrawn_deals.c[name] for name in PLACE))
    with translated(engine, "tell what is withdrawn"), engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query)}


def put_on_record(
    engine: sa.Engine, record: ReleaseRecord, report: LoadReport, inserted: Mapping[str, int]
) -> LoadReport:
    """Add the inserted rows, by file, to what was put on record of the rest; gives the report of the whole."""
    mine = sa.and_(
        release_files.c.release == record.release.key, release_files.c.file == sa.bindparam("name", type_=sa.String)
    )
    added = sa.bindparam("added", type_=sa.Integer)
    update = (
        sa.update(release_files)
        .where(mine)
        .values(data_lines=release_files.c.data_lines + added, new_deals=release_files.c.new_deals + added)
    )
    rows = [{"name": name, "added": number} for name, number in inserted.items() if number]
    if rows:
        with translated(engine, f"put {record.release} on record"), engine.begin() as connection:
            connection.execute(update, rows)
    return LoadReport(tuple(_with(counts, inserted) for counts in report.files), report.method)


def _with(counts: FileCounts, inserted: Mapping[str, int]) -> FileCounts:
    number = inserted.get(counts.file, 0)
    return replace(counts, data_lines=counts.data_lines + number, new_deals=counts.new_deals + number)


def at_places(frame: pd.DataFrame, places: Places) -> Sequence[bool]:
    """Which rows of a frame of deals stand at one of these places."""
    if not places:
        return [False] * len(frame)
    days = frame["transaction_date"].dt.date
    columns = [days if name == "transaction_date" else frame[name] for name in PLACE]
    return [place in places for place in zip(*(column.tolist() for column in columns), strict=True)]
