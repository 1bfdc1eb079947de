"""What the sandbox answers to a path, faults included: a pure function of path, day, shelf and faults, with a cache.

Knows nothing of sockets; how the answer is sent, and how it stalls, belongs to `server.py`.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import pages, zips
from pshs_dagster.sandbox.faults import Fault, FaultName
from pshs_dagster.sandbox.project_list import ZIP_NAME as LIST_NAME
from pshs_dagster.sandbox.project_list import project_list_zip
from pshs_dagster.sandbox.shelf import Shelf, shelf_on

ZIP_NAME = "lvr_landcsv.zip"

PROJECT_LIST = f"/opendata/{LIST_NAME}"
"""Where the list of registered projects is."""

_KEPT = 6
"""Releases whose bytes are kept: a demonstration asks for four, some of them more than once. A season is 2.5 MB."""

_SINGLE_FILE = re.compile(r"[a-z]_lvr_land_b(_land|_park)?\.csv|manifest\.csv", re.IGNORECASE)

_Key = tuple[object, ...]
_Kept = TypeVar("_Kept")

_HTML = "text/html;charset=UTF-8"


@dataclass(frozen=True)
class Answer:
    """What to send."""

    body: bytes
    content_type: str = _HTML
    status: int = 200
    file_name: str | None = None
    stalls: bool = False
    """Only half of the body is sent."""


@dataclass(frozen=True)
class _Wanted:
    """The file that a request asks for."""

    release: Release
    name: str


@dataclass(frozen=True)
class State:
    """What decides the answers: the day, and what goes wrong on it."""

    today: date
    faults: tuple[Fault, ...] = ()


class Answers:
    """Answers of one made-up world; safe to use from several threads."""

    def __init__(self, *, first: Release, seed: int, scale: float, cities: Collection[str] | None) -> None:
        self._first, self._seed, self._scale = first, seed, scale
        self._cities = None if cities is None else tuple(sorted(cities))
        self._lock = threading.Lock()
        self._files: OrderedDict[_Key, dict[str, bytes]] = OrderedDict()
        self._zips: OrderedDict[_Key, bytes] = OrderedDict()
        self._failures: dict[tuple[str, Fault], int] = {}

    def to(self, target: str, state: State) -> Answer:
        """The answer to a request for `target`, a path with its query; a doubled slash works as a single one."""
        parts = urlsplit(re.sub(r"^/+", "/", target))
        path, query = re.sub(r"/+", "/", parts.path), parse_qs(parts.query)
        shelf = shelf_on(state.today, self._first, state.faults)
        if path == PROJECT_LIST:
            return self._project_list(target, state)
        page = _page(path, shelf)
        wanted = None if page is not None else _wanted(path, query, shelf)
        release = wanted.release if wanted else None
        struck = [fault for fault in state.faults if fault.strikes(release)]
        if self._fails(target, struck):
            return Answer("伺服器忙碌中".encode(), status=500)
        if page is not None:
            return Answer(page.encode())
        if wanted is None or _has(struck, FaultName.HTML):
            return Answer(pages.error_page().encode())
        answer = self._file(wanted, replace(state, faults=tuple(struck)))
        return replace(answer, stalls=_has(struck, FaultName.STALL) and answer.file_name is not None)

    def _project_list(self, target: str, state: State) -> Answer:
        """The list of registered projects, which is made anew every month; faults of one release spare it."""
        struck = [fault for fault in state.faults if fault.release is None]
        if self._fails(target, struck):
            return Answer("伺服器忙碌中".encode(), status=500)
        if _has(struck, FaultName.HTML) or _has(struck, FaultName.NO_PROJECTS):
            return Answer(pages.error_page().encode())
        content = project_list_zip(
            state.today.replace(day=1),
            self._first.window.first,
            seed=self._seed,
            scale=self._scale,
            cities=self._cities,
        )
        for fault in struck:
            content = fault.in_zip(content)
        stalls = _has(struck, FaultName.STALL)
        return Answer(content, "application/octet-stream", file_name=LIST_NAME, stalls=stalls)

    def _fails(self, target: str, struck: Sequence[Fault]) -> bool:
        for fault in struck:
            if fault.name is FaultName.ERRORS:
                with self._lock:
                    failed = self._failures.get((target, fault), 0)
                    if failed < fault.count:
                        self._failures[target, fault] = failed + 1
                        return True
        return False

    def forget_failures(self) -> None:
        """Lets faults of the kind `errors` begin anew."""
        with self._lock:
            self._failures.clear()

    def _file(self, wanted: _Wanted, state: State) -> Answer:
        if wanted.name.lower() == ZIP_NAME:
            return Answer(self._zip(wanted.release, state), "application/octet-stream", file_name=ZIP_NAME)
        with self._lock:
            files = self._files_of(wanted.release, state)
        for name, content in files.items():
            if name.lower() == wanted.name.lower():
                return Answer(content, "text/csv;charset=UTF-8", file_name=name)
        return Answer(pages.error_page().encode())

    def _zip(self, release: Release, state: State) -> bytes:
        key = _cache_key(release, state)
        with self._lock:
            content = self._zips.get(key)
            if content is None:
                dated = release.published_on if release.is_issue else state.today
                content = zips.zipped(self._files_of(release, state), dated)
                for fault in state.faults:
                    content = fault.in_zip(content)
                _keep(self._zips, key, content)
        return content

    def _files_of(self, release: Release, state: State) -> dict[str, bytes]:
        key = _cache_key(release, state)
        files = self._files.get(key)
        if files is None:
            files = zips.release_files(
                release, today=state.today, seed=self._seed, scale=self._scale, cities=self._cities
            )
            for fault in state.faults:
                files = fault.in_files(files)
            _keep(self._files, key, files, kept=1)
        return files


def _keep(cache: OrderedDict[_Key, _Kept], key: _Key, value: _Kept, kept: int = _KEPT) -> None:
    """Puts a value into a cache, and the oldest out where there are more than `kept`."""
    cache[key] = value
    while len(cache) > kept:
        cache.popitem(last=False)


def _cache_key(release: Release, state: State) -> _Key:
    """An issue is the same on every day."""
    return release, None if release.is_issue else state.today, state.faults


def _has(faults: Sequence[Fault], name: FaultName) -> bool:
    return any(fault.name is name for fault in faults)


def _page(path: str, shelf: Shelf) -> str | None:
    match path:
        case "/DownloadHistory_ajax_list":
            return pages.history_page(shelf)
        case "/DownloadSeason_ajax_list":
            return pages.seasons_page(shelf)
        case "/Download_ajax_active":
            return pages.current_page(shelf)
        case "/" | "/DownloadOpenData":
            return pages.open_data_page(shelf)
        case _:
            return None


def _wanted(path: str, query: Mapping[str, Sequence[str]], shelf: Shelf) -> _Wanted | None:
    """The file that a request names, if the shelf has its release."""

    def value(name: str) -> str:
        return query.get(name, [""])[0]

    release, name = None, value("fileName")
    match path, value("type"):
        case "/Download", _:
            release = shelf.current
        case "/DownloadHistory", "history":
            release, name = _among(shelf.earlier, name), ZIP_NAME
        case "/DownloadHistory", "season":  # the page's own script still knows this older way
            release, name = _among(shelf.seasons, name), ZIP_NAME
        case "/DownloadSeason", _:
            release = _among(shelf.seasons, value("season"))
        case _:
            pass
    known = name.lower() == ZIP_NAME or _SINGLE_FILE.fullmatch(name) is not None
    return _Wanted(release, name) if release is not None and known else None


def _among(releases: Sequence[Release], name: str) -> Release | None:
    try:
        release = Release.parse(name)
    except UnknownRelease:
        return None
    return release if release in releases else None
