"""How a fault is told apart, and in which words: by itself, without an installation."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from pshs_dagster.alerts.troubles import FailedRun, of_run
from pshs_dagster.assets.common import plain_failures
from pshs_dagster.server.launcher import WatchedRunLauncher, _is_gone

FULL = Path("/dev/full")
"""Linux's device that is always full."""


@pytest.mark.skipif(not FULL.exists(), reason="There is no /dev/full here.")
def test_a_disk_that_is_full_is_told_in_one_sentence_wherever_it_shows() -> None:
    with pytest.raises(dg.Failure) as failed, plain_failures(), FULL.open("w", buffering=1) as file:
        file.write("a line\n")
    assert "is full: make room" in (failed.value.description or "")
    assert not failed.value.allow_retries


def test_other_errors_of_the_system_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), plain_failures():
        tmp_path.read_text()


def told(text: str) -> str:
    return of_run("2026-09-11", FailedRun("a-run", "raw_zip", text, "Failure")).fingerprint


def test_the_same_trouble_is_known_by_its_words_though_temporary_names_differ() -> None:
    assert told("The disk of /tmp/pshs-u53r9vvz is full") == told("The disk of /tmp/pshs-i4tv_dsv is full")
    assert told("/tmp/pshs-u53r9vvz.tsv is lost") == told("/tmp/pshs-i4tv_dsv.tsv is lost")
    assert told("Run 0e003e84-b399-46d8-b06b-b201215cc2df failed") == told(
        "Run acac64d0-3f42-4824-b7fc-c2b5a19816ba failed"
    )
    assert told("The disk of /data/pshs-archive is full") != told("The disk of /data/pshs-backups is full")


def made_behind(path: Path) -> dg.DagsterRun:
    """A run of a code server behind a socket in the file system."""
    tags = {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(path)})}
    return dg.DagsterRun("load_release", tags=tags)


def test_a_run_whose_code_server_has_ended_is_gone_with_it(tmp_path: Path) -> None:
    launcher, path = WatchedRunLauncher(), tmp_path / "socket"
    assert launcher.check_run_worker_health(made_behind(path)).status is WorkerStatus.NOT_FOUND
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert not _is_gone(made_behind(path).tags[GRPC_INFO_TAG])
    # A killed server leaves its socket behind.
    assert path.exists()
    assert launcher.check_run_worker_health(made_behind(path)).status is WorkerStatus.NOT_FOUND
