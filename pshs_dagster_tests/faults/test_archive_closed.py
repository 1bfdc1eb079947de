"""The archive cannot be written when an issue is due: nothing is parsed that is not kept, and nothing half-kept counts.

A folder is closed by the rights of its files, a bucket by not being there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pshs_dagster.automation import RETRY_AFTER
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.faults.conftest import begin
from pshs_dagster_tests.faults.hours import FAILED, HALF_HOUR, ISSUE, NEWS, OVER, Day, Holdings
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket

pytestmark = [pytest.mark.thorough, pytest.mark.slow]

READ_ONLY, OURS = 0o555, 0o755

CAPABILITIES_V3 = 0x20080522
"""What Linux calls the form in which it is told a thread's capabilities: three sets of 64 bits in halves."""

ABOVE_RIGHTS = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what lets root write where nobody may."""


@contextmanager
def rights_hold() -> Generator[None]:
    """The rights of files hold for root too, while inside; for anybody else they always do."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    this_thread, sets = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(this_thread, sets) == 0
    effective = sets[0]
    sets[0] = effective & ~ABOVE_RIGHTS
    assert libc.capset(this_thread, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert libc.capset(this_thread, sets) == 0


@contextmanager
def closed(folder: Path) -> Generator[None]:
    """A folder, and those below it, in which nobody may make a file."""
    places = [place for place in (folder, *folder.rglob("*")) if place.is_dir()]
    for place in places:
        place.chmod(READ_ONLY)
    try:
        with rights_hold():
            yield
    finally:
        for place in places:
            place.chmod(OURS)


@pytest.mark.parametrize("room", ["incoming", "raw", "rejects"])
def test_a_room_of_the_archive_that_is_closed_is_told_once_and_all_is_there_when_it_is_open_again(
    troubled: Flow, undisturbed: Holdings, receiver: Receiver, room: str
) -> None:
    day, issue = Day(troubled, receiver), Release.parse(ISSUE)
    folder = troubled.settings.archive_dir / room
    with closed(folder):
        day.pass_by(RETRY_AFTER + HALF_HOUR, HALF_HOUR)
    assert [attempt.key for attempt in day.attempts] == [f"{ISSUE}:1", f"{ISSUE}:2"]
    assert all(f"{folder}/" in problem and "right to read and write" in problem for problem in day.problems)
    assert day.told == [FAILED]
    assert day.loaded_rows == 0
    # A zip that was kept before the trouble stays; none is kept in part.
    assert len(troubled.archive.copies(issue)) == (room == "rejects")

    day.pass_by(RETRY_AFTER, HALF_HOUR)
    assert [attempt.outcome.verified for attempt in day.attempts] == [False, False, True]
    assert day.told == [FAILED, OVER]
    assert receiver.titles()[-1] == NEWS
    assert len(troubled.archive.copies(issue)) == 1
    assert troubled.archive.store.list("incoming") == ()
    assert Holdings.of(troubled) == undisturbed


@pytest.mark.s3
def test_a_bucket_that_is_not_there_is_told_once_and_all_is_in_it_when_it_is_back(
    lived_folder: Path,
    site: Sandbox,
    undisturbed: Holdings,
    s3_bucket: Bucket,
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("ACCESS_KEY_ID", KEY_ID), ("SECRET_ACCESS_KEY", SECRET), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    folder = tmp_path / "in-a-bucket"
    shutil.copytree(lived_folder, folder)
    bucket = {"storage_type": "S3", "s3_bucket": s3_bucket.name, "s3_endpoint_url": s3_bucket.endpoint_url}
    with Flow(folder, settings_in(folder, site.url, **bucket)) as flow:
        begin(flow)
        day = Day(flow, receiver)
        s3_bucket.client.delete_bucket(Bucket=s3_bucket.name)
        day.pass_by(RETRY_AFTER + HALF_HOUR, HALF_HOUR)
        assert len(day.attempts) == 2
        assert all(f"There is no bucket {s3_bucket.name}" in problem for problem in day.problems)
        assert day.told == [FAILED]

        s3_bucket.client.create_bucket(Bucket=s3_bucket.name)
        day.pass_by(RETRY_AFTER, HALF_HOUR)
        assert [attempt.outcome.verified for attempt in day.attempts] == [False, False, True]
        assert day.told == [FAILED, OVER]
        assert len(flow.archive.copies(Release.parse(ISSUE))) == 1
        assert Holdings.of(flow) == undisturbed
