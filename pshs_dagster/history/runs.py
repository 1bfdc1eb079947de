"""How `pshs rebuild` and `pshs init` make their runs: through the Dagster instance, in this process.

What is asked of a person, and what is shown, belongs to the commands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from pshs_dagster.assets.common import RELEASES
from pshs_dagster.automation import JOB_NAME as LOAD_JOB
from pshs_dagster.automation import attempts_for
from pshs_dagster.errors import PshsError
from pshs_dagster.history.job import JOB_NAME, OP_NAME
from pshs_dagster.history.loading import Replayed
from pshs_dagster.history.replay import Watch, Wishes
from pshs_dagster.portal import Published
from pshs_dagster.releases import Release
from pshs_dagster.runs import QUIET, UNFINISHED, close_abandoned_runs, first_failure, own_tags, subset

FETCHED = ("raw_zip", "s3_backup")
"""The assets that bring a release into the archive; their checks run with them."""


@dataclass(frozen=True)
class Rebuilt:
    """What came of a rebuild. `swapped` tells whether the new tables are in place; `problem` is blank where all is
    well, else one sentence."""

    run_id: str
    replayed: tuple[Replayed, ...]
    swapped: bool
    problem: str


def run_rebuild(
    definitions: Callable[[Watch], dg.Definitions], instance: dg.DagsterInstance, wishes: Wishes, watch: Watch
) -> Rebuilt:
    """Rebuild in this process. `definitions` is given the watch to put in place.

    Raises PshsError where a rebuild is under way.
    """
    close_abandoned_runs(instance)
    if instance.get_runs(dg.RunsFilter(job_name=JOB_NAME, statuses=[dg.DagsterRunStatus.QUEUED, *UNFINISHED]), limit=1):
        raise PshsError("A rebuild is under way already; wait for it, or end it on Dagster's page.")
    replayed: list[Replayed] = []

    def watching(outcome: Replayed, number: int, of: int) -> None:
        replayed.append(outcome)
        watch(outcome, number, of)

    config = {"confirm_withdrawals": wishes.confirm_withdrawals, "drop_missing": wishes.drop_missing}
    job = definitions(watching).resolve_job_def(JOB_NAME)
    result = job.execute_in_process(
        instance=instance,
        run_config={**QUIET, "ops": {OP_NAME: {"config": config}}},
        tags=own_tags(),
        raise_on_error=False,
    )
    # What was proved is recorded only after the swap.
    swapped = result.success or bool(result.get_asset_materialization_events())
    return Rebuilt(result.run_id, tuple(replayed), swapped, first_failure(result)[1])


def wanted(published: Published, history_from: Release) -> list[Release]:
    """What `pshs init` fetches: the seasons from `history_from` on, and every issue that MOI still has."""
    seasons = [season for season in published.seasons if season.window.first >= history_from.window.first]
    issues = [release for release in published.releases if release.is_issue]
    return [*seasons, *issues]


def fetch(definitions: dg.Definitions, instance: dg.DagsterInstance, release: Release) -> str:
    """Fetch and archive a release, with the checks of that; gives what went wrong in one sentence, else blank."""
    close_abandoned_runs(instance)
    if attempts_for(instance, release).running:
        return f"A run for {release} is under way already; wait for it, or end it on Dagster's page."
    instance.add_dynamic_partitions(str(RELEASES.name), [release.key])
    result = subset(definitions.resolve_job_def(LOAD_JOB), FETCHED).execute_in_process(
        instance=instance, partition_key=release.key, run_config=dict(QUIET), tags=own_tags(), raise_on_error=False
    )
    return first_failure(result)[1]
