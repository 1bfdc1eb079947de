"""The job that computes every statistic anew: on demand, as `pshs statistics --all` runs it.

After a release the asset does what is needed; how it is computed is told in `database/statistics`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import dagster as dg

from pshs_dagster.assets.common import DATABASE_POOL, plain_failures
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.runs import QUIET, close_abandoned_runs, first_failure, own_tags

JOB_NAME = "refresh_statistics"
OP_NAME = "compute_statistics"


class StatisticsConfig(dg.Config):
    """Whether months are computed anew whose deals have not changed."""

    everything: bool = True


@dg.op(name=OP_NAME, pool=DATABASE_POOL, description="The tables of statistics from `deals`, compared with it after.")
def compute_statistics(
    context: dg.OpExecutionContext,
    config: StatisticsConfig,
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> None:
    with plain_failures():
        engine = database.ready()
        done = refresh(engine, clock(), everything=config.everything, thorough=True)
        found = compare(engine)
    context.add_output_metadata({"months": len(done.months), "deals": found.deals, **done.written})
    if found.differences:
        told = f"{len(found.differences)} of {found.groups} months of cities do not agree with deals: report it."
        raise dg.Failure(told, allow_retries=False)


@dg.job(
    name=JOB_NAME,
    executor_def=dg.in_process_executor,
    description="All statistics anew; readers see the old rows until the new ones are there.",
)
def refresh_statistics_job() -> None:
    compute_statistics()


@dataclass(frozen=True)
class StatisticsOutcome:
    """What came of one run. `problem` is one sentence, blank where all is well; `told` is the step's metadata."""

    run_id: str
    problem: str
    told: Mapping[str, int]


def run_statistics(definitions: dg.Definitions, instance: dg.DagsterInstance, *, everything: bool) -> StatisticsOutcome:
    """Compute the statistics in this process, through the Dagster instance."""
    close_abandoned_runs(instance)
    result = definitions.resolve_job_def(JOB_NAME).execute_in_process(
        instance=instance,
        run_config={**QUIET, "ops": {OP_NAME: {"config": {"everything": everything}}}},
        tags=own_tags(),
        raise_on_error=False,
    )
    told: dict[str, int] = {}
    for event in result.all_events:
        if event.is_successful_output:
            metadata = event.step_output_data.metadata
            told = {name: cast(int, entry.value) for name, entry in metadata.items()}
    return StatisticsOutcome(result.run_id, first_failure(result)[1], told)
