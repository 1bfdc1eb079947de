"""From a fetched zip to a copy that stays: staged, kept once, found again."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.archive.at_hand import FETCHED_AT, ISSUE, SEASON, URL, Fetch, bytes_of


class TestStaging:
    def test_a_staged_zip_is_found_by_another_machine(self, archive: Archive, fetch: Fetch, tmp_path: Path) -> None:
        staged = archive.stage(fetch(b"PK one"))
        elsewhere = Archive(archive.store)
        assert elsewhere.staged(ISSUE) == staged
        assert elsewhere.staged(SEASON) is None
        assert elsewhere.local(staged, tmp_path / "other").read_bytes() == b"PK one"
        assert (staged.release, staged.source_url, staged.fetched_at) == (ISSUE, URL, FETCHED_AT)

    def test_other_bytes_take_the_place_of_what_was_staged(self, archive: Archive, fetch: Fetch) -> None:
        archive.stage(fetch(b"PK the last issue again"))
        new = archive.stage(fetch(b"PK the new issue"))
        archive.stage(fetch(b"PK a season", SEASON))
        assert archive.staged(ISSUE) == new
        assert archive.store.list("incoming/2022-09-21") == (new.manifest_key, new.key)

    def test_the_same_bytes_again_change_nothing(self, archive: Archive, fetch: Fetch) -> None:
        first = archive.stage(fetch(b"PK one"))
        second = archive.stage(fetch(b"PK one", at=FETCHED_AT + timedelta(hours=1)))
        assert second == first == archive.staged(ISSUE)

    def test_a_staged_zip_that_was_damaged_is_replaced_by_the_same_bytes(self, archive: Archive, fetch: Fetch) -> None:
        first = archive.stage(fetch(b"PK one"))
        archive.store.put_bytes(first.key, b"PK")
        archive.verify(archive.stage(fetch(b"PK one")))

    def test_a_new_zip_that_does_not_become_whole_leaves_the_old_one(self, archive: Archive, fetch: Fetch) -> None:
        old = archive.stage(fetch(b"PK one"))
        new = fetch(b"PK two")
        new.path.write_bytes(b"PK")
        with pytest.raises(ArchiveError):
            archive.stage(new)
        assert archive.staged(ISSUE) == old


class TestKeeping:
    def test_a_kept_zip_has_its_name_its_bytes_and_its_manifest(self, archive: Archive, fetch: Fetch) -> None:
        data = b"PK one"
        archive.stage(fetch(data))
        kept = archive.keep(ISSUE)
        sha256 = hashlib.sha256(data).hexdigest()
        assert kept.key == f"raw/2022-09-21/2022-09-21_20220921T100507_{sha256[:12]}.zip"
        assert bytes_of(archive, kept) == data
        assert json.loads(b"".join(archive.store.chunks(kept.key.replace(".zip", ".json")))) == {
            "release": "2022-09-21",
            "kind": "issue",
            "sha256": sha256,
            "size": len(data),
            "source_url": URL,
            "fetched_at": "2022-09-21T10:05:07+08:00",
            "window": {"from": "2022-08-01", "to": "2022-08-10"},
            "archived_at": "2022-09-21T10:06:07+08:00",
        }
        assert archive.staged(ISSUE) is None
        assert archive.store.list("incoming") == ()
        assert archive.copies(ISSUE) == (kept,)

    def test_times_are_told_in_taipei_wherever_the_machine_is(self, archive: Archive, fetch: Fetch) -> None:
        archive.stage(fetch(b"PK one", at=FETCHED_AT.astimezone(UTC)))
        kept = archive.keep(ISSUE)
        assert "_20220921T100507_" in kept.key
        assert kept.as_of == datetime(2022, 9, 21, tzinfo=TAIPEI)

    def test_the_same_bytes_are_kept_once_with_their_first_fetch(self, archive: Archive, fetch: Fetch) -> None:
        archive.stage(fetch(b"PK one"))
        first = archive.keep(ISSUE)
        archive.stage(fetch(b"PK one", at=FETCHED_AT + timedelta(days=1)))
        assert archive.keep(ISSUE) == first
        assert archive.copies(ISSUE) == (first,)
        assert archive.staged(ISSUE) is None

    def test_a_rebuilt_season_becomes_a_new_copy_beside_the_old_one(self, archive: Archive, fetch: Fetch) -> None:
        years = [FETCHED_AT + timedelta(days=365 * year) for year in range(3)]
        kept: list[ArchivedZip] = []
        for at in reversed(years):
            archive.stage(fetch(f"PK {at}".encode(), SEASON, at))
            kept.append(archive.keep(SEASON))
        assert archive.copies(SEASON) == tuple(reversed(kept))
        assert archive.newest(SEASON) == kept[0]
        assert [bytes_of(archive, copy) for copy in archive.copies(SEASON)] == [f"PK {at}".encode() for at in years]

    def test_a_release_that_was_never_kept_has_no_copy(self, archive: Archive) -> None:
        assert archive.newest(ISSUE) is None
        assert archive.releases() == ()
        with pytest.raises(ArchiveError, match="Nothing is staged for 2022-09-21"):
            archive.keep(ISSUE)

    def test_keeping_again_after_all_is_done_gives_the_newest_copy(self, archive: Archive, fetch: Fetch) -> None:
        staged = archive.stage(fetch(b"PK one"))
        kept = archive.keep(staged)
        assert archive.keep(staged) == kept
        assert archive.keep(ISSUE) == kept

    def test_a_kept_copy_that_is_kept_again_stays(self, archive: Archive, fetch: Fetch) -> None:
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        assert archive.keep(kept) == kept
        assert archive.copies(ISSUE) == (kept,)
        assert bytes_of(archive, kept) == b"PK one"

    def test_a_copy_is_open_for_a_while_and_leaves_nothing_behind(
        self, archive: Archive, fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        with archive.opened(kept) as path:
            assert path.read_bytes() == b"PK one"
        assert list((tmp_path / "temporary").iterdir()) == []
        archive.verify(kept)

    def test_what_another_run_has_kept_meanwhile_is_read_where_it_is_now(
        self, archive: Archive, fetch: Fetch, tmp_path: Path
    ) -> None:
        staged = archive.stage(fetch(b"a zip"))
        archive.keep(staged)
        assert archive.local(staged, tmp_path / "here").read_bytes() == b"a zip"

    def test_releases_are_those_with_a_whole_copy_in_order(self, archive: Archive, fetch: Fetch) -> None:
        for release in (ISSUE, SEASON, Release.parse("2022-09-11")):
            archive.stage(fetch(b"PK", release))
            archive.keep(release)
        archive.stage(fetch(b"PK", Release.parse("111S1")))
        archive.store.put_bytes("raw/110S1/110S1_20220101T000000_000000000000.zip", b"PK")
        archive.store.put_bytes("raw/notes/readme.zip", b"")
        archive.store.put_bytes("raw/notes/readme.json", b"")
        assert [str(release) for release in archive.releases()] == ["111S2", "2022-09-11", "2022-09-21"]
