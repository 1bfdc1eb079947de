"""What Dagster's instance knows: evaluations of checks, runs that have ended, and why they failed. It only reads.

What follows from it is decided in `troubles.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus

from pshs_dagster.alerts.troubles import Evidence, FailedCheck, FailedRun
from pshs_dagster.assets.common import RELEASES
from pshs_dagster.automation import PARTITION_TAG
from pshs_dagster.checks import CHECKS, GUARDS
from pshs_dagster.checks_absorption import ABSORPTION_CHECKS
from pshs_dagster.checks_dataset import DATASET_CHECKS
from pshs_dagster.checks_statistics import STATISTICS_CHECKS
from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release

ENDED: Sequence[dg.DagsterRunStatus] = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)

COMPLETE = {CheckStatus.SUCCEEDED, CheckStatus.FAILED}
"""Evaluations. A check that is planned, or was not reached by its run, has said nothing."""

RUNS_AT_ONCE = 500
"""Runs that one look takes in; what is beyond is taken in by the next. A year has as many."""

ASSET_RUN = "__ASSET_JOB"
"""The name that Dagster gives a run of assets that a person started on its page."""

_CHECKS = (*CHECKS, *STATISTICS_CHECKS, *ABSORPTION_CHECKS, *DATASET_CHECKS)
_SPECS = tuple(spec for check in _CHECKS for spec in check.check_specs)
_OF_RELEASES = tuple(spec.key for spec in _SPECS if spec.partitions_def is not None)
_OF_ALL = tuple(spec.key for spec in _SPECS if spec.partitions_def is None)
"""Checks that judge one release, and those that judge everything at once."""

WATCHED = frozenset({*_OF_RELEASES, *_OF_ALL})
"""The checks whose failure is told."""

_TELLING = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended."""

    run_id: str
    release: Release | None
    """None where it was for no release."""
    subject: str
    """The release, or what ran: the job, or the assets."""
    failed: bool
    ended_at: datetime
    """When the instance wrote its end down, aware."""


def evidence_of(instance: dg.DagsterInstance, release: Release) -> Evidence:
    """What is known of one release; a run under way does not hide what was known before it."""
    latest = _latest_evaluations(instance, _OF_RELEASES, release)
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION_TAG: release.key}, statuses=list(ENDED)), limit=1)
    return Evidence(
        release,
        failed_checks=tuple(_failed_checks(latest.values())),
        failed_run=_failure(instance, records[0].dagster_run) if records else None,
        verified=all(key in latest and not _has_failed(latest[key].evaluation) for key in GUARDS),
        tried=bool(records),
    )


def failed_for_all(instance: dg.DagsterInstance) -> dict[str, list[FailedCheck]]:
    """The checks that judge everything at once, by their assets; an asset whose checks hold has an empty list."""
    found: dict[str, list[FailedCheck]] = {key.asset_key.to_user_string(): [] for key in _OF_ALL}
    for key, record in _latest_evaluations(instance, _OF_ALL).items() if _OF_ALL else ():
        found[key.asset_key.to_user_string()] += _failed_checks([record])
    return found


def ended_runs(instance: dg.DagsterInstance, since: datetime) -> list[EndedRun]:
    """Runs that ended after `since` (aware), in that order, RUNS_AT_ONCE at most."""
    records = instance.get_run_records(
        # Dagster compares with UTC, and drops the zone without converting.
        dg.RunsFilter(statuses=list(ENDED), updated_after=since.astimezone(UTC)),
        limit=RUNS_AT_ONCE,
        order_by="update_timestamp",
        ascending=True,
    )
    return [_ended(instance, record) for record in records]


def known_releases(instance: dg.DagsterInstance) -> set[Release]:
    """Every release that something was tried for."""
    return {release for key in instance.get_dynamic_partitions(str(RELEASES.name)) if (release := _release(key))}


def why_failed(instance: dg.DagsterInstance, run_id: str) -> tuple[list[FailedCheck], FailedRun | None]:
    """Why a run that is for no release failed: the checks, or else the step. Nothing where it did not, or is gone."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.status is not dg.DagsterRunStatus.FAILURE:
        return [], None
    checks = [
        _failed_check(event.dagster_event.event_specific_data, run_id)
        for event in instance.all_logs(run_id, of_type={dg.DagsterEventType.ASSET_CHECK_EVALUATION})
        if event.dagster_event is not None
        and isinstance(event.dagster_event.event_specific_data, dg.AssetCheckEvaluation)
        and _has_failed(event.dagster_event.event_specific_data)
        and event.dagster_event.event_specific_data.partition is None
    ]
    return checks, None if checks else _failure(instance, run)


def _latest_evaluations(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey], release: Release | None = None
) -> dict[dg.AssetCheckKey, AssetCheckExecutionRecord]:
    """The newest complete evaluation of each check, for a release or for everything."""
    storage, of_release = instance.event_log_storage, PartitionKeyFilter(key=release.key) if release else None
    found: dict[dg.AssetCheckKey, AssetCheckExecutionRecord] = {}
    for key, record in storage.get_latest_asset_check_execution_by_key(keys, of_release).items():
        if record.status in COMPLETE:
            found[key] = record
        elif earlier := storage.get_asset_check_execution_history(
            key, limit=1, status=COMPLETE, partition_filter=of_release
        ):
            found[key] = earlier[0]
    return found


def _failed_checks(records: Iterable[AssetCheckExecutionRecord]) -> Iterator[FailedCheck]:
    for record in sorted(records, key=lambda each: each.id):
        if record.evaluation is not None and _has_failed(record.evaluation):
            yield _failed_check(record.evaluation, record.run_id)


def _failed_check(evaluation: dg.AssetCheckEvaluation, run_id: str) -> FailedCheck:
    counts = {
        name: value.value
        for name, value in evaluation.metadata.items()
        if isinstance(value, (dg.IntMetadataValue, dg.FloatMetadataValue)) and value.value is not None
    }
    return FailedCheck(evaluation.check_name, evaluation.description or "", run_id, counts)


def _has_failed(evaluation: dg.AssetCheckEvaluation | None) -> bool:
    """A warning is no failure."""
    return evaluation is None or (not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR)


def _failure(instance: dg.DagsterInstance, run: dg.DagsterRun) -> FailedRun | None:
    """Why a run failed; None where it did not, or a check tells why."""
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    told = FailedRun(run.run_id, "", "The run was ended before it was done.", "")
    for entry in instance.all_logs(run.run_id, of_type=_TELLING):
        event = entry.dagster_event
        if event is None:
            continue
        evaluation = event.event_specific_data
        if isinstance(evaluation, dg.AssetCheckEvaluation):
            if evaluation.blocking and _has_failed(evaluation):
                return None
        elif event.is_step_failure:
            return _failed_step(run.run_id, event)
        elif event.message:
            told = FailedRun(run.run_id, "", event.message, "")
    return told


def _failed_step(run_id: str, event: dg.DagsterEvent) -> FailedRun:
    data = event.step_failure_data
    said = data.user_failure_data.description if data.user_failure_data else None
    error = (data.error.cause or data.error) if data.error else None
    lines = error.message.strip().splitlines() if error else []
    first = lines[0] if lines else "The step failed; see the log of the run."
    return FailedRun(run_id, str(event.step_key), said or first, (error.cls_name or "") if error else "")


def _ended(instance: dg.DagsterInstance, record: dg.RunRecord) -> EndedRun:
    run = record.dagster_run
    release = _release(run.tags.get(PARTITION_TAG, ""))
    return EndedRun(
        run.run_id,
        release,
        release.key if release else _name_of(instance, run),
        run.status is dg.DagsterRunStatus.FAILURE,
        record.update_timestamp,
    )


def _name_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """What ran: by the assets where there are any, so that a schedule and a person who repeats it run the same."""
    planned = {
        event.dagster_event.asset_key.to_user_string()
        for event in instance.all_logs(run.run_id, of_type={dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED})
        if event.dagster_event is not None and event.dagster_event.asset_key is not None
    }
    name = ", ".join(sorted(planned)) or run.job_name
    return " ".join(filter(None, (name, run.tags.get(PARTITION_TAG))))


def _release(key: str) -> Release | None:
    try:
        return Release.parse(key)
    except UnknownRelease:
        return None
