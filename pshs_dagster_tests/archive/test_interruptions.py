"""Crashes, meetings, damage: what was kept stays whole and is found out where it is not."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pshs_dagster.archive import Archive, ArchivedZip, Store
from pshs_dagster.errors import ArchiveError
from pshs_dagster.portal import FetchedZip
from pshs_dagster_tests.archive.at_hand import ARCHIVED_AT, FETCHED_AT, ISSUE, SEASON, Fetch, bytes_of

SHARED_FIXTURE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


@pytest.mark.parametrize(
    "store", ["folder", pytest.param("s3", marks=[pytest.mark.s3, pytest.mark.thorough])], indirect=True
)
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
