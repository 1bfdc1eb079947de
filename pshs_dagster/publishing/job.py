"""The job `publish`, and the sensor that asks for it when what is loaded is newer than what is published."""

from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from pshs_dagster.assets.common import PUBLISH_JOB, PUBLISHED
from pshs_dagster.automation import RETRY_AFTER, Attempts, attempts_of, is_verified
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.standing import Standing, standing
from pshs_dagster.errors import PshsError
from pshs_dagster.runs import UNFINISHED

STANDING_TAG = "pshs/standing"
"""What the tables stood at when a run was asked for."""

INTERVAL_SECONDS = 60
"""A look is one small query, and people wait for the report of a new issue."""

publish_job = dg.define_asset_job(
    PUBLISH_JOB,
    selection=dg.AssetSelection.assets(*PUBLISHED),
    description="Absorption, the report and the data set, from what is loaded and verified.",
)


@dataclass(frozen=True)
class Publishable:
    """All that `due` looks at: what the tables stand at, whether its newest release is proved, what was tried."""

    standing: Standing | None
    verified: bool
    busy: bool
    """Whether a run that may change the tables is under way or waits."""
    attempts: Attempts
    """Runs for this very standing."""
    published: bool
    """Whether one of them ended well."""


def due(known: Publishable, now: datetime) -> bool:
    """Whether to publish at `now` (aware): once for what the tables stand at, an hour later where that failed."""
    if known.standing is None or not known.verified or known.busy or known.published or known.attempts.running:
        return False
    ended = known.attempts.last_ended
    return ended is None or now >= ended + RETRY_AFTER


def run_key(known: Publishable) -> str:
    """One for each attempt at a standing."""
    return f"{PUBLISH_JOB}:{known.standing}:{known.attempts.count + 1}"


@dg.sensor(
    job=publish_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for the report and the data set anew when releases, corrections or the list of projects changed.",
)
def publication_sensor(
    context: dg.SensorEvaluationContext, database: dg.ResourceParam[Database], clock: dg.ResourceParam[Clock]
) -> dg.RunRequest | dg.SkipReason:
    try:
        known = gather(context.instance, database)
    except PshsError as error:
        return dg.SkipReason(f"Looked at again soon: {error}")
    if known.standing is None or not due(known, clock()):
        return dg.SkipReason("What is loaded and verified is published, or will be when runs have ended.")
    return dg.RunRequest(
        run_key(known), partition_key=known.standing.release.key, tags={STANDING_TAG: str(known.standing)}
    )


def gather(instance: dg.DagsterInstance, database: Database) -> Publishable:
    """What is known now. Raises PshsError where the database cannot be asked."""
    now = standing(database.engine)
    tags = {STANDING_TAG: str(now)}
    return Publishable(
        standing=now,
        verified=now is not None and is_verified(instance, now.release),
        busy=_is_busy(instance),
        attempts=attempts_of(instance, tags),
        published=bool(instance.get_runs(dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)),
    )


def _is_busy(instance: dg.DagsterInstance) -> bool:
    runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED, *UNFINISHED]))
    return any(run.job_name != PUBLISH_JOB for run in runs)
