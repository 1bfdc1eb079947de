"""One zip from the network to a file on disk: whole, of a size that can be, verified by its checksums.

What the zip should hold, and how often it is asked for, is told elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests

from pshs_dagster.errors import BrokenZip, NotAZip, NotPublished, PortalError
from pshs_dagster.portal import pages
from pshs_dagster.portal.connection import MAX_DOWNLOAD, Connection, Transient, chunks, declared_size, host
from pshs_dagster.release_zip import ReleaseZip

BROKEN_ATTEMPTS = 3
"""A zip that arrived damaged may have been cut off on the way; three times the same is no accident."""

QUOTED_BODY = 64 * 1024
"""Bytes of a page in the place of a zip that are read for its words."""

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes done and the bytes in all, where those are known."""


def no_progress(_done: int, _total: int | None) -> None:
    """For those who do not watch."""


@dataclass(frozen=True)
class Download:
    """A zip on this machine's disk, whole and verified by its checksums."""

    path: Path
    sha256: str
    """Hexadecimal, lower case."""
    size: int
    """Bytes."""
    url: str
    fetched_at: datetime
    """Aware, in Taipei."""


@dataclass(frozen=True)
class Attempt:
    """One attempt to bring what is at `url` to `path`; called with its deadline, gives SHA-256 and size.

    Raises Transient where the next attempt may do better, NotPublished for a page in the place of a zip, PortalError,
    and NotAZip, BrokenZip or HostileZip for what arrived. Nothing half-done stays in the folder.
    """

    connection: Connection
    url: str
    path: Path
    what: str
    """What messages call it."""
    progress: Progress

    def __call__(self, deadline: float) -> tuple[str, int]:
        folder, part = self.path.parent, None
        try:
            with self.connection.response(self.url, deadline) as response:
                _refuse_size(response)
                folder.mkdir(parents=True, exist_ok=True)
                descriptor, name = tempfile.mkstemp(dir=folder, prefix=f"{self.path.name}.", suffix=".part")
                part = Path(name)
                found = _write(descriptor, response, deadline, self.progress)
            self._verify(part)
            part.replace(self.path)
        except OSError as error:
            raise _disk_error(folder, error) from error
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
        return found

    def _verify(self, part: Path) -> None:
        """Raise for what is no sound zip; a damaged one is worth another attempt."""
        try:
            with ReleaseZip.open(part, name=self.path.name) as release_zip:
                release_zip.verify()
        except NotAZip:
            with part.open("rb") as file:
                body = file.read(QUOTED_BODY)
            if not pages.is_html(body):
                raise
            words = pages.page_words(pages.decoded(body))
            raise NotPublished(
                f"{host(self.url)} does not have {self.what}: it answered with a page that says 「{words}」. "
                "Ask again later."
            ) from None
        except BrokenZip as error:
            raise Transient(str(error), attempts=BROKEN_ATTEMPTS, finally_=error) from error


def _refuse_size(response: requests.Response) -> None:
    size = declared_size(response)
    if size is not None and size > MAX_DOWNLOAD:
        raise PortalError(
            f"{host(response.url)} offers {size:,} bytes, at most {MAX_DOWNLOAD:,} are taken: no release is that large."
        )


def _write(descriptor: int, response: requests.Response, deadline: float, progress: Progress) -> tuple[str, int]:
    """Write the body to the open file; its SHA-256 and its size in bytes."""
    digest, done, total = hashlib.sha256(), 0, declared_size(response)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks(response, deadline, MAX_DOWNLOAD):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(done, total)
    return digest.hexdigest(), done


def _disk_error(folder: Path, error: OSError) -> PortalError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PortalError(f"The disk of {folder} is full: make room, then fetch again.")
    return PortalError(f"The download cannot be written to {folder} ({error.strerror or error}): make it writable.")
