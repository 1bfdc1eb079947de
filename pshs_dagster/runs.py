"""Runs that a command makes: through the Dagster instance, so that what it did stands in the lineage view.

Here lives how a run is started from outside Dagster's daemon, and what came of it. What a run does is told by
the assets and checks.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from filelock import FileLock

from pshs_dagster.assets.common import CONFIRM_TAG, RELEASES
from pshs_dagster.automation import JOB_NAME, attempts_for
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release

HOST_TAG, PROCESS_TAG = "pshs/host", "pshs/process"
"""Which process makes a run, so that a run whose process was killed can be told from one under way."""

PROJECT = Path(__file__).parents[1]
"""The project's folder, where its `dagster.yaml` is, whatever folder the command is started in."""

QUIET: Mapping[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster keeps the log of the run; a command shows its result, not every event."""


@dataclass(frozen=True)
class CheckOutcome:
    """What one asset check said."""

    name: str
    passed: bool
    blocking: bool
    told: str
    """The sentence of a check that did not pass, blank where it had none."""


@dataclass(frozen=True)
class Outcome:
    """What came of one run for one release. `problem` is one sentence, blank where all is well."""

    release: Release
    run_id: str
    verified: bool
    problem: str
    checks: tuple[CheckOutcome, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Numbers that `mysql_deals` told: new, changed, unchanged, rejected."""


def open_instance(home: Path) -> dg.DagsterInstance:
    """The Dagster instance in `home`, made where there is none, with the project's `dagster.yaml`."""
    home.mkdir(parents=True, exist_ok=True)
    here = [path for path in (Path("dagster.yaml"), PROJECT / "dagster.yaml") if path.exists()]
    # Dagster makes its tables as it is opened, and two that make them at once would break each other.
    with FileLock(home / ".opening.lock"):
        if here and not (home / "dagster.yaml").exists():
            shutil.copy(here[0], home / "dagster.yaml")
        return dg.DagsterInstance.from_config(str(home.absolute()))


def run_release(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    release: Release,
    *,
    confirm_withdrawals: bool = False,
    only: Collection[str] = (),
) -> Outcome:
    """Load and verify one release in this process; `only` names assets, where it is not to be all of them.

    Raises PshsError where a run for it is under way.
    """
    close_abandoned_runs(instance)
    attempts = attempts_for(instance, release)
    if attempts.running:
        raise PshsError(f"A run for {release} is under way already; wait for it, or end it on Dagster's page.")
    instance.add_dynamic_partitions(str(RELEASES.name), [release.key])
    job = definitions.resolve_job_def(JOB_NAME)
    if only:
        job = subset(job, only)
    result = job.execute_in_process(
        instance=instance,
        partition_key=release.key,
        run_config=dict(QUIET),
        tags=own_tags() | ({CONFIRM_TAG: "true"} if confirm_withdrawals else {}),
        raise_on_error=False,
    )
    return _outcome(release, result)


@dataclass(frozen=True)
class JobOutcome:
    """What came of one run of a job with one asset. `problem` is one sentence, blank where all is well."""

    run_id: str
    problem: str
    told: Mapping[str, object]
    """The asset's metadata."""


def run_job(definitions: dg.Definitions, instance: dg.DagsterInstance, name: str) -> JobOutcome:
    """Run a job that makes one asset for no release, in this process."""
    close_abandoned_runs(instance)
    result = definitions.resolve_job_def(name).execute_in_process(
        instance=instance, run_config=dict(QUIET), tags=own_tags(), raise_on_error=False
    )
    told: dict[str, object] = {}
    for event in result.get_asset_materialization_events():
        told = {name: entry.value for name, entry in event.materialization.metadata.items()}
    return JobOutcome(result.run_id, first_failure(result)[1], told)


def subset(job: dg.JobDefinition, assets: Collection[str]) -> dg.JobDefinition:
    """The job for some of its assets, with all of their checks."""
    keys = {dg.AssetKey(name) for name in assets}
    checks = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key in keys}
    return job.get_subset(asset_selection=keys, asset_check_selection=checks)


def close_abandoned_runs(instance: dg.DagsterInstance) -> None:
    """Fail the runs of commands that were killed on this machine, and free what they held.

    Without it a killed `pshs load` would count as under way for ever. Runs of the daemon are watched by Dagster.
    """
    mine = dg.RunsFilter(tags={HOST_TAG: _host()}, statuses=UNFINISHED)
    for run in instance.get_runs(mine):
        if run.parent_run_id:
            continue  # repeated on Dagster's page, which gives the tags of the first run to the second
        identity = run.tags.get(PROCESS_TAG, "")
        if identity != _process_identity(int(identity.partition(":")[0] or 0)):
            instance.report_run_failed(run, message="The command that made this run was ended before it was done.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


UNFINISHED: Sequence[dg.DagsterRunStatus] = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def own_tags() -> dict[str, str]:
    """The tags of a run that this process makes."""
    return {HOST_TAG: _host(), PROCESS_TAG: _process_identity(os.getpid())}


def _host() -> str:
    """Where numbers of processes mean what they mean here: containers may share a name, and count for themselves."""
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _process_identity(pid: int) -> str:
    """A process by number and, where the system tells, by its start: numbers are given out again."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (ProcessLookupError, OverflowError):
        return ""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        started = ""
    return f"{pid}:{started}"


def _outcome(release: Release, result: dg.ExecuteInProcessResult) -> Outcome:
    checks = tuple(
        CheckOutcome(
            evaluation.check_name,
            evaluation.passed,
            bool(evaluation.blocking) and evaluation.severity is dg.AssetCheckSeverity.ERROR,
            evaluation.description or "",
        )
        for evaluation in result.get_asset_check_evaluations()
    )
    counts: dict[str, int] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.materialization
        if materialization.asset_key == dg.AssetKey("mysql_deals"):
            names = ("new", "changed", "unchanged", "rejected", "withdrawn")
            counts = {name: int(str(materialization.metadata[name].value)) for name in names}
    return Outcome(release, result.run_id, result.success, _problem(result), checks, counts)


def _problem(result: dg.ExecuteInProcessResult) -> str:
    where, told = first_failure(result)
    return f"{where} failed: {told}" if where else told


def first_failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """The check or step that went wrong first, and what it said in one sentence; blanks where all is well."""
    if result.success:
        return "", ""
    for check in result.get_asset_check_evaluations():
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            return check.check_name, check.description or "see the metadata of the check."
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data.description if data.user_failure_data else None
            error = data.error.cause or data.error if data.error else None
            return str(event.step_key), told or (error.message.strip().splitlines()[0] if error else "unknown")
    return "", "The run failed; see its log on Dagster's page."
