"""Backups of the database in the archive, each with a manifest that says how to prove it, and which are kept.

    backups/pshs_<taken at>_<sha256, 12>.sql.zst     what MySQL's own client reads: `zstdcat FILE | mysql NAME`
    backups/pshs_<taken at>_<sha256, 12>.db.zst      a file of SQLite
    backups/….json                                   the manifest, written last: a backup without one does not count

How a database is dumped, and how it is brought back, is told in `database/keeping`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from pshs_dagster.archive.stores import Digest, Store, digest_of, file_chunks
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import TAIPEI

FOLDER = "backups"
MANIFEST = ".json"
ENDINGS = {"mysql": ".sql.zst", "sqlite": ".db.zst"}
"""What the name of a backup ends with, by the kind of its database."""

WEEKS, MONTHS = 8, 12
"""Of so many weeks, and so many months, the last backup stays."""

UNTOUCHED = timedelta(days=7)
"""Nothing younger is thinned: a backup that somebody has just made, before a risky change, must not vanish."""

ABANDONED = timedelta(days=1)
"""A file without a manifest that is older was interrupted; no backup takes as long."""

_NAME = re.compile(r"pshs_(\d{8}T\d{6})_[0-9a-f]{12}(\.sql\.zst|\.db\.zst)")


@dataclass(frozen=True)
class Contents:
    """What a database holds, so that another can be told to hold the same."""

    rows: Mapping[str, int]
    """Of every table, those of other programs too."""
    digest: str
    """SHA-256 over what the project's tables hold, as `pshs digest` prints it."""
    digest_by_table: Mapping[str, str]
    digest_scheme: str
    """Tells which tables and columns the digest went over: digests of different schemes are not comparable."""


@dataclass(frozen=True)
class Dump:
    """What was dumped, whatever file it is in."""

    database: str
    """mysql or sqlite."""
    made_by: str
    """The program and its version, for a person who restores by hand years later."""
    unpacked_size: int
    """Bytes before they were compressed."""
    contents: Contents


@dataclass(frozen=True)
class Backup:
    """A dump in the archive. `taken_at` is aware, in Taipei; the digest is that of the file."""

    key: str
    sha256: str
    size: int
    taken_at: datetime
    dump: Dump

    @property
    def file_digest(self) -> Digest:
        return Digest(self.sha256, self.size)

    def to_json(self) -> bytes:
        """The manifest: UTF-8, indented, times with their offset."""
        fields = {
            "file": self.key.rsplit("/", 1)[-1],
            "sha256": self.sha256,
            "size": self.size,
            "taken_at": self.taken_at.astimezone(TAIPEI).isoformat(),
            **asdict(self.dump),
        }
        return json.dumps(fields, ensure_ascii=False, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, key: str, data: bytes, location: str) -> Backup:
        """The backup whose file is at `key`. Raises ArchiveError where `data` is no manifest."""
        try:
            fields = cast(dict[str, Any], json.loads(data))
            contents = fields["contents"]
            return cls(
                key=key,
                sha256=str(fields["sha256"]),
                size=int(fields["size"]),
                taken_at=datetime.fromisoformat(str(fields["taken_at"])).astimezone(TAIPEI),
                dump=Dump(
                    database=str(fields["database"]),
                    made_by=str(fields["made_by"]),
                    unpacked_size=int(fields["unpacked_size"]),
                    contents=Contents(
                        rows={str(name): int(rows) for name, rows in contents["rows"].items()},
                        digest=str(contents["digest"]),
                        digest_by_table={str(name): str(of) for name, of in contents["digest_by_table"].items()},
                        digest_scheme=str(contents["digest_scheme"]),
                    ),
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(
                f"{location} is no manifest of a backup ({type(error).__name__}): name another backup, or put it back."
            ) from error


class Backups:
    """The backups in a store. Every method may raise ArchiveError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def keep(self, path: Path, dump: Dump, taken_at: datetime) -> Backup:
        """Store the file at `path`, verified by reading it back, and then its manifest."""
        digest = digest_of(file_chunks(path))
        moment = taken_at.astimezone(TAIPEI)
        key = f"{FOLDER}/pshs_{moment:%Y%m%dT%H%M%S}_{digest.sha256[:12]}{ENDINGS[dump.database]}"
        backup = Backup(key, digest.sha256, digest.size, moment, dump)
        self._make_private()
        self.store.put_file(key, path, digest)
        self.store.put_bytes(key + MANIFEST, backup.to_json())
        return backup

    def keys(self) -> tuple[str, ...]:
        """The keys of all whole backups, oldest first."""
        there = set(self.store.list(FOLDER))
        whole = (key for key in there if _taken_at(key) is not None and key + MANIFEST in there)
        return tuple(sorted(whole))

    def newest(self) -> Backup:
        """The backup that was taken last. Raises ArchiveError where there is none."""
        keys = self.keys()
        if not keys:
            raise ArchiveError(f"There is no backup in {self.store.location(FOLDER)}: make one with `pshs backup`.")
        return self._read(keys[-1])

    def find(self, name: str) -> Backup:
        """The backup with a name, such as pshs_20261122T030000_0a1b2c3d4e5f.sql.zst. Raises ArchiveError."""
        keys = self.keys()
        key = f"{FOLDER}/{name.removeprefix(FOLDER + '/')}"
        if key not in keys:
            known = ", ".join(known.rsplit("/", 1)[-1] for known in reversed(keys)) or "none"
            raise ArchiveError(
                f"There is no backup {name}, neither as a file here nor in {self.store.location(FOLDER)}, which has: "
                f"{known}."
            )
        return self._read(key)

    def local(self, backup: Backup, folder: Path) -> Path:
        """A path on this machine with the backup's bytes, verified; in `folder` unless the archive itself is here."""
        path = self.store.local_path(backup.key)
        if path is None:
            path = folder / backup.key.rsplit("/", 1)[-1]
            try:
                with path.open("wb") as file:
                    for chunk in self.store.chunks(backup.key):
                        file.write(chunk)
            except OSError as error:
                raise ArchiveError(f"{path} cannot be written: {error.strerror}.") from error
        verify(backup, path, self.store.location(backup.key))
        return path

    def thin(self, now: datetime) -> tuple[str, ...]:
        """Remove the backups that `thinned` gives up, and what was interrupted; gives the keys of what is gone.

        The manifest goes first, so that what is left of an interrupted removal does not count.
        """
        keys = self.keys()
        kept = thinned((_day(key) for key in keys), now.astimezone(TAIPEI).date())
        gone = [key for key in keys if _day(key) not in kept]
        for key in gone:
            self.store.delete(key + MANIFEST)
        for key in self.store.list(FOLDER):
            taken = _taken_at(key)
            if taken is not None and key not in keys and taken < now - ABANDONED:
                gone.append(key)
        for key in gone:
            self.store.delete(key)
        return tuple(gone)

    def _read(self, key: str) -> Backup:
        location = self.store.location(key + MANIFEST)
        return Backup.from_json(key, b"".join(self.store.chunks(key + MANIFEST)), location)

    def _make_private(self) -> None:
        """Other programs' tables are in a backup too: a folder that is made for it is for this account only."""
        folder = self.store.local_path(FOLDER)
        if folder is not None and not folder.exists():
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise ArchiveError(f"{folder} cannot be made: {error.strerror}. See STORAGE_DIR.") from error


def beside(path: Path) -> Backup:
    """The backup in a file outside of the archive, by the manifest beside it, and verified. Raises ArchiveError."""
    manifest = path.with_name(path.name + MANIFEST)
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise ArchiveError(
            f"{manifest} cannot be read ({error.strerror}): a backup is restored with its manifest beside it, since "
            "nothing else can prove it."
        ) from error
    backup = Backup.from_json(path.name, data, str(manifest))
    verify(backup, path, str(path))
    return backup


def verify(backup: Backup, path: Path, location: str) -> None:
    """Raises ArchiveError unless the file at `path`, which came from `location`, has the manifest's bytes."""
    try:
        found = digest_of(file_chunks(path))
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from error
    if found != backup.file_digest:
        raise ArchiveError(
            f"{location} is damaged: it has {found.size:,} bytes with SHA-256 {found.sha256[:12]}…, its manifest says "
            f"{backup.size:,} and {backup.sha256[:12]}…. Restore another backup."
        )


def thinned(days: Iterable[date], today: date) -> frozenset[date]:
    """The days whose backups stay, of those that have one.

    These are the last day of each of the newest 8 weeks and the newest 12 months that have a backup, and every day of
    the last week. Weeks and months without one do not count: that no backup was made for a while is no reason to
    remove one. Days after today, made while a clock went wrong, stay and take nobody's place.
    """
    there = set(days)
    past = sorted(day for day in there if day <= today)
    last_of_week = {day.isocalendar()[:2]: day for day in past}
    last_of_month = {(day.year, day.month): day for day in past}
    return frozenset(
        {day for day in there if day > today - UNTOUCHED}
        | set(sorted(last_of_week.values())[-WEEKS:])
        | set(sorted(last_of_month.values())[-MONTHS:])
    )


def _taken_at(key: str) -> datetime | None:
    """The moment in a backup's name; None for any other file."""
    match = _NAME.fullmatch(key.removeprefix(FOLDER + "/"))
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=TAIPEI)
    except ValueError:
        return None


def _day(key: str) -> date:
    taken = _taken_at(key)
    assert taken is not None, "only names that were looked at before"
    return taken.date()
