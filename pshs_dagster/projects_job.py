"""The job that fetches MOI's list of registered projects: monthly, and as `pshs projects` runs it."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from pshs_dagster.runs import QUIET, close_abandoned_runs, first_failure, own_tags

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


@dataclass(frozen=True)
class ProjectsOutcome:
    """What came of one run. `problem` is one sentence, blank where all is well; `told` is the asset's metadata."""

    run_id: str
    problem: str
    told: Mapping[str, object]


def run_projects(definitions: dg.Definitions, instance: dg.DagsterInstance) -> ProjectsOutcome:
    """Fetch and load the list in this process, through the Dagster instance."""
    close_abandoned_runs(instance)
    result = definitions.resolve_job_def(JOB_NAME).execute_in_process(
        instance=instance, run_config=dict(QUIET), tags=own_tags(), raise_on_error=False
    )
    told: dict[str, object] = {}
    for event in result.get_asset_materialization_events():
        told = {name: entry.value for name, entry in event.materialization.metadata.items()}
    return ProjectsOutcome(result.run_id, first_failure(result)[1], told)
