"""A release goes from the portal into `deals`, through every asset and check, on real components."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pshs_dagster.archive import Archive
from pshs_dagster.checks import CHECKS, GUARDS
from pshs_dagster.definitions import build_archive
from pshs_dagster.portal import Patience, Portal
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests import independent
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.mysql import fresh_database
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket

QUICK = Patience(attempts=2, backoff=0.01, read=0.5, page=5, download=5)


def archived_lines(flow: Flow, release: str) -> int:
    """Data lines of the archived zip, read by hand."""
    (zip_path,) = (flow.folder / "archive" / "raw" / release).glob("*.zip")
    return sum(len(independent.data_lines(data)) for data in independent.csvs(zip_path).values())


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sandbox_server: Sandbox, current: str
) -> Iterator[Flow]:
    """An installation in which the current issue was loaded. Its tests leave it as it is."""
    folder = tmp_path_factory.mktemp("loaded")
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("loaded_folder"), folder, dirs_exist_ok=True)
        with Flow(folder, settings_in(folder, sandbox_server.url)) as flow:
            yield flow
        return
    with (
        fresh_database(request.getfixturevalue("mysql_server")) as uri,
        Flow(folder, settings_in(folder, sandbox_server.url, uri)) as flow,
    ):
        outcome = flow.run(current)
        assert outcome.verified, outcome.problem
        yield flow


ON_SQLITE = pytest.mark.parametrize("loaded", ["sqlite"], indirect=True)
"""For what a person does with one asset or check: Dagster's part in it is the same on every database."""


def test_every_line_of_the_zip_is_in_deals_or_among_the_rejects(loaded: Flow, current: str) -> None:
    deals = loaded.number("SELECT COUNT(*) FROM deals WHERE first_release = :r", r=current)
    rejects = loaded.number("SELECT COUNT(*) FROM rejected_deals WHERE `release` = :r", r=current)
    assert deals > 0
    assert deals + rejects == archived_lines(loaded, current)


def test_what_was_loaded_stands_in_the_record_of_releases(loaded: Flow, current: str) -> None:
    ((key, kind, sha, url),) = loaded.rows("SELECT `release`, kind, sha256, source_url FROM releases")
    (copy,) = loaded.archive.copies(Release.parse(current))
    assert (key, kind, sha, url) == (current, "issue", copy.sha256, copy.source_url)
    lines = loaded.number("SELECT SUM(data_lines) FROM release_files")
    told = loaded.number("SELECT SUM(new_deals + changed_deals + unchanged_deals + rejected_lines) FROM release_files")
    assert lines == told == archived_lines(loaded, current)


def test_loading_twice_changes_nothing(loaded: Flow, current: str) -> None:
    before = loaded.tables()
    outcome = loaded.run(current)
    assert outcome.verified
    assert outcome.counts["new"] == outcome.counts["changed"] == 0
    assert loaded.tables() == before


def test_every_check_was_evaluated_for_the_release(loaded: Flow, current: str) -> None:
    for check in (spec.key for definition in CHECKS for spec in definition.check_specs):
        history = loaded.instance.event_log_storage.get_asset_check_execution_history(check, limit=5)
        assert {record.partition for record in history} == {current}, check


@pytest.mark.slow
@ON_SQLITE
@pytest.mark.parametrize("asset", ["raw_zip", "s3_backup", "parsed_deals", "rejected_deals", "mysql_deals"])
def test_each_asset_can_be_materialized_alone(loaded: Flow, current: str, asset: str) -> None:
    before = loaded.tables()
    assert loaded.run_alone(current, asset=asset).success
    assert loaded.tables() == before


@pytest.mark.slow
@ON_SQLITE
@pytest.mark.parametrize("guard", [guard.name for guard in GUARDS])
def test_each_guard_can_be_repeated_alone(loaded: Flow, current: str, guard: str) -> None:
    (evaluation,) = loaded.run_alone(current, check=guard).get_asset_check_evaluations()
    assert evaluation.passed


def test_a_person_sees_what_the_release_was(loaded: Flow, current: str) -> None:
    event = loaded.instance.get_latest_materialization_event(dg.AssetKey("mysql_deals"))
    assert event is not None
    materialization = event.asset_materialization
    assert materialization is not None
    told = materialization.metadata
    assert {"new", "rejected", "window", "sha256", "source", "preview", "dagster/column_schema"} <= told.keys()
    assert told["window"].value == str(Release.parse(current).window)
    assert str(told["preview"].value).startswith("| 縣市")


def test_the_file_for_people_is_there_and_empty_where_nothing_was_rejected(loaded: Flow, current: str) -> None:
    text = loaded.archive.read_document(f"rejects/{current}.json")
    rejects = loaded.number("SELECT COUNT(*) FROM rejected_deals")
    assert text.count('"行號"') == rejects
    assert text.startswith("[")


@pytest.mark.s3
def test_the_archive_may_be_a_bucket(
    tmp_path: Path, sandbox: Sandbox, issue: str, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", KEY_ID), ("SECRET_ACCESS_KEY", SECRET), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    settings = settings_in(
        tmp_path,
        sandbox.url,
        storage_type="S3",
        s3_bucket=s3_bucket.name,
        s3_prefix="pshs",
        s3_endpoint_url=s3_bucket.endpoint_url,
    )
    with Flow(tmp_path, settings) as flow:
        outcome = flow.run(issue)
        assert outcome.verified, outcome.problem
        archive: Archive = build_archive(settings)
        newest = archive.newest(Release.parse(issue))
        assert newest is not None
        archive.verify(newest)
        assert archive.location(newest.key).startswith(f"s3://{s3_bucket.name}/pshs/raw/")
        keys = [
            entry.get("Key", "")
            for entry in s3_bucket.client.list_objects_v2(Bucket=s3_bucket.name).get("Contents", [])
        ]
        assert [key for key in keys if "/raw/" in key]
        assert not [key for key in keys if "/incoming/" in key]
        assert not (tmp_path / "archive").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("html", "raw_zip failed"),
        ("truncated", "raw_zip failed"),
        ("bad-crc", "raw_zip failed"),
        ("errors:9", "raw_zip failed"),
        ("stall", "raw_zip failed"),
        ("late", "release_date failed"),
    ],
)
def test_what_goes_wrong_at_moi_is_told_and_leaves_nothing_behind(
    flow: Flow, sandbox: Sandbox, issue: str, fault: str, told: str
) -> None:
    sandbox.faults = [Fault.parse(fault)]
    flow.overrides["portal"] = Portal(sandbox.url, clock=flow.clock, patience=QUICK)
    outcome = flow.run(issue)
    assert not outcome.verified
    assert outcome.problem.startswith(told)
    assert "\n" not in outcome.problem
    assert flow.archive.copies(Release.parse(issue)) == ()
    assert all(rows == [] for rows in flow.tables().values())


@pytest.mark.thorough
@pytest.mark.slow
def test_errors_that_pass_do_not_matter(flow: Flow, sandbox: Sandbox, issue: str) -> None:
    sandbox.faults = [Fault.parse("errors:1")]
    flow.overrides["portal"] = Portal(sandbox.url, clock=flow.clock, patience=QUICK)
    assert flow.run(issue).verified


@pytest.mark.slow
def test_a_serial_that_stands_twice_is_counted_and_set_aside(flow: Flow, sandbox: Sandbox, issue: str) -> None:
    sandbox.faults = [Fault.parse("twice:f")]
    outcome = flow.run(issue)
    assert outcome.verified, outcome.problem
    repeated = flow.number("SELECT COUNT(*) FROM rejected_deals WHERE reasons LIKE '%serial_repeated%'")
    assert repeated == 3  # one of the identical pair, both of the pair with two prices
    deals = flow.number("SELECT COUNT(*) FROM deals")
    assert deals + flow.number("SELECT COUNT(*) FROM rejected_deals") == archived_lines(flow, issue)


@pytest.mark.slow
def test_only_the_cities_of_the_setting_are_loaded(tmp_path: Path, sandbox: Sandbox, issue: str) -> None:
    with Flow(tmp_path, settings_in(tmp_path, sandbox.url, cities="F,h")) as flow:
        assert flow.run(issue).verified
        assert set(flow.rows("SELECT DISTINCT city FROM deals")) == {("新北市",), ("桃園市",)}


@pytest.mark.slow
def test_a_season_that_was_rebuilt_is_a_new_copy_beside_the_old_one(flow: Flow, sandbox: Sandbox) -> None:
    season = Release.covering(sandbox.today).covering_season().preceding().preceding()
    assert flow.run(season.key).verified
    sandbox.today = sandbox.today.replace(year=sandbox.today.year + 1)
    flow.clock.ahead = sandbox.today - flow.clock().date()
    assert flow.run(season.key).verified
    copies = flow.archive.copies(season)
    assert len({copy.sha256 for copy in copies}) == len(copies) == 2
    assert flow.rows("SELECT sha256 FROM releases") == [(copies[-1].sha256,)]
