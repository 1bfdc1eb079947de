"""Backups in the archive, in a folder and in S3: kept with a manifest, found, verified, thinned."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pshs_dagster.archive import FolderStore, S3Store, Store
from pshs_dagster.archive.backups import Backup, Backups, Contents, Dump, beside
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.fixtures.s3 import Bucket

SUNDAY = datetime(2026, 11, 22, 3, 0, tzinfo=TAIPEI)
DUMP = Dump(
    "mysql", "mariadb-dump 10.11", 1_234, Contents({"deals": 5, "收藏": 2}, "ab" * 32, {"deals": "cd" * 32}, "1")
)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    bucket: Bucket = request.getfixturevalue("s3_bucket")
    return S3Store(bucket.client, bucket.name, "moi/presale")


@pytest.fixture
def backups(store: Store) -> Backups:
    return Backups(store)


def keep(backups: Backups, folder: Path, taken_at: datetime = SUNDAY, data: bytes = b"a dump") -> Backup:
    path = folder / "dump"
    path.write_bytes(data)
    return backups.keep(path, DUMP, taken_at)


def test_a_backup_is_kept_under_its_moment_and_its_checksum_with_a_manifest(backups: Backups, tmp_path: Path) -> None:
    # A clock may tell the time of any place: names and manifests are Taipei's.
    kept = keep(backups, tmp_path, SUNDAY.astimezone(UTC))
    digest = sha256(b"a dump").hexdigest()
    assert kept.key == f"backups/pshs_20261122T030000_{digest[:12]}.sql.zst"
    manifest = json.loads(b"".join(backups.store.chunks(kept.key + ".json")))
    assert manifest["sha256"] == digest
    assert manifest["size"] == 6
    assert manifest["taken_at"] == "2026-11-22T03:00:00+08:00"
    assert manifest["contents"]["rows"] == {"deals": 5, "收藏": 2}
    assert manifest["contents"]["digest"] == "ab" * 32
    assert backups.find(kept.key.removeprefix("backups/")) == backups.find(kept.key) == kept


def test_the_newest_is_the_one_that_was_taken_last(backups: Backups, tmp_path: Path) -> None:
    keep(backups, tmp_path, SUNDAY, b"later")
    keep(backups, tmp_path, SUNDAY - timedelta(days=400), b"earlier")
    assert backups.newest().taken_at == SUNDAY


def test_without_a_backup_the_way_to_make_one_is_told(backups: Backups) -> None:
    with pytest.raises(ArchiveError, match=r"There is no backup in .*: make one with `pshs backup`"):
        backups.newest()


def test_an_unknown_name_is_told_with_the_known_ones(backups: Backups, tmp_path: Path) -> None:
    kept = keep(backups, tmp_path)
    for name in ("pshs_20200101T000000_000000000000.sql.zst", "../../etc/passwd", ""):
        with pytest.raises(ArchiveError, match=kept.key.removeprefix("backups/")):
            backups.find(name)


def test_an_interrupted_backup_does_not_count(backups: Backups, tmp_path: Path) -> None:
    kept = keep(backups, tmp_path)
    backups.store.delete(kept.key + ".json")
    assert backups.keys() == ()
    # While it is young, it may still be under way.
    assert backups.thin(SUNDAY + timedelta(hours=2)) == ()
    assert backups.thin(SUNDAY + timedelta(days=2)) == (kept.key,)
    assert backups.store.list("backups") == ()


def test_a_copy_on_this_machine_has_the_bytes_of_the_manifest(backups: Backups, tmp_path: Path) -> None:
    kept = keep(backups, tmp_path)
    assert backups.local(kept, tmp_path).read_bytes() == b"a dump"
    backups.store.put_bytes(kept.key, b"a dumb")
    with pytest.raises(ArchiveError, match="is damaged: it has 6 bytes"):
        backups.local(kept, tmp_path)


def test_old_backups_are_thinned_and_other_files_stay(backups: Backups, tmp_path: Path) -> None:
    for week in range(60):
        keep(backups, tmp_path, SUNDAY - timedelta(weeks=week), f"dump {week}".encode())
    backups.store.put_bytes("backups/notes.txt", b"by a person")
    gone = backups.thin(SUNDAY)
    # Eight Sundays since 4 October, and ten months before that one.
    assert len(backups.keys()) == 18
    assert len(gone) == 60 - 18
    assert set(backups.store.list("backups")) == {
        "backups/notes.txt",
        *(key + ending for key in backups.keys() for ending in ("", ".json")),  # noqa: SIM118
    }
    assert backups.thin(SUNDAY) == ()


def test_a_backup_carried_elsewhere_is_verified_by_the_manifest_beside_it(backups: Backups, tmp_path: Path) -> None:
    kept = keep(backups, tmp_path)
    path = tmp_path / "carried.sql.zst"
    path.write_bytes(b"a dump")
    with pytest.raises(ArchiveError, match="restored with its manifest beside it"):
        beside(path)
    manifest = tmp_path / "carried.sql.zst.json"
    manifest.write_bytes(kept.to_json())
    assert beside(path).dump == DUMP
    path.write_bytes(b"a dump, and more")
    with pytest.raises(ArchiveError, match="is damaged"):
        beside(path)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"sha256": 1}', b"null"])
def test_a_manifest_that_is_none_is_told(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "carried.sql.zst"
    path.write_bytes(b"a dump")
    (tmp_path / "carried.sql.zst.json").write_bytes(text)
    with pytest.raises(ArchiveError, match=r"carried\.sql\.zst\.json is no manifest of a backup"):
        beside(path)


def test_a_folder_made_for_backups_is_for_this_account_only(tmp_path: Path) -> None:
    keep(Backups(FolderStore(tmp_path / "archive")), tmp_path)
    assert stat.S_IMODE((tmp_path / "archive" / "backups").stat().st_mode) == 0o700
