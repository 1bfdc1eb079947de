"""The clock. It is passed in wherever time matters, so that a test, or a replay, can say what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pshs_dagster.releases import TAIPEI

Clock = Callable[[], datetime]
"""Gives the present moment, aware."""


def taipei_now() -> datetime:
    """The present moment in Taipei."""
    return datetime.now(TAIPEI)
