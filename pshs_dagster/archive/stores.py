"""What every store can do, and what a key is.

A key is a relative path with `/` between its parts, such as `raw/111S2/111S2_20230601T120000_0a1b2c3d4e5f.zip`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from pshs_dagster.errors import ArchiveError

CHUNK = 2**20
"""Bytes that are read at a time: memory stays small however large a zip is."""


class Digest(NamedTuple):
    """What tells one file's bytes from another's."""

    sha256: str
    """Hexadecimal, lower case."""
    size: int
    """Bytes."""


class Store(Protocol):
    """A place for files. Every method raises ArchiveError, and a writer leaves a whole file or none."""

    def put_file(self, key: str, path: Path, digest: Digest) -> None:
        """Store the file at `path`, read it back, and raise unless that gives `digest`."""
        ...

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store `data`, in the place of what the key held."""
        ...

    def copy(self, source: str, target: str, digest: Digest) -> None:
        """Store what `source` holds as `target` too, read it back, and raise unless that gives `digest`."""
        ...

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of a file in pieces; raises where there is no such file."""
        ...

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""
        ...

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys of all files below the folder `prefix`, sorted; none where there is no such folder."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...

    def location(self, key: str) -> str:
        """Where the key is, for people: a path or an s3:// URL."""
        ...

    def local_path(self, key: str) -> Path | None:
        """The file itself, where the store is on this machine's disk."""
        ...


def digest_of(chunks: Iterable[bytes]) -> Digest:
    """SHA-256 and size of bytes that come in pieces."""
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        size += len(chunk)
    return Digest(sha256.hexdigest(), size)


def file_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file on disk in pieces."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def checked(key: str) -> str:
    """The key itself. Raises ArchiveError for one that would lead out of the archive."""
    parts = key.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") for part in parts) or "\\" in key or not key.isprintable():
        raise ArchiveError(f"{key!r} is no name for a file of the archive: use plain names with / between them.")
    return key
