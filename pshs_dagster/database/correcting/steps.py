"""One edit of a person, and what it would put into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pshs_dagster.deals.overlay import Key
from pshs_dagster.review.edits import Edit
from pshs_dagster.review.report import Outcome, Result

DOES = (Result.CORRECTED, Result.DISMISSED)
"""What changes something."""


@dataclass(frozen=True)
class Step:
    """What comes of one edit. `entries` are rows of `corrections`, without what all have in common."""

    edit: Edit
    outcome: Outcome
    entries: Sequence[Mapping[str, Any]] = ()
    deal: Key | None = None
    """The deal whose values are corrected; None where it is a line, or nothing is changed."""
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """For a deal what its event tells: the values that stand there, and the new ones."""

    @property
    def does_something(self) -> bool:
        return self.outcome.result in DOES


@dataclass(frozen=True)
class Plan:
    """What the edits of a file would do, in their order."""

    steps: tuple[Step, ...]

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(step.edit for step in self.steps)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(step.outcome for step in self.steps)

    @property
    def does_something(self) -> bool:
        """Whether there is anything to ask about."""
        return any(step.does_something for step in self.steps)
