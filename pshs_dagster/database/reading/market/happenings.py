"""What a release told of deals that were known before: cancelled, revised, withdrawn, reinstated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.tables import deal_events, deals, withdrawn_deals
from pshs_dagster.deals.timeline import Event
from pshs_dagster.releases import Release
from pshs_dagster.report.picture import Happened, Happenings, What

LISTED, OF_EACH = 1_000, 5
"""Of each kind so many are told one by one, and so many of each district beyond: a rebuilt season withdraws tens of
thousands, the dearest of them in few places."""

_Weight = tuple[bool, int]

_OF_EVENT = {Event.CANCELLED: What.CANCELLED, Event.WITHDRAWN: What.WITHDRAWN, Event.REINSTATED: What.REINSTATED}


def happenings(connection: sa.Connection, release: Release) -> Happenings:
    """All that `deal_events` has of a release, but for what people corrected."""
    counts, fields = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    listed: dict[What, list[tuple[_Weight, Happened]]] = {what: [] for what in What}
    for row in _events(connection, release):
        happened = _happened(row)
        if row.event == Event.CHANGED:
            fields.update((row.city, row.district, name) for name in row.changes)
        if happened is not None:
            counts[row.city, row.district, happened.what.value] += 1
            listed[happened.what].append((_weight(happened, row.changes), happened))
    largest = (happened for each in listed.values() for happened in _largest(each))
    return Happenings(tuple(largest), counts, fields, LISTED, OF_EACH)


def _events(connection: sa.Connection, release: Release) -> Iterator[sa.Row[Any]]:
    """The events of a release, each with the deal as it stands in `deals` or, where it was withdrawn, stood there."""
    wanted = [event.value for event in Event]
    for table in (deals, withdrawn_deals):
        mine = sa.and_(table.c.city == deal_events.c.city, table.c.serial_number == deal_events.c.serial_number)
        query = (
            sa.select(
                *(deal_events.c[name] for name in ("city", "serial_number", "event", "changes")),
                *(table.c[name] for name in ("district", "build_name", "transaction_date", "price")),
            )
            .join(table, mine)
            .where(deal_events.c.release == release.key, deal_events.c.event.in_(wanted))
            .order_by(deal_events.c.id)
        )
        yield from connection.execute(query)


def _happened(row: sa.Row[Any]) -> Happened | None:
    """None for a change that leaves the price as it was."""
    event = Event(row.event)
    if event is Event.CHANGED:
        if "price" not in row.changes:
            return None
        what, old, new = What.REVISED, *map(str, row.changes["price"])
    else:
        what = _OF_EVENT[event]
        pair = row.changes.get("termination") or row.changes.get("replaced_by") or ("", "")
        old, new = (str(value or "") for value in pair)
    return Happened(
        what=what,
        city=row.city,
        district=row.district,
        name=row.build_name,
        serial_number=row.serial_number,
        traded_on=row.transaction_date,
        price=int(row.price),
        old=old,
        new=new,
    )


def _weight(happened: Happened, changes: Mapping[str, Any]) -> _Weight:
    """What is told first where not all can be: the largest revision, the highest price, and last what a season no
    longer holds because it never should have."""
    if happened.what is What.REVISED:
        return True, abs(int(happened.new) - int(happened.old))
    return "outside_window" not in changes, happened.price


def _largest(weighed: Sequence[tuple[_Weight, Happened]]) -> list[Happened]:
    """The first LISTED, then those that are among the first of their district."""
    told, listed = Counter[tuple[str, str]](), list[Happened]()
    for place, (_, happened) in enumerate(sorted(weighed, key=lambda pair: pair[0], reverse=True)):
        told[happened.city, happened.district] += 1
        if place < LISTED or told[happened.city, happened.district] <= OF_EACH:
            listed.append(happened)
    return listed
