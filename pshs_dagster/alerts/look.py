"""One look at what is wrong now: Dagster's instance and the database are asked, the records are judged.

Used by the sensor, which looks at what may have changed, and by whoever asks for everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from pshs_dagster.alerts.evidence import EndedRun, ended_runs, evidence_of, failed_for_all, known_releases, why_failed
from pshs_dagster.alerts.troubles import Trouble, by_subject, of_check, of_run, troubles_of, watched_issues
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.history import loaded_releases
from pshs_dagster.errors import PshsError, UnknownRelease
from pshs_dagster.releases import Release

LOOK_BACK = timedelta(days=30)
"""Runs that are for no release are looked for so far back: the rarest of them comes every week."""

OVERLAP = timedelta(minutes=1)
"""Of two runs that end at a time, the one that ended first may be seen last."""


@dataclass(frozen=True)
class Look:
    """What was found. `judged` are the things that were looked at, whether anything was wrong with them or not."""

    troubled: Mapping[str, list[Trouble]]
    judged: frozenset[str]
    seen: datetime
    """The end of the newest run that was looked at."""
    loaded: frozenset[Release] | None
    """None where the database cannot be asked."""


def look(
    instance: dg.DagsterInstance,
    database: Database,
    now: datetime,
    *,
    seen: datetime | None = None,
    open_runs: Mapping[str, str] | None = None,
) -> Look:
    """What is wrong at `now`.

    With `seen`, only at what may have changed since a look that ended there: releases and other things of which runs
    have ended since, issues that may be overdue, and `open_runs`: what was wrong, with the run that failed.
    """
    loaded = _loaded(database)
    runs = ended_runs(instance, (seen or now - LOOK_BACK) - OVERLAP)
    releases = {run.release for run in runs if run.release} | set(watched_issues(loaded, now))
    others = {run.subject: run for run in runs if run.release is None}
    # A run for no release may be one for all of them: a rebuild judges every release.
    if seen is None or any(run.ended_at > seen for run in others.values()):
        releases |= known_releases(instance)
    failed = {subject: run.run_id for subject, run in others.items() if run.failed}
    for subject, run_id in (open_runs or {}).items():
        if release := _release(subject):
            releases.add(release)
        elif subject not in others:
            failed[subject] = run_id
    for_all = failed_for_all(instance)
    troubles = [
        *_of_releases(instance, releases, now, loaded),
        *(of_check(subject, check) for subject, checks in for_all.items() for check in checks),
        *(trouble for subject, run_id in failed.items() for trouble in _of_run(instance, subject, run_id)),
    ]
    return Look(
        by_subject(troubles),
        frozenset({release.key for release in releases} | others.keys() | failed.keys() | for_all.keys()),
        _newest(runs, seen or now - LOOK_BACK),
        loaded,
    )


def is_settled(instance: dg.DagsterInstance, release: Release) -> bool:
    """Whether every guard holds for a release, and its newest run did not fail."""
    evidence = evidence_of(instance, release)
    return evidence.verified and evidence.failed_run is None


def _loaded(database: Database) -> frozenset[Release] | None:
    try:
        return frozenset(row.release for row in loaded_releases(database.engine))
    except PshsError:
        return None


def _of_releases(
    instance: dg.DagsterInstance, releases: Iterable[Release], now: datetime, loaded: Collection[Release] | None
) -> list[Trouble]:
    ordered = sorted(releases, key=lambda release: (release.published_on, release.key))
    return [trouble for release in ordered for trouble in troubles_of(evidence_of(instance, release), now, loaded)]


def _of_run(instance: dg.DagsterInstance, subject: str, run_id: str) -> list[Trouble]:
    checks, run = why_failed(instance, run_id)
    return [of_check(subject, check) for check in checks] + ([of_run(subject, run)] if run else [])


def _newest(runs: Iterable[EndedRun], seen: datetime) -> datetime:
    return max((run.ended_at for run in runs), default=seen)


def _release(key: str) -> Release | None:
    try:
        return Release.parse(key)
    except UnknownRelease:
        return None
