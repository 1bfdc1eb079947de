"""The whole picture of one release, read in one consistent view of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.reading.history import release_files
from pshs_dagster.database.reading.market.absorption import absorption
from pshs_dagster.database.reading.market.happenings import happenings
from pshs_dagster.database.reading.market.prices import (
    deals_outside,
    markets,
    new_deals,
    opened_projects,
    provisional_months,
)
from pshs_dagster.database.reading.market.quality import missing_issues, rejected, suspect
from pshs_dagster.database.records import FileCounts, moment
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.statistics.statements import Month
from pshs_dagster.database.tables import releases
from pshs_dagster.deals.columns import city_of
from pshs_dagster.errors import DatabaseError
from pshs_dagster.releases import Release
from pshs_dagster.report.picture import Brought, Picture, Quality


def gather(engine: sa.Engine, release: Release, now: datetime) -> Picture:
    """The picture of a loaded release, as the tables know it now; `now` is aware. Raises DatabaseError.

    Statistics are read as they stand: bring them up to date before.
    """
    files = release_files(engine, release.key)
    with snapshot(engine, f"gather the report of {release}", ample=True) as connection:
        loaded = connection.execute(sa.select(releases).order_by(releases.c.window_from)).all()
        mine = next((row for row in loaded if row.release == release.key), None)
        if mine is None:
            raise DatabaseError(f"{release} is not loaded: load it by `pshs load {release}`, then make its report.")
        known = [Release.parse(row.release) for row in loaded]
        first = Month.of(f"{min(row.window_from for row in loaded):%Y-%m}")
        last = Month.of(f"{max(row.window_to for row in loaded):%Y-%m}")
        opened, last_complete = opened_projects(connection)
        return Picture(
            release=release,
            made_at=now,
            as_of=moment(mine.as_of),
            source_url=mine.source_url,
            releases=len(known),
            newest=max(known, key=lambda each: (each.window.last, each.published_on)),
            first_month=str(first),
            last_month=str(last),
            provisional=provisional_months(connection),
            brought=_brought(files),
            new_deals=new_deals(connection, release),
            markets=markets(connection, first, last),
            opened=opened,
            last_complete=last_complete,
            absorption=absorption(connection),
            happenings=happenings(connection, release),
            quality=Quality(
                rejected=rejected(connection, release),
                suspect=suspect(connection, release),
                missing=missing_issues(known),
                deals_outside=deals_outside(connection, first, last),
            ),
        )


def _brought(files: Sequence[FileCounts]) -> tuple[Brought, ...]:
    return tuple(
        Brought(
            city=city_of(counts.file),
            lines=counts.data_lines,
            new=counts.new_deals,
            changed=counts.changed_deals,
            unchanged=counts.unchanged_deals,
            rejected=counts.rejected_lines,
            cancelled=counts.cancelled_deals,
            withdrawn=counts.withdrawn_deals,
            withdrawn_outside=counts.withdrawn_outside,
            reinstated=counts.reinstated_deals,
        )
        for counts in files
    )
