"""What MOI has, what is loaded, and what is verified: gathered for a person, release by release.

Nothing is changed here, and nothing is shown; `terminal.py` does that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from pshs_dagster.automation import Attempts, attempts_each, is_verified
from pshs_dagster.clock import taipei_now
from pshs_dagster.config import Settings
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.history import loaded_releases
from pshs_dagster.errors import PortalError
from pshs_dagster.portal import Portal, Published
from pshs_dagster.releases import Release, newest_issue_due
from pshs_dagster.runs import open_instance


@dataclass(frozen=True)
class ReleaseRow:
    """One release, as a person wants to see it."""

    release: Release
    at_moi: str
    """`current`, `earlier` or `season`, blank where MOI does not list it, `?` where MOI could not be asked."""
    loaded_at: datetime | None
    state: str
    """verified; loaded, not verified; running; failed; to be had; covered by a season; lost; or unknown."""
    request: str
    """What to ask MOI for, where the release is missing and to be had."""


def portal_of(settings: Settings) -> Portal:
    """The portal that the settings name."""
    return Portal(settings.portal_url, clock=taipei_now)


def releases(settings: Settings, now: datetime) -> tuple[list[ReleaseRow], str]:
    """Every issue and season from HISTORY_FROM to `now`, newest first, and what kept from asking MOI, if anything.

    What is loaded from before HISTORY_FROM is told too.
    """
    database, trouble, published = Database(settings.database), "", None
    try:
        published = portal_of(settings).published()
    except PortalError as error:
        trouble = str(error)
    loaded = {row.release: row.loaded_at for row in loaded_releases(database.engine)}
    expected = expected_releases(Release.parse(settings.history_from), now)
    known = sorted(
        {*expected, *loaded, *(_listed_since(expected, published) if published else ())},
        key=lambda release: (release.published_on, release.window.last),
        reverse=True,
    )
    with open_instance(settings.dagster_home) as instance:
        attempts = attempts_each(instance, known)
        rows = [_row(release, instance, attempts[release], published, loaded) for release in known]
    return rows, trouble


def expected_releases(first: Release, now: datetime) -> list[Release]:
    """Every season since `first`, and every issue since its window began, that MOI should have published by `now`."""
    seasons = [first]
    while (following := seasons[-1].following()).is_due(now):
        seasons.append(following)
    issues = [next(first.issues())]
    newest = newest_issue_due(now)
    while issues[-1] != newest:
        issues.append(issues[-1].following())
    return [*seasons, *issues]


def _listed_since(expected: Collection[Release], published: Published) -> set[Release]:
    first = min(release.window.first for release in expected)
    return {release for release in published.releases if release.window.first >= first}


def _row(
    release: Release,
    instance: dg.DagsterInstance,
    attempts: Attempts,
    published: Published | None,
    loaded: Mapping[Release, datetime],
) -> ReleaseRow:
    at_moi = _place(release, published)
    if attempts.running:
        state = "running"
    elif release in loaded:
        state = "verified" if is_verified(instance, release) else "loaded, not verified"
    else:
        state = _missing(release, at_moi, loaded)
        if attempts.count:
            state = f"failed; {state}"
    request = published.path_of(release) if published and "to be had" in state else ""
    return ReleaseRow(release, at_moi, loaded.get(release), state, request)


def _missing(release: Release, at_moi: str, loaded: Mapping[Release, datetime]) -> str:
    """What can be done about a release that is not loaded."""
    if at_moi == "?":
        return "missing"
    if at_moi:
        return "to be had"
    if release.is_issue:
        season = release.covering_season()
        return f"lost, covered by {season}" if season in loaded else f"lost; load {season}, which covers it"
    return "not at MOI"


def _place(release: Release, published: Published | None) -> str:
    if published is None:
        return "?"
    if release == published.current:
        return "current"
    if release in published.earlier:
        return "earlier"
    return "season" if release in published.seasons else ""
