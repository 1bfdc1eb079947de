"""The job `take_corrections`, and the sensor that finds files of corrections and releases that wait for them.

What is done with a file is told in `taking.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import DATABASE_POOL, plain_failures
from pshs_dagster.automation import JOB_NAME as LOAD_JOB
from pshs_dagster.automation import PARTITION_TAG, RETRY_AFTER, attempts_for, attempts_of, load_release_job
from pshs_dagster.clock import Clock
from pshs_dagster.correcting.taking import dropped, take
from pshs_dagster.database.correcting.carry_out import releases_to_load
from pshs_dagster.database.correcting.listing import newest_decision
from pshs_dagster.database.database import Database
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release

JOB_NAME = "take_corrections"
OP_NAME = "take_file"

ASSETS = ("corrected_deals", "mysql_deals", "deal_statistics", "project_statistics", "market_statistics")
"""What is materialized for a release that people have decided about; what is before it comes from the archive."""

DECISION_TAG = "pshs/decision"
"""The newest decision that a run was requested for."""

INTERVAL_SECONDS = 60
"""A person who has dropped a file looks for the report within minutes; a look lists one folder and asks one query."""


class CorrectionFile(dg.Config):
    """Which file of the archive."""

    key: str


@dg.op(name=OP_NAME, pool=DATABASE_POOL, description="A file of corrections into the ledger, with a report beside it.")
def take_file(
    context: dg.OpExecutionContext,
    config: CorrectionFile,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> None:
    with plain_failures():
        taken = take(archive, database.ready(), config.key, clock)
        refresh(database.ready(), clock())
    report = archive.location(taken.report)
    if taken.refused:
        raise dg.Failure(taken.refused, {"report": report}, allow_retries=False)
    results = [outcome.result.value for outcome in taken.outcomes]
    context.add_output_metadata(
        {
            "report": report,
            "rows": len(results),
            **{name: results.count(name) for name in sorted(set(results))},
            "releases": ", ".join(release.key for release in taken.touched) or "none",
        }
    )


@dg.job(
    name=JOB_NAME,
    executor_def=dg.in_process_executor,
    description="What people have corrected in a file: recorded, reported on; its releases are loaded after it.",
)
def take_corrections_job() -> None:
    take_file()


def config_of(key: str) -> dict[str, object]:
    """The configuration of a run for one file."""
    return {"ops": {OP_NAME: {"config": {"key": key}}}}


@dg.sensor(
    jobs=[take_corrections_job, load_release_job],
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Finds corrected files in the archive, and loads the releases that people have decided about.",
)
def correction_sensor(
    context: dg.SensorEvaluationContext,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> dg.SensorResult | dg.SkipReason:
    seen: Mapping[str, str] = json.loads(context.cursor or "{}")
    try:
        found = dropped(archive)
        waiting = releases_to_load(database.engine)
        decision = newest_decision(database.engine) if waiting else 0
    except PshsError as error:
        return dg.SkipReason(f"Looked for again soon: {error}")
    # A file that looks the same twice is whole: a large one may still be on its way.
    whole = {key: digest for key, digest in found.items() if seen.get(key) == digest}
    requests = [
        dg.RunRequest(f"{key}:{digest}", config_of(key), job_name=JOB_NAME) for key, digest in sorted(whole.items())
    ]
    requests += _loads(context.instance, waiting, decision, clock())
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(found, ensure_ascii=False))


def _loads(
    instance: dg.DagsterInstance, waiting: Sequence[Release], decision: int, now: datetime
) -> list[dg.RunRequest]:
    """Runs for releases that wait: at once after a new decision, an hour after a run that did not help."""
    requests: list[dg.RunRequest] = []
    for release in waiting:
        tried = attempts_of(instance, {PARTITION_TAG: release.key, DECISION_TAG: str(decision)})
        ended = tried.last_ended
        if attempts_for(instance, release).running or (ended is not None and now < ended + RETRY_AFTER):
            continue
        requests.append(
            dg.RunRequest(
                run_key=f"{release}:{decision}:{tried.count + 1}",
                job_name=LOAD_JOB,
                partition_key=release.key,
                asset_selection=[dg.AssetKey(name) for name in ASSETS],
                tags={DECISION_TAG: str(decision)},
            )
        )
    return requests
