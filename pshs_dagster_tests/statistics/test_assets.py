"""The assets of statistics after a load, their check where all is well and where a row is wrong, and the command."""

from __future__ import annotations

import dagster as dg
import pytest
import sqlalchemy as sa

from pshs_dagster.assets.statistics import DESCRIPTIONS, WHOLE_TAG, statistics
from pshs_dagster.automation import is_verified
from pshs_dagster.checks_statistics import STATISTICS_CHECKS
from pshs_dagster.releases import Release
from pshs_dagster.runs import run_release
from pshs_dagster.statistics_job import refresh_statistics_job, run_statistics
from pshs_dagster_tests.deals.lines import csv, line
from pshs_dagster_tests.fixtures.flow import Flow, FolderPortal
from pshs_dagster_tests.fixtures.portal import zip_bytes
from pshs_dagster_tests.statistics import reckoning
from pshs_dagster_tests.statistics.stored import deals_of, stored

ISSUE = "2022-09-01"


def with_statistics(flow: Flow) -> dg.Definitions:
    """The code location, with the statistics in it."""
    there = flow.definitions
    if "deal_statistics" in {key.to_user_string() for key in there.resolve_all_asset_keys()}:
        return there
    more = dg.Definitions([statistics], jobs=[refresh_statistics_job], asset_checks=STATISTICS_CHECKS)
    return dg.Definitions.merge(there, more)


def load(flow: Flow, number: int = 5) -> None:
    path = flow.folder / f"{ISSUE}.zip"
    lines = [line(編號=f"RPPNMLMKKHHGFEF{n:02d}CB", 總價元=str(9_000_000 + n)) for n in range(number)]
    path.write_bytes(zip_bytes({"f_lvr_land_b.csv": csv(lines)}))
    flow.overrides["portal"] = FolderPortal({ISSUE: path})
    assert run_release(with_statistics(flow), flow.instance, Release.parse(ISSUE)).verified


def check(flow: Flow) -> dg.AssetCheckEvaluation:
    job = with_statistics(flow).resolve_job_def("load_release")
    keys = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.name == "statistics_match_deals"}
    result = job.get_subset(asset_check_selection=keys).execute_in_process(
        instance=flow.instance, partition_key=ISSUE, raise_on_error=False
    )
    (found,) = result.get_asset_check_evaluations()
    return found


def change(flow: Flow, statement: str) -> None:
    with flow.engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount


def test_a_release_brings_the_statistics_up_to_date_and_tells_of_them(flow: Flow) -> None:
    load(flow)
    found = reckoning.deal_statistics(deals_of(flow.engine))
    assert found
    assert reckoning.differences(stored(flow.engine, "deal_statistics"), found) == []
    for name in DESCRIPTIONS:
        event = flow.instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None
        assert event.asset_materialization is not None
        told = event.asset_materialization.metadata
        assert event.asset_materialization.partition == ISSUE
        assert told["dagster/row_count"].value == len(stored(flow.engine, name))
        assert told["months"].value == "1: 2022-07 … 2022-07"


def test_the_check_holds_and_tells_how_much_it_compared(flow: Flow) -> None:
    load(flow)
    found = check(flow)
    assert found.passed
    assert not found.blocking
    assert (found.metadata["deals"].value, found.metadata["groups"].value) == (5, 1)


def test_the_check_fails_where_a_row_is_wrong_and_guards_nothing(flow: Flow) -> None:
    load(flow)
    change(flow, "UPDATE deal_statistics SET avg_house_unit_price = avg_house_unit_price + 0.01")
    found = check(flow)
    assert not found.passed
    assert "unit_price" in str(found.metadata["differences"].value)
    assert "pshs statistics --all" in str(found.description)
    assert is_verified(flow.instance, Release.parse(ISSUE))


@pytest.mark.thorough
def test_a_run_with_the_tag_computes_what_looks_right_anew(flow: Flow) -> None:
    load(flow)
    change(flow, "UPDATE deal_statistics SET avg_total_price = 1")
    job = with_statistics(flow).resolve_job_def("load_release")
    alone = job.get_subset(asset_selection={dg.AssetKey("deal_statistics")})
    assert alone.execute_in_process(instance=flow.instance, partition_key=ISSUE).success
    assert not check(flow).passed
    tagged = alone.execute_in_process(instance=flow.instance, partition_key=ISSUE, tags={WHOLE_TAG: "all"})
    assert tagged.success
    assert check(flow).passed


def test_everything_is_computed_anew_on_demand(flow: Flow) -> None:
    load(flow)
    change(flow, "UPDATE deal_statistics SET avg_total_price = 1")
    outcome = run_statistics(with_statistics(flow), flow.instance, everything=True)
    assert outcome.problem == ""
    assert (outcome.told["months"], outcome.told["deals"], outcome.told["deal_statistics"]) == (1, 5, 1)
    assert check(flow).passed
