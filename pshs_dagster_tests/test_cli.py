"""The command `pshs` as a person uses it: a process of its own, its exit status, its two outputs."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pshs_dagster.releases import Release
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.command import PATIENCE_SECONDS, Command, pshs, started
from pshs_dagster_tests.fixtures.flow import ROOT, Flow, settings_in

pytestmark = pytest.mark.slow

PSHS = (sys.executable, "-m", "pshs_dagster.cli")


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox) -> dict[str, str]:
    """What a person would have in `.env`."""
    return os.environ | {
        "PORTAL_URL": sandbox.url,
        "DATABASE_URI": f"sqlite:///{tmp_path / 'pshs.db'}",
        "STORAGE_TYPE": "LOCAL",
        "STORAGE_DIR": str(tmp_path / "archive"),
        "DAGSTER_HOME": str(tmp_path),
        "CITIES": "a,b,e,f,h",
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sandbox_server: Sandbox, current: str) -> Path:
    """The folder of an installation after a load that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    with Flow(folder, settings_in(folder, sandbox_server.url, cities="a,b,e,f,h")) as flow:
        assert flow.run(current).verified
    return folder


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """The tables without what only tells when and in which order rows came."""
    names = {"id", "created_at", "updated_at", "fetched_at", "loaded_at"}
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: sorted(
                tuple((key, row[key]) for key in row.keys() if key not in names)  # noqa: SIM118
                for row in connection.execute(f"SELECT * FROM {table}")  # noqa: S608
            )
            for table in ("deals", "releases", "release_files", "rejected_deals")
        }


def test_load_shows_a_summary_and_ends_well(environment: dict[str, str], issue: str) -> None:
    # Python itself is started here, as a person does; the other tests save that time.
    command = [*PSHS, "load", "latest"]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert f"{issue}: verified" in done.stderr
    (summary,) = [text for text in done.stdout.splitlines() if issue in text]
    assert "9 of 9 hold" in summary
    assert "verified" in summary


def test_releases_tells_what_moi_has_and_what_is_verified(
    environment: dict[str, str], issue: str, tmp_path: Path, whole: Path
) -> None:
    before = pshs(environment, "releases")
    assert before.returncode == 0, before.stderr
    assert "verified" not in before.stdout
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    (row,) = [text for text in pshs(environment, "releases").stdout.splitlines() if text.startswith(f"│ {issue}")]
    assert "current" in row
    assert "verified" in row


def test_a_release_that_cannot_be_verified_ends_in_one_line_and_a_status(
    environment: dict[str, str], sandbox: Sandbox, issue: str
) -> None:
    sandbox.faults = [Fault.parse("late")]
    done = pshs(environment, "load", issue)
    assert done.returncode == 1
    assert "release_date failed" in done.stderr
    assert done.stderr.splitlines()[-1] == f"Error: 1 of 1 releases not verified: {issue}."
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("load", "2022-09-22"), "2022-09-22 is no issue"),
        (("load", "yesterday"), "'yesterday' is no release"),
        (("load", "2099-01-01"), "not verified"),
        (("sandbox", "--fault", "plague"), "plague"),
        (("sandbox", "--scale", "0"), "scale"),
    ],
)
def test_wrong_words_get_one_clear_line(environment: dict[str, str], arguments: tuple[str, ...], told: str) -> None:
    done = pshs(environment, *arguments)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("CITIES", "F,Y", "CITIES"),
        pytest.param("STORAGE_TYPE", "TAPE", "STORAGE_TYPE", marks=pytest.mark.thorough),
        pytest.param("STORAGE_TYPE", "S3", "S3_BUCKET", marks=pytest.mark.thorough),
        pytest.param("PORTAL_URL", "ftp://moi", "ftp://moi", marks=pytest.mark.thorough),
        pytest.param("DATABASE_URI", "not a url", "DATABASE_URI", marks=pytest.mark.thorough),
        ("DATABASE_URI", "mysql+pymysql://pshs:hunter2@127.0.0.1:1/pshs", "127.0.0.1"),
        pytest.param("HISTORY_FROM", "2022", "2022", marks=pytest.mark.thorough),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_no_password_is_shown(
    environment: dict[str, str], setting: str, value: str, told: str
) -> None:
    done = pshs(environment | {setting: value}, "load", "latest")
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.thorough
def test_a_site_that_is_down_is_told_and_what_is_known_is_shown(
    environment: dict[str, str], issue: str, tmp_path: Path, whole: Path
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    done = pshs(environment | {"PORTAL_URL": "http://127.0.0.1:9"}, "releases")
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert issue in done.stdout


def test_a_port_that_is_taken_is_told(environment: dict[str, str], sandbox: Sandbox) -> None:
    done = pshs(environment, "sandbox", "--port", sandbox.url.rpartition(":")[2])
    assert done.returncode == 1
    assert "choose another" in done.stderr.splitlines()[-1]


@pytest.mark.thorough
def test_the_sandbox_tells_its_address_and_ends_at_ctrl_c(environment: dict[str, str]) -> None:
    command = [*PSHS, "sandbox", "--port", "0", "--today", "2026-07-21", "--scale", "0.01"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("PORTAL_URL=http://127.0.0.1:")
        done = pshs(environment | {"PORTAL_URL": address.partition("=")[2]}, "load", "latest")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert done.returncode == 0, done.stderr
    assert "2026-07-21" in done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize("step", ["s3_backup", "rejected_deals", "mysql_deals"])
def test_a_load_that_was_killed_is_repeated_to_the_same_end(
    environment: dict[str, str], tmp_path: Path, issue: str, step: str, whole: Path
) -> None:
    with started(environment, "load", issue) as command:
        _await_step(tmp_path, step, command)
        command.kill()
    again = pshs(environment, "load", issue)
    assert again.returncode == 0, again.stderr
    assert content(tmp_path / "pshs.db") == content(whole / "pshs.db")


@pytest.mark.thorough
def test_two_loads_at_a_time_of_one_release_do_no_harm(
    environment: dict[str, str], tmp_path: Path, issue: str, whole: Path
) -> None:
    with started(environment, "load", issue) as one, started(environment, "load", issue) as other:
        both = [one.wait(), other.wait()]
    assert 0 in [done.returncode for done in both], both
    for done in both:
        assert done.returncode == 0 or "is under way already" in done.stderr, done.stderr
    assert content(tmp_path / "pshs.db") == content(whole / "pshs.db")


def _await_step(home: Path, step: str, command: Command) -> None:
    """Wait until a step of the run has begun, seen by what Dagster wrote, or until the process has ended."""
    deadline = time.monotonic() + 60
    while not command.ended:
        assert time.monotonic() < deadline, f"{step} never began"
        for database in home.glob("history/runs/*.db"):
            if step.encode() in database.read_bytes():
                return


@pytest.mark.thorough
def test_a_release_of_the_past_is_named_with_the_season_that_covers_it(environment: dict[str, str]) -> None:
    done = pshs(environment, "load", "2022-09-21")
    assert done.returncode == 1
    assert Release.parse("2022-09-21").covering_season().key in done.stderr
