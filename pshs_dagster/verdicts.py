"""Verdicts that a release gets by itself and within a rebuild alike, apart from how Dagster records them.

The checks of a run stand in `checks.py`, those of a rebuild in `history/`; what both must judge alike stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from pshs_dagster.deals.identity import Identity

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR

WARN_REJECTED, FAIL_REJECTED = 0.01, 0.10
"""Real releases reject about one line in a thousand; one in ten means that the format has changed."""


@dataclass(frozen=True)
class Verdict:
    """Whether something holds; where it does not, how bad that is, and a sentence."""

    passed: bool = True
    told: str = ""
    severity: dg.AssetCheckSeverity = ERROR


HOLDS = Verdict()


def on_identity(identity: Identity) -> Verdict:
    """Another release fails; a few stray dates, or no row at all, only warn."""
    if identity.problem:
        return Verdict(False, identity.problem)
    if identity.stray or identity.no_date or not identity.rows:
        told = f"{identity.stray} of {identity.rows} rows lie outside the window, {identity.no_date} have no date."
        return Verdict(False, told, WARN)
    return HOLDS


def on_rejection(rejected: int, lines: int) -> Verdict:
    """From WARN_REJECTED on this warns, from FAIL_REJECTED on it fails."""
    rate = rejected / lines if lines else 0.0
    if rate < WARN_REJECTED:
        return HOLDS
    told = f"{rejected} of {lines} lines ({rate:.1%}) were rejected."
    return Verdict(False, told, ERROR if rate >= FAIL_REJECTED else WARN)
