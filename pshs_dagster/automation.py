"""When a release is asked for: the schedule of the ten-day issues, and the sensor that misses nothing.

`decide` is a pure function of what is known and of the time; the sensor only gathers what is known.
A materialization is no proof: a release is done when it is loaded and every guard among the checks holds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus

from pshs_dagster.assets.common import GROUP, PUBLISH_JOB, PUBLISHED, RELEASES
from pshs_dagster.checks import GUARDS
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.history import loaded_releases
from pshs_dagster.errors import PshsError
from pshs_dagster.portal import Portal
from pshs_dagster.releases import TAIPEI, Release, newest_issue_due

JOB_NAME = "load_release"

PARTITION_TAG = "dagster/partition"
ATTEMPT_TAG = "pshs/attempt"

RETRY_AFTER = timedelta(hours=1)
"""MOI is late by hours at times, and an hour spares its site."""

REFRESHED_SEASONS = 8
"""MOI rebuilds a season for some two years; older ones have hardly ever changed."""

REFRESH_AFTER = timedelta(days=30)
"""Once a month; the same bytes are recognised and cost almost nothing."""

SCHEDULE_GRACE = timedelta(minutes=10)
"""So long the sensor leaves the issue of the day to the schedule, which asks for it at ten."""

SENSOR_INTERVAL_SECONDS = 600
"""How often MOI's list is looked at: three small pages."""


@dataclass(frozen=True)
class Attempts:
    """What was tried for one release so far."""

    count: int = 0
    running: bool = False
    last_ended: datetime | None = None
    last_fetched: datetime | None = None
    """When a run ended well that asked MOI; repeating a check, or loading corrections, does not."""


@dataclass(frozen=True)
class Known:
    """All that `decide` looks at. Releases that are listed and loaded, and what was tried and proved."""

    listed: frozenset[Release]
    loaded: frozenset[Release]
    verified: frozenset[Release]
    attempts: dict[Release, Attempts]


@dataclass(frozen=True)
class Request:
    """One release to ask for now."""

    release: Release
    attempt: int

    @property
    def run_key(self) -> str:
        return f"{self.release}:{self.attempt}"


def decide(known: Known, now: datetime) -> list[Request]:
    """The releases to ask for at `now` (aware), oldest first.

    Wanted are the newest issue that is due, listed issues that came after the oldest loaded release and that no
    loaded season covers, and listed seasons newer than the newest loaded one. Where none of these is to be asked
    for, one of the newest seasons is fetched again, if that was not done for a month. None is asked for while a run
    for it is under way, nor within an hour after an attempt for it ended.
    """
    wanted = sorted(_wanted(known, now) - known.verified, key=lambda each: (each.published_on, each.window.first))
    requests = [_request(release, known) for release in wanted if _may_be_asked(release, known, now)]
    if requests or any(tried.running for tried in known.attempts.values()):
        return requests
    stale = [season for season in _stale_seasons(known, now) if _may_be_asked(season, known, now)]
    return [_request(season, known) for season in stale[:1]]


def _request(release: Release, known: Known) -> Request:
    return Request(release, known.attempts.get(release, Attempts()).count + 1)


def _may_be_asked(release: Release, known: Known, now: datetime) -> bool:
    tried = known.attempts.get(release, Attempts())
    return not tried.running and (tried.last_ended is None or now >= tried.last_ended + RETRY_AFTER)


def _stale_seasons(known: Known, now: datetime) -> list[Release]:
    """Of the newest seasons those that were not fetched for a month, the longest ago first."""
    listed = sorted((release for release in known.listed if not release.is_issue), key=lambda each: each.published_on)
    fetched = {
        season: known.attempts[season].last_fetched or now
        for season in listed[-REFRESHED_SEASONS:]
        if season in known.verified and season in known.attempts
    }
    return sorted((s for s in fetched if now >= fetched[s] + REFRESH_AFTER), key=lambda season: fetched[season])


def _wanted(known: Known, now: datetime) -> set[Release]:
    wanted = {release for release in known.listed if release.is_issue and _is_missed_issue(release, known)}
    wanted |= {release for release in known.listed if not release.is_issue and _is_new_season(release, known)}
    due = newest_issue_due(now)
    if newest_issue_due(now - SCHEDULE_GRACE) == due or known.attempts.get(due, Attempts()).count:
        wanted.add(due)
    return wanted


def _is_missed_issue(issue: Release, known: Known) -> bool:
    if issue in known.loaded:
        return True
    if any(season.window.covers(issue.window) for season in known.loaded if not season.is_issue):
        return False
    # Windows, not dates: a season and the issue after it are published on the same day.
    return any(loaded.window.last < issue.window.first for loaded in known.loaded)


def _is_new_season(season: Release, known: Known) -> bool:
    if season in known.loaded:
        return True
    seasons = [loaded for loaded in known.loaded if not loaded.is_issue]
    if seasons:
        return season.published_on >= max(loaded.published_on for loaded in seasons)
    return any(season.published_on >= issue.published_on for issue in known.loaded)


def gather(instance: dg.DagsterInstance, portal: Portal, database: Database, now: datetime) -> Known:
    """What is known now. Raises PshsError where the portal or the database cannot be asked."""
    listed = frozenset(portal.published().releases)
    loaded = frozenset(release.release for release in loaded_releases(database.engine))
    questions = {release for release in listed if release.published_on >= _horizon(loaded)} | {newest_issue_due(now)}
    return Known(
        listed=listed,
        loaded=loaded,
        verified=frozenset(release for release in questions & loaded if is_verified(instance, release)),
        attempts=attempts_each(instance, questions),
    )


def _horizon(loaded: Iterable[Release]) -> date:
    """Nothing older than what is loaded is looked at, be it listed or not."""
    return min((release.published_on for release in loaded), default=date.max)


def is_verified(instance: dg.DagsterInstance, release: Release) -> bool:
    """Whether the latest evaluation of every guard holds for a release; a warning does not block."""
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
        GUARDS, partition_filter=PartitionKeyFilter(key=release.key)
    )
    return all(guard in latest and _holds(latest[guard]) for guard in GUARDS)


def _holds(record: object) -> bool:
    status = getattr(record, "status", None)
    if status is CheckStatus.SUCCEEDED:
        return True
    evaluation = getattr(record, "evaluation", None)
    return status is CheckStatus.FAILED and evaluation is not None and evaluation.severity is dg.AssetCheckSeverity.WARN


def attempts_for(instance: dg.DagsterInstance, release: Release) -> Attempts:
    """The runs that were made for a release, by whomever."""
    return attempts_each(instance, [release])[release]


def attempts_each(instance: dg.DagsterInstance, releases: Collection[Release]) -> dict[Release, Attempts]:
    """The same for many releases, in one query."""
    keys = [release.key for release in releases]
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION_TAG: keys})) if keys else []
    made: dict[str, list[dg.RunRecord]] = {key: [] for key in keys}
    for record in records:
        if not _publishes(record.dagster_run):
            made[record.dagster_run.tags[PARTITION_TAG]].append(record)
    return {release: _attempts(made[release.key]) for release in releases}


def _publishes(run: dg.DagsterRun) -> bool:
    """Whether a run only makes something of what is loaded, so that it tried nothing for the release."""
    made = {dg.AssetKey(name) for name in PUBLISHED}
    return run.job_name == PUBLISH_JOB or (bool(run.asset_selection) and run.asset_selection <= made)


def attempts_of(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> Attempts:
    """The runs that have these tags."""
    return _attempts(instance.get_run_records(dg.RunsFilter(tags=dict(tags))))


def _attempts(records: Sequence[dg.RunRecord]) -> Attempts:
    ended = {
        record.dagster_run.run_id: datetime.fromtimestamp(record.end_time, UTC).astimezone(TAIPEI)
        for record in records
        if record.dagster_run.is_finished and record.end_time is not None
    }
    fetched = [
        ended[record.dagster_run.run_id]
        for record in records
        if record.dagster_run.is_success and record.dagster_run.run_id in ended and _fetches(record.dagster_run)
    ]
    return Attempts(
        count=len(records),
        running=any(not record.dagster_run.is_finished for record in records),
        last_ended=max(ended.values(), default=None),
        last_fetched=max(fetched, default=None),
    )


def _fetches(run: dg.DagsterRun) -> bool:
    """Whether a run is one for all assets, or for `raw_zip` among others."""
    if run.asset_selection or run.asset_check_selection:
        return dg.AssetKey("raw_zip") in (run.asset_selection or ())
    return run.step_keys_to_execute is None or "raw_zip" in run.step_keys_to_execute


def run_requests(requests: Sequence[Request]) -> list[dg.RunRequest]:
    """Dagster's form of what `decide` said."""
    return [
        dg.RunRequest(
            run_key=request.run_key,
            partition_key=request.release.key,
            tags={ATTEMPT_TAG: str(request.attempt)},
        )
        for request in requests
    ]


load_release_job = dg.define_asset_job(
    JOB_NAME,
    # A backup is of everything, the list of projects is a file of its own, and readers are served by another run.
    selection=dg.AssetSelection.groups(GROUP)
    - dg.AssetSelection.assets("database_backup", "registered_projects", *PUBLISHED),
    description="One release from MOI's site to a verified table; every step on demand or by itself.",
)


@dg.schedule(
    job=load_release_job,
    cron_schedule="0 10 1,11,21 * *",
    execution_timezone="Asia/Taipei",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The issue of the day, at ten on the 1st, 11th and 21st.",
)
def ten_day_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    issue = newest_issue_due(context.scheduled_execution_time)
    context.instance.add_dynamic_partitions(str(RELEASES.name), [issue.key])
    attempt = attempts_for(context.instance, issue).count + 1
    return run_requests([Request(issue, attempt)])[0]


@dg.sensor(
    job=load_release_job,
    minimum_interval_seconds=SENSOR_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks MOI what it publishes, and requests every release that is not loaded and verified.",
)
def release_sensor(
    context: dg.SensorEvaluationContext,
    portal: dg.ResourceParam[Portal],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> dg.SensorResult | dg.SkipReason:
    from pshs_dagster.runs import close_abandoned_runs  # which builds on this module

    # A command that was killed leaves its run under way, and nothing is asked for beside it.
    close_abandoned_runs(context.instance)
    now = clock()
    try:
        known = gather(context.instance, portal, database, now)
    except PshsError as error:
        return dg.SkipReason(f"Asked again at the next look: {error}")
    requests = decide(known, now)
    if not requests:
        return dg.SkipReason("Every release that is wanted is verified, under way, or was tried within the hour.")
    return dg.SensorResult(
        run_requests=run_requests(requests),
        dynamic_partitions_requests=[RELEASES.build_add_request([request.release.key for request in requests])],
    )
