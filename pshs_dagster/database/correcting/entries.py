"""The ledger of corrections as the table `corrections` holds it, read at once.

What an entry does to a line is told in `deals/overlay.py`, and what to a deal in `deals/amending.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.tables import corrections
from pshs_dagster.deals.amending import Amendment, Status
from pshs_dagster.deals.overlay import Entry, Key
from pshs_dagster.deals.timeline import Copy
from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release

About = TypeVar("About", Entry, Amendment)


@dataclass(frozen=True)
class LetGo:
    """A deal whose flags a person has looked at and let stand."""

    city: str
    serial_number: str
    flags: str


@dataclass(frozen=True)
class Ledger:
    """Every entry, in the order in which they were recorded."""

    lines: tuple[Entry, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    let_go: tuple[LetGo, ...] = ()
    statuses: Mapping[int, str] = field(default_factory=dict[int, str])
    published_flags: Mapping[int, str | None] = field(default_factory=dict[int, str | None])
    """For each correction of a deal that is applied, the flags that the deal has as MOI publishes it."""

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.amendments)

    @cached_property
    def amendments_of(self) -> Mapping[Key, list[Amendment]]:
        """The corrections of each deal."""
        return grouped(self.amendments)


def grouped(entries: Iterable[About]) -> dict[Key, list[About]]:
    """Entries by city and serial number."""
    found: dict[Key, list[About]] = defaultdict(list)
    for entry in entries:
        found[entry.city, entry.serial_number].append(entry)
    return found


def read_ledger(connection: sa.Connection) -> Ledger:
    """The whole ledger; people write no more of it than they can."""
    rows = connection.execute(sa.select(corrections).order_by(corrections.c.id)).all()
    if not rows:
        return Ledger()
    of_deals = [row for row in rows if row.raw is None]
    return Ledger(
        lines=tuple(_entry(row) for row in rows if row.raw is not None),
        amendments=tuple(_amendment(row) for row in of_deals if row.field),
        let_go=tuple(LetGo(row.city, row.serial_number, row.old_value) for row in of_deals if not row.field),
        statuses={row.id: row.status for row in rows},
        published_flags={row.id: row.published_flags for row in rows},
    )


def line_entries(engine: sa.Engine) -> tuple[Entry, ...]:
    """What was decided about rejected lines; nothing where there are no tables yet. Raises DatabaseError."""
    with translated(engine, "read the ledger of corrections"), engine.connect() as connection:
        if not sa.inspect(connection).has_table(corrections.name):
            return ()
        return read_ledger(connection).lines


def _entry(row: Any) -> Entry:
    return Entry(
        row.id,
        row.city,
        row.serial_number,
        row.raw,
        row.field,
        row.old_value,
        row.new_value,
        row.release or "",
        _recorded_at(row),
    )


def _amendment(row: Any) -> Amendment:
    return Amendment(
        row.id,
        row.city,
        row.serial_number,
        row.field,
        row.old_value,
        row.new_value,
        _copy(row),
        _recorded_at(row),
        row.status or Status.STALE,
    )


def _copy(row: Any) -> Copy | None:
    try:
        return Copy(Release.parse(row.release), row.as_of) if row.release and row.as_of else None
    except UnknownRelease:
        return None


def _recorded_at(row: Any) -> datetime:
    return row.recorded_at or datetime.combine(row.edited_on, time())
