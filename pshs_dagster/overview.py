"""What MOI has, what is loaded, and what is verified: gathered for a person, release by release.

Nothing is changed here, and nothing is shown; `terminal.py` does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pshs_dagster.automation import attempts_for, is_verified
from pshs_dagster.clock import taipei_now
from pshs_dagster.config import Settings
from pshs_dagster.database.database import Database
from pshs_dagster.database.history import loaded_releases
from pshs_dagster.errors import PortalError
from pshs_dagster.portal import Portal, Published
from pshs_dagster.releases import Release
from pshs_dagster.runs import open_instance


@dataclass(frozen=True)
class ReleaseRow:
    """One release, as a person wants to see it."""

    release: Release
    at_moi: str
    """`current`, `earlier`, `season`, or blank where MOI no longer lists it."""
    loaded_at: datetime | None
    state: str
    """verified, failed, running, loaded (not verified), or blank where it was never tried."""


def portal_of(settings: Settings) -> Portal:
    """The portal that the settings name."""
    return Portal(settings.portal_url, clock=taipei_now)


def releases(settings: Settings, *, show_all: bool = False) -> tuple[list[ReleaseRow], str]:
    """Every release that MOI lists or that is loaded, newest first, and what kept from asking MOI, if anything."""
    database, trouble, published = Database(settings.database), "", None
    try:
        published = portal_of(settings).published()
    except PortalError as error:
        trouble = str(error)
    listed = published.releases if published else ()
    loaded = {row.release: row.loaded_at for row in loaded_releases(database.engine)}
    first = Release.parse(settings.history_from).window.first
    known = {release for release in listed if show_all or release.window.first >= first} | loaded.keys()
    newest_first = sorted(known, key=lambda release: (release.published_on, release.window.last), reverse=True)
    with open_instance(settings.dagster_home) as instance:
        rows = [
            ReleaseRow(
                release,
                _place(release, published),
                loaded.get(release),
                _state(
                    is_loaded=release in loaded,
                    verified=is_verified(instance, release),
                    running=(attempts := attempts_for(instance, release)).running,
                    tried=attempts.count > 0,
                ),
            )
            for release in newest_first
        ]
    return rows, trouble


def _place(release: Release, published: Published | None) -> str:
    if published is None:
        return "?"
    if release == published.current:
        return "current"
    if release in published.earlier:
        return "earlier"
    return "season" if release in published.seasons else ""


def _state(*, is_loaded: bool, verified: bool, running: bool, tried: bool) -> str:
    if running:
        return "running"
    if is_loaded:
        return "verified" if verified else "loaded, not verified"
    return "failed" if tried else ""
