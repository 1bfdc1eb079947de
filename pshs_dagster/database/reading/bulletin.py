"""What an issue brought, for people who want to know every ten days: new deals, projects, cancellations, revisions.

Only counts and picks what the tables hold; the words are found elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest

import sqlalchemy as sa

from pshs_dagster.database.loading.rejects import Status
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import deal_events, deals, rejected_deals
from pshs_dagster.deals.timeline import Event
from pshs_dagster.releases import Release

LARGEST = 5
"""Revisions, and new projects, that are named one by one."""


@dataclass(frozen=True)
class Project:
    """A project whose first deals came with the issue."""

    city: str
    district: str
    build_name: str
    deals: int


@dataclass(frozen=True)
class Revision:
    """A price that was published anew. Prices in NTD."""

    city: str
    serial_number: str
    build_name: str
    old: int
    new: int

    @property
    def size(self) -> int:
        return abs(self.new - self.old)


@dataclass(frozen=True)
class Bulletin:
    """What one issue brought. Cities with most first; nothing for a city that has none."""

    release: Release
    new_deals: dict[str, int]
    new_projects: int
    projects: tuple[Project, ...]
    """The largest of them."""
    cancellations: dict[str, int]
    revisions: int
    """Deals of which a published value changed."""
    largest: tuple[Revision, ...]
    """The largest changes of a total price."""
    rejects: int
    """Lines of this issue that wait for a person."""
    rejects_in_all: int


def bulletin(engine: sa.Engine, release: Release) -> Bulletin:
    """What a loaded issue brought, as the tables know it now. Raises DatabaseError."""
    with snapshot(engine, f"tell what {release} brought") as connection:
        new = _by_city(connection, sa.select(deals.c.city).where(deals.c.first_release == release.key))
        projects = list(_new_projects(connection, release))
        happened = deal_events.c.release == release.key
        cancelled = sa.select(deal_events.c.city).where(happened, deal_events.c.event == Event.CANCELLED.value)
        cancellations = _by_city(connection, cancelled)
        revised, largest = _revisions(connection, release)
        waiting = _waiting(connection)
    return Bulletin(
        release=release,
        new_deals=new,
        new_projects=len(projects),
        projects=tuple(nlargest(LARGEST, projects, key=lambda project: project.deals)),
        cancellations=cancellations,
        revisions=revised,
        largest=largest,
        rejects=waiting.get(release.key, 0),
        rejects_in_all=sum(waiting.values()),
    )


def open_rejects(engine: sa.Engine) -> dict[str, int]:
    """How many lines of each release wait for a person; none where the table does not exist. Raises DatabaseError."""
    with snapshot(engine, "count the rejected lines") as connection:
        return _waiting(connection) if sa.inspect(connection).has_table(rejected_deals.name) else {}


def _waiting(connection: sa.Connection) -> dict[str, int]:
    query = (
        sa.select(rejected_deals.c.release, sa.func.count())
        .where(rejected_deals.c.status == Status.OPEN.value)
        .group_by(rejected_deals.c.release)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _by_city(connection: sa.Connection, cities: sa.Select[tuple[str]]) -> dict[str, int]:
    """How often each city occurs among `cities`, the most frequent first."""
    found = cities.subquery()
    query = sa.select(found.c.city, sa.func.count()).group_by(found.c.city)
    return dict(Counter({row[0]: row[1] for row in connection.execute(query)}).most_common())


def _new_projects(connection: sa.Connection, release: Release) -> Iterator[Project]:
    """Projects all of whose deals came with the release, by city and name."""
    before = deals.alias("before")
    known = (
        sa.select(sa.literal(1))
        .where(
            before.c.build_name == deals.c.build_name,
            before.c.city == deals.c.city,
            before.c.first_release != release.key,
        )
        .exists()
    )
    query = (
        sa.select(deals.c.city, sa.func.min(deals.c.district), deals.c.build_name, sa.func.count())
        .where(deals.c.first_release == release.key, deals.c.build_name != "", ~known)
        .group_by(deals.c.city, deals.c.build_name)
        .order_by(deals.c.city, deals.c.build_name)
    )
    for row in connection.execute(query):
        yield Project(*row)


def _revisions(connection: sa.Connection, release: Release) -> tuple[int, tuple[Revision, ...]]:
    """How many deals were revised, and the largest changes of a total price among them."""
    query = (
        sa.select(deal_events.c.city, deal_events.c.serial_number, deals.c.build_name, deal_events.c.changes)
        .outerjoin_from(
            deal_events,
            deals,
            sa.and_(deals.c.city == deal_events.c.city, deals.c.serial_number == deal_events.c.serial_number),
        )
        .where(deal_events.c.release == release.key, deal_events.c.event == Event.CHANGED.value)
        .order_by(deal_events.c.city, deal_events.c.serial_number)
    )
    count, prices = 0, list[Revision]()
    for row in connection.execute(query):
        count += 1
        if "price" in row.changes:
            old, new = map(int, row.changes["price"])
            prices.append(Revision(row.city, row.serial_number, row.build_name or "", old, new))
    return count, tuple(nlargest(LARGEST, prices, key=lambda revision: revision.size))
