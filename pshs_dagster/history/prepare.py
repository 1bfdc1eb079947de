"""One kept copy of a release, read and judged, ready to be loaded. The next is prepared while one is loaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.s3_backup import identity_of
from pshs_dagster.assets.values import parse_archived
from pshs_dagster.checks import FAIL_REJECTED, WARN_REJECTED
from pshs_dagster.database.load import FileLines
from pshs_dagster.deals.frame import OWN_COLUMNS, ParsedRelease
from pshs_dagster.deals.identity import Identity
from pshs_dagster.errors import PshsError

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR

KEY = ["city", "serial_number"]


@dataclass(frozen=True)
class Said:
    """What a guard says of a copy. `told` is a sentence where it does not hold."""

    name: str
    passed: bool = True
    told: str = ""
    severity: dg.AssetCheckSeverity = ERROR

    @property
    def blocks(self) -> bool:
        return not self.passed and self.severity is ERROR


@dataclass(frozen=True)
class Prepared:
    """A copy and what is in it. `deals` is as for `load_release`, in the order of the keys."""

    copy: ArchivedZip
    deals: pd.DataFrame
    rejects: pd.DataFrame
    """With OWN_COLUMNS, unlike the sound lines."""
    lines: tuple[FileLines, ...]
    said: tuple[Said, ...]
    seconds: float

    @property
    def problem(self) -> str:
        """What keeps the copy from being loaded, in one sentence; blank where nothing does."""
        return next((said.told for said in self.said if said.blocks), "")


@dataclass(frozen=True)
class Unusable:
    """A copy that cannot be read at all."""

    copy: ArchivedZip
    problem: str


def prepare(archive: Archive, copy: ArchivedZip, cities: frozenset[str]) -> Prepared | Unusable:
    """Read, parse and judge a copy. Never raises a PshsError: what is wrong is told of the copy."""
    started = time.perf_counter()
    try:
        said = [_release_date(identity_of(archive, copy))]
        parsed = parse_archived(archive, copy, cities)  # which verifies the bytes
    except PshsError as error:
        return Unusable(copy, str(error))
    said += [Said("backup_intact"), _every_line(parsed), _rejection_rate(parsed)]
    # In the order of the key MySQL finds the pages of its index in a row.
    deals = parsed.deals.drop(columns=[name for name in OWN_COLUMNS if name != "file"])
    deals = deals.sort_values(KEY, kind="stable", ignore_index=True)
    lines = tuple(FileLines(file.name, file.data_lines, file.rejected) for file in parsed.files)
    return Prepared(copy, deals, parsed.rejects, lines, tuple(said), time.perf_counter() - started)


def ahead(
    copies: Iterable[ArchivedZip], prepared: Callable[[ArchivedZip], Prepared | Unusable]
) -> Generator[Prepared | Unusable]:
    """Prepare copies in order, each while the consumer works on the one before: two are held at a time."""
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as worker:
        waiting: Future[Prepared | Unusable] | None = None
        try:
            for copy in copies:
                done, waiting = waiting.result() if waiting else None, None
                waiting = worker.submit(prepared, copy)
                if done is not None:
                    yield done
                del done
            if waiting is not None:
                yield waiting.result()
        finally:
            if waiting is not None:
                waiting.cancel()


def _release_date(identity: Identity) -> Said:
    if identity.problem:
        return Said("release_date", False, identity.problem)
    if identity.stray or identity.no_date or not identity.rows:
        told = f"{identity.stray} of {identity.rows} rows lie outside the window, {identity.no_date} have no date."
        return Said("release_date", False, told, WARN)
    return Said("release_date")


def _every_line(parsed: ParsedRelease) -> Said:
    """The data lines were counted from the bytes, apart from reading them."""
    wrong = [file.name for file in parsed.files if not file.adds_up]
    twice = int(parsed.lines.duplicated(["file", "source_line"]).sum())
    if wrong or twice:
        return Said("every_line_accounted_for", False, f"Lines are missing or double in {', '.join(wrong) or twice}.")
    return Said("every_line_accounted_for")


def _rejection_rate(parsed: ParsedRelease) -> Said:
    rejected, lines = len(parsed.rejects), len(parsed.lines)
    rate = rejected / lines if lines else 0.0
    if rate < WARN_REJECTED:
        return Said("rejection_rate")
    told = f"{rejected} of {lines} lines ({rate:.1%}) were rejected."
    return Said("rejection_rate", False, told, ERROR if rate >= FAIL_REJECTED else WARN)
