"""Every kept copy of every release, loaded into new tables in the order of knowledge, and proved.

Knows the archive and the database; what Dagster records of it is told in `job.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.mysql_deals import record_of
from pshs_dagster.clock import Clock
from pshs_dagster.database.engine import translated
from pshs_dagster.database.load import LoadReport, load_release
from pshs_dagster.database.readback import verify_newest
from pshs_dagster.database.rebuild import rebuilding
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.rejects import record_rejects
from pshs_dagster.database.tables import release_copies
from pshs_dagster.deals.corrections import rejects_for_table
from pshs_dagster.errors import ArchiveError, WithdrawalsNotConfirmed
from pshs_dagster.history.prepare import Prepared, Said, Unusable, ahead, prepare
from pshs_dagster.releases import Release

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replayed:
    """What came of one copy. Not loaded, it has no `report`, and `problem` says why."""

    copy: ArchivedZip
    problem: str = ""
    report: LoadReport | None = None
    said: tuple[Said, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """By stage: prepare (beside the others), load, verify."""

    @property
    def release(self) -> Release:
        return self.copy.release


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
    _refuse_losses(loaded, {(copy.release.key, copy.sha256) for copy in copies}, wishes, "The archive has no more")
    replayed: list[Replayed] = []
    with rebuilding(engine) as rebuild:
        for number, prepared in enumerate(ahead(copies, partial(prepare, archive, cities=cities)), 1):
            known = (prepared.copy.release.key, prepared.copy.sha256) in loaded
            # What a person has confirmed once, when it was loaded, is not asked again.
            confirmed = wishes.confirm_withdrawals or known
            replayed.append(load_copy(rebuild.engine, prepared, clock, confirmed=confirmed))
            if known and replayed[-1].report is None and not wishes.drop_missing:
                raise ArchiveError(
                    f"{prepared.copy.release} is loaded now, but cannot be loaded again: {replayed[-1].problem} "
                    "Nothing was changed."
                )
            watch(replayed[-1], number, len(copies))
        rebuild.swap()
    return replayed


def load_copy(engine: sa.Engine, prepared: Prepared | Unusable, clock: Clock, *, confirmed: bool) -> Replayed:
    """Load a copy into new tables, in which it is the newest knowledge, and prove that it is there."""
    copy = prepared.copy
    if isinstance(prepared, Unusable):
        return Replayed(copy, prepared.problem)
    seconds = {"prepare": prepared.seconds}
    if prepared.problem:
        return Replayed(copy, prepared.problem, None, prepared.said, seconds)
    started = time.perf_counter()
    record, rejects = record_of(copy), prepared.rejects
    named = {(city, serial) for city, serial in zip(rejects["city"], rejects["serial_number"], strict=True) if serial}
    record_rejects(engine, copy.release.key, rejects_for_table(rejects), record=record)
    try:
        report = load_release(
            engine, record, prepared.deals, prepared.lines, clock(), rejected=named, confirm_withdrawals=confirmed
        )
    except WithdrawalsNotConfirmed as error:
        said = Said("withdrawals", False, str(error))
        return Replayed(copy, str(error), None, (*prepared.said, said), seconds)
    seconds["load"] = time.perf_counter() - started
    started = time.perf_counter()
    verified = verify_newest(engine, record, prepared.deals)
    seconds["verify"] = time.perf_counter() - started
    wrong = f"{len(verified.missing)} deals are missing and {len(verified.different)} differ."
    said = (
        *prepared.said,
        Said("withdrawals"),
        Said("rows_in_database", verified.holds, "" if verified.holds else wrong),
        Said("created_at"),
    )
    return Replayed(copy, "" if verified.holds else wrong, report, said, seconds)


Copies = set[tuple[str, str]]
"""Release and SHA-256 of copies."""


def _loaded_copies(engine: sa.Engine) -> Copies:
    with translated(engine, "tell which copies are loaded"), engine.connect() as connection:
        rows = connection.execute(sa.select(release_copies.c.release, release_copies.c.sha256)).all()
    return {(row.release, row.sha256) for row in rows}


def _refuse_losses(loaded: Copies, kept: Copies, wishes: Wishes, why: str) -> None:
    gone = sorted({release for release, _ in loaded - kept})
    if gone and not wishes.drop_missing:
        raise ArchiveError(
            f"{why} {_told(gone)}, which the tables have: bring the zips back with their manifests, or repeat with "
            "--drop-missing to lose what only they tell. Nothing was changed."
        )


def _told(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
