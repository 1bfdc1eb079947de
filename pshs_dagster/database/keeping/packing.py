"""A stream of bytes into a compressed file, and back. Zstandard, since every system has `zstdcat` for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from pshs_dagster.errors import ArchiveError, DatabaseError

CHUNK = 2**20
"""Bytes that are held at a time."""


def pack(chunks: Iterable[bytes], path: Path) -> int:
    """Write the pieces to `path`, compressed; gives their bytes before. Raises DatabaseError where the disk refuses."""
    total = 0
    try:
        with pa.output_stream(str(path), compression="zstd") as packed:
            for chunk in chunks:
                packed.write(chunk)
                total += len(chunk)
    except OSError as error:
        raise DatabaseError(
            f"The backup cannot be written to {path.parent} ({error.strerror or error}): make room there, or set "
            "TMPDIR to a larger disk, then repeat."
        ) from error
    return total


def unpack(path: Path, size: int) -> Iterator[bytes]:
    """The pieces again. Raises ArchiveError where they are not `size` bytes: no file expands without end."""
    total = 0
    try:
        with pa.input_stream(str(path), compression="zstd") as packed:
            while chunk := packed.read(CHUNK):
                total += len(chunk)
                if total > size:
                    break
                yield chunk
    except OSError as error:
        raise ArchiveError(f"{path} is damaged and cannot be unpacked: restore another backup.") from error
    if total != size:
        raise ArchiveError(f"{path} does not hold the {size:,} bytes that its manifest says: restore another backup.")
