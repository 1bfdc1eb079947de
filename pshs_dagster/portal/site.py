"""MOI's addresses and answers: what is published, and one release as a verified zip on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import requests

from pshs_dagster.errors import NotPublished, PortalError, SettingsError
from pshs_dagster.portal import pages
from pshs_dagster.portal.connection import Connection, Patience, host, shown_url
from pshs_dagster.portal.downloading import Attempt, Download, Progress, no_progress
from pshs_dagster.portal.session import open_session
from pshs_dagster.releases import ISSUE_HOUR, TAIPEI, Release, Window, newest_issue_due

ACTIVE_PAGE = "/Download_ajax_active"
HISTORY_PAGE = "/DownloadHistory_ajax_list"
SEASON_PAGE = "/DownloadSeason_ajax_list"
CURRENT_ZIP = "/Download?type=zip&fileName=lvr_landcsv.zip"


def path_of(release: Release, earlier: Sequence[Release]) -> str:
    """The path and query that gets a release, where these are the earlier issues of the quarter."""
    if not release.is_issue:
        return f"/DownloadSeason?season={release.key}&type=zip&fileName=lvr_landcsv.zip"
    if release in earlier:
        return f"/DownloadHistory?type=history&fileName={release.published_on:%Y%m%d}"
    return CURRENT_ZIP


@dataclass(frozen=True)
class Published:
    """What MOI offers at a moment."""

    current: Release | None
    """The issue that the current download holds; None where its described window is that of no issue."""
    current_window: Window
    """The window in the words of the page."""
    earlier: tuple[Release, ...]
    """This quarter's issues before the current one, oldest first; empty on the first days of a quarter."""
    seasons: tuple[Release, ...]
    """Oldest first."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """All that can be had, the seasons and then the issues, each oldest first."""
        current = () if self.current is None or self.current in self.earlier else (self.current,)
        return (*self.seasons, *self.earlier, *current)

    def path_of(self, release: Release) -> str:
        """The path and query that gets one of these releases."""
        return path_of(release, self.earlier)


@dataclass(frozen=True)
class FetchedZip:
    """A release on this machine's disk, whole and verified by its checksums."""

    release: Release
    """What was asked for; whether it is that is for a check to say."""
    path: Path
    sha256: str
    """Hexadecimal, lower case."""
    size: int
    """Bytes."""
    url: str
    fetched_at: datetime
    """Aware, in Taipei."""


class Portal:
    """MOI's site, or another that answers like it."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Callable[[], datetime],
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience | None = None,
    ) -> None:
        """`clock` gives an aware datetime. Raises SettingsError for a `base_url` that is no http(s) address."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"PORTAL_URL is no web address: '{shown_url(base_url)}' should begin with https://.")
        self.base_url = base_url.rstrip("/")
        self._clock = clock
        self._session = session or open_session()
        self._connection = Connection(self._session, patience=patience or Patience(), sleep=sleep)

    def close(self) -> None:
        """Let go of the connections; the portal can still be used, and opens new ones."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def published(self) -> Published:
        """What can be had now. Raises PortalError for a page that tells of no release, SiteDown."""
        active = self._page(ACTIVE_PAGE)
        window = pages.current_window(active)
        if window is None:
            raise self._says_nothing(ACTIVE_PAGE, active)
        issue = Release.covering(window.first)
        history = self._history()
        return Published(
            current=issue if issue.window == window else None,
            current_window=window,
            earlier=pages.listed_issues(history),
            seasons=self._seasons(history),
        )

    def releases(self) -> tuple[Release, ...]:
        """All releases that can be had now."""
        return self.published().releases

    def request_for(self, release: Release) -> str:
        """The path and query that gets a release.

        Raises NotPublished where it is not out yet, or is an issue that the site has no longer.
        """
        self._refuse_the_future(release)
        if not release.is_issue:
            return path_of(release, ())
        listed = pages.listed_issues(self._history())
        if release in listed:
            return path_of(release, listed)
        # With an empty list a quarter has just begun, and only its first issue can be the current one.
        newest_before = listed[-1] if listed else newest_issue_due(self._clock()).preceding()
        if release.published_on <= newest_before.published_on:
            raise self._gone(release)
        # The current download may still hold the issue before this one; the contents will tell.
        return path_of(release, listed)

    def fetch(self, release: Release, folder: Path, progress: Progress = no_progress) -> FetchedZip:
        """Download a release into `folder` as `{release}.zip`, verified by its checksums.

        Raises NotPublished (a page in the place of the zip too), SiteDown, PortalError, and NotAZip,
        BrokenZip or HostileZip for what arrived. Nothing half-done stays in the folder.
        """
        found = self.download(self.request_for(release), folder / f"{release.key}.zip", str(release), progress)
        return FetchedZip(release, found.path, found.sha256, found.size, found.url, found.fetched_at)

    def download(self, request: str, path: Path, what: str, progress: Progress = no_progress) -> Download:
        """What a request (path and query) gets, which must be a sound zip, as a file at `path`.

        Messages call it `what`. Raises as `fetch` does. Nothing half-done stays in the folder.
        """
        url = self.base_url + request
        attempt = Attempt(self._connection, url, path, what, progress)
        digest, size = self._connection.persist(url, self._connection.patience.download, attempt)
        return Download(path, digest, size, shown_url(url), self._clock().astimezone(TAIPEI))

    def _refuse_the_future(self, release: Release) -> None:
        # On its day an issue may be there before its hour; the site knows, and its contents tell.
        if release.published_on <= self._clock().astimezone(TAIPEI).date():
            return
        due = f"{release.published_on} {ISSUE_HOUR:%H:%M} (Taipei)" if release.is_issue else str(release.published_on)
        raise NotPublished(f"{release} is not out yet: MOI is expected to publish it on {due}.")

    def _gone(self, issue: Release) -> NotPublished:
        season = issue.covering_season()
        today = self._clock().astimezone(TAIPEI).date()
        advice = f"load {season}" if season.published_on <= today else f"load {season} from {season.published_on} on"
        return NotPublished(
            f"{host(self.base_url)} no longer has the issue {issue}: its trades are published again "
            f"in the season {season}, so {advice}."
        )

    def _history(self) -> str:
        html = self._page(HISTORY_PAGE)
        if not pages.listed_issues(html) and not pages.is_issue_list(html):
            raise self._says_nothing(HISTORY_PAGE, html)
        return html

    def _seasons(self, history: str) -> tuple[Release, ...]:
        """The seasons by their own page, or by the list of issues, which held them in earlier years."""
        try:
            html = self._page(SEASON_PAGE)
        except NotPublished as error:
            html = ""
            if not pages.listed_seasons(history):
                raise PortalError(str(error)) from error
        seasons = pages.listed_seasons(html) or pages.listed_seasons(history)
        if not seasons:
            raise self._says_nothing(SEASON_PAGE, html)
        return seasons

    def _page(self, path: str) -> str:
        return pages.decoded(self._connection.page(self.base_url + path))

    def _says_nothing(self, path: str, html: str) -> PortalError:
        words = pages.page_words(html)
        return PortalError(
            f"{host(self.base_url)}{path} tells of no release, it says 「{words}」: "
            "try again later; if it stays so, the site has changed."
        )
