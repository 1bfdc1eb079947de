"""Raw zips in the archive: staged when they arrive, kept once they are checked, never overwritten.

    incoming/<release>/<sha256, 16>.zip                      staged, replaced by the next arrival
    raw/<release>/<release>_<fetched at>_<sha256, 12>.zip    kept for good, one for each set of bytes
    anything else                                            documents for people, such as rejects/111S2.json

A step stages, another checks and a third keeps; they may run on different machines.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pshs_dagster.archive.manifest import ZIP, ArchivedZip, manifest_key
from pshs_dagster.archive.stores import Digest, Store, checked, digest_of, file_chunks
from pshs_dagster.errors import ArchiveError, UnknownRelease
from pshs_dagster.releases import TAIPEI, Release

if TYPE_CHECKING:
    from pshs_dagster.portal import FetchedZip

INCOMING, RAW = "incoming", "raw"


def _now() -> datetime:
    return datetime.now(TAIPEI)


class Archive:
    """The archive in a store. `clock` gives an aware datetime. Every method may raise ArchiveError."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = _now) -> None:
        self.store = store
        self._clock = clock

    def stage(self, fetched: FetchedZip) -> ArchivedZip:
        """Put a zip that has just arrived where other steps find it.

        The same bytes again change nothing, their first fetch included. Other bytes take the place of what was
        staged for the release before, once they are whole.
        """
        key = f"{INCOMING}/{fetched.release.key}/{fetched.sha256[:16]}{ZIP}"
        arrived = ArchivedZip(
            release=fetched.release,
            key=key,
            sha256=fetched.sha256,
            size=fetched.size,
            source_url=fetched.url,
            fetched_at=fetched.fetched_at.astimezone(TAIPEI),
            archived_at=self._clock().astimezone(TAIPEI),
        )
        known = next((copy for copy in self._copies(INCOMING, fetched.release) if copy.digest == arrived.digest), None)
        if known is None or not self._is_intact(known):
            self.store.put_file(key, fetched.path, arrived.digest)
            self.store.put_bytes(arrived.manifest_key, arrived.to_json())
            known = arrived
        # What is newer stays, so that of two that arrive at a time one is left.
        for copy in self._copies(INCOMING, fetched.release):
            if copy.key != known.key and copy.fetched_at <= known.fetched_at:
                self._remove(copy)
        return known

    def staged(self, release: Release) -> ArchivedZip | None:
        """The zip that was staged last and is not kept yet."""
        return next(reversed(self._copies(INCOMING, release)), None)

    def keep(self, what: Release | ArchivedZip) -> ArchivedZip:
        """Keep a staged zip for good, verified by reading it back, and take it out of the incoming ones.

        Bytes that are kept already are not put again: their first copy is given back, verified. Different bytes of
        a known release become a new copy. Interrupted at any moment, a second call ends the same; where nothing is
        staged any more, that is the newest copy.
        """
        release, staged = (what, self.staged(what)) if isinstance(what, Release) else (what.release, what)
        if staged is None:
            kept = self.newest(release)
            if kept is None:
                raise ArchiveError(f"Nothing is staged for {release}: fetch it first, then keep it.")
        else:
            kept = self._kept_already(staged) or self._keep_new(staged)
        self.verify(kept)
        # What came in as a kept copy, when a step is repeated alone, must of course stay.
        if staged is not None and staged.key != kept.key:
            self._remove(staged)
        return kept

    def copies(self, release: Release) -> tuple[ArchivedZip, ...]:
        """All kept copies of a release, oldest first."""
        return self._copies(RAW, release)

    def newest(self, release: Release) -> ArchivedZip | None:
        """The copy that was fetched last; None where none is kept."""
        return next(reversed(self.copies(release)), None)

    def releases(self) -> tuple[Release, ...]:
        """The releases that have a kept copy, in the order of their publication."""
        keys = set(self.store.list(RAW))
        names = {key.split("/")[1] for key in keys if key.endswith(ZIP) and manifest_key(key) in keys}
        found: list[Release] = []
        for name in names:
            try:
                found.append(Release.parse(name))
            except UnknownRelease:
                continue  # a folder that a person put there
        return tuple(sorted(found, key=lambda release: (release.published_on, release.key)))

    def verify(self, copy: ArchivedZip) -> None:
        """Read a copy back. Raises ArchiveError unless its SHA-256 and size are those of its manifest."""
        found = digest_of(self.store.chunks(copy.key))
        if found != copy.digest:
            raise self._damaged(copy, found)

    def local(self, copy: ArchivedZip, folder: Path) -> Path:
        """A path on this machine with the copy's bytes, verified; in `folder` unless the archive itself is here.

        Where the archive is here the path is that of the archive's own file: read it, never write to it.
        """
        copy = self._where_it_is(copy)
        if (path := self.store.local_path(copy.key)) is not None:
            self.verify(copy)
            return path
        path = folder / copy.key.rsplit("/", 1)[-1]
        part: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=f"{path.name}.", suffix=".part")
            part = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                for chunk in self.store.chunks(copy.key):
                    file.write(chunk)
            if (found := digest_of(file_chunks(part))) != copy.digest:
                raise self._damaged(copy, found)
            part.replace(path)
        except OSError as error:
            raise ArchiveError(
                f"{self.location(copy.key)} cannot be brought to {folder} ({error.strerror}): see its space and rights."
            ) from error
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
        return path

    @contextmanager
    def opened(self, copy: ArchivedZip) -> Generator[Path]:
        """A path with the copy's bytes, verified, for as long as the context lasts; nothing is left behind."""
        with tempfile.TemporaryDirectory(prefix="pshs-") as folder:
            yield self.local(copy, Path(folder))

    def write_document(self, key: str, text: str) -> None:
        """Write a document for people, whole, in the place of an earlier one."""
        self.store.put_bytes(self._document(key), text.encode())

    def read_document(self, key: str) -> str:
        """A document as it was written. Raises ArchiveError where there is none, or it is no longer UTF-8."""
        data = b"".join(self.store.chunks(self._document(key)))
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{self.location(key)} is not UTF-8: save it as UTF-8, then repeat.") from error

    def write_bytes(self, key: str, data: bytes) -> None:
        """Write a document that is no text, as `write_document` does."""
        self.store.put_bytes(self._document(key), data)

    def document_bytes(self, key: str, most: int) -> bytes:
        """The bytes of a document; of one larger than `most`, no more than that it is. Raises ArchiveError."""
        data = bytearray()
        for chunk in self.store.chunks(self._document(key)):
            data += chunk
            if len(data) > most:
                break
        return bytes(data)

    def move_document(self, key: str, target: str) -> None:
        """Give a document another name. Interrupted, it stands under both, and a second call ends the same."""
        if self.store.exists(self._document(key)):
            self.store.copy(key, self._document(target), digest_of(self.store.chunks(key)))
            self.store.delete(key)

    def has_document(self, key: str) -> bool:
        """Whether there is such a document."""
        return self.store.exists(self._document(key))

    def documents(self, folder: str) -> tuple[str, ...]:
        """The keys of all documents in a folder such as `rejects`, sorted."""
        return self.store.list(self._document(folder))

    def location(self, key: str) -> str:
        """Where a key is, for people: a path or an s3:// URL."""
        return self.store.location(key)

    def _copies(self, room: str, release: Release) -> tuple[ArchivedZip, ...]:
        """The zips of a release that have a manifest, in `incoming` or `raw`, oldest first."""
        keys = set(self.store.list(f"{room}/{release.key}"))
        found: list[ArchivedZip] = []
        for key in keys:
            if not key.endswith(ZIP) or (manifest := manifest_key(key)) not in keys:
                continue
            try:
                data = b"".join(self.store.chunks(manifest))
            except ArchiveError:
                if self.store.exists(manifest):
                    raise
                continue  # another process has just taken it away
            found.append(ArchivedZip.from_json(key, data, self.location(manifest)))
        return tuple(sorted(found, key=_age))

    def _kept_already(self, staged: ArchivedZip) -> ArchivedZip | None:
        return next((copy for copy in self.copies(staged.release) if copy.digest == staged.digest), None)

    def _keep_new(self, staged: ArchivedZip) -> ArchivedZip:
        name = staged.release.key
        key = f"{RAW}/{name}/{name}_{staged.fetched_at:%Y%m%dT%H%M%S}_{staged.sha256[:12]}{ZIP}"
        try:
            self.store.copy(staged.key, key, staged.digest)
        except ArchiveError:
            # Another process may have kept it in the meantime, and taken it out of the incoming ones.
            if kept := self._kept_already(staged):
                return kept
            raise
        if kept := self._kept_already(staged):
            return kept
        kept = replace(staged, key=key, archived_at=self._clock().astimezone(TAIPEI))
        self.store.put_bytes(kept.manifest_key, kept.to_json())
        return kept

    def _where_it_is(self, copy: ArchivedZip) -> ArchivedZip:
        """A staged zip may have been kept meanwhile by another run for the same release."""
        if not copy.key.startswith(f"{INCOMING}/") or self.store.exists(copy.key):
            return copy
        return self._kept_already(copy) or copy

    def _is_intact(self, copy: ArchivedZip) -> bool:
        return digest_of(self.store.chunks(copy.key)) == copy.digest

    def _damaged(self, copy: ArchivedZip, found: Digest) -> ArchiveError:
        return ArchiveError(
            f"{self.location(copy.key)} is damaged: it has {found.size:,} bytes with SHA-256 {found.sha256[:12]}…, "
            f"its manifest says {copy.size:,} and {copy.sha256[:12]}…. Put it back from a backup, or move it "
            "and its manifest away and fetch the release again."
        )

    def _remove(self, copy: ArchivedZip) -> None:
        if not copy.key.startswith(f"{INCOMING}/"):
            raise ArchiveError(f"{self.location(copy.key)} is kept for good: only a staged zip is ever removed.")
        self.store.delete(copy.manifest_key)
        self.store.delete(copy.key)

    def _document(self, key: str) -> str:
        if checked(key).split("/")[0] in (INCOMING, RAW):
            raise ArchiveError(f"{key} is a place for zips: give a document another folder.")
        return key


def _age(copy: ArchivedZip) -> tuple[datetime, str]:
    return copy.fetched_at, copy.key
