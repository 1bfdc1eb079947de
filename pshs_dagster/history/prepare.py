"""One kept copy of a release, read and judged, ready to be loaded. The next is prepared while one is loaded."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.handover import hand_over
from pshs_dagster.assets.s3_backup import identity_of
from pshs_dagster.assets.values import known_on, parse_archived
from pshs_dagster.database.loading.fingerprints import Fingerprints, fingerprints_of
from pshs_dagster.database.loading.load import FileLines
from pshs_dagster.database.loading.rows import Rows
from pshs_dagster.database.rebuilding import bulk
from pshs_dagster.database.rebuilding.proof import Hashes, found_in, keys_of
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.identity import Identity, identify
from pshs_dagster.deals.overlay import Entry, Overlay, laid_over
from pshs_dagster.errors import PshsError
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.verdicts import ERROR, HOLDS, Verdict, on_identity, on_rejection

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

KEY = ["city", "serial_number"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Said:
    """What a guard says of a copy."""

    name: str
    verdict: Verdict = HOLDS

    @property
    def blocks(self) -> bool:
        return not self.verdict.passed and self.verdict.severity is ERROR


@dataclass(frozen=True)
class Prepared:
    """A copy and what is in it. `deals` is as for `load_release`, in the order of the keys."""

    copy: ArchivedZip
    deals: pd.DataFrame
    keys: Hashes
    fingerprints: Fingerprints
    rejects: pd.DataFrame
    """With OWN_COLUMNS, unlike the sound lines. Those that people made sound stand here too."""
    rejected: frozenset[tuple[str, str]]
    """City and serial of those that are no deals."""
    overlay: Overlay
    lines: tuple[FileLines, ...]
    said: tuple[Said, ...]
    seconds: float
    plain: Mask
    """Rows that no copy before had, and that tell nothing but a new deal."""
    spelt: Path | None
    """A file with the plain rows for `bulk.insert`; None where they go the way of all rows."""

    @property
    def problem(self) -> str:
        """What keeps the copy from being loaded, in one sentence; blank where nothing does."""
        return next((said.verdict.told for said in self.said if said.blocks), "")


@dataclass(frozen=True)
class Unusable:
    """A copy that cannot be read at all."""

    copy: ArchivedZip
    problem: str


class Preparer:
    """Prepares copies one after the other, and remembers which deals have come by. `folder` is for spelt rows;
    `decisions` are what people decided about rejected lines."""

    def __init__(
        self, archive: Archive, cities: frozenset[str], folder: Path, decisions: Sequence[Entry] = (), *, in_bulk: bool
    ) -> None:
        self._archive = archive
        self._cities = cities
        self._folder = folder
        self._decisions = decisions
        self._in_bulk = in_bulk
        self._met = np.empty(0, np.uint64)

    def __call__(self, copy: ArchivedZip) -> Prepared | Unusable:
        """Read, parse and judge a copy. Never raises a PshsError: what is wrong is told of the copy."""
        started = time.perf_counter()
        try:
            parsed = parse_archived(self._archive, copy, self._cities)  # which verifies the bytes
            said = [Said("release_date", on_identity(self._identity(copy, parsed)))]
        except PshsError as error:
            return Unusable(copy, str(error))
        rejects = parsed.rejects
        few = on_rejection(len(rejects), len(parsed.lines))
        said += [Said("backup_intact"), _every_line(parsed), Said("rejection_rate", few)]
        over = hand_over(parsed, laid_over(parsed, self._decisions, known_on(copy)))
        deals = _in_order(over.deals)
        del parsed
        keys, rows = keys_of(deals), Rows(deals)
        plain, spelt = self._spell_plain(deals, rows, keys)
        return Prepared(
            copy=copy,
            deals=deals,
            keys=keys,
            fingerprints=fingerprints_of(rows),
            rejects=rejects,
            rejected=over.rejected,
            overlay=over.overlay,
            lines=over.lines,
            said=tuple(said),
            seconds=time.perf_counter() - started,
            plain=plain,
            spelt=spelt,
        )

    def _identity(self, copy: ArchivedZip, parsed: ParsedRelease) -> Identity:
        """Which release the zip is, by the days that were parsed already; in doubt by its bytes."""
        with self._archive.opened(copy) as path, ReleaseZip.open(path) as contents:
            described = contents.described_window()
        days = parsed.lines["transaction_date"].to_numpy(dtype="datetime64[D]")
        identity = identify(copy.release, described, days)
        # The cities that are loaded may be quiet ones: all of the zip has the last word.
        return identity_of(self._archive, copy) if identity.problem else identity

    def _spell_plain(self, deals: pd.DataFrame, rows: Rows, keys: Hashes) -> tuple[Mask, Path | None]:
        if not self._in_bulk:
            return np.zeros(len(deals), np.bool_), None
        met, _ = found_in(self._met, keys)
        self._met = np.sort(np.concatenate([self._met, np.sort(keys[~met])]), kind="stable")  # merges two sorted runs
        plain: Mask = ~met & (deals["termination"] == "").to_numpy(dtype=np.bool_)
        return plain, spelt(rows, plain, self._folder) if plain.any() else None


def spelt(rows: Rows, which: Mask, folder: Path) -> Path | None:
    """A file with some rows for `bulk.insert`; None where they cannot go that way. Whoever uses it removes it."""
    descriptor, name = tempfile.mkstemp(dir=folder, suffix=".tsv")
    with os.fdopen(descriptor, "wb") as file:
        if bulk.write_rows(rows, which, file):
            return Path(name)
    Path(name).unlink()
    return None


def _in_order(deals: pd.DataFrame) -> pd.DataFrame:
    """In the order of the key, in which MySQL finds the pages of its index in a row."""
    keys = pa.table({name: pa.array(deals[name]) for name in KEY})
    order = pc.sort_indices(keys, [(name, "ascending") for name in KEY])
    return deals.take(order.to_numpy()).reset_index(drop=True)


def ahead(
    copies: Iterable[ArchivedZip], prepare: Callable[[ArchivedZip], Prepared | Unusable]
) -> Generator[Prepared | Unusable]:
    """Prepare copies in order, each while the consumer works on the one before: two are held at a time."""
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as worker:
        waiting: Future[Prepared | Unusable] | None = None
        for copy in copies:
            done = waiting.result() if waiting else None
            waiting = worker.submit(prepare, copy)
            if done is not None:
                yield done
            del done
        if waiting is not None:
            yield waiting.result()


def _every_line(parsed: ParsedRelease) -> Said:
    """The data lines were counted from the bytes, apart from reading them."""
    wrong = [file.name for file in parsed.files if not file.adds_up]
    twice = int(parsed.lines.duplicated(["file", "source_line"]).sum())
    if wrong or twice:
        told = f"Lines are missing or double in {', '.join(wrong) or twice}."
        return Said("every_line_accounted_for", Verdict(False, told))
    return Said("every_line_accounted_for")
