"""What the ledger made of rejected lines, as the tables tell it: events and statuses.

Each copy of a release has on record which of its rejected lines people made sound. From that follows what each
decision is worth, and which rejected lines still wait. What makes a line sound is told in `deals/overlay.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import Ledger
from pshs_dagster.database.correcting.made import CopyRecord, copies_with_corrections
from pshs_dagster.database.loading.ledger import by_city, portions
from pshs_dagster.database.loading.lives import last_copy
from pshs_dagster.database.loading.rejects import DECIDED, Status
from pshs_dagster.database.tables import (
    corrections,
    deal_events,
    deals,
    rejected_deals,
    releases,
    withdrawn_deals,
)
from pshs_dagster.deals.amending import Status as Worth
from pshs_dagster.deals.overlay import CorrectedLine, Entry, Key, changes_of, crc_of
from pshs_dagster.deals.timeline import Copy

CORRECTED = "corrected"
"""The one kind of event that no copy of a release tells of."""


def tell(connection: sa.Connection, lines: Iterable[CorrectedLine], now: datetime) -> None:
    """Write the events of lines that have become deals, those that stand there already excepted."""
    wanted: dict[tuple[Key, datetime], tuple[str, list[Entry]]] = {}
    for line in lines:
        for entry in line.entries:
            wanted.setdefault((line.key, entry.recorded_at), (entry.release, []))[1].append(entry)
        if not line.entries:  # nothing in it was changed
            for entry in line.freed_by[-1:]:
                wanted.setdefault((line.key, entry.recorded_at), (entry.release, []))
    there = _told_already(connection, {key for key, _ in wanted})
    rows = [
        corrected_event(key, release, at, changes_of(entries), now)
        for (key, at), (release, entries) in wanted.items()
        if (key, at) not in there
    ]
    if rows:
        connection.execute(sa.insert(deal_events), rows)


def corrected_event(key: Key, release: str, at: datetime, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The row of an event that a person made."""
    return {
        "city": key[0],
        "serial_number": key[1],
        "event": CORRECTED,
        "release": release,
        "as_of": at,
        "changes": changes,
        "recorded_at": now,
    }


def judge_lines(connection: sa.Connection, ledger: Ledger) -> None:
    """Tell what each decision about a line is worth, and what became of the rejected lines."""
    if not ledger.lines:
        return
    records = copies_with_corrections(connection)
    rows = connection.execute(sa.select(*(rejected_deals.c[name] for name in _ROW))).all()
    _judge_rejects(connection, ledger, records, rows)
    _judge_entries(connection, ledger, records, {(row.city, row.raw) for row in rows if row.line is not None})


_ROW = ("id", "release", "file", "line", "city", "serial_number", "raw", "status")


def _judge_rejects(
    connection: sa.Connection, ledger: Ledger, records: Iterable[CopyRecord], rows: Iterable[Any]
) -> None:
    newest = {row.release: row.as_of for row in connection.execute(sa.select(releases.c.release, releases.c.as_of))}
    made = {
        (line.copy.release.key, line.file, line.line): line.raw_crc
        for record in records
        if newest.get(record.copy.release.key) == record.copy.as_of
        for line in record.made
    }
    dismissed = {(entry.city, entry.raw) for entry in ledger.lines if entry.dismisses}
    known = {(entry.city, entry.raw) for entry in ledger.lines}
    keys = {(entry.city, entry.serial_number) for entry in ledger.lines if entry.serial_number}
    turned: dict[Status, list[int]] = defaultdict(list)
    gone: list[int] = []
    for row in rows:
        is_known = (row.city, row.raw) in known or (row.city, row.serial_number) in keys
        status = row.status
        if made.get((row.release, row.file, row.line)) == crc_of(row.raw):
            status = Status.CORRECTED
        elif (row.city, row.raw) in dismissed:
            status = Status.DISMISSED
        elif row.status in DECIDED and is_known:
            # What stands there by hand, and not by the ledger, is left alone.
            status = Status.OPEN
        if row.line is None and is_known:
            gone.append(row.id)  # its line is published no more, and the ledger tells what was decided
        elif status != row.status:
            turned[Status(status)].append(row.id)
    for part in portions(gone):
        connection.execute(sa.delete(rejected_deals).where(rejected_deals.c.id.in_(part)))
    for status, ids in turned.items():
        for part in portions(ids):
            connection.execute(
                sa.update(rejected_deals).where(rejected_deals.c.id.in_(part)).values(status=status.value)
            )


def _judge_entries(
    connection: sa.Connection, ledger: Ledger, records: Iterable[CopyRecord], standing: set[tuple[str, str]]
) -> None:
    by_entry: dict[int, dict[Key, set[Copy]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        for line in record.made:
            for number in line.entries:
                by_entry[number][line.key].add(record.copy)
    newest = _newest_copies(connection, {key for made in by_entry.values() for key in made})
    told: list[dict[str, Any]] = []
    for entry in ledger.lines:
        if entry.dismisses:
            worth = Worth.APPLIED if (entry.city, entry.raw) in standing else Worth.STALE
        else:
            worth = _worth(by_entry.get(entry.id, {}), newest)
        if ledger.statuses[entry.id] != worth:
            told.append({"b_id": entry.id, "b_status": worth.value})
    if told:
        connection.execute(
            sa.update(corrections)
            .where(corrections.c.id == sa.bindparam("b_id"))
            .values(status=sa.bindparam("b_status")),
            told,
        )


def _worth(made: Mapping[Key, set[Copy]], newest: Mapping[Key, Copy]) -> Worth:
    """What a decision is worth that made these deals in these copies, by where the deals were last seen."""
    known = [(newest[key], copies) for key, copies in made.items() if key in newest]
    if any(last in copies for last, copies in known):
        return Worth.APPLIED
    return Worth.SUPERSEDED if known else Worth.STALE


def _newest_copies(connection: sa.Connection, keys: set[Key]) -> dict[Key, Copy]:
    found: dict[Key, Copy] = {}
    for table in (withdrawn_deals, deals):
        for city, serials in by_city(keys):
            query = sa.select(table.c.serial_number, table.c.last_release, table.c.as_of).where(
                table.c.city == city, table.c.serial_number.in_(serials), table.c.as_of.is_not(None)
            )
            for row in connection.execute(query):
                found[city, row.serial_number] = last_copy(row.last_release, row.as_of)
    return found


def _told_already(connection: sa.Connection, keys: set[Key]) -> set[tuple[Key, datetime]]:
    found: set[tuple[Key, datetime]] = set()
    for city, serials in by_city(keys):
        query = sa.select(deal_events.c.serial_number, deal_events.c.as_of).where(
            deal_events.c.event == CORRECTED, deal_events.c.city == city, deal_events.c.serial_number.in_(serials)
        )
        found |= {((city, row.serial_number), row.as_of) for row in connection.execute(query)}
    return found
