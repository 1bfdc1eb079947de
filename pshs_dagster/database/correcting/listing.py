"""The ledger for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.lagging import lagging
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import corrections


@dataclass(frozen=True)
class Listed:
    """One entry of the ledger. A blank `field` tells that a line, or the flags of a deal, were let go."""

    id: int
    city: str
    serial_number: str
    field: str
    old_value: str
    new_value: str
    reason: str
    editor: str
    edited_on: date
    status: str
    """applied, stale, superseded."""
    release: str
    """The release that the person looked at."""
    is_line: bool
    """Whether it is about a rejected line, and not about a deal."""
    document: str
    waiting: bool
    """Whether a release has to be loaded before it can hold."""


def listed(engine: sa.Engine, statuses: Sequence[str] = ()) -> list[Listed]:
    """Every entry, or those with these statuses, the oldest first. Raises DatabaseError."""
    with snapshot(engine, "list the corrections") as connection:
        if not sa.inspect(connection).has_table(corrections.name):
            return []
        query = sa.select(corrections).order_by(corrections.c.id)
        if statuses:
            query = query.where(corrections.c.status.in_(statuses))
        rows = connection.execute(query).all()
        seen = min((record.seen for record in lagging(connection, read_ledger(connection))), default=None)
    return [_listed(row, seen) for row in rows]


def newest_decision(engine: sa.Engine) -> int:
    """The number of the entry that was made last, 0 where there is none. Raises DatabaseError."""
    with snapshot(engine, "tell which correction is the newest") as connection:
        if not sa.inspect(connection).has_table(corrections.name):
            return 0
        return connection.scalar(sa.select(sa.func.max(corrections.c.id))) or 0


def _listed(row: Any, seen: int | None) -> Listed:
    is_line = row.raw is not None
    return Listed(
        row.id,
        row.city,
        row.serial_number,
        row.field,
        row.old_value,
        row.new_value,
        row.reason,
        row.editor,
        row.edited_on,
        row.status,
        row.release or "",
        is_line,
        row.document or "",
        is_line and bool(row.field) and seen is not None and row.id > seen and row.status == "stale",
    )
