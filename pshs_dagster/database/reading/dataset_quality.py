"""What can be said of the data as a whole, counted in the tables. How it is told to people stands in `dataset`."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from pshs_dagster.database.tables import (
    deal_events,
    deals,
    market_statistics,
    rejected_deals,
    release_files,
    releases,
    withdrawn_deals,
)
from pshs_dagster.dataset.quality import Brought, Quality
from pshs_dagster.releases import Release

SUMMED = ("data_lines", "new_deals", "changed_deals", "unchanged_deals", "rejected_lines", "withdrawn_deals")


def quality(connection: sa.Connection) -> Quality:
    """Count what `Quality` has, as the connection sees the tables."""
    number = sa.func.count()

    def counted(column: sa.Column[str]) -> dict[str, int]:
        query = sa.select(column, number).group_by(column)
        return {str(value): int(count) for value, count in connection.execute(query).all()}

    combined = counted(deals.c.flags)
    flags = Counter[str]()
    for names, count in combined.items():
        flags.update(dict.fromkeys(filter(None, names.split(",")), count))
    month = market_statistics.c.year + "-" + market_statistics.c.month
    provisional = sa.select(month).where(market_statistics.c.status == "provisional").distinct()
    return Quality(
        brought=_brought(connection),
        deals=sum(combined.values()),
        suspect=sum(count for names, count in combined.items() if names),
        flags=dict(flags),
        cancelled=_number(
            connection, sa.select(number).where(sa.or_(deals.c.termination != "", deals.c.cancelled_on.is_not(None)))
        ),
        without_serial=_number(connection, sa.select(number).where(deals.c.serial_number.is_(None))),
        withdrawn=_number(connection, sa.select(number).select_from(withdrawn_deals)),
        rejected=counted(rejected_deals.c.status),
        events=counted(deal_events.c.event),
        provisional=tuple(sorted(connection.scalars(provisional).all())),
    )


def _number(connection: sa.Connection, query: sa.Select[int]) -> int:
    return int(connection.scalar(query) or 0)


def _brought(connection: sa.Connection) -> tuple[Brought, ...]:
    """What each loaded release did, the earliest window first."""
    files = release_files
    query = (
        sa.select(releases.c.release, *(sa.func.coalesce(sa.func.sum(files.c[name]), 0) for name in SUMMED))
        .select_from(releases.outerjoin(files, files.c.release == releases.c.release))
        .group_by(releases.c.release)
    )
    found = [Brought(Release.parse(row[0]), *map(int, row[1:])) for row in connection.execute(query).all()]
    return tuple(sorted(found, key=lambda each: (each.release.window.first, each.release.key)))
