"""Versions of the data product in the archive. Nothing that was published is ever written over.

    dataset/deals/F-新北市/2022-0a1b2c3d4e5f.parquet   files, by their SHA-256: versions share what did not change
    dataset/2022-09-21.datapackage.json                a version: the files that it has, written last
    dataset/2022-09-21.1.datapackage.json              the same release, after the tables became others
    dataset/datapackage.json                           the version that was published last

Files that no version names may be left of a run that was interrupted; like all others they are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from pshs_dagster.archive.stores import Store, digest_of, file_chunks
from pshs_dagster.dataset.descriptor import Package, Resource, version_of, with_hash
from pshs_dagster.releases import Release

FOLDER = "dataset"
DESCRIPTOR = "datapackage.json"


class Shelf:
    """The data product in a store, as it is when it is first looked at. Every method may raise ArchiveError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def paths(self) -> set[str]:
        """The paths of all files that are there, relative to the folder."""
        return {key.removeprefix(f"{FOLDER}/") for key in self._store.list(FOLDER)}

    def newest(self) -> Package | None:
        """The version that was published last."""
        return self._package(DESCRIPTOR) if DESCRIPTOR in self.paths else None

    def version(self, release: Release) -> Package | None:
        """The newest version of a release."""
        revision = self._newest_revision(release)
        return None if revision is None else self._package(_descriptor(version_of(release, revision)))

    def put(self, path: Path, plain: str, name: str) -> Resource:
        """Keep the file at `path` under its plain path and its SHA-256, unless it is there, whole."""
        digest = digest_of(file_chunks(path))
        target = with_hash(plain, digest.sha256)
        if target not in self.paths or digest_of(self.chunks(target)) != digest:
            self._store.put_file(f"{FOLDER}/{target}", path, digest)
        self.paths.add(target)
        return Resource(name, target, digest.sha256, digest.size)

    def publish(self, package: Package) -> Package:
        """Make it the newest version: under its release's next free name, or the one that has the same files."""
        release = Release.parse(package.release)
        known = self.version(release)
        if known is None or not package.same_as(known):
            revision = self._newest_revision(release)
            version = version_of(release, 0 if revision is None else revision + 1)
            known = Package(version, package.release, package.created, package.resources)
            self._store.put_bytes(f"{FOLDER}/{_descriptor(version)}", known.to_json())
            self.paths.add(_descriptor(version))
        if self.newest() != known:
            self._store.put_bytes(f"{FOLDER}/{DESCRIPTOR}", known.to_json())
            self.paths.add(DESCRIPTOR)
        return known

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file in pieces."""
        return self._store.chunks(f"{FOLDER}/{path}")

    def location(self, package: Package) -> str:
        """Where the descriptor of a version is, for people."""
        return self._store.location(f"{FOLDER}/{_descriptor(package.version)}")

    def location_of(self, path: str) -> str:
        """Where a file is, for people."""
        return self._store.location(f"{FOLDER}/{path}")

    def local_path(self, path: str) -> Path | None:
        """The file itself, where the archive is on this machine's disk."""
        return self._store.local_path(f"{FOLDER}/{path}")

    def _package(self, path: str) -> Package:
        return Package.from_json(b"".join(self.chunks(path)), self.location_of(path))

    def _newest_revision(self, release: Release) -> int | None:
        pattern = re.compile(rf"{re.escape(release.key)}(?:\.(\d+))?\.{re.escape(DESCRIPTOR)}")
        found = [int(match[1] or 0) for path in self.paths if (match := pattern.fullmatch(path))]
        return max(found, default=None)


def _descriptor(version: str) -> str:
    return f"{version}.{DESCRIPTOR}"
