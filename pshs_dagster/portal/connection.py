"""Patience with the network: time limits, sizes, redirects, and retries of what is transient.

Nothing here knows MOI's addresses or pages.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from random import uniform
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from pshs_dagster.errors import NotPublished, PortalError, PshsError, SiteDown

MIB = 2**20

MAX_PAGE = 4 * MIB
"""Bytes of a page. The real list of releases has 18 KB."""

MAX_DOWNLOAD = 512 * MIB
"""Bytes of a zip. Issues have some 14 MB, seasons have been seen to reach 110 MB."""

MAX_RETRY_AFTER = 120.0
"""Seconds. A server that asks for a longer pause is asked again by the next run, not by this one."""

MAX_REDIRECTS = 5
"""MOI needs none; a load balancer may send to another path once or twice."""

CHUNK = 64 * 1024
"""Bytes at most that one read takes from the network."""

_TRANSIENT = frozenset({408, 429}) | frozenset(range(500, 600))
"""Statuses that a repetition may cure: too slow, too often, and trouble on their side."""

_ABSENT = frozenset({404, 410})

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 10
    """The site answers within 2 s from Taiwan; from abroad it may be slow."""
    read: float = 60
    """Between two pieces; MOI packs some zips on demand before it sends the first byte."""
    page: float = 45
    """For a page, all attempts together: the sensor that asks for it has a minute."""
    download: float = 1800
    """For a zip, all attempts together: 110 MB at 64 KB/s."""
    attempts: int = 4
    backoff: float = 1
    """Before the second attempt; each further pause doubles, and half of it is left to chance."""


class Transient(Exception):
    """One attempt failed in a way that the next may not. Never leaves this package."""

    def __init__(
        self, why: str, *, wait: float | None = None, attempts: int | None = None, finally_: PshsError | None = None
    ) -> None:
        """`wait` is what the server asked for, `finally_` what to raise in the place of SiteDown in the end."""
        super().__init__(why)
        self.wait, self.attempts, self.finally_ = wait, attempts, finally_


class Connection:
    """Requests to one site, each with limits on time, size and place."""

    def __init__(self, session: requests.Session, *, patience: Patience, sleep: Callable[[float], None]) -> None:
        self._session = session
        self._sleep = sleep
        self.patience = patience

    def page(self, url: str) -> bytes:
        """The body of a page. Raises NotPublished for 404, SiteDown after all attempts, else PortalError."""

        def read(deadline: float) -> bytes:
            with self.response(url, deadline) as response:
                return b"".join(chunks(response, deadline, MAX_PAGE))

        return self.persist(url, self.patience.page, read)

    def persist(self, url: str, seconds: float, attempt: Callable[[float], T]) -> T:
        """The result of `attempt(deadline)`, made again while it raises Transient and time is left.

        Raises SiteDown in the end, or what the last Transient wants raised.
        """
        deadline = time.monotonic() + seconds
        for tried in count(1):
            try:
                return attempt(deadline)
            except Transient as trouble:
                half = self.patience.backoff * 2 ** (tried - 1) / 2
                pause = half + uniform(0, half) if trouble.wait is None else trouble.wait
                if tried >= (trouble.attempts or self.patience.attempts) or time.monotonic() + pause >= deadline:
                    raise trouble.finally_ or _site_down(url, trouble, tried) from trouble
                self._sleep(pause)
        raise AssertionError("unreachable")

    @contextmanager
    def response(self, url: str, deadline: float) -> Generator[requests.Response]:
        """The answer to a GET with status 200, its body still unread; redirects are followed on the same site."""
        for _ in range(MAX_REDIRECTS + 1):
            response = self._get(url, deadline)
            try:
                target = response.headers.get("Location") if response.is_redirect else None
                if target is None:
                    _judge(response)
                    yield response
                    return
                url = _same_site(url, urljoin(url, target))
            finally:
                response.close()
        raise PortalError(f"{host(url)} redirects in a circle: see whether PORTAL_URL is right.")

    def _get(self, url: str, deadline: float) -> requests.Response:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Transient("the time was used up")
        timeout = (min(self.patience.connect, left), min(self.patience.read, left))
        try:
            return self._session.get(url, stream=True, allow_redirects=False, timeout=timeout)
        except requests.exceptions.ConnectTimeout as error:
            raise Transient(f"no connection within {timeout[0]:.0f} s") from error
        except requests.exceptions.ReadTimeout as error:
            raise Transient(f"no answer within {timeout[1]:.0f} s") from error
        except requests.exceptions.ConnectionError as error:  # SSLError and ProxyError are among its children
            if certificate := _certificate_error(error):
                raise SiteDown(
                    f"{host(url)} shows a certificate that cannot be trusted ({certificate}): "
                    "see whether PORTAL_URL is right and nobody stands in between."
                ) from error
            raise Transient(_connection_words(error)) from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PortalError(f"{host(url)} cannot be asked ({type(error).__name__}): see PORTAL_URL.") from error


def chunks(response: requests.Response, deadline: float, limit: int) -> Iterator[bytes]:
    """The body in pieces, as they arrive.

    Raises Transient where it is cut off or too slow, PortalError beyond `limit` bytes.
    """
    done = 0
    while True:
        try:
            # read1 gives what is there; read would wait for a full piece, and so forever on a dripping body.
            chunk = response.raw.read1(CHUNK, decode_content=True)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise Transient("the transfer stalled") from error
        except urllib3.exceptions.HTTPError as error:
            raise Transient("the transfer was cut off") from error
        if not chunk:
            return
        done += len(chunk)
        if done > limit:
            raise PortalError(f"{host(response.url)} sends more than {limit:,} bytes, which no release has: not taken.")
        if time.monotonic() > deadline:
            raise Transient("the transfer was too slow")
        yield chunk


def declared_size(response: requests.Response) -> int | None:
    """The bytes that the body will have, where the server says so."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and "Content-Encoding" not in response.headers else None


def host(url: str) -> str:
    """The host of a URL, with its port where it has one; never a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def shown_url(url: str) -> str:
    """A URL without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _judge(response: requests.Response) -> None:
    status = response.status_code
    parts = urlsplit(response.url)
    what = parts.path + (f"?{parts.query}" if parts.query else "")
    if status in _TRANSIENT:
        raise Transient(f"status {status}", wait=_retry_after(response))
    if status in _ABSENT:
        raise NotPublished(f"{host(response.url)} has no {what} (status {status}): it may not be out yet.")
    if status != 200:
        hint = " It is said to refuse addresses outside Taiwan at times." if status == 403 else ""
        raise PortalError(f"{host(response.url)} refuses {what} with status {status}: see PORTAL_URL.{hint}")


def _retry_after(response: requests.Response) -> float | None:
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        return urllib3.Retry(retry_after_max=int(MAX_RETRY_AFTER)).parse_retry_after(header)
    except urllib3.exceptions.InvalidHeader:
        return None


def _same_site(url: str, target: str) -> str:
    here, there = urlsplit(url), urlsplit(target)
    upgrade = (here.scheme, there.scheme) == ("http", "https")
    same = (here.scheme, here.hostname, _port(here)) == (there.scheme, there.hostname, _port(there))
    if not same and not (upgrade and here.hostname == there.hostname):
        raise PortalError(
            f"{host(url)} redirects to {there.scheme}://{host(target)}, which is not followed: see PORTAL_URL."
        )
    return target


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _site_down(url: str, trouble: Transient, tried: int) -> SiteDown:
    times = "once" if tried == 1 else f"{tried} times"
    return SiteDown(f"{host(url)} was asked {times} and did not deliver ({trouble}): try again later.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what lies behind it; requests and urllib3 keep that in `args`, `reason` or `__cause__`."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]


def _certificate_error(error: BaseException) -> str | None:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
    return None


def _connection_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "its name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        if isinstance(cause, ssl.SSLError):
            return "TLS failed"
    return "the connection broke"
