"""The restore drill: load, back up, lose everything, restore, prove, and go on loading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from pydantic import SecretStr

from pshs_dagster.archive.backups import Backups
from pshs_dagster.automation import JOB_NAME as LOAD_JOB
from pshs_dagster.backup_job import JOB_NAME, run_backup
from pshs_dagster.database.keeping.restore import restore
from pshs_dagster.database.reading.digest import digest
from pshs_dagster.releases import TAIPEI
from pshs_dagster.runs import JobOutcome
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket
from pshs_dagster_tests.keeping.conftest import content


def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Settings of a bucket over HTTP, with credentials found the AWS way."""
    bucket: Bucket = request.getfixturevalue("s3_bucket")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return {"storage_type": "S3", "s3_bucket": bucket.name, "s3_endpoint_url": bucket.endpoint_url, "s3_prefix": "p"}


@pytest.fixture(
    params=[
        ("sqlite", "folder"),
        pytest.param(("mysql", "s3"), marks=[pytest.mark.mysql, pytest.mark.s3, pytest.mark.thorough]),
    ],
    ids=lambda param: "-".join(param),
)
def installed(
    request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flow]:
    """An installation on SQLite and a folder, and one on MariaDB and a bucket."""
    database, place = request.param
    uri = request.getfixturevalue("mysql_uri") if database == "mysql" else f"sqlite:///{tmp_path / 'pshs.db'}"
    changed = storage(request, monkeypatch) if place == "s3" else {}
    settings = settings_in(tmp_path, sandbox.url, uri, cities=frozenset("f"), **changed)
    with Flow(tmp_path, settings) as flow:
        yield flow


@pytest.fixture
def database_uri(installed: Flow) -> str:
    """So that `empty_uri` is of the same kind."""
    return installed.settings.database


def back_up(flow: Flow) -> JobOutcome:
    return run_backup(flow.definitions, flow.instance)


@pytest.mark.slow
def test_what_was_backed_up_is_restored_proved_and_loaded_into(
    installed: Flow, empty_uri: str, issue: str, earlier_issue: str, tmp_path: Path
) -> None:
    assert installed.run(earlier_issue).verified
    before, wanted = digest(installed.engine), content(installed.engine)
    outcome = back_up(installed)
    assert outcome.problem == ""
    # Loaded later, and so not in the backup.
    assert installed.run(issue).verified
    assert digest(installed.engine) != before

    backups = Backups(installed.archive.store)
    newest = backups.newest()
    assert outcome.told["location"] == installed.archive.location(newest.key)
    restore(backups.local(newest, tmp_path), newest.dump, empty_uri)

    settings = installed.settings.model_copy(update={"database_uri": SecretStr(empty_uri)})
    with Flow(tmp_path, settings) as restored:
        assert digest(restored.engine) == before == newest.dump.contents.digest
        assert content(restored.engine) == wanted
        # The tables go on where they stopped: as if nothing had happened.
        assert restored.run(issue).verified
        assert digest(restored.engine) == digest(installed.engine)


def test_the_lineage_tells_what_a_backup_holds(flow: Flow) -> None:
    assert flow.engine.dialect.name == "sqlite"  # which makes the tables: a backup of nothing is one too
    outcome = back_up(flow)
    event = flow.instance.get_latest_materialization_event(dg.AssetKey("database_backup"))
    assert event is not None
    assert event.run_id == outcome.run_id
    assert event.asset_materialization is not None
    told = event.asset_materialization.metadata
    table = told["rows"]
    assert isinstance(table, dg.TableMetadataValue)
    rows = {record.data["table"]: record.data["rows"] for record in table.records}
    assert rows["deals"] == 0
    assert rows["pshs_alembic_version"] == 1
    assert told["digest"].value == digest(flow.engine)
    assert (told["kept"].value, told["thinned"].value) == (1, 0)


def test_a_backup_is_made_by_itself_at_three_on_sundays(flow: Flow) -> None:
    schedule = flow.definitions.resolve_schedule_def("weekly_backup")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    wednesday = datetime(2026, 11, 25, 12, 0, tzinfo=TAIPEI)
    assert isinstance(schedule.cron_schedule, str)
    zone = schedule.execution_timezone
    ticks = schedule_execution_time_iterator(wednesday.timestamp(), schedule.cron_schedule, zone, ascending=True)
    assert [next(ticks) for _ in range(2)] == [
        datetime(2026, 11, 29, 3, 0, tzinfo=TAIPEI),
        datetime(2026, 12, 6, 3, 0, tzinfo=TAIPEI),
    ]
    assert schedule.job_name == JOB_NAME


def test_a_load_makes_no_backup(flow: Flow) -> None:
    steps = flow.definitions.resolve_job_def(LOAD_JOB).nodes
    assert "database_backup" not in [step.name for step in steps]
