"""Copies of MOI's list of registered projects in the archive, each with a manifest, never overwritten.

    projects/buildcase_<fetched at>_<sha256, 12>.zip     as MOI served it, one for each set of bytes
    projects/buildcase_….json                            the manifest, written last: a copy without one does not count
    projects/buildcase_….unreadable.csv                  the lines that tell of no project, for people

What stands in a list is told in `projects`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pshs_dagster.archive.stores import Digest, Store, digest_of, file_chunks
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import TAIPEI

if TYPE_CHECKING:
    from pshs_dagster.portal import Download

FOLDER = "projects"
ZIP, MANIFEST, UNREADABLE = ".zip", ".json", ".unreadable.csv"


@dataclass(frozen=True)
class KeptList:
    """One copy of the list."""

    key: str
    sha256: str
    """Hexadecimal, lower case."""
    size: int
    """Bytes."""
    source_url: str
    fetched_at: datetime
    """Aware, in Taipei: the moment whose knowledge the list carries."""

    @property
    def digest(self) -> Digest:
        return Digest(self.sha256, self.size)

    def beside(self, ending: str) -> str:
        """The key of what stands beside the zip."""
        return self.key.removesuffix(ZIP) + ending


class ProjectLists:
    """The lists in a store. `clock` gives an aware datetime. Every method may raise ArchiveError."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.store = store
        self._clock = clock

    def keep(self, fetched: Download) -> tuple[KeptList, bool]:
        """Keep a list for good, verified by reading it back; and whether its bytes are new.

        Bytes that are kept already are not put again: their first copy is given back, verified.
        """
        digest = Digest(fetched.sha256, fetched.size)
        known = next((copy for copy in self.copies() if copy.digest == digest), None)
        if known is not None:
            self._verify(known, digest_of(self.store.chunks(known.key)))
            return known, False
        moment = fetched.fetched_at.astimezone(TAIPEI)
        key = f"{FOLDER}/buildcase_{moment:%Y%m%dT%H%M%S}_{fetched.sha256[:12]}{ZIP}"
        kept = KeptList(key, fetched.sha256, fetched.size, fetched.url, moment)
        self.store.put_file(key, fetched.path, digest)
        self.store.put_bytes(kept.beside(MANIFEST), self._manifest(kept))
        return kept, True

    def copies(self) -> tuple[KeptList, ...]:
        """All kept lists, oldest first."""
        keys = set(self.store.list(FOLDER))
        manifests = {key: key.removesuffix(ZIP) + MANIFEST for key in keys if key.endswith(ZIP)}
        found = [self._read(key, manifest) for key, manifest in manifests.items() if manifest in keys]
        return tuple(sorted(found, key=lambda copy: (copy.fetched_at, copy.key)))

    def newest(self) -> KeptList | None:
        """The list that was fetched last; None where none is kept."""
        return next(reversed(self.copies()), None)

    @contextmanager
    def opened(self, copy: KeptList) -> Generator[Path]:
        """A path with the list's bytes, verified, for as long as the context lasts."""
        with tempfile.TemporaryDirectory(prefix="pshs-") as folder:
            path = self.store.local_path(copy.key)
            if path is None:
                path = Path(folder) / copy.key.rsplit("/", 1)[-1]
                try:
                    with path.open("wb") as file:
                        for chunk in self.store.chunks(copy.key):
                            file.write(chunk)
                except OSError as error:
                    raise ArchiveError(f"{path} cannot be written ({error.strerror}): make room.") from error
            elif not path.is_file():
                raise ArchiveError(f"The archive has no {path}: put it back from a backup, or fetch the list again.")
            self._verify(copy, digest_of(file_chunks(path)))
            yield path

    def write_unreadable(self, copy: KeptList, data: bytes) -> str:
        """Write the lines that tell of no project beside the list; gives where they are, for people."""
        key = copy.beside(UNREADABLE)
        self.store.put_bytes(key, data)
        return self.store.location(key)

    def _manifest(self, copy: KeptList) -> bytes:
        fields = {
            "sha256": copy.sha256,
            "size": copy.size,
            "source_url": copy.source_url,
            "fetched_at": copy.fetched_at.isoformat(),
            "archived_at": self._clock().astimezone(TAIPEI).isoformat(),
        }
        return json.dumps(fields, ensure_ascii=False, indent=2).encode() + b"\n"

    def _read(self, key: str, manifest: str) -> KeptList:
        try:
            fields = cast(dict[str, Any], json.loads(b"".join(self.store.chunks(manifest))))
            return KeptList(
                key=key,
                sha256=str(fields["sha256"]),
                size=int(fields["size"]),
                source_url=str(fields["source_url"]),
                fetched_at=datetime.fromisoformat(str(fields["fetched_at"])).astimezone(TAIPEI),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveError(
                f"{self.store.location(manifest)} is no manifest ({type(error).__name__}): put it back from a backup, "
                "or move it and its zip away and fetch the list again."
            ) from error

    def _verify(self, copy: KeptList, found: Digest) -> None:
        if found != copy.digest:
            raise ArchiveError(
                f"{self.store.location(copy.key)} is damaged: it has SHA-256 {found.sha256[:12]}…, its manifest says "
                f"{copy.sha256[:12]}…. Put it back from a backup, or move it and its manifest away."
            )
