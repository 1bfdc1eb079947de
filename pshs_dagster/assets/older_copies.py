"""Older copies of a release, loaded again where people have decided about their lines since.

A rebuilt season repeats most lines of its copy before: what was decided about one of them holds for it there too, as
if it had been known when that copy was loaded.
"""

from __future__ import annotations

import sqlalchemy as sa

from pshs_dagster.archive import Archive
from pshs_dagster.assets.handover import hand_over, record_of
from pshs_dagster.assets.values import known_on, parse_archived
from pshs_dagster.clock import Clock
from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.lagging import lagging
from pshs_dagster.database.engine import translated
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.deals.overlay import laid_over
from pshs_dagster.releases import Release


def load_lagging(
    archive: Archive, engine: sa.Engine, cities: frozenset[str], clock: Clock, release: Release
) -> list[str]:
    """Load again every copy of a release that later decisions may be about; gives the SHA-256 of each.

    A copy that the archive has no more is left as it is. Raises ArchiveError, DatabaseError.
    """
    with translated(engine, f"tell which copies of {release} lag"), engine.connect() as connection:
        ledger = read_ledger(connection)
        behind = {record.sha256 for record in lagging(connection, ledger, release.key)}
    copies = [copy for copy in archive.copies(release) if copy.sha256 in behind] if behind else []
    for copy in copies:
        record, parsed = record_of(copy), parse_archived(archive, copy, cities)
        over = hand_over(parsed, laid_over(parsed, ledger.lines, known_on(copy)))
        load_release(
            engine,
            record,
            over.deals,
            over.lines,
            clock(),
            rejected=over.rejected,
            overlay=over.overlay,
            # What it withdraws was confirmed, if need be, when it was loaded first.
            confirm_withdrawals=True,
        )
    return [copy.sha256 for copy in copies]
