"""Reading MOI's pages: pure functions from HTML to releases, windows and words.

The pages are no tidy HTML: the list of seasons stands inside a comment, releases inside scripts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from bs4 import BeautifulSoup

from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release, Window, described_window

QUOTED_WORDS = 120
"""Characters of a page that a message quotes: enough for 系統訊息 and its reason."""

_DOWNLOAD_LAST = re.compile(r"downloadLast\(\s*['\"](\d{8})['\"]\s*\)")
_SEASON_OPTION = re.compile(r"<option[^>]*?\bvalue\s*=\s*['\"](\d{2,3}[Ss][1-4])['\"]")
_LIST_MARKS = ("前期下載", "downloadLast")
_ERROR_WORDS = ("系統訊息", "系統發生錯誤", "檔案不存在")

log = logging.getLogger(__name__)


def listed_issues(html: str) -> tuple[Release, ...]:
    """The earlier issues that `/DownloadHistory_ajax_list` offers, oldest first."""
    return _releases(_DOWNLOAD_LAST.findall(html))


def listed_seasons(html: str) -> tuple[Release, ...]:
    """The seasons that a page offers as `<option value="111S2">`, in a comment or not, oldest first."""
    return _releases(_SEASON_OPTION.findall(html))


def is_issue_list(html: str) -> bool:
    """Whether this is the list of earlier issues, which is empty on the first days of a quarter."""
    return any(mark in html for mark in _LIST_MARKS) and not any(word in html for word in _ERROR_WORDS)


def current_window(html: str) -> Window | None:
    """The pre-sale window that `/Download_ajax_active` describes; None where it describes none."""
    return described_window(_text(html))


def page_words(html: str) -> str:
    """The visible words of a page, at most QUOTED_WORDS characters of them."""
    words = _text(html)
    return words if len(words) <= QUOTED_WORDS else words[:QUOTED_WORDS] + "…"


def is_html(head: bytes) -> bool:
    """Whether a body that begins with `head` is a page rather than a file."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def decoded(body: bytes) -> str:
    """A page's text: UTF-8, or else Big5 as older pages of the site are."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp950", errors="replace")


def _text(html: str) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["script", "style"]):
        element.decompose()
    return " ".join(soup.get_text(" ").split())


def _releases(names: Iterable[str]) -> tuple[Release, ...]:
    found: set[Release] = set()
    for name in names:
        try:
            found.add(Release.parse(name))
        except UnknownRelease as error:
            log.warning("MOI lists a release that does not fit the calendar: %s", error)
    return tuple(sorted(found, key=lambda release: release.published_on))
