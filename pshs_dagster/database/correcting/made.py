"""Which rejected lines of each copy people made sound, as `release_copies` has it on record.

What makes a line sound is told in `deals/overlay.py`; what follows for statuses, in `marks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.loading.lives import last_copy
from pshs_dagster.database.loading.merge import Bytes, Knowledge
from pshs_dagster.database.loading.rejects import SERIAL_WIDTH
from pshs_dagster.database.tables import release_copies
from pshs_dagster.deals.overlay import CorrectedLine, Key, Overlay
from pshs_dagster.deals.timeline import Copy


@dataclass(frozen=True)
class Made:
    """A line of a copy that people made sound, as `release_copies` has it."""

    copy: Copy
    file: str
    line: int
    key: Key
    line_serial: str
    raw_crc: int
    entries: tuple[int, ...]
    freed_by: tuple[int, ...] = ()


@dataclass(frozen=True)
class CopyRecord:
    """What is on record of a copy about rejected lines."""

    copy: Copy
    sha256: str
    cities: frozenset[str]
    rejected: frozenset[Key]
    made: tuple[Made, ...]
    unnamed: frozenset[int]
    seen: int


_RECORD = ("release", "as_of", "sha256", "cities", "rejected", "corrected", "corrections_seen")


def copy_records(connection: sa.Connection, release: str | None = None) -> list[CopyRecord]:
    """Of every loaded copy, or of those of one release, in the order of knowledge."""
    query = sa.select(*(release_copies.c[name] for name in _RECORD))
    if release is not None:
        query = query.where(release_copies.c.release == release)
    return sorted(map(_record, connection.execute(query)), key=lambda record: record.copy.order)


def copies_with_corrections(connection: sa.Connection) -> list[CopyRecord]:
    """Of the copies that have lines which people made sound."""
    query = sa.select(*(release_copies.c[name] for name in _RECORD)).where(release_copies.c.corrected.is_not(None))
    return sorted(map(_record, connection.execute(query)), key=lambda record: record.copy.order)


def put_on_record(connection: sa.Connection, knowledge: Knowledge, cities: frozenset[str], overlay: Overlay) -> None:
    """Write what decisions made of the lines of a copy; `cities` are those that this load brought."""
    if not (overlay.seen or overlay.unnamed):
        return
    copy = knowledge.copy
    mine = sa.and_(release_copies.c.release == copy.release.key, release_copies.c.as_of == copy.as_of)
    before = connection.scalar(sa.select(release_copies.c.corrected).where(mine)) or {"lines": [], "unnamed": []}
    told = {
        "lines": _together(before["lines"], [_spelt(line) for line in overlay.corrected], knowledge.bytes, cities),
        "unnamed": sorted(overlay.unnamed.union(before["unnamed"])),
    }
    seen = sa.case(
        (release_copies.c.corrections_seen < overlay.seen, overlay.seen), else_=release_copies.c.corrections_seen
    )
    connection.execute(
        sa.update(release_copies)
        .where(mine)
        .values(corrected=told if told["lines"] or told["unnamed"] else None, corrections_seen=seen)
    )


def _together(
    before: list[dict[str, Any]], now: list[dict[str, Any]], kind: Bytes, cities: frozenset[str]
) -> list[dict[str, Any]]:
    """The lines of a copy that was loaded before, and is again: of other bytes the newer ones have the last word."""
    earlier, later = (now, before) if kind is Bytes.OLDER else (before, now)
    if kind in (Bytes.NEWER, Bytes.OLDER):
        known = {(line["city"], line["serial_number"]) for line in later}
        return [*(line for line in earlier if (line["city"], line["serial_number"]) not in known), *later]
    return [*(line for line in before if line["city"] not in cities), *now]


def _spelt(line: CorrectedLine) -> dict[str, Any]:
    return {
        "file": line.file,
        "line": line.line,
        "city": line.city,
        "serial_number": line.serial_number,
        "line_serial": line.line_serial[:SERIAL_WIDTH],
        "raw_crc": line.raw_crc,
        "entries": [entry.id for entry in line.entries],
        "freed_by": [entry.id for entry in line.freed_by],
    }


def _record(row: Any) -> CopyRecord:
    copy = last_copy(row.release, row.as_of)
    told = row.corrected or {}
    made = tuple(
        Made(
            copy,
            line["file"],
            line["line"],
            (line["city"], line["serial_number"]),
            line["line_serial"],
            line["raw_crc"],
            tuple(line["entries"]),
            tuple(line.get("freed_by", ())),
        )
        for line in told.get("lines", ())
    )
    rejected = frozenset((city, serial) for city, serial in row.rejected)
    return CopyRecord(
        copy,
        row.sha256,
        frozenset(row.cities),
        rejected,
        made,
        frozenset(told.get("unnamed", ())),
        row.corrections_seen,
    )
