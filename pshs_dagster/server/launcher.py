"""Runs that a code server makes, and whether it still makes them.

Dagster's own launcher cannot tell: a run whose code server was killed, or started anew, would count as under way until
its longest time is over, and its release would not be asked for again. What a run does is no concern of this module.
"""

from __future__ import annotations

import json
import socket

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
        """RUNNING while the code server knows the run, or may come back; else NOT_FOUND."""
        told = run.tags.get(GRPC_INFO_TAG)
        if told is None:
            # A command makes it in a process of its own, and is watched by the commands.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "not made by the code server")
        if _is_gone(told):
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server that made it has ended")
        try:
            current = _current_runs(told)
        except DagsterUserCodeUnreachableError:
            # Whether it lives shows when the server answers again, which its restart policy sees to.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "the code server does not answer")
        if run.run_id in current:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server was started anew and does not know it")


def _is_gone(grpc_info: str) -> bool:
    """Whether a code server has ended for good.

    `dagster dev` starts it behind a socket in the file system, and the next one behind another. One behind a port, as
    on a server, is started again at the same place.
    """
    path = json.loads(grpc_info).get("socket")
    if path is None:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return True
        except OSError:
            return False  # busy, or not ours to ask
    return False


def _current_runs(grpc_info: str) -> frozenset[str]:
    """The runs under way on a code server, by the tag that Dagster gives to its runs."""
    where = json.loads(grpc_info)
    client = DagsterGrpcClient(
        port=where.get("port"), socket=where.get("socket"), host=where["host"], use_ssl=bool(where.get("use_ssl"))
    )
    return frozenset(deserialize_value(client.get_current_runs(), GetCurrentRunsResult).current_runs)
