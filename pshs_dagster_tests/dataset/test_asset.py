"""The asset through Dagster after a release was loaded from the sandbox, its check where all is well and where not."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from pshs_dagster.assets.common import PUBLISH_JOB
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.runs import subset
from pshs_dagster_tests.fixtures.flow import Flow


def publish(flow: Flow, release: str) -> dg.ExecuteInProcessResult:
    """Materialize the asset for a release, with its check."""
    job = subset(flow.definitions.resolve_job_def(PUBLISH_JOB), ["deals_dataset"])
    return job.execute_in_process(instance=flow.instance, partition_key=release, raise_on_error=False)


def check(flow: Flow, release: str) -> dg.AssetCheckEvaluation:
    """Repeat the check alone."""
    job = flow.definitions.resolve_job_def(PUBLISH_JOB)
    keys = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.name == "dataset_complete"}
    result = job.get_subset(asset_check_selection=keys).execute_in_process(
        instance=flow.instance, partition_key=release, raise_on_error=False
    )
    (found,) = result.get_asset_check_evaluations()
    return found


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """What the materialization tells."""
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_release_is_published_and_the_check_reads_it_back(loaded_flow: Flow, current: str) -> None:
    result = publish(loaded_flow, current)
    assert result.success
    told, rows = metadata(result), loaded_flow.number("SELECT COUNT(*) FROM deals")
    assert rows > 0
    assert (told["dagster/row_count"], told["version"]) == (rows, current)
    assert told["files"] == told["files_written"]
    assert f"| deals | {rows} |" in str(told["tables"])
    (found,) = result.get_asset_check_evaluations()
    assert found.passed
    assert not found.blocking
    assert (found.metadata["rows"].value, found.metadata["rows_of_deals"].value) == (rows, rows)
    again = metadata(publish(loaded_flow, current))
    assert (again["files_written"], again["version"]) == (0, current)


def test_the_check_fails_for_a_damaged_file_and_for_deals_that_are_gone(loaded_flow: Flow, current: str) -> None:
    publish(loaded_flow, current)
    package = Shelf(loaded_flow.archive.store).newest()
    assert package is not None
    path = loaded_flow.settings.archive_dir / "dataset" / package.resources[0].path
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"\0")
    found = check(loaded_flow, current)
    assert not found.passed
    assert path.name in str(found.description)
    assert "publish again" in str(found.description)
    path.unlink()
    made_anew = publish(loaded_flow, current)
    assert path.read_bytes() == data
    assert [found.passed for found in made_anew.get_asset_check_evaluations()] == [True]
    with loaded_flow.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM deals WHERE id = (SELECT MAX(id) FROM deals)"))
    found = check(loaded_flow, current)
    assert not found.passed
    assert "publish again" in str(found.description)


def test_the_tables_are_published_as_no_other_release_than_the_newest(
    loaded_flow: Flow, current: str, earlier_issue: str
) -> None:
    loaded_flow.instance.add_dynamic_partitions("releases", [earlier_issue])
    result = publish(loaded_flow, earlier_issue)
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data is not None
    assert f"The newest release in the tables is {current}" in str(failure.user_failure_data.description)
    assert "never published" in str(check(loaded_flow, earlier_issue).description)


@pytest.mark.thorough
def test_a_version_of_before_a_load_is_compared_with_itself(
    loaded_flow: Flow, current: str, earlier_issue: str
) -> None:
    publish(loaded_flow, current)
    loaded_flow.clock.ahead = timedelta(hours=1)
    assert loaded_flow.run(earlier_issue).verified
    found = check(loaded_flow, current)
    assert found.passed
    assert found.metadata["compared_with_deals"].value is False
    assert int(str(found.metadata["rows_of_deals"].value)) > int(str(found.metadata["rows"].value))
    assert metadata(publish(loaded_flow, current))["version"] == f"{current}.1"
    assert check(loaded_flow, current).metadata["compared_with_deals"].value is True
