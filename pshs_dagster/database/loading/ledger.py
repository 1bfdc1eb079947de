"""The table of events: read for some deals, and made to tell what `deals/timeline.py` says of them.

Events that a person made (`corrected`) are none of these and stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from pshs_dagster.database.tables import deal_events
from pshs_dagster.deals.timeline import Copy, Event, Happening
from pshs_dagster.releases import Release

Key = tuple[str, str]
"""City and serial number."""

Item = TypeVar("Item")

AT_ONCE = 2_000
"""Values in a list of a query: well below SQLite's 32,766 and MySQL's limit for the ranges that it plans."""


@dataclass(frozen=True)
class Recorded:
    """An event as the table has it."""

    id: int
    happening: Happening


def recorded(connection: sa.Connection, keys: Iterable[Key], events: Sequence[Event]) -> dict[Key, list[Recorded]]:
    """The events of these kinds that stand in the table for these deals."""
    found: dict[Key, list[Recorded]] = defaultdict(list)
    wanted = set(keys)
    if not wanted or connection.scalar(sa.select(deal_events.c.id).limit(1)) is None:
        return found
    kinds = deal_events.c.event.in_([event.value for event in events])
    for city, serials in by_city(wanted):
        mine = sa.and_(deal_events.c.city == city, deal_events.c.serial_number.in_(serials))
        for row in connection.execute(sa.select(deal_events).where(mine, kinds)):
            key = (row.city, row.serial_number)
            if key in wanted:  # a collation may find more
                copy = Copy(Release.parse(row.release), row.as_of)
                found[key].append(Recorded(row.id, Happening(Event(row.event), copy, row.changes)))
    return found


def make_equal(
    connection: sa.Connection,
    stored: Mapping[Key, Sequence[Recorded]],
    wanted: Mapping[Key, Sequence[Happening]],
    now: datetime,
) -> None:
    """Write what is wanted of each deal; an event that stands there already stays with its id and moment.

    `stored` are those events of the deals in `wanted` that may be replaced.
    """
    new: list[dict[str, Any]] = []
    gone: list[int] = []
    for key, happenings in wanted.items():
        there = {_identity(event.happening): event for event in stored.get(key, ())}
        kept: set[int] = set()
        for happening in happenings:
            known = there.get(_identity(happening))
            if known is not None and known.happening.changes == happening.changes:
                kept.add(known.id)
            else:
                new.append(_row(key, happening, now))
        gone += [event.id for event in stored.get(key, ()) if event.id not in kept]
    for ids in portions(gone):
        connection.execute(sa.delete(deal_events).where(deal_events.c.id.in_(ids)))
    if new:
        connection.execute(sa.insert(deal_events), new)


def by_city(keys: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """The serials of each city, AT_ONCE at a time."""
    cities: dict[str, list[str]] = defaultdict(list)
    for city, serial in sorted(keys):
        cities[city].append(serial)
    for city, serials in cities.items():
        for part in portions(serials):
            yield city, list(part)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Items AT_ONCE at a time."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _identity(happening: Happening) -> tuple[Any, ...]:
    return happening.event, happening.copy.order


def _row(key: Key, happening: Happening, now: datetime) -> dict[str, Any]:
    return {
        "city": key[0],
        "serial_number": key[1],
        "event": happening.event.value,
        "release": happening.copy.release.key,
        "as_of": happening.copy.as_of,
        "changes": happening.changes,
        "recorded_at": now,
    }
