"""The manifest beside each zip: what it is, where it came from, and the checksum that proves it.

A manifest is written last. A zip without one does not count: its writing was interrupted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pshs_dagster.archive.stores import Digest
from pshs_dagster.errors import ArchiveError, UnknownRelease
from pshs_dagster.releases import TAIPEI, Release

ZIP, MANIFEST = ".zip", ".json"


@dataclass(frozen=True)
class ArchivedZip:
    """One copy of a release in the archive."""

    release: Release
    key: str
    """Of the zip; its manifest has the same key with .json in the place of .zip."""
    sha256: str
    """Hexadecimal, lower case."""
    size: int
    """Bytes."""
    source_url: str
    fetched_at: datetime
    """Aware, in Taipei."""
    archived_at: datetime
    """Aware, in Taipei: when the manifest was written."""

    @property
    def manifest_key(self) -> str:
        return manifest_key(self.key)

    @property
    def digest(self) -> Digest:
        return Digest(self.sha256, self.size)

    @property
    def as_of(self) -> datetime:
        """The moment whose knowledge this copy carries."""
        return self.release.as_of(self.fetched_at)

    def to_json(self) -> bytes:
        """The manifest as it is stored: UTF-8, indented, times with their offset."""
        window = self.release.window
        fields = {
            "release": self.release.key,
            "kind": self.release.kind.value,
            "sha256": self.sha256,
            "size": self.size,
            "source_url": self.source_url,
            "fetched_at": self.fetched_at.astimezone(TAIPEI).isoformat(),
            "window": {"from": window.first.isoformat(), "to": window.last.isoformat()},
            "archived_at": self.archived_at.astimezone(TAIPEI).isoformat(),
        }
        return json.dumps(fields, ensure_ascii=False, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, key: str, data: bytes, location: str) -> ArchivedZip:
        """The copy whose zip is at `key`. Raises ArchiveError where `data` is no manifest."""
        try:
            fields = cast(dict[str, Any], json.loads(data))
            return cls(
                release=Release.parse(str(fields["release"])),
                key=key,
                sha256=str(fields["sha256"]),
                size=int(fields["size"]),
                source_url=str(fields["source_url"]),
                fetched_at=_moment(fields["fetched_at"]),
                archived_at=_moment(fields["archived_at"]),
            )
        except (ValueError, KeyError, TypeError, UnknownRelease) as error:
            raise ArchiveError(
                f"{location} is no manifest ({type(error).__name__}): put it back from a backup, or move it and its "
                "zip away and fetch the release again."
            ) from error


def manifest_key(zip_key: str) -> str:
    """The key of a zip's manifest."""
    return zip_key.removesuffix(ZIP) + MANIFEST


def _moment(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment.astimezone(TAIPEI)
