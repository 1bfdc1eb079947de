"""Corrections from outside the daemon, through the Dagster instance: a file handed in, the releases it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from pshs_dagster.correcting.job import ASSETS, JOB_NAME, OP_NAME, config_of
from pshs_dagster.releases import Release
from pshs_dagster.runs import QUIET, Outcome, close_abandoned_runs, first_failure, own_tags, run_release


@dataclass(frozen=True)
class Recorded:
    """What came of a file. `problem` is one sentence, blank where it was recorded; `report` is where it lies."""

    problem: str
    report: str


def record_file(definitions: dg.Definitions, instance: dg.DagsterInstance, key: str) -> Recorded:
    """Take a file of the archive, in this process."""
    close_abandoned_runs(instance)
    result = definitions.resolve_job_def(JOB_NAME).execute_in_process(
        instance=instance, run_config=dict(QUIET) | config_of(key), tags=own_tags(), raise_on_error=False
    )
    report = ""
    for event in result.all_events:
        if event.is_successful_output and event.step_key == OP_NAME:
            report = str(event.step_output_data.metadata["report"].value)
    return Recorded(first_failure(result)[1], report)


def load_touched(
    definitions: dg.Definitions, instance: dg.DagsterInstance, releases: Sequence[Release]
) -> list[Outcome]:
    """Load what people have decided about these releases. Raises PshsError where a run for one is under way."""
    return [run_release(definitions, instance, release, only=ASSETS) for release in releases]
