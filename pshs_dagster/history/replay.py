"""Every kept copy of every release, loaded into new tables in the order of knowledge, and proved.

Knows the archive and the database; what Dagster records of it is told in `job.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.clock import Clock
from pshs_dagster.database.correcting.entries import line_entries
from pshs_dagster.database.engine import translated
from pshs_dagster.database.rebuilding import bulk
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.tables import release_copies
from pshs_dagster.errors import ArchiveError
from pshs_dagster.history.loading import Loader, Replayed
from pshs_dagster.history.prepare import Preparer, ahead

Watch = Callable[[Replayed, int, int], None]
"""Called after each copy with what came of it, its number and how many there are."""


def nobody(_replayed: Replayed, _number: int, _of: int) -> None:
    """For those who do not watch."""


@dataclass(frozen=True)
class Wishes:
    """What a person may allow."""

    confirm_withdrawals: bool = False
    """Withdraw also where a season lacks suspiciously many deals."""
    drop_missing: bool = False
    """Go on although copies are loaded which the archive has no more, or cannot be loaded again."""


def kept_copies(archive: Archive) -> list[ArchivedZip]:
    """Every kept copy in the order of knowledge: by moment, issues before seasons, by name."""
    copies = [copy for release in archive.releases() for copy in archive.copies(release)]
    return sorted(copies, key=_order)


def _order(copy: ArchivedZip) -> tuple[object, ...]:
    release = copy.release
    return wall_time(copy.as_of), not release.is_issue, release.key, copy.fetched_at, copy.sha256


def replay(
    archive: Archive,
    engine: sa.Engine,
    cities: frozenset[str],
    clock: Clock,
    wishes: Wishes,
    watch: Watch = nobody,
) -> list[Replayed]:
    """Load everything that the archive holds into new tables, and put them in the place of the present ones.

    `engine` is of a database that is up to date. A copy that cannot be loaded is passed over, and told of. Raises
    ArchiveError where something that is loaded now would be lost by that, DatabaseError, and then nothing changed.
    """
    copies = kept_copies(archive)
    loaded = _loaded_copies(engine)
    _refuse_losses(loaded - {(copy.release.key, copy.sha256) for copy in copies}, wishes)
    replayed: list[Replayed] = []
    decisions = line_entries(engine)
    with (
        _lean_memory(),
        tempfile.TemporaryDirectory(prefix="pshs-") as folder,
        rebuilding(engine) as rebuild,
    ):
        preparer = Preparer(archive, cities, Path(folder), decisions, in_bulk=bulk.is_possible(rebuild.engine))
        loader = Loader(rebuild.engine, clock, Path(folder))
        for number, prepared in enumerate(ahead(copies, preparer), 1):
            known = (prepared.copy.release.key, prepared.copy.sha256) in loaded
            # What a person has confirmed once, when it was loaded, is not asked again.
            outcome = loader.load(prepared, confirmed=wishes.confirm_withdrawals or known)
            del prepared
            if known and outcome.report is None and not wishes.drop_missing:
                raise ArchiveError(
                    f"{outcome.release} is loaded now, but cannot be loaded again: {outcome.problem} "
                    "Nothing was changed."
                )
            replayed.append(outcome)
            watch(outcome, number, len(copies))
        rebuild.swap(loader.prove)
    return replayed


@contextmanager
def _lean_memory() -> Generator[None]:
    """Give back what is freed at once: by itself Arrow keeps some 60 MB of it for what may come."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


Copies = set[tuple[str, str]]
"""Release and SHA-256 of copies."""


def _loaded_copies(engine: sa.Engine) -> Copies:
    with translated(engine, "tell which copies are loaded"), engine.connect() as connection:
        rows = connection.execute(sa.select(release_copies.c.release, release_copies.c.sha256)).all()
    return {(row.release, row.sha256) for row in rows}


def _refuse_losses(gone: Copies, wishes: Wishes) -> None:
    if gone and not wishes.drop_missing:
        raise ArchiveError(
            f"The archive has no more what the tables have of {_told(sorted({release for release, _ in gone}))}: bring "
            "the zips back with their manifests, or repeat with --drop-missing to lose what only they tell. "
            "Nothing was changed."
        )


def _told(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
