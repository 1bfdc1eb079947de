"""What a killed command left under way does not keep the sensor from asking again."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from pshs_dagster.automation import JOB_NAME, PARTITION_TAG, release_sensor
from pshs_dagster.runs import HOST_TAG, PROCESS_TAG, own_tags
from pshs_dagster_tests.fixtures.flow import Flow


@pytest.mark.parametrize("reexecuted", [False, True])
def test_the_release_sensor_closes_what_a_killed_command_left_and_nothing_else(flow: Flow, reexecuted: bool) -> None:
    """A run that Dagster's page repeats has the tags of the killed one, and is watched by Dagster."""
    gone = {HOST_TAG: own_tags()[HOST_TAG], PROCESS_TAG: "4194305:1", PARTITION_TAG: "2022-09-21"}
    parent = make_new_run_id()
    run = flow.instance.add_run(
        dg.DagsterRun(
            JOB_NAME,
            make_new_run_id(),
            status=dg.DagsterRunStatus.STARTED,
            tags=gone,
            parent_run_id=parent if reexecuted else None,
            root_run_id=parent if reexecuted else None,
        )
    )
    elsewhere = flow.instance.add_run(
        dg.DagsterRun(
            JOB_NAME, make_new_run_id(), status=dg.DagsterRunStatus.STARTED, tags=gone | {HOST_TAG: "another machine"}
        )
    )
    ours = flow.instance.add_run(
        dg.DagsterRun(JOB_NAME, make_new_run_id(), status=dg.DagsterRunStatus.STARTED, tags=own_tags())
    )
    release_sensor(
        dg.build_sensor_context(
            instance=flow.instance, definitions=flow.definitions, resources=dict(flow.definitions.resources or {})
        )
    )

    def status(of: dg.DagsterRun) -> dg.DagsterRunStatus:
        found = flow.instance.get_run_by_id(of.run_id)
        assert found is not None
        return found.status

    assert status(run) is (dg.DagsterRunStatus.STARTED if reexecuted else dg.DagsterRunStatus.FAILURE)
    assert (status(elsewhere), status(ours)) == (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTED)
