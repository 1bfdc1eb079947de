"""What was loaded so far, as the tables `releases` and `release_files` tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import FileCounts, ReleaseRecord, moment
from pshs_dagster.database.tables import deal_events, releases
from pshs_dagster.database.tables import release_files as release_files_table
from pshs_dagster.releases import Release


@dataclass(frozen=True)
class LoadedRelease:
    """A release that is in the database: the newest of its copies that was loaded, and when that was (aware)."""

    record: ReleaseRecord
    loaded_at: datetime

    @property
    def release(self) -> Release:
        return self.record.release


def loaded_releases(engine: sa.Engine) -> list[LoadedRelease]:
    """Every loaded release, the earliest window first; none where the tables do not exist yet.

    Raises DatabaseError.
    """
    with translated(engine, "tell which releases are loaded"), engine.connect() as connection:
        if not sa.inspect(connection).has_table(releases.name):
            return []
        rows = connection.execute(sa.select(releases).order_by(releases.c.window_from, releases.c.release)).all()
    return [
        LoadedRelease(
            ReleaseRecord(
                release=Release.parse(row.release),
                as_of=moment(row.as_of),
                sha256=row.sha256,
                size=row.size,
                source_url=row.source_url,
                fetched_at=moment(row.fetched_at),
            ),
            moment(row.loaded_at),
        )
        for row in rows
    ]


def release_files(engine: sa.Engine, release: str) -> tuple[FileCounts, ...]:
    """What the load of a release did with each file, by name; empty where it is not loaded. Raises DatabaseError."""
    query = (
        sa.select(*(column for column in release_files_table.columns if column.name != "release"))
        .where(release_files_table.c.release == release)
        .order_by(release_files_table.c.file)
    )
    with translated(engine, f"tell what {release} brought"), engine.connect() as connection:
        if not sa.inspect(connection).has_table(release_files_table.name):
            return ()
        return tuple(FileCounts(**row) for row in connection.execute(query).mappings())


def release_before(engine: sa.Engine, release: Release) -> tuple[Release | None, tuple[FileCounts, ...]]:
    """The newest loaded release of the same kind whose window lies before, and what it brought by file.

    None and nothing where there is none. Raises DatabaseError.
    """
    earlier = [
        loaded.release
        for loaded in loaded_releases(engine)
        if loaded.release.kind is release.kind and loaded.release.window.first < release.window.first
    ]
    before = max(earlier, key=lambda candidate: candidate.window.first, default=None)
    return before, release_files(engine, before.key) if before else ()


@dataclass(frozen=True)
class ReleaseReport:
    """What one loaded release did, over all its files."""

    release: Release
    lines: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    cancelled: int
    withdrawn: int


def release_reports(engine: sa.Engine) -> list[ReleaseReport]:
    """A report for each loaded release, the earliest window first. Raises DatabaseError."""
    files = release_files_table
    summed = ("data_lines", "new_deals", "changed_deals", "unchanged_deals", "rejected_lines", "withdrawn_deals")
    query = sa.select(files.c.release, *(sa.func.sum(files.c[name]).label(name) for name in summed)).group_by(
        files.c.release
    )
    cancelled = (
        sa.select(deal_events.c.release, sa.func.count().label("cancelled"))
        .where(deal_events.c.event == "cancelled")
        .group_by(deal_events.c.release)
    )
    with translated(engine, "tell what the releases brought"), engine.connect() as connection:
        cancellations = {row.release: row.cancelled for row in connection.execute(cancelled)}
        reports = [
            ReleaseReport(
                release=Release.parse(row.release),
                lines=int(row.data_lines),
                new=int(row.new_deals),
                changed=int(row.changed_deals),
                unchanged=int(row.unchanged_deals),
                rejected=int(row.rejected_lines),
                cancelled=cancellations.get(row.release, 0),
                withdrawn=int(row.withdrawn_deals),
            )
            for row in connection.execute(query)
        ]
    return sorted(reports, key=lambda report: (report.release.window.first, report.release.key))
