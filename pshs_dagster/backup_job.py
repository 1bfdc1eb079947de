"""The job that backs the database up: on its schedule, and as `pshs backup` runs it."""

import dagster as dg

from pshs_dagster.runs import JobOutcome, run_job

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


def run_backup(definitions: dg.Definitions, instance: dg.DagsterInstance) -> JobOutcome:
    """Back up in this process, through the Dagster instance."""
    return run_job(definitions, instance, JOB_NAME)
