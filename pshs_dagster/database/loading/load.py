"""Load one copy of a release into `deals`: all of it or nothing, in one transaction, one writer at a time.

The steps are told elsewhere: `rows.py` spells the rows, `staging.py` brings them into a temporary table,
`merge.py` decides and carries out what becomes of their deals, `lives.py` what happened to those, `presence.py`
who is withdrawn and who is back, `arrivals.py` puts the copy on record; `recognise.py` spares all of it. Here is
their order. Rejected lines have their own table (`rejects.py`). What people corrected is taken out before and applied
anew after (`correcting/`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.correcting import made, marks, values
from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.engine import translated
from pshs_dagster.database.loading import lives, merge, presence, recognise, withdrawals
from pshs_dagster.database.loading.arrivals import Arrival, arrive, put_on_record
from pshs_dagster.database.loading.rejects import refresh_statuses
from pshs_dagster.database.loading.rows import Rows
from pshs_dagster.database.loading.staging import Staging, fill, staging_tables
from pshs_dagster.database.records import FileCounts, FileLines, LoadReport, ReleaseRecord, wall_time
from pshs_dagster.database.schema.conform import widen
from pshs_dagster.database.tables import deal_events, deal_statistics, withdrawn_deals
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.deals.columns import BY_NAME, city_of
from pshs_dagster.deals.overlay import Overlay

__all__ = ["FileCounts", "FileLines", "LoadReport", "ReleaseRecord", "load_release"]

logger = logging.getLogger(__name__)


def load_release(
    engine: sa.Engine,
    record: ReleaseRecord,
    deals: pd.DataFrame,
    lines: Sequence[FileLines],
    now: datetime,
    *,
    rejected: Collection[tuple[str, str]] = (),
    overlay: Overlay | None = None,
    confirm_withdrawals: bool = False,
    wait: timedelta = locks.WAIT,
) -> LoadReport:
    """Load the sound deals of a release; `lines` tells for each file how many lines there were.

    `deals` has `file` and every column of COLUMNS, unique by (city, serial_number); it may be empty.
    `rejected` names city and serial of rejected lines: such deals are in the release, though without a value.
    `overlay` tells which of the deals are rejected lines that people made sound; those count as deals everywhere here.
    `now` is aware. Waits up to `wait` for another load to end. Loading the same copy again changes nothing.

    Raises WithdrawalsNotConfirmed where a season lacks suspiciously many deals, unless `confirm_withdrawals`;
    DatabaseError for whatever else is wrong. Then the tables are as before.
    """
    rows = Rows(deals)
    named = frozenset((city, serial) for city, serial in rejected if serial)
    with translated(engine, f"load {record.release}"), locks.exclusive(engine, wait) as connection:
        make_room(connection, rows.lengths)
        with connection.begin():
            ledger = read_ledger(connection)
            values.put_back(connection, ledger)
            arrival = arrive(connection, record, lines, named, wall_time(now))
            if recognise.is_there(connection, arrival, rows):
                method, counts = recognise.RECOGNISED, recognise.as_unchanged(lines, rows)
            else:
                with staging_tables(connection, rows.lengths) as staging:
                    method = fill(connection, staging.staged, rows)
                    counts = _carry_out(connection, staging, arrival, lines, confirm_withdrawals)
            put_on_record(connection, arrival, counts)
            if overlay is not None:
                made.put_on_record(connection, arrival.knowledge, arrival.cities, overlay)
                marks.tell(connection, overlay.corrected, arrival.knowledge.now)
            values.apply_anew(connection, ledger)
            marks.judge_lines(connection, ledger)
            refresh_statuses(connection)
    report = LoadReport(counts, method)
    logger.info(
        "%s: %d new, %d changed and %d unchanged deals, %d lines rejected; %d deals withdrawn, %d reinstated.",
        record.release,
        report.new_deals,
        report.changed_deals,
        report.unchanged_deals,
        report.rejected_lines,
        report.withdrawn_deals + report.withdrawn_outside,
        report.reinstated_deals,
    )
    return report


def _carry_out(
    connection: sa.Connection, staging: Staging, arrival: Arrival, lines: Sequence[FileLines], confirmed: bool
) -> tuple[FileCounts, ...]:
    """The steps of a load once its rows are staged; gives what became of each file."""
    knowledge, season = arrival.knowledge, arrival.season
    merge.classify(connection, staging, knowledge)
    counts = merge.counts(connection, staging, lines)
    actions = merge.actions(connection, staging)
    absences = None
    if season is not None and arrival.tells_absences:
        known = withdrawals.known_in_window(connection, staging, season)
        absences = presence.Absences(season, arrival.cities, known, confirmed)
    if actions & merge.WITHDRAWN:
        presence.return_withdrawn(connection, staging, knowledge)
    told = lives.tell_lines(connection, staging, knowledge, actions)
    if actions & merge.WRITTEN:
        merge.merge(connection, staging, knowledge)
    judges = withdrawals.judges_with(connection, season)
    moved = presence.settle(connection, staging, knowledge, actions, judges, absences, told.left_places)
    return tuple(
        replace(
            file,
            cancelled_deals=told.cancelled.get(file.file, 0),
            withdrawn_deals=moved.in_window[city_of(file.file)],
            withdrawn_outside=moved.outside[city_of(file.file)],
            reinstated_deals=moved.reinstated[city_of(file.file)],
        )
        for file in counts
    )


def make_room(connection: sa.Connection, lengths: dict[str, int]) -> None:
    """Widen the columns that a text of this release does not fit into, wherever the text goes from there.

    Outside the transaction, since MySQL commits when a table is altered.
    """
    long = {name: length for name, length in lengths.items() if length > (BY_NAME[name].width or 0)}
    if long:
        with connection.begin():
            for table in (deals_table, withdrawn_deals, deal_events, deal_statistics):
                widen(connection, table, {name: length for name, length in long.items() if name in table.c})
