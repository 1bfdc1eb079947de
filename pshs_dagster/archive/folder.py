"""An archive in a folder of this machine, or of a share that several machines mount."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pshs_dagster.archive.stores import Digest, checked, digest_of, file_chunks
from pshs_dagster.errors import ArchiveError

PART = ".part"
"""How the name of a file ends that is still being written; it begins with a dot and is never listed."""

FILE_MODE = 0o644
"""Everyone may read: it is open data. Temporary files, which these are at first, are private otherwise."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class FolderStore:
    """Files below `root`, which is made when the first one is written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_file(self, key: str, path: Path, digest: Digest) -> None:
        """Store the file at `path`; the bytes on disk are read back before they get their name."""
        with self._trouble(key):
            self._write(key, file_chunks(path), digest)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store `data`, in the place of what the key held."""
        with self._trouble(key):
            self._write(key, (data,), digest_of((data,)))

    def copy(self, source: str, target: str, digest: Digest) -> None:
        """Store the bytes of `source` as `target` too, verified like any other."""
        with self._trouble(target):
            self._write(target, self.chunks(source), digest)

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of a file in pieces."""
        with self._trouble(key):
            yield from file_chunks(self._path(key))

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""
        with self._trouble(key):
            return self._path(key).is_file()

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys of all files below the folder `prefix`, sorted."""
        with self._trouble(prefix):
            folder = self._path(prefix)
            found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
            return tuple(sorted(path.relative_to(self.root).as_posix() for path in found))

    def delete(self, key: str) -> None:
        """Remove a file."""
        with self._trouble(key):
            self._path(key).unlink(missing_ok=True)

    def location(self, key: str) -> str:
        """The path."""
        return str(self._path(key))

    def local_path(self, key: str) -> Path | None:
        """The file itself."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        return self.root / checked(key)

    def _write(self, key: str, chunks: Iterable[bytes], digest: Digest) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if digest_of(file_chunks(part)) != digest:
                raise ArchiveError(
                    f"{path} was not stored: the disk gave back other bytes. Check the disk, then repeat."
                )
            part.chmod(FILE_MODE)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(path.parent)

    @contextmanager
    def _trouble(self, key: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise self._translated(key, error) from error

    def _translated(self, key: str, error: OSError) -> ArchiveError:
        where = self.root / key
        if isinstance(error, FileNotFoundError):
            return ArchiveError(f"The archive has no {where}: see STORAGE_DIR, or fetch the release again.")
        if error.errno in _FULL:
            return ArchiveError(f"The disk of {self.root} is full: make room, then repeat.")
        if error.errno in _FORBIDDEN:
            return ArchiveError(f"{where} may not be used: give this user the right to read and write {self.root}.")
        return ArchiveError(f"{where} cannot be used ({error.strerror or type(error).__name__}): see STORAGE_DIR.")


def _sync_folder(folder: Path) -> None:
    """Have the new name survive a power cut. Not every file system can; then the name is as safe as it gets."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
