"""What MOI's site offers on a day: the current issue, the earlier ones of its quarter, the seasons.

Pure calendar. On the first day of a quarter the list of earlier issues is empty, and the season that just ended can
be fetched. What the pages look like belongs to `pages.py`, what is in the files to `zips.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from pshs_dagster.releases import TAIPEI, Release, newest_issue_due
from pshs_dagster.sandbox.faults import Fault, FaultName


@dataclass(frozen=True)
class Shelf:
    """What can be fetched."""

    current: Release
    earlier: tuple[Release, ...]
    """The issues of the current one's quarter before it, oldest first."""
    seasons: tuple[Release, ...]
    """Newest first."""


def shelf_on(today: date, first: Release, faults: Sequence[Fault] = ()) -> Shelf:
    """What the site offers on `today`, the seasons going back to `first`."""
    late = [fault for fault in faults if fault.name is FaultName.LATE]
    current = newest_issue_due(datetime.combine(today, time(23), TAIPEI))
    if any(fault.strikes(current) for fault in late):
        current = current.preceding()
    return Shelf(current, tuple(_earlier(current)), tuple(_seasons(current.published_on, first, late)))


def _earlier(current: Release) -> list[Release]:
    issues: list[Release] = []
    issue = current.preceding()
    while _quarter(issue.published_on) == _quarter(current.published_on):
        issues.insert(0, issue)
        issue = issue.preceding()
    return issues


def _seasons(site_day: date, first: Release, late: Sequence[Fault]) -> list[Release]:
    """A season comes out with the issue of its day, so a site whose new issue is late has no new season either."""
    seasons: list[Release] = []
    season = first
    while season.published_on <= site_day:
        if not any(fault.release == season for fault in late):
            seasons.insert(0, season)
        season = season.following()
    return seasons


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3
