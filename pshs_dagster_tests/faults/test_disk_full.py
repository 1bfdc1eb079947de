"""A disk is full when an issue is due: what needs room fails in one sentence, and nothing half-written counts.

The disk is a small file system in memory; where none may be mounted these stories are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pshs_dagster.automation import RETRY_AFTER
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.faults.conftest import begin
from pshs_dagster_tests.faults.hours import EARLIER, FAILED, HALF_HOUR, ISSUE, NEWS, OVER, Day, Holdings, in_its_time
from pshs_dagster_tests.fixtures.command import pshs
from pshs_dagster_tests.fixtures.flow import Flow, settings_in

pytestmark = [pytest.mark.thorough, pytest.mark.slow]

KIB = 2**10

SIZE = 8 * 2**20
"""Bytes: many times what an issue of the sandbox needs."""


class SmallDisk:
    """A file system of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "somebody-elses"

    def fill(self, left: int) -> None:
        """Leave so many bytes."""
        self.make_room()
        space = os.statvfs(self.path)
        self._filler.write_bytes(bytes(space.f_bavail * space.f_frsize - left))

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk, with all its room."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=1777", "pshs-tests", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("There is no `mount` here, and so no small disk.")
    if done.returncode:
        pytest.skip(f"No file system may be mounted here ({done.stderr.strip()}): root in a machine of its own may.")
    yield SmallDisk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def live_through(day: Day, disk: SmallDisk, rooms: Sequence[int], sentence: str, undisturbed: Holdings) -> None:
    """Attempts with so many bytes left, an hour after each other, and then one with room."""
    for left in rooms:
        disk.fill(left)
        day.next_attempt()
        assert sentence in day.problems[-1]
        assert day.told == [FAILED]
    disk.make_room()
    assert day.loaded_rows == 0
    day.next_attempt()
    assert [attempt.outcome.verified for attempt in day.attempts] == [False] * len(rooms) + [True]
    assert day.told == [FAILED, OVER]
    assert day.receiver.titles()[-1] == NEWS
    assert Holdings.of(day.flow) == undisturbed


@pytest.mark.parametrize(("step", "room"), [("raw_zip", 0.5), ("s3_backup", 1.5)])
def test_an_archive_without_room_keeps_nothing_in_part_and_all_once_there_is(
    lived_folder: Path,
    site: Sandbox,
    disk: SmallDisk,
    undisturbed: Holdings,
    receiver: Receiver,
    tmp_path: Path,
    step: str,
    room: float,
) -> None:
    folder, archive, issue = tmp_path / "troubled", disk.path / "archive", Release.parse(ISSUE)
    shutil.copytree(lived_folder, folder)
    shutil.move(folder / "archive", archive)
    with Flow(folder, settings_in(folder, site.url, storage_dir=archive)) as flow:
        begin(flow)
        kept = flow.archive.newest(Release.parse(EARLIER))
        assert kept is not None  # as large as that of ISSUE, more or less
        day = Day(flow, receiver)
        sentence = f"{step} failed: The disk of {archive} is full: make room, then repeat."
        live_through(day, disk, [int(kept.size * room)], sentence, undisturbed)
        assert len(flow.archive.copies(issue)) == 1
        assert flow.archive.store.list("incoming") == ()
        assert [path for path in archive.rglob("*") if path.name.endswith(".part")] == []


def test_a_full_disk_of_temporary_files_is_told_once_though_their_names_change(
    troubled: Flow, disk: SmallDisk, undisturbed: Holdings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    live_through(Day(troubled, receiver), disk, [0, 16 * KIB], "is full: make room", undisturbed)
    assert list(disk.path.iterdir()) == []


def test_sqlite_without_room_is_as_before_and_has_all_once_there_is(
    lived_folder: Path,
    site: Sandbox,
    disk: SmallDisk,
    undisturbed: Holdings,
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    folder, database = tmp_path / "troubled", disk.path / "pshs.db"
    shutil.copytree(lived_folder, folder)
    for path in folder.glob("pshs.db*"):  # what was written last is in a file beside it
        shutil.move(path, disk.path)
    with Flow(folder, settings_in(folder, site.url, f"sqlite:///{database}")) as flow:
        begin(flow)
        day = Day(flow, receiver)
        live_through(day, disk, [16 * KIB], "database or disk is full", undisturbed)


def test_a_run_that_could_not_even_write_its_end_down_is_ended_by_the_sensor_and_made_again(
    lived_folder: Path, site: Sandbox, disk: SmallDisk, undisturbed: Holdings, receiver: Receiver
) -> None:
    """Everything of the installation is on the full disk: nobody can be told while it lasts, nor anything kept."""
    folder = disk.path / "home"
    shutil.copytree(lived_folder, folder)
    settings = settings_in(folder, site.url)
    environment = {
        "DAGSTER_HOME": str(folder),
        "PORTAL_URL": site.url,
        "DATABASE_URI": settings.database,
        "STORAGE_DIR": str(settings.archive_dir),
        "NO_PROXY": "127.0.0.1",
    }
    with Flow(folder, settings) as flow:
        begin(flow)
        with in_its_time(flow):
            for left in range(200, 1000, 100):
                disk.fill(left * KIB)
                done = pshs(environment, "load", ISSUE)
                disk.make_room()
                assert done.returncode == 1
                assert "Dagster's own storage cannot be used" in done.stderr
                assert "Traceback" not in done.stderr
                if unfinished(flow):
                    break
        assert unfinished(flow), "with so little room no run begins, with more it ends"

        day = Day(flow, receiver)
        day.look()
        assert unfinished(flow) == []
        assert day.told == [FAILED]
        day.pass_by(RETRY_AFTER, HALF_HOUR)
        assert [attempt.outcome.verified for attempt in day.attempts] == [True]
        assert day.told == [FAILED, OVER]
        assert Holdings.of(flow) == undisturbed


def unfinished(flow: Flow) -> list[str]:
    """The runs that seem to be under way."""
    return [run.run_id for run in flow.instance.get_runs() if not run.is_finished]
