"""What a store of files does, whichever it is; and what a folder does by its own means."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pshs_dagster.archive import Archive, FolderStore, Store
from pshs_dagster.errors import ArchiveError
from pshs_dagster_tests.archive.at_hand import ISSUE, Fetch, digest


class TestAStore:
    def test_what_is_put_is_read_listed_and_deleted(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"a file")
        store.put_file("raw/111S2/a.zip", path, digest(b"a file"))
        store.put_bytes("raw/111S2/a.json", b"{}")
        store.put_bytes("raw/111S20/b.json", b"")
        assert b"".join(store.chunks("raw/111S2/a.zip")) == b"a file"
        assert store.list("raw/111S2") == ("raw/111S2/a.json", "raw/111S2/a.zip")
        assert store.list("raw") == ("raw/111S2/a.json", "raw/111S2/a.zip", "raw/111S20/b.json")
        assert store.exists("raw/111S2/a.zip")
        store.delete("raw/111S2/a.zip")
        store.delete("raw/111S2/a.zip")
        assert not store.exists("raw/111S2/a.zip")
        assert store.list("raw/111S2") == ("raw/111S2/a.json",)

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        assert store.list("raw") == ()
        assert not store.exists("raw/111S2/a.zip")

    def test_a_file_that_is_missing_is_told_with_its_place(self, store: Store) -> None:
        with pytest.raises(ArchiveError) as caught:
            list(store.chunks("raw/111S2/a.zip"))
        assert store.location("raw/111S2/a.zip") in str(caught.value)

    @pytest.mark.parametrize(
        "key", ["", "/etc/passwd", "../a", "raw/../../a", "raw//a", "raw/.", "raw\\a", "raw/a\n", ".hidden", "raw/"]
    )
    def test_a_key_that_leads_elsewhere_is_refused_by_every_method(
        self, store: Store, tmp_path: Path, key: str
    ) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"x")
        uses: list[Callable[[], Any]] = [
            lambda: store.put_file(key, path, digest(b"x")),
            lambda: store.put_bytes(key, b"x"),
            lambda: store.copy(key, "raw/a", digest(b"x")),
            lambda: store.copy("raw/a", key, digest(b"x")),
            lambda: list(store.chunks(key)),
            lambda: store.exists(key),
            lambda: store.list(key),
            lambda: store.delete(key),
            lambda: store.location(key),
            lambda: store.local_path(key),
        ]
        store.put_bytes("raw/a", b"x")
        for use in uses:
            with pytest.raises(ArchiveError, match="no name for a file"):
                use()

    def test_a_file_that_changed_since_it_was_hashed_is_not_stored(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"other bytes")
        with pytest.raises(ArchiveError, match="was not stored"):
            store.put_file("raw/111S2/a.zip", path, digest(b"the bytes"))
        assert store.list("raw") == ()


class TestFolders:
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderStore:
        return FolderStore(tmp_path / "archive")

    def test_a_copy_is_the_file_itself(self, archive: Archive, fetch: Fetch, tmp_path: Path) -> None:
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        path = archive.local(kept, tmp_path / "unused")
        assert str(path) == archive.location(kept.key) == str(tmp_path / "archive" / kept.key)
        assert not (tmp_path / "unused").exists()

    def test_nothing_half_written_stays_or_is_listed(
        self, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[str, ...]] = []

        def crash(_descriptor: int) -> None:
            seen.append(store.list("raw"))
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            store.put_bytes("raw/111S2/a.zip", b"PK")
        assert seen == [()]
        assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []

    def test_files_may_be_read_by_everyone(self, store: FolderStore) -> None:
        store.put_bytes("rejects/a.json", b"[]")
        path = store.local_path("rejects/a.json")
        assert path is not None
        assert path.stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (errno.ENOSPC, "is full: make room"),
            (errno.EACCES, "right to read and write"),
            (errno.EROFS, "right to read and write"),
            (errno.EIO, "see STORAGE_DIR"),
        ],
    )
    def test_what_is_wrong_with_a_disk_is_told(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch, number: int, words: str
    ) -> None:
        def refuse(_descriptor: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(ArchiveError, match=words) as caught:
            store.put_bytes("rejects/a.json", b"[]")
        assert str(store.root) in str(caught.value)

    def test_a_root_that_is_a_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "archive").touch()
        with pytest.raises(ArchiveError, match="STORAGE_DIR"):
            FolderStore(tmp_path / "archive").put_bytes("rejects/a.json", b"[]")
