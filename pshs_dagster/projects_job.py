"""The job that fetches MOI's list of registered projects: monthly, and as `pshs projects` runs it."""

import dagster as dg

from pshs_dagster.runs import JobOutcome, run_job

JOB_NAME = "fetch_projects"
ASSET = "registered_projects"

fetch_projects_job = dg.define_asset_job(
    JOB_NAME,
    selection=dg.AssetSelection.assets(ASSET),
    description="MOI's list of registered pre-sale projects, fetched, archived and loaded.",
)

monthly_projects = dg.ScheduleDefinition(
    name="monthly_projects",
    job=fetch_projects_job,
    cron_schedule="30 9 5 * *",
    execution_timezone="Asia/Taipei",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The list on the 5th of each month: MOI makes it anew every month, and no release comes on that day.",
)


def run_projects(definitions: dg.Definitions, instance: dg.DagsterInstance) -> JobOutcome:
    """Fetch and load the list in this process, through the Dagster instance."""
    return run_job(definitions, instance, JOB_NAME)
