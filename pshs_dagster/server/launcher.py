"""Runs that the code server makes, and whether it still makes them.

Dagster's own launcher cannot tell: a run whose code server was killed, or started anew, would count as under way until
its longest time is over, and its release would not be asked for again. What a run does is no concern of this module.
"""

from __future__ import annotations

import json

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import GetCurrentRunsResult
from dagster._serdes import deserialize_value


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's launcher, which also answers the daemon's question whether a run is alive.

    The daemon fails a run that is not, and the sensor asks for its release again an hour later.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: that is what this launcher is for."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """RUNNING while the code server knows the run, or cannot be asked; NOT_FOUND where it does not know it."""
        told = run.tags.get(GRPC_INFO_TAG)
        if told is None:
            # A command makes it in a process of its own, and is watched by the commands.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "not made by the code server")
        try:
            current = _current_runs(told)
        except DagsterUserCodeUnreachableError:
            # Whether it lives shows when the server answers again, which its restart policy sees to.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "the code server does not answer")
        if run.run_id in current:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server was started anew and does not know it")


def _current_runs(grpc_info: str) -> frozenset[str]:
    """The runs under way on a code server, by the tag that Dagster gives to its runs."""
    where = json.loads(grpc_info)
    client = DagsterGrpcClient(
        port=where.get("port"), socket=where.get("socket"), host=where["host"], use_ssl=bool(where.get("use_ssl"))
    )
    return frozenset(deserialize_value(client.get_current_runs(), GetCurrentRunsResult).current_runs)
