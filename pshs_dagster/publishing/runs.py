"""Publications that a command makes: through the Dagster instance, in this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from pshs_dagster.assets.common import PUBLISH_JOB, RELEASES
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.standing import standing
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release
from pshs_dagster.runs import QUIET, close_abandoned_runs, first_failure, own_tags, subset


@dataclass(frozen=True)
class PublishOutcome:
    """What came of one run. `problem` is one sentence, blank where all is well."""

    run_id: str
    release: Release
    problem: str
    told: Mapping[str, Mapping[str, object]]
    """Asset → name → value, of what its materialization tells."""


def publish(
    definitions: dg.Definitions, instance: dg.DagsterInstance, release: Release | None, *assets: str
) -> PublishOutcome:
    """Make some of what the job makes, for a release or, with None, for the newest that is loaded.

    Raises PshsError where nothing is loaded.
    """
    close_abandoned_runs(instance)
    if release is None:
        release = _newest_loaded(definitions)
    if release is None:
        raise PshsError("No release is loaded, so that there is nothing to publish: load one by `pshs load`.")
    instance.add_dynamic_partitions(str(RELEASES.name), [release.key])
    result = subset(definitions.resolve_job_def(PUBLISH_JOB), assets).execute_in_process(
        instance=instance, partition_key=release.key, run_config=dict(QUIET), tags=own_tags(), raise_on_error=False
    )
    told: dict[str, dict[str, object]] = {}
    for event in result.get_asset_materialization_events():
        made = event.materialization
        told[made.asset_key.to_user_string()] = {name: value.value for name, value in made.metadata.items()}
    return PublishOutcome(result.run_id, release, _problem(result), told)


def _problem(result: dg.ExecuteInProcessResult) -> str:
    """What went wrong first; here a check that guards nothing counts too, since nothing comes after it."""
    where, problem = first_failure(result)
    if not problem:
        failed = next((check for check in result.get_asset_check_evaluations() if not check.passed), None)
        where, problem = (failed.check_name, failed.description or "") if failed else ("", "")
    return f"{where} failed: {problem}" if where else problem


def _newest_loaded(definitions: dg.Definitions) -> Release | None:
    with dg.build_resources({"database": (definitions.resources or {})["database"]}) as made:
        database: object = made.database  # pyright: ignore[reportAttributeAccessIssue]
        assert isinstance(database, Database)
        now = standing(database.engine)
        return None if now is None else now.release
