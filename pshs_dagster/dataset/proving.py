"""Read a version back: whether each of its files is there with its bytes, and how many rows its tables have."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pshs_dagster.archive.stores import Digest, digest_of, file_chunks
from pshs_dagster.dataset.descriptor import PARQUET, Package, Resource
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.errors import ArchiveError


@dataclass(frozen=True)
class Proof:
    """What was read back. `damaged` tells paths and what is wrong with each."""

    files: int
    size: int
    rows: Mapping[str, int]
    """Rows that the Parquet files of each table have, by their own footers."""
    damaged: tuple[tuple[str, str], ...]


def read_back(shelf: Shelf, package: Package) -> Proof:
    """Read every file of a version. Raises ArchiveError where the archive cannot be read at all."""
    rows, damaged = Counter[str](), list[tuple[str, str]]()
    with tempfile.TemporaryDirectory(prefix="pshs-") as folder:
        for resource in package.resources:
            if resource.path not in shelf.paths:
                damaged.append((resource.path, "is missing"))
                continue
            wrong, number = _look(shelf, resource, Path(folder) / "file")
            if wrong:
                damaged.append((resource.path, wrong))
            rows[resource.table] += number
    rows.pop("", None)
    return Proof(len(package.resources), sum(each.size for each in package.resources), dict(rows), tuple(damaged))


def _look(shelf: Shelf, resource: Resource, copy: Path) -> tuple[str, int]:
    """What is wrong with a file, blank for nothing, and the rows that it has."""
    path = shelf.local_path(resource.path)
    try:
        if path is None:
            path = copy
            with path.open("wb") as file:
                for chunk in shelf.chunks(resource.path):
                    file.write(chunk)
        found = digest_of(file_chunks(path))
    except OSError as error:
        raise ArchiveError(f"{shelf.location_of(resource.path)} cannot be read: {error.strerror}.") from error
    if found != Digest(resource.sha256, resource.size):
        return "has other bytes than its descriptor says", 0
    if resource.format != PARQUET:
        return "", 0
    footer: Any = pq.read_metadata(path)
    wrong = "" if footer.num_rows == resource.rows else "has other rows than its descriptor says"
    return wrong, int(footer.num_rows)
