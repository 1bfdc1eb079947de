"""What runs the pipeline is killed in mid-download and started again: the daemon, or all as by a power cut.

Dagster's own processes as `make dev` starts them; only the hour after is not awaited, but passes by the clock.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pshs_dagster.automation import RETRY_AFTER
from pshs_dagster.clock import taipei_now
from pshs_dagster.releases import newest_issue_due
from pshs_dagster.sandbox.faults import Fault, FaultName
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.faults.hours import HALF_HOUR, OVER, Day, Holdings
from pshs_dagster_tests.fixtures.dagster import Installation, eventually
from pshs_dagster_tests.fixtures.flow import Flow, settings_in

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]

MONITOR_SECONDS = 2
"""How often the daemon looks after runs here; it is a minute otherwise, and a test need not wait for it."""


def look_after_runs_often(home: Path) -> None:
    path = home / "dagster.yaml"
    config = yaml.safe_load(path.read_text())
    config["run_monitoring"]["poll_interval_seconds"] = MONITOR_SECONDS
    path.write_text(yaml.safe_dump(config))


def run_with(ours: Installation, *statuses: dg.DagsterRunStatus) -> dg.DagsterRun | None:
    with ours.instance() as instance:
        return next(iter(instance.get_runs(dg.RunsFilter(statuses=list(statuses)))), None)


def kill(ours: Installation, only: bytes) -> None:
    """Kill (SIGKILL) the processes of an installation whose command has these words; blank for all of them."""
    (started,) = ours._processes
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == started.pid and only in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            continue


@pytest.mark.parametrize("killed", [b"", b"dagster._daemon"], ids=["everything", "daemon"])
def test_a_run_that_went_down_is_noticed_and_made_again_an_hour_later(
    tmp_path: Path, receiver: Receiver, killed: bytes
) -> None:
    now = taipei_now()
    issue = newest_issue_due(now)
    database, home = f"sqlite:///{tmp_path / 'pshs.db'}", tmp_path / "home"
    with (
        Sandbox(today=now.date(), scale=0.05, cities="f", faults=[Fault(FaultName.STALL, release=issue)]) as site,
        Installation(home, site.url, database) as ours,
    ):
        look_after_runs_often(ours.home)
        ours.develop()
        eventually(lambda: [path for path in site.requests if "fileName=" in path], "the download to begin")
        begun = eventually(lambda: run_with(ours, dg.DagsterRunStatus.STARTED), "the run to be under way")
        kill(ours, killed)
        eventually(lambda: ours._processes[0].poll() is not None, "dagster dev to end")
        ours.stop()
        site.faults = ()
        ours.develop()
        ended = eventually(lambda: run_with(ours, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED), "its end")
        ours.stop()
        assert ended.run_id == begun.run_id

        settings = settings_in(ours.home, site.url, database, storage_dir=ours.archive, cities="f")
        with (
            Flow(ours.home, settings) as flow,
            Flow(tmp_path / "twin", settings_in(tmp_path / "twin", site.url, cities="f")) as twin,
        ):
            day = Day(flow, receiver, issue.key)
            day.look()
            assert day.attempts == []
            (told,) = day.told
            assert "run failed" in told
            day.pass_by(RETRY_AFTER + HALF_HOUR, HALF_HOUR)
            assert [(attempt.key, attempt.outcome.verified) for attempt in day.attempts] == [(f"{issue}:2", True)]
            assert day.told == [told, OVER]
            assert twin.run(issue.key).verified
            assert Holdings.of(flow) == Holdings.of(twin)
