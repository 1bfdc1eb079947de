"""Carry out a plan: into the ledger, and for deals into the tables at once, in one transaction, as the only writer.

Lines become deals when their releases are loaded again: which ones these are is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.correcting import marks, values
from pshs_dagster.database.correcting.entries import Ledger, read_ledger
from pshs_dagster.database.correcting.lagging import lagging
from pshs_dagster.database.correcting.plan import plan_in
from pshs_dagster.database.correcting.steps import Plan, Step
from pshs_dagster.database.engine import translated
from pshs_dagster.database.loading.load import make_room
from pshs_dagster.database.loading.rejects import refresh_statuses
from pshs_dagster.database.loading.rows import TEXTS
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.tables import corrections, deal_events
from pshs_dagster.deals.amending import Status
from pshs_dagster.deals.overlay import Key
from pshs_dagster.releases import Release
from pshs_dagster.review.report import Outcome

EDITOR_WIDTH, DOCUMENT_WIDTH = 128, 255


@dataclass(frozen=True)
class Done:
    """What became of the edits, in their order, and the releases that have to be loaded again from the archive."""

    outcomes: tuple[Outcome, ...]
    touched: tuple[Release, ...]


def carry_out(
    engine: sa.Engine, plan: Plan, now: datetime, *, document: str = "", wait: timedelta = locks.WAIT
) -> Done:
    """Carry out what of a plan still holds, which is looked at once more. `now` is aware; `document` is the file.

    Raises DatabaseError; then nothing has changed.
    """
    with translated(engine, "record the corrections"), locks.exclusive(engine, wait) as connection:
        make_room(connection, _lengths(plan.steps))
        with connection.begin():
            planned = plan_in(connection, plan.edits)
            _record(connection, planned.steps, now, document)
            ledger = read_ledger(connection)
            marks.judge_lines(connection, ledger)
            refresh_statuses(connection)
            touched = _touched(connection, ledger)
    return Done(planned.outcomes, touched)


def releases_to_load(engine: sa.Engine) -> tuple[Release, ...]:
    """The releases with lines that people have decided about since they were loaded. Raises DatabaseError."""
    with translated(engine, "tell which corrections wait"), engine.connect() as connection:
        if not sa.inspect(connection).has_table(corrections.name):
            return ()
        return _touched(connection, read_ledger(connection))


def _record(connection: sa.Connection, steps: Sequence[Step], now: datetime, document: str) -> None:
    at = wall_time(now)
    doing = [step for step in steps if step.does_something]
    rows = [
        {
            **entry,
            "reason": step.edit.reason,
            "editor": step.edit.editor[:EDITOR_WIDTH],
            "edited_on": at.date(),
            "status": Status.STALE.value,  # until it is seen to hold
            "recorded_at": at,
            "document": document[:DOCUMENT_WIDTH] or None,
        }
        for step in doing
        for entry in step.entries
    ]
    if not rows:
        return
    corrected = {step.deal for step in doing if step.deal is not None}
    values.put_back(connection, _about(read_ledger(connection), corrected))
    connection.execute(sa.insert(corrections), rows)
    values.apply_anew(connection, _about(read_ledger(connection), corrected), at)
    events = [
        marks.corrected_event(step.deal, str(step.entries[0]["release"]), at, dict(step.changes), at)
        for step in doing
        if step.deal is not None
    ]
    if events:
        connection.execute(sa.insert(deal_events), events)


def _about(ledger: Ledger, keys: set[Key]) -> Ledger:
    """The ledger with the corrections of these deals only."""
    mine = tuple(entry for entry in ledger.amendments if (entry.city, entry.serial_number) in keys)
    return replace(ledger, amendments=mine)


def _touched(connection: sa.Connection, ledger: Ledger) -> tuple[Release, ...]:
    found = {record.copy.release for record in lagging(connection, ledger)}
    return tuple(sorted(found, key=lambda release: (release.window.first, release.key)))


def _lengths(steps: Sequence[Step]) -> dict[str, int]:
    """The longest new text of each column, in characters."""
    lengths: dict[str, int] = {}
    for step in steps:
        for entry in step.entries:
            name = str(entry["field"])
            if step.deal is not None and name in TEXTS:
                lengths[name] = max(lengths.get(name, 0), len(str(entry["new_value"])))
    return lengths
