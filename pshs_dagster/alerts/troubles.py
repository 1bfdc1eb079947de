"""What is wrong, as records: pure functions of what is known and of the time.

What is known comes from `evidence.py`; words for it are in `messages.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pshs_dagster.releases import ISSUE_HOUR, Release, newest_issue_due

OVERDUE_AFTER = timedelta(hours=3)
"""MOI is late by an hour or two at times; with an attempt an hour that mends itself."""

WITHDRAWALS = "withdrawals"
"""The check that waits for a person's word."""

PASSING_ERRORS = frozenset({"SiteDown"})
"""A site that is down says so in ever other words (refused, too slow, 502), and it is the same trouble."""


_MADE_UP = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # of a run
    r"|(?<=pshs-)[a-z0-9_]{8}(?![a-z0-9_])"  # of a temporary folder or file
)
"""Names that are made up anew for each attempt."""


class Kind(StrEnum):
    """What sort of trouble it is. The sensor tells of the first four; who asks is told of all."""

    CHECK = "check"
    """An asset check failed, and does not only warn."""
    WITHDRAWALS = "withdrawals"
    """A season would withdraw so many deals that a person has to confirm it."""
    RUN = "run"
    """A run failed, and no check tells why."""
    OVERDUE = "overdue"
    """An issue that MOI should have published is not verified hours later."""
    REJECTS = "rejects"
    """Rejected lines wait for a person."""
    DAEMON = "daemon"
    """What runs schedule and sensors is not alive."""
    DATABASE = "database"
    ARCHIVE = "archive"
    DAGSTER = "dagster"
    """The last three: it cannot be reached, or does not hold what it should."""


@dataclass(frozen=True)
class FailedCheck:
    """An evaluation that did not pass, with severity ERROR."""

    name: str
    told: str
    """The check's own sentence, blank where it had none."""
    run_id: str
    counts: Mapping[str, float] = field(default_factory=dict[str, float])
    """The numbers among its metadata."""


@dataclass(frozen=True)
class FailedRun:
    """A run that failed for another reason than a check."""

    run_id: str
    step: str
    """Blank where the run itself was ended."""
    told: str
    error: str
    """The name of the error's class, blank where there is none."""


@dataclass(frozen=True)
class Evidence:
    """What Dagster's instance knows of one release. Evaluations count when they are complete, whatever is under way."""

    release: Release
    failed_checks: tuple[FailedCheck, ...] = ()
    failed_run: FailedRun | None = None
    """What became of the newest run that has ended, where it failed and no check tells why."""
    verified: bool = False
    """Whether the newest complete evaluation of every guard holds."""
    tried: bool = True
    """Whether any run for it has ended."""


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong now."""

    kind: Kind
    subject: str
    """What it is about: a release, or the name of what ran."""
    where: str
    """The check or the step, blank where there is none."""
    reason: str
    """One sentence, as the check or the error told it."""
    run_id: str = ""
    counts: Mapping[str, float] = field(default_factory=dict[str, float])
    alike: str = ""
    """What makes a later trouble of this kind and place the same one; the reason, where it is blank."""

    @property
    def fingerprint(self) -> str:
        """Equal for troubles that need not be told twice, different where something changed."""
        return sha256("\n".join((self.kind, self.where, self.alike or self.reason)).encode()).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        """What `pshs status --json` gives of it."""
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "where": self.where,
            "reason": self.reason,
            "counts": dict(self.counts),
            "run_id": self.run_id,
        }


def troubles_of(evidence: Evidence, now: datetime, loaded: Collection[Release] | None) -> list[Trouble]:
    """What is wrong with one release at `now` (aware).

    `loaded` are the releases that are in the database; None where it cannot be asked. Nothing is wrong with a
    release that is not out yet, nor with an issue that is not loaded and never will be, since a season has it.
    """
    release = evidence.release
    if not release.is_due(now) or is_covered(release, loaded):
        return []
    found = [of_check(release.key, check) for check in evidence.failed_checks]
    if evidence.failed_run:
        found.append(of_run(release.key, evidence.failed_run))
    if release.is_issue and _is_late(release, now) and not (evidence.verified and _is_in(release, loaded)):
        found.append(Trouble(Kind.OVERDUE, release.key, "", _lateness(evidence), alike="overdue"))
    return found


def of_check(subject: str, check: FailedCheck) -> Trouble:
    """The trouble of a failed check."""
    kind = Kind.WITHDRAWALS if check.name == WITHDRAWALS else Kind.CHECK
    return Trouble(kind, subject, check.name, check.told, check.run_id, check.counts)


def of_run(subject: str, run: FailedRun) -> Trouble:
    """The trouble of a failed run."""
    alike = run.error if run.error in PASSING_ERRORS else _without_names_and_numbers(run.told)
    return Trouble(Kind.RUN, subject, run.step, run.told, run.run_id, alike=alike)


def watched_issues(loaded: Collection[Release] | None, now: datetime) -> list[Release]:
    """The issues that may be overdue at `now`, oldest first.

    The newest one that should be verified by now, and those before it that are newer than the oldest loaded release
    and that no season has yet that MOI should have published: older ones are to be had as seasons only.
    """
    issue = newest_issue_due(now - OVERDUE_AFTER)
    oldest = min((release.window.first for release in loaded or ()), default=issue.window.first)
    season = issue.covering_season()
    while not season.is_due(now):
        season = season.preceding()
    watched = [issue]
    while (issue := issue.preceding()).window.first >= oldest and issue.window.last > season.window.last:
        watched.append(issue)
    return watched[::-1]


def is_covered(release: Release, loaded: Collection[Release] | None) -> bool:
    """Whether an issue is not loaded, and a loaded season has its window."""
    if not loaded or not release.is_issue or release in loaded:
        return False
    return any(not other.is_issue and other.window.covers(release.window) for other in loaded)


def by_subject(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    """Troubles of one thing together, in the order given; the same trouble found twice is one."""
    grouped: dict[str, dict[str, Trouble]] = {}
    for trouble in troubles:
        grouped.setdefault(trouble.subject, {}).setdefault(trouble.fingerprint, trouble)
    return {subject: list(found.values()) for subject, found in grouped.items()}


def fingerprints(troubles: Sequence[Trouble]) -> list[str]:
    """Those of several troubles, sorted."""
    return sorted({trouble.fingerprint for trouble in troubles})


def _is_late(release: Release, now: datetime) -> bool:
    return release.is_due(now - OVERDUE_AFTER)


def _is_in(release: Release, loaded: Collection[Release] | None) -> bool:
    return loaded is None or release in loaded


def _lateness(evidence: Evidence) -> str:
    release = evidence.release
    told = f"Expected on {release.published_on} at {ISSUE_HOUR:%H:%M}, and not verified."
    return told if evidence.tried else f"{told} No run for it has ended yet: see release_sensor on Dagster's page."


def _without_names_and_numbers(text: str) -> str:
    """Temporary names, bytes, seconds, ports and checksums differ from one attempt to the next."""
    return "".join("#" if character.isdigit() else character for character in _MADE_UP.sub("#", text))
