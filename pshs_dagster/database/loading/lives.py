"""What the lines of a copy add to the lives of their deals: events of values, and sightings that come late.

What a life is made of is told in `deals/timeline.py`; whether a deal is there at all, in `presence.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.loading import ledger, moves
from pshs_dagster.database.loading.ledger import Key
from pshs_dagster.database.loading.merge import (
    CHANGED,
    DIFFERS,
    LATE,
    NEW,
    NEWER,
    SAME,
    WITHDRAWN,
    Bytes,
    Knowledge,
    beside,
    chosen,
    staged_rows,
)
from pshs_dagster.database.loading.replacements import PLACE, Place
from pshs_dagster.database.loading.staging import Staging
from pshs_dagster.database.tables import deals, withdrawn_deals
from pshs_dagster.deals.timeline import (
    KEPT,
    OF_VALUES,
    UNCANCELLED,
    Copy,
    Event,
    Happening,
    Values,
    between,
    copy_named,
    happenings_of_values,
    told,
    walked_back,
    with_sighting,
)
from pshs_dagster.releases import Release

SEEN = ("last_release", "as_of", "earlier_sightings")
"""The columns that name the copies which held a deal."""


@dataclass(frozen=True)
class Told:
    """What the lines of a copy told: cancellations by file, and the places that changed deals had before."""

    cancelled: dict[str, int]
    left_places: set[Place]


@dataclass(frozen=True)
class _Line:
    """A staged row beside the row of its deal."""

    file: str
    action: int
    key: Key
    id: int
    sightings: tuple[Copy, ...]
    """Those that stand in the table: the copy that is being loaded may not be among them."""

    @classmethod
    def of(cls, row: Any) -> _Line:
        sightings = sightings_of(row.earlier_sightings, row.last_release, row.as_of)
        return cls(row.file, row.action, (row.city, row.serial_number), row.id, sightings)


@lru_cache(maxsize=4_096)
def sightings_of(earlier: str | None, last_release: str, as_of: Any) -> tuple[Copy, ...]:
    """The copies that held a deal, oldest first. Kept, since most deals of a release have the same."""
    return *(copy_named(token) for token in (earlier.split(",") if earlier else ())), last_copy(last_release, as_of)


@lru_cache(maxsize=4_096)
def last_copy(release: str, as_of: Any) -> Copy:
    """The copy that a deal was last seen in."""
    return Copy(Release.parse(release), as_of)


def tell_lines(connection: sa.Connection, staging: Staging, knowledge: Knowledge, actions: int) -> Told:
    """Write the events of values that the staged rows bring, and put late sightings in their places.

    `actions` has the bits of all rows. Call it before the merge, while the tables have the values before.
    """
    cancelled: dict[str, int] = defaultdict(int)
    wanted: dict[Key, list[Happening]] = {}
    places: set[Place] = set()
    if actions & NEW:
        for file, key, happenings in _of_new_deals(connection, staging, knowledge):
            wanted[key] = happenings
            cancelled[file] += 1
    if actions & CHANGED:
        for file, key, happenings, place in _of_changed_deals(connection, staging, knowledge):
            wanted[key] = happenings
            cancelled[file] += any(happening.event is Event.CANCELLED for happening in happenings)
            places.add(place)
    _append(connection, knowledge, wanted)
    for table in (deals, withdrawn_deals) if actions & (LATE + SAME) else ():
        for file, number in _tell_late(connection, staging, knowledge, table).items():
            cancelled[file] += number
    return Told(dict(cancelled), places)


def _append(connection: sa.Connection, knowledge: Knowledge, wanted: dict[Key, list[Happening]]) -> None:
    """Write events at the newest sighting; only a load that was repeated can find some of its own there."""
    mine = knowledge.copy.order
    stored = {
        key: [event for event in events if event.happening.copy.order == mine]
        for key, events in ledger.recorded(connection, wanted, OF_VALUES).items()
    }
    ledger.make_equal(connection, stored, wanted, knowledge.now)


def _of_new_deals(
    connection: sa.Connection, staging: Staging, knowledge: Knowledge
) -> Iterator[tuple[str, Key, list[Happening]]]:
    """Deals that are cancelled when they are first seen."""
    staged, plan = staging.staged, staging.plan
    names = ("city", "serial_number", "termination", "cancelled_on")
    query = (
        sa.select(plan.c.file, *(staged.c[name] for name in names))
        .select_from(staged_rows(staging))
        .where(plan.c.action == NEW, staged.c.termination != "")
    )
    for row in connection.execute(query):
        values = {"termination": row.termination, "cancelled_on": told(row.cancelled_on)}
        yield row.file, (row.city, row.serial_number), between(UNCANCELLED, values, knowledge.copy)


def _of_changed_deals(
    connection: sa.Connection, staging: Staging, knowledge: Knowledge
) -> Iterator[tuple[str, Key, list[Happening], Place]]:
    """Deals whose newest values become others: those before stand in the table still."""
    query = _side_by_side(staging, deals).where(
        chosen(staging, NEWER), chosen(staging, CHANGED), deals.c.as_of.is_not(None)
    )
    for row in connection.execute(query):
        before, values = _values(row, "t_"), _values(row, "s_")
        place = (row.city, *(getattr(row, f"t_{name}") for name in PLACE[1:]))
        yield row.file, (row.city, row.serial_number), between(before, values, knowledge.copy), place


def _tell_late(connection: sa.Connection, staging: Staging, knowledge: Knowledge, table: sa.Table) -> dict[str, int]:
    """Put late sightings of the deals of `table` in their places; gives cancellations by file."""
    staged, plan = staging.staged, staging.plan
    late = chosen(staging, LATE)
    if knowledge.bytes is Bytes.NEWER and table is deals:
        late = sa.or_(late, sa.and_(chosen(staging, SAME), chosen(staging, CHANGED)))
    columns = (staged.c.city, staged.c.serial_number, table.c.id, *(table.c[name] for name in SEEN))
    query = beside(sa.select(plan.c.file, plan.c.action, *columns), staging, table).where(
        late, chosen(staging, WITHDRAWN) if table is withdrawn_deals else ~chosen(staging, WITHDRAWN)
    )
    lines = [_Line.of(row) for row in connection.execute(query)]
    cancelled = _retell(connection, staging, knowledge, table, lines)
    moves.write_sightings(connection, table, [_sighted(line, knowledge.copy) for line in lines if line.action & LATE])
    return cancelled


def _retell(
    connection: sa.Connection, staging: Staging, knowledge: Knowledge, table: sa.Table, lines: Sequence[_Line]
) -> dict[str, int]:
    """Events of values of deals that get a sighting among others.

    Where nothing ever happened to the values, and the line has the same, there is nothing to tell.
    """
    stored = ledger.recorded(connection, (line.key for line in lines), OF_VALUES)
    told_of = {line.key: line for line in lines if line.action & (DIFFERS | CHANGED) or line.key in stored}
    wanted: dict[Key, list[Happening]] = {}
    cancelled: dict[str, int] = defaultdict(int)
    for key, newest, values in _pairs(connection, staging, table, told_of):
        line = told_of[key]
        seen = walked_back(newest, line.sightings, (event.happening for event in stored.get(key, ())))
        wanted[key] = happenings_of_values(with_sighting(seen, knowledge.copy, values))
        mine = [happening for happening in wanted[key] if happening.copy.order == knowledge.copy.order]
        cancelled[line.file] += any(happening.event is Event.CANCELLED for happening in mine)
    ledger.make_equal(connection, stored, wanted, knowledge.now)
    return cancelled


def _pairs(
    connection: sa.Connection, staging: Staging, table: sa.Table, keys: Iterable[Key]
) -> Iterator[tuple[Key, Values, Values]]:
    """The values of deals in the table, and in the staged rows."""
    wanted = set(keys)
    if not wanted:
        return
    for row in connection.execute(_side_by_side(staging, table).where(chosen(staging, LATE + SAME))):
        if (key := (row.city, row.serial_number)) in wanted:
            yield key, _values(row, "t_"), _values(row, "s_")


def _side_by_side(staging: Staging, table: sa.Table) -> sa.Select[Any]:
    staged, plan = staging.staged, staging.plan
    query = sa.select(
        plan.c.file,
        staged.c.city,
        staged.c.serial_number,
        *(table.c[name].label(f"t_{name}") for name in KEPT),
        *(staged.c[name].label(f"s_{name}") for name in KEPT),
    )
    return beside(query, staging, table)


def _values(row: Any, prefix: str) -> Values:
    return {name: told(getattr(row, prefix + name)) for name in KEPT}


def _sighted(line: _Line, copy: Copy) -> moves.Sighted:
    first, earlier = _with_copy(line.sightings, copy)
    return moves.Sighted(line.id, first.release.key, first.as_of, earlier)


@lru_cache(maxsize=4_096)
def _with_copy(sightings: tuple[Copy, ...], copy: Copy) -> tuple[Copy, str | None]:
    """The first sighting, and the text of all but the last, when one more is among them."""
    by_order = {sighting.order: sighting for sighting in (*sightings, copy)}
    ordered = [by_order[order] for order in sorted(by_order)]
    return ordered[0], ",".join(sighting.token for sighting in ordered[:-1]) or None
