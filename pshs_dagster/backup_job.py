"""The job that backs the database up: on its schedule, and as `pshs backup` runs it."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from pshs_dagster.runs import QUIET, close_abandoned_runs, first_failure, own_tags

JOB_NAME = "back_up_database"
ASSET = "database_backup"

backup_job = dg.define_asset_job(
    JOB_NAME,
    selection=dg.AssetSelection.assets(ASSET),
    description="The whole database into the archive; weekly, and on demand.",
)

weekly_backup = dg.ScheduleDefinition(
    name="weekly_backup",
    job=backup_job,
    cron_schedule="0 3 * * 0",
    execution_timezone="Asia/Taipei",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="A backup at three on Sundays, when hardly anybody reads and nothing is published.",
)


@dataclass(frozen=True)
class BackupOutcome:
    """What came of one run. `problem` is one sentence, blank where all is well; `told` is the asset's metadata."""

    run_id: str
    problem: str
    told: Mapping[str, object]


def run_backup(definitions: dg.Definitions, instance: dg.DagsterInstance) -> BackupOutcome:
    """Back up in this process, through the Dagster instance."""
    close_abandoned_runs(instance)
    result = definitions.resolve_job_def(JOB_NAME).execute_in_process(
        instance=instance, run_config=dict(QUIET), tags=own_tags(), raise_on_error=False
    )
    told: dict[str, object] = {}
    for event in result.get_asset_materialization_events():
        told = {name: entry.value for name, entry in event.materialization.metadata.items()}
    return BackupOutcome(result.run_id, first_failure(result)[1], told)
