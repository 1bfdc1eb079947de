"""A prepared copy into new tables, in which it is the newest knowledge: plain new deals at once, the rest as always."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from pshs_dagster.archive import ArchivedZip
from pshs_dagster.assets.handover import record_of
from pshs_dagster.clock import Clock
from pshs_dagster.database.loading.load import FileLines, LoadReport, load_release
from pshs_dagster.database.loading.rejects import record_rejects
from pshs_dagster.database.loading.rows import Rows
from pshs_dagster.database.rebuilding import bulk
from pshs_dagster.database.rebuilding.proof import Expected, stored_sums
from pshs_dagster.deals.corrections import rejects_for_table
from pshs_dagster.errors import DatabaseError, WithdrawalsNotConfirmed
from pshs_dagster.history.prepare import Prepared, Said, Unusable, spelt
from pshs_dagster.releases import Release
from pshs_dagster.verdicts import Verdict


@dataclass(frozen=True)
class Replayed:
    """What came of one copy. Not loaded, it has no `report`, and `problem` says why."""

    copy: ArchivedZip
    problem: str = ""
    report: LoadReport | None = None
    said: tuple[Said, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """By stage: prepare (beside the others), insert, load."""

    @property
    def release(self) -> Release:
        return self.copy.release


class Loader:
    """Loads prepared copies, each of which knows more than those before, and proves that all of them are there.

    `engine` is to new tables; `folder` is for spelt rows.
    """

    def __init__(self, engine: sa.Engine, clock: Clock, folder: Path) -> None:
        self._engine = engine
        self._clock = clock
        self._folder = folder
        self._expected = Expected()
        self._withdrawn: bulk.Places = set()

    def load(self, prepared: Prepared | Unusable, *, confirmed: bool) -> Replayed:
        """Load a copy. Raises DatabaseError; what is wrong with the copy itself is told."""
        copy = prepared.copy
        if isinstance(prepared, Unusable):
            return Replayed(copy, prepared.problem)
        try:
            seconds = {"prepare": prepared.seconds}
            if prepared.problem:
                return Replayed(copy, prepared.problem, None, prepared.said, seconds)
            return self._load(prepared, seconds, confirmed=confirmed)
        finally:
            if prepared.spelt is not None:
                prepared.spelt.unlink(missing_ok=True)

    def prove(self) -> None:
        """Compare all deals with what the newest copy of each has told. Raises DatabaseError where any differs."""
        expected = self._expected.sums()
        with self._engine.connect() as connection:
            stored = stored_sums(connection)
        wrong = sorted({copy[0] for copy in expected.keys() | stored.keys() if expected.get(copy) != stored.get(copy)})
        if wrong:
            raise DatabaseError(
                f"The new tables do not hold what {', '.join(wrong)} told; the present tables are as they were. "
                "Repeat it, and report it where it happens again."
            )

    def _load(self, prepared: Prepared, seconds: dict[str, float], *, confirmed: bool) -> Replayed:
        copy, record, rejects = prepared.copy, record_of(prepared.copy), prepared.rejects
        started = time.perf_counter()
        inserted = self._insert_plain(prepared)
        seconds["insert"] = time.perf_counter() - started
        started = time.perf_counter()
        record_rejects(self._engine, copy.release.key, rejects_for_table(rejects), record=record)
        by_file = Counter[str](prepared.deals.loc[inserted, "file"])
        try:
            report = load_release(
                self._engine,
                record,
                prepared.deals[~inserted].reset_index(drop=True),
                _less(prepared.lines, by_file),
                self._clock(),
                rejected=prepared.rejected,
                overlay=prepared.overlay,
                confirm_withdrawals=confirmed,
            )
        except WithdrawalsNotConfirmed as error:
            if inserted.any():
                bulk.take_back(self._engine, record)
            said = Said("withdrawals", Verdict(False, str(error)))
            return Replayed(copy, str(error), None, (*prepared.said, said), seconds)
        report = bulk.put_on_record(self._engine, record, report, by_file)
        if report.withdrawn_deals or report.withdrawn_outside or report.reinstated_deals:
            self._withdrawn = bulk.withdrawn_places(self._engine)
        self._expected.add(record, prepared.keys, prepared.fingerprints)
        seconds["load"] = time.perf_counter() - started
        proved = (Said("withdrawals"), Said("rows_in_database"), Said("created_at"))
        return Replayed(copy, "", report, (*prepared.said, *proved), seconds)

    def _insert_plain(self, prepared: Prepared) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Insert the plain new deals; gives which they are."""
        plain, path = prepared.plain, prepared.spelt
        if path is not None and self._withdrawn:
            # One that may take the place of a withdrawn deal has more to tell than that it is new.
            there = np.array(bulk.at_places(prepared.deals, self._withdrawn), np.bool_)
            if (there & plain).any():
                plain = plain & ~there
                path = spelt(Rows(prepared.deals), plain, self._folder) if plain.any() else None
        if path is None:
            return np.zeros(len(prepared.deals), np.bool_)
        try:
            bulk.insert(self._engine, record_of(prepared.copy), str(path), int(plain.sum()), self._clock())
        finally:
            path.unlink(missing_ok=True)
        return plain


def _less(lines: Sequence[FileLines], inserted: Counter[str]) -> list[FileLines]:
    """The lines of each file that are not inserted yet."""
    return [replace(file, data_lines=file.data_lines - inserted[file.file]) for file in lines]
