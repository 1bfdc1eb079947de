"""What Dagster's instance is asked, and what it answers."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
from dagster._core.utils import make_new_run_id

from pshs_dagster.alerts.evidence import WATCHED, ended_runs, evidence_of, why_failed
from pshs_dagster.alerts.messages import CHECKS, STEPS
from pshs_dagster.automation import JOB_NAME, PARTITION_TAG
from pshs_dagster.clock import taipei_now
from pshs_dagster.releases import Release
from pshs_dagster_tests.fixtures.flow import Flow

ISSUE = "2022-09-21"


def run(flow: Flow, status: dg.DagsterRunStatus, **tags: str) -> dg.DagsterRun:
    return flow.instance.add_run(dg.DagsterRun(JOB_NAME, make_new_run_id(), status=status, tags=tags))


def failed(flow: Flow) -> dg.DagsterRun:
    made = run(flow, dg.DagsterRunStatus.STARTED, **{PARTITION_TAG: ISSUE})
    flow.instance.report_run_failed(made, message="The power went.")
    return made


def test_runs_that_ended_since_a_moment_in_taipei_are_found_and_those_before_are_not(flow: Flow) -> None:
    made = failed(flow)
    (found,) = ended_runs(flow.instance, taipei_now() - timedelta(hours=1))
    assert (found.run_id, found.subject, found.failed) == (made.run_id, ISSUE, True)
    assert ended_runs(flow.instance, taipei_now() + timedelta(hours=1)) == []


def test_a_repetition_under_way_does_not_hide_what_failed_before_it(flow: Flow) -> None:
    failed(flow)
    run(flow, dg.DagsterRunStatus.STARTED, **{PARTITION_TAG: ISSUE})
    told = evidence_of(flow.instance, Release.parse(ISSUE)).failed_run
    assert told is not None
    assert told.told == "The power went."


def test_a_run_that_a_person_cancelled_is_no_failure(flow: Flow) -> None:
    failed(flow)
    run(flow, dg.DagsterRunStatus.CANCELED, **{PARTITION_TAG: ISSUE})
    assert evidence_of(flow.instance, Release.parse(ISSUE)).failed_run is None


def test_a_run_that_was_deleted_tells_nothing_any_more(flow: Flow) -> None:
    made = failed(flow)
    assert why_failed(flow.instance, made.run_id)[1] is not None
    flow.instance.delete_run(made.run_id)
    assert why_failed(flow.instance, made.run_id) == ([], None)


def test_every_check_and_every_step_of_the_project_is_told_of_in_words(flow: Flow) -> None:
    graph = flow.definitions.resolve_asset_graph()
    assert graph.asset_check_keys == WATCHED
    assert {key.name for key in graph.asset_check_keys} - CHECKS.keys() == {"cities_present"}  # it only warns
    statistics = {"deal_statistics", "project_statistics", "market_statistics"}  # one step
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} - statistics <= STEPS.keys()
