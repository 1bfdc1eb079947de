"""Load one release into `deals`: all of it or nothing, in one transaction, one writer at a time.

The steps are told elsewhere: `rows.py` spells the rows, `staging.py` brings them into a temporary table,
`merge.py` decides and carries out what becomes of them. Here is their order, and what is put on record
about the release. Rejected lines have their own table (`rejects.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database import locks, merge
from pshs_dagster.database.conform import widen
from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import FileCounts, FileLines, LoadReport, ReleaseRecord, wall_time
from pshs_dagster.database.rows import Rows
from pshs_dagster.database.staging import fill, staging_tables
from pshs_dagster.database.tables import deal_statistics, release_files, releases, withdrawn_deals
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.deals.columns import BY_NAME

__all__ = ["FileCounts", "FileLines", "LoadReport", "ReleaseRecord", "load_release"]

logger = logging.getLogger(__name__)


def load_release(
    engine: sa.Engine,
    record: ReleaseRecord,
    deals: pd.DataFrame,
    lines: Sequence[FileLines],
    now: datetime,
    *,
    wait: timedelta = locks.WAIT,
) -> LoadReport:
    """Load the sound deals of a release; `lines` tells for each file how many lines there were.

    `deals` has `file` and every column of COLUMNS, unique by (city, serial_number); it may be empty.
    `now` is aware. Waits up to `wait` for another load to end. Loading the same release again changes
    nothing. Raises DatabaseError, and then the tables are as before.
    """
    rows = Rows(deals)
    with translated(engine, f"load {record.release}"), locks.exclusive(engine, wait) as connection:
        _make_room(connection, rows.lengths)
        with connection.begin(), staging_tables(connection, rows.lengths) as staging:
            method = fill(connection, staging.staged, rows)
            known = _known_copy(connection, record)
            as_of = known.as_of if known and known.sha256 == record.sha256 else wall_time(record.as_of)
            knowledge = merge.Knowledge(record.release.key, as_of, wall_time(now))
            merge.classify(connection, staging, knowledge)
            counts = merge.counts(connection, staging, lines)
            merge.merge(connection, staging, knowledge)
            _put_on_record(connection, record, known, counts, now)
    report = LoadReport(counts, method)
    logger.info(
        "%s: %d new, %d changed and %d unchanged deals, %d lines rejected.",
        record.release,
        report.new_deals,
        report.changed_deals,
        report.unchanged_deals,
        report.rejected_lines,
    )
    return report


def _make_room(connection: sa.Connection, lengths: dict[str, int]) -> None:
    """Widen the columns that a text of this release does not fit into, wherever the text goes from there.

    Outside the transaction, since MySQL commits when a table is altered.
    """
    long = {name: length for name, length in lengths.items() if length > (BY_NAME[name].width or 0)}
    if long:
        with connection.begin():
            for table in (deals_table, withdrawn_deals, deal_statistics):
                widen(connection, table, {name: length for name, length in long.items() if name in table.c})


def _known_copy(connection: sa.Connection, record: ReleaseRecord) -> sa.Row[Any] | None:
    """The row of the newest copy of this release that was loaded before.

    Where it has the same bytes, it is the same knowledge, however much later they were fetched again.
    """
    return connection.execute(sa.select(releases).where(releases.c.release == record.release.key)).one_or_none()


def _put_on_record(
    connection: sa.Connection,
    record: ReleaseRecord,
    known: sa.Row[Any] | None,
    counts: Sequence[FileCounts],
    now: datetime,
) -> None:
    """`releases` and `release_files` tell of the newest copy, and of the load that brought it."""
    key = record.release.key
    row = {
        "kind": record.release.kind.value,
        "as_of": wall_time(record.as_of),
        "window_from": record.release.window.first,
        "window_to": record.release.window.last,
        "sha256": record.sha256,
        "size": record.size,
        "source_url": record.source_url,
        "fetched_at": wall_time(record.fetched_at),
        "loaded_at": wall_time(now),
    }
    same_copy = False
    if known is None:
        connection.execute(sa.insert(releases).values(release=key, **row))
    elif known.sha256 == record.sha256:
        same_copy = True
    elif known.as_of > row["as_of"]:
        return  # an older copy: what stands on record is newer
    else:
        connection.execute(sa.update(releases).where(releases.c.release == key).values(**row))
        # Its files are told of anew; those of the copy before are gone.
        connection.execute(sa.delete(release_files).where(release_files.c.release == key))
    for file in counts:
        _put_file_on_record(connection, key, file, same_copy)


def _put_file_on_record(connection: sa.Connection, release: str, file: FileCounts, same_copy: bool) -> None:
    mine = sa.and_(release_files.c.release == release, release_files.c.file == file.file)
    before = connection.execute(sa.select(release_files).where(mine)).one_or_none() if same_copy else None
    if before is None:
        connection.execute(sa.insert(release_files).values(release=release, **asdict(file)))
        return
    said = (before.data_lines, before.rejected_lines) == (file.data_lines, file.rejected_lines)
    if file.new_deals or file.changed_deals or not said:
        connection.execute(sa.update(release_files).where(mine).values(**asdict(file)))
