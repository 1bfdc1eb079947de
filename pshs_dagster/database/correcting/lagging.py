"""Copies that were loaded before people decided about their lines, and have to be loaded again."""

from __future__ import annotations

import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import Ledger
from pshs_dagster.database.correcting.made import CopyRecord, copy_records
from pshs_dagster.database.tables import rejected_deals
from pshs_dagster.deals.overlay import Entry, crc_of
from pshs_dagster.deals.rules import SERIAL_REPEATED


def lagging(connection: sa.Connection, ledger: Ledger, release: str | None = None) -> list[CopyRecord]:
    """Loaded copies with lines that later decisions may be about: load them again. In the order of knowledge."""
    if not ledger.lines:
        return []
    latest = ledger.lines[-1].id
    found: list[CopyRecord] = []
    for record in copy_records(connection, release):
        later = [entry for entry in ledger.lines if entry.id > record.seen] if record.seen < latest else []
        if any(entry.city in record.cities and _concerns(connection, record, entry) for entry in later):
            found.append(record)
    return found


def _concerns(connection: sa.Connection, record: CopyRecord, entry: Entry) -> bool:
    """Whether a copy may have the line that an entry is about."""
    if entry.dismisses and SERIAL_REPEATED not in entry.old.split(","):
        return False  # to let a line go changes others only where they have the same serial
    if entry.serial_number:
        named = ((line.key[0], line.line_serial) for line in record.made)
        return (entry.city, entry.serial_number) in record.rejected.union(named)
    return crc_of(entry.raw) in (record.unnamed or _unnamed_in(connection, record))


def _unnamed_in(connection: sa.Connection, record: CopyRecord) -> frozenset[int]:
    """For a copy that was loaded before this was put on record, if it is the newest of its release."""
    query = sa.select(rejected_deals.c.raw).where(
        rejected_deals.c.release == record.copy.release.key, rejected_deals.c.serial_number == ""
    )
    return frozenset(map(crc_of, connection.scalars(query)))
