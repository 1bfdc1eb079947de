"""The archive in a folder and in S3: the same laws for both."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pshs_dagster.archive import Archive, ArchivedZip, FolderStore, S3Store, Store
from pshs_dagster.archive.stores import Digest
from pshs_dagster.errors import ArchiveError
from pshs_dagster.portal import FetchedZip
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket

ISSUE, SEASON = Release.parse("2022-09-21"), Release.parse("111S2")
FETCHED_AT = datetime(2022, 9, 21, 10, 5, 7, tzinfo=TAIPEI)
ARCHIVED_AT = FETCHED_AT + timedelta(minutes=1)
URL = "https://plvr.land.moi.gov.tw/Download?type=zip&fileName=lvr_landcsv.zip"
SHARED_FIXTURE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Fetch = Callable[..., FetchedZip]


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    bucket: Bucket = request.getfixturevalue("s3_bucket")
    return S3Store(bucket.client, bucket.name, "moi/presale")


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive(store, clock=lambda: ARCHIVED_AT)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """A release as it comes from the portal; the bytes are not looked into by the archive."""
    numbers = itertools.count()

    def make(data: bytes, release: Release = ISSUE, at: datetime = FETCHED_AT) -> FetchedZip:
        path = tmp_path / f"fetched-{next(numbers)}.zip"
        path.write_bytes(data)
        return FetchedZip(release, path, hashlib.sha256(data).hexdigest(), len(data), URL, at)

    return make


def bytes_of(archive: Archive, copy: ArchivedZip) -> bytes:
    return b"".join(archive.store.chunks(copy.key))


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest(), len(data))


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


class TestInterruptions:
    @pytest.mark.parametrize("step", ["copy", "put_bytes", "delete"])
    def test_a_crash_at_any_step_of_keeping_is_repaired_by_the_next_keep(
        self, archive: Archive, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        archive.stage(fetch(b"PK one"))
        with monkeypatch.context() as patch:

            def crash(*_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(archive.store, step, crash)
            with pytest.raises(KeyboardInterrupt):
                archive.keep(ISSUE)
        if step != "delete":
            assert archive.copies(ISSUE) == (), "a copy counts only once its manifest is written"
        kept = archive.keep(ISSUE)
        assert archive.copies(ISSUE) == (kept,)
        assert bytes_of(archive, kept) == b"PK one"
        assert archive.store.list("incoming") == ()
        assert len(archive.store.list("raw")) == 2

    def test_a_zip_without_a_manifest_is_no_copy_until_it_is_kept_again(self, archive: Archive, fetch: Fetch) -> None:
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        archive.store.delete(kept.manifest_key)
        assert archive.newest(ISSUE) is None
        archive.stage(fetch(b"PK one"))
        assert archive.keep(ISSUE) == kept
        assert archive.newest(ISSUE) == kept

    def test_keeping_at_the_same_time_ends_in_one_copy(self, archive: Archive, fetch: Fetch) -> None:
        staged = archive.stage(fetch(b"PK one"))
        together = threading.Barrier(4)

        def keep() -> ArchivedZip:
            together.wait()
            return archive.keep(staged)

        with ThreadPoolExecutor(4) as pool:
            kept = [future.result() for future in [pool.submit(keep) for _ in range(4)]]
        assert {copy.key for copy in kept} == {copy.key for copy in archive.copies(ISSUE)}
        assert len(archive.copies(ISSUE)) == 1
        assert bytes_of(archive, kept[0]) == b"PK one"

    def test_staging_different_bytes_at_the_same_time_leaves_one(self, archive: Archive, fetch: Fetch) -> None:
        arrivals = [fetch(f"PK {number}".encode(), at=FETCHED_AT + timedelta(seconds=number)) for number in range(4)]
        together = threading.Barrier(4)

        def stage(fetched: FetchedZip) -> None:
            together.wait()
            archive.stage(fetched)

        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(stage, fetched) for fetched in arrivals]:
                future.result()
        staged = archive.staged(ISSUE)
        assert staged is not None
        assert bytes_of(archive, staged) == b"PK 3"


class TestLaws:
    @SHARED_FIXTURE
    @given(arrivals=st.lists(st.binary(max_size=20), min_size=1, max_size=6))
    def test_every_set_of_bytes_is_kept_exactly_once_in_whatever_order_it_comes(
        self, store: Store, fetch: Fetch, arrivals: list[bytes]
    ) -> None:
        for key in store.list("raw"):
            store.delete(key)
        archive = Archive(store, clock=lambda: ARCHIVED_AT)
        for number, data in enumerate(arrivals):
            archive.stage(fetch(data, SEASON, FETCHED_AT + timedelta(days=number)))
            assert bytes_of(archive, archive.keep(SEASON)) == data
        copies = archive.copies(SEASON)
        assert [bytes_of(archive, copy) for copy in copies] == list(dict.fromkeys(arrivals))
        for copy in copies:
            archive.verify(copy)

    @SHARED_FIXTURE
    @given(data=st.binary(min_size=1, max_size=50), position=st.integers(min_value=0), cut=st.booleans())
    def test_any_other_bytes_in_the_place_of_a_copy_are_found_out(
        self, store: Store, fetch: Fetch, tmp_path: Path, data: bytes, position: int, cut: bool
    ) -> None:
        archive = Archive(store, clock=lambda: ARCHIVED_AT)
        archive.stage(fetch(data, SEASON))
        kept = archive.keep(SEASON)
        index = position % len(data)
        damaged = data[:index] if cut else data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]
        store.put_bytes(kept.key, damaged)
        with pytest.raises(ArchiveError, match="damaged"):
            archive.verify(kept)
        with pytest.raises(ArchiveError, match="damaged"):
            archive.local(kept, tmp_path / "local")
        archive.stage(fetch(data, SEASON))
        with pytest.raises(ArchiveError, match="damaged"):
            archive.keep(SEASON)
        store.put_bytes(kept.key, data)
        assert archive.keep(SEASON) == kept


class TestManifests:
    @pytest.mark.parametrize(
        "manifest", [b"", b"[]", b"{}", b"\xff", b'{"release": "2022-09-22"}', b'{"fetched_at": "2022-09-21T10:00:00"}']
    )
    def test_a_manifest_that_is_none_is_an_error_not_a_gap(
        self, archive: Archive, fetch: Fetch, manifest: bytes
    ) -> None:
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        if manifest.startswith(b"{"):
            fields = json.loads(b"".join(archive.store.chunks(kept.manifest_key)))
            changes = json.loads(manifest)
            manifest = json.dumps({**fields, **changes} if changes else {}).encode()
        archive.store.put_bytes(kept.manifest_key, manifest)
        with pytest.raises(ArchiveError) as caught:
            archive.newest(ISSUE)
        assert archive.location(kept.manifest_key) in str(caught.value)


class TestDocuments:
    def test_a_document_is_read_as_it_was_written_and_replaced_whole(self, archive: Archive) -> None:
        assert not archive.has_document("rejects/2022-09-21.json")
        archive.write_document("rejects/2022-09-21.json", '["鄉鎮市區"]\n')
        archive.write_document("rejects/2022-09-21.json", "[]\n")
        assert archive.read_document("rejects/2022-09-21.json") == "[]\n"
        assert archive.has_document("rejects/2022-09-21.json")
        assert archive.documents("rejects") == ("rejects/2022-09-21.json",)

    def test_a_document_that_windows_saved_is_read_without_its_mark(self, archive: Archive) -> None:
        archive.store.put_bytes("corrections/a.json", "[「更正」]".encode("utf-8-sig"))
        assert archive.read_document("corrections/a.json") == "[「更正」]"

    def test_a_document_in_another_encoding_is_told(self, archive: Archive) -> None:
        archive.store.put_bytes("corrections/a.json", "更正".encode("cp950"))
        with pytest.raises(ArchiveError, match="UTF-8"):
            archive.read_document("corrections/a.json")

    @pytest.mark.parametrize("key", ["raw/111S2/a.json", "incoming/a.json", "../a.json"])
    def test_a_document_cannot_stand_among_the_zips(self, archive: Archive, key: str) -> None:
        with pytest.raises(ArchiveError):
            archive.write_document(key, "")


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


@pytest.mark.s3
class TestS3:
    @pytest.fixture
    def dagster_store(self, s3_endpoint: str, s3_bucket: Bucket) -> Iterator[S3Store]:
        """A store with the client that Dagster's resource makes."""
        from dagster_aws.s3 import S3Resource

        client = S3Resource(
            endpoint_url=s3_endpoint, region_name=REGION, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
        ).get_client()
        yield S3Store(client, s3_bucket.name)
        client.close()

    def test_the_client_of_dagsters_resource_does_it_all(
        self, dagster_store: S3Store, fetch: Fetch, tmp_path: Path
    ) -> None:
        archive = Archive(dagster_store, clock=lambda: ARCHIVED_AT)
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        assert archive.location(kept.key) == f"s3://{dagster_store.bucket}/{kept.key}"
        path = archive.local(kept, tmp_path / "local")
        assert path.read_bytes() == b"PK one"
        assert list((tmp_path / "local").iterdir()) == [path]

    def test_prefixes_keep_archives_of_one_bucket_apart(self, s3_bucket: Bucket, fetch: Fetch) -> None:
        one, two = (Archive(S3Store(s3_bucket.client, s3_bucket.name, prefix)) for prefix in ("/one/", "one/two"))
        one.stage(fetch(b"PK one"))
        one.keep(ISSUE)
        assert one.releases() == (ISSUE,)
        assert two.releases() == ()
        assert one.location("raw/a") == f"s3://{s3_bucket.name}/one/raw/a"

    def test_more_files_than_one_answer_of_s3_holds_are_all_listed(self, s3_bucket: Bucket) -> None:
        def three_at_a_time(params: dict[str, Any], **_: object) -> None:
            params["MaxKeys"] = 3

        s3_bucket.client.meta.events.register("provide-client-params.s3.ListObjectsV2", three_at_a_time)
        store = S3Store(s3_bucket.client, s3_bucket.name)
        keys = tuple(f"rejects/{number}.json" for number in range(8))
        for key in keys:
            store.put_bytes(key, b"")
        assert len(s3_bucket.client.list_objects_v2(Bucket=s3_bucket.name).get("Contents", [])) == 3
        assert store.list("rejects") == keys

    def test_a_bucket_that_gives_back_other_bytes_is_found_out(
        self, s3_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = S3Store(s3_bucket.client, s3_bucket.name)
        path = tmp_path / "file"
        path.write_bytes(b"PK")
        monkeypatch.setattr(store, "chunks", lambda _: iter([b"PX"]))
        with pytest.raises(ArchiveError, match="gave back other bytes"):
            store.put_file("raw/111S2/a.zip", path, digest(b"PK"))
        assert not store.exists("raw/111S2/a.zip")

    def test_a_bucket_that_does_not_exist_is_told(self, s3_bucket: Bucket) -> None:
        store = S3Store(s3_bucket.client, "nobody-made-this-bucket")
        for use in (lambda: store.list("raw"), lambda: store.put_bytes("rejects/a.json", b"[]")):
            with pytest.raises(ArchiveError, match=r"no bucket nobody-made-this-bucket .* S3_BUCKET"):
                use()

    def test_a_server_that_is_not_there_is_told_without_its_password(self, s3_bucket: Bucket) -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url="http://user:secret@127.0.0.1:1",
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(ArchiveError, match="S3_ENDPOINT_URL") as caught:
            S3Store(client, s3_bucket.name).list("raw")
        assert "secret" not in str(caught.value)
        client.close()

    def test_missing_credentials_are_told(
        self, s3_endpoint: str, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        import boto3

        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        client = boto3.Session().client("s3", endpoint_url=s3_endpoint, region_name=REGION)
        with pytest.raises(ArchiveError, match="no credentials"):
            S3Store(client, s3_bucket.name).list("raw")
        client.close()

    @pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
    def test_refused_credentials_are_told_without_showing_them(
        self, s3_bucket: Bucket, code: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from botocore.exceptions import ClientError

        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": f"key {KEY_ID} is bad"}}, "PutObject")

        monkeypatch.setattr(s3_bucket.client, "put_object", refuse)
        with pytest.raises(ArchiveError, match="refuses the credentials") as caught:
            S3Store(s3_bucket.client, s3_bucket.name).put_bytes("rejects/a.json", b"[]")
        assert KEY_ID not in str(caught.value)
