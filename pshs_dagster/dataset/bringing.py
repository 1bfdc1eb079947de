"""Bring a version from the archive into a folder: every file verified by its SHA-256, all of them or none.

In such a folder, which holds one version, files have names that stay from version to version.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pshs_dagster.archive.stores import Digest, digest_of, file_chunks
from pshs_dagster.dataset.descriptor import Package
from pshs_dagster.dataset.shelf import DESCRIPTOR, Shelf
from pshs_dagster.errors import ArchiveError, PshsError


def bring(shelf: Shelf, package: Package, formats: frozenset[str], folder: Path) -> Package:
    """Have `folder` hold a version, its tables in `formats` only; gives it as it is described there.

    The folder is made, or is empty, or holds an earlier export, which is replaced when the new one is whole. Raises
    ArchiveError for damage, PshsError where the folder has anything else or cannot be written.
    """
    folder = folder.absolute()
    refuse(folder)
    wanted = package.only(formats)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            unfinished = Path(beside) / "new"
            unfinished.mkdir()
            for resource in wanted.resources:
                target = unfinished / resource.plain().path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    for chunk in shelf.chunks(resource.path):
                        file.write(chunk)
                if digest_of(file_chunks(target)) != Digest(resource.sha256, resource.size):
                    raise ArchiveError(
                        f"{shelf.location_of(resource.path)} is damaged: it has other bytes than its descriptor says. "
                        "Remove it, and publish again: it is then made anew."
                    )
            (unfinished / DESCRIPTOR).write_bytes(wanted.plain().to_json())
            _swap(unfinished, folder, Path(beside) / "old")
    except OSError as error:
        raise PshsError(
            f"{folder} cannot be written: {error.strerror}. Name a folder that you may write to."
        ) from error
    return wanted.plain()


def refuse(folder: Path) -> None:
    """Raises PshsError where a folder holds anything but an export: nobody's files are to be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise PshsError(f"{folder} is a file: name a folder.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if not there:
        return
    descriptor = folder / DESCRIPTOR
    known = {DESCRIPTOR}
    if descriptor.is_file():
        known |= {each.path for each in Package.from_json(descriptor.read_bytes(), str(descriptor)).resources}
    if others := sorted(there - known):
        raise PshsError(f"{folder} holds {others[0]}, which is of no export: name a folder that is new or empty.")


def _swap(unfinished: Path, folder: Path, old: Path) -> None:
    """Put the new folder in the place of the old one, which goes back where that fails."""
    if folder.exists():
        folder.rename(old)
    try:
        unfinished.rename(folder)
    except OSError:
        if old.exists():
            shutil.move(old, folder)
        raise
