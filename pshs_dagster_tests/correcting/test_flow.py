"""Corrections through Dagster: a line is corrected, and a run loads it from what the archive holds."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pshs_dagster.automation import JOB_NAME, is_verified
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.correcting.carry_out import carry_out
from pshs_dagster.database.correcting.plan import plan
from pshs_dagster.database.correcting.waiting import review_rows
from pshs_dagster.database.reading.digest import table_digests
from pshs_dagster.history.replay import Watch, Wishes, nobody
from pshs_dagster.history.runs import run_rebuild
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.correcting.desk import A, B, edited, results
from pshs_dagster_tests.deals.lines import line
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.test_checks import ISSUE, run_zip

ROOMS = "建物現況格局-房"

FROM_THE_ARCHIVE = ("corrected_deals", "mysql_deals")


def serial(number: int) -> str:
    return f"RPPNMLMKKHHGFEF4{number:03d}"


def load_again(flow: Flow, release: str) -> dg.ExecuteInProcessResult:
    """Only what comes after the rejected lines, as a run for corrections does; no network."""
    job = flow.definitions.resolve_job_def(JOB_NAME)
    assets = {dg.AssetKey(name) for name in FROM_THE_ARCHIVE}
    checks = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key in assets}
    subset = job.get_subset(asset_selection=assets, asset_check_selection=checks)
    return subset.execute_in_process(instance=flow.instance, partition_key=release, raise_on_error=False)


def test_the_lineage_is_as_drawn(flow: Flow) -> None:
    graph = flow.definitions.resolve_asset_graph()
    parents = {
        name: {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
        for name in ("corrected_deals", "mysql_deals")
    }
    assert parents["corrected_deals"] >= {"rejected_deals", "parsed_deals"}
    assert parents["mysql_deals"] >= {"corrected_deals", "parsed_deals"}
    assert "rejected_deals" not in parents["mysql_deals"]


@pytest.mark.thorough
def test_a_corrected_line_reaches_deals_from_the_archive(flow: Flow) -> None:
    lines = [*(line(編號=serial(number)) for number in range(30)), line(編號=A, **{ROOMS: "3333"})]
    assert run_zip(flow, *lines).verified
    (row,) = review_rows(flow.engine)
    done = carry_out(flow.engine, plan(flow.engine, [edited(row, room="3")]), taipei_now())
    assert (results(done), [release.key for release in done.touched]) == (["corrected"], [ISSUE])

    result = load_again(flow, ISSUE)
    assert result.success
    passed = {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}
    assert passed == {"rows_in_database": True, "created_at": True}
    assert is_verified(flow.instance, Release.parse(ISSUE))
    assert flow.rows("SELECT room FROM deals WHERE serial_number = :serial", serial=A) == [("3",)]
    counted = "SELECT data_lines, new_deals + changed_deals + unchanged_deals, rejected_lines FROM release_files"
    assert flow.rows(counted) == [(31, 31, 0)]
    (metadata,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.materialization.asset_key == dg.AssetKey("corrected_deals")
    ]
    assert metadata["dagster/partition_row_count"].value == 1
    outcome = run_zip(flow, *lines)
    assert outcome.verified, "fetched again it is the same"
    assert {check.name: check.passed for check in outcome.checks}["rejection_rate"] is False, "MOI's line is as it was"
    assert flow.rows("SELECT status FROM corrections") == [("applied",)]
    assert flow.rows("SELECT status FROM rejected_deals") == [("corrected",)]


@pytest.mark.thorough
def test_pshs_rebuild_replays_the_ledger(tmp_path: Path, sandbox: Sandbox, database_uri: str) -> None:
    """With the archive's real zips, through Dagster; on MySQL new deals go in at once and not by the merge."""
    with Flow(tmp_path, settings_in(tmp_path, sandbox.url, database_uri)) as flow:
        lines = [*(line(編號=serial(number)) for number in range(30)), line(編號=A, **{ROOMS: "3333"})]
        assert run_zip(flow, *lines, line(編號=B, 單價元平方公尺="1")).verified
        bad, odd = review_rows(flow.engine, suspects=True)
        edits = [edited(bad, room="3"), edited(odd, "row 6", unit_price="79157", note="親友")]
        assert results(carry_out(flow.engine, plan(flow.engine, edits), taipei_now())) == ["corrected", "corrected"]
        assert load_again(flow, ISSUE).success
        before, deals = table_digests(flow.engine), flow.rows("SELECT * FROM deals ORDER BY id")

        def definitions(watching: Watch) -> dg.Definitions:
            flow.overrides["rebuild_watch"] = watching
            return flow.definitions

        rebuilt = run_rebuild(definitions, flow.instance, Wishes(), nobody)
        assert (rebuilt.problem, rebuilt.swapped) == ("", True)
        assert table_digests(flow.engine) == before
        assert flow.rows("SELECT * FROM deals ORDER BY id") == deals
        assert [row[0] for row in flow.rows("SELECT status FROM corrections")] == ["applied"] * 3
        check = flow.run_alone(ISSUE, check="rows_in_database")
        assert [evaluation.passed for evaluation in check.get_asset_check_evaluations()] == [True]
