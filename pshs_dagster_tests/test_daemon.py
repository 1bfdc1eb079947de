"""Dagster's own processes at work: what the sensor does with nobody at hand, and what a person may ask for.

One installation for the whole module, on MariaDB, with the real clock: its sandbox plays the present day, since the
sensor asks for the issue that is due now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import pymysql
import pytest
from playwright.sync_api import Page

from pshs_dagster.automation import SCHEDULE_GRACE
from pshs_dagster.releases import TAIPEI, Release, newest_issue_due
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.command import pshs
from pshs_dagster_tests.fixtures.dagster import Installation, eventually
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database

pytestmark = [pytest.mark.slow, pytest.mark.mysql, pytest.mark.timeout(400)]
"""Daemons look at what there is to do every five or thirty seconds, and wait for each other."""

ASSETS = (
    "raw_zip",
    "s3_backup",
    "parsed_deals",
    "rejected_deals",
    "corrected_deals",
    "mysql_deals",
    "deal_statistics",
    "project_statistics",
    "market_statistics",
)

CHECKS = {
    "release_date",
    "backup_intact",
    "every_line_accounted_for",
    "cities_present",
    "withdrawals",
    "rejection_rate",
    "rows_in_database",
    "created_at",
    "statistics_match_deals",
}

OLDER = ("2026-07-01", "2026-07-11")
"""Two issues that a person asks for later; they were published in one quarter, before the day below."""

OLDER_DAY = Release.parse("2026-07-21").published_on

PARTITION_TAG = "dagster/partition"

REPOSITORY = {"repositoryLocationName": "pshs_dagster", "repositoryName": "__repository__"}


@dataclass
class Running:
    """An installation whose daemon and web server run."""

    installation: Installation
    sandbox: Sandbox
    due: Release
    """The newest issue that was due when all began."""

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers, asked without the project's own code."""
        url = urlsplit(self.installation.database_uri)
        assert url.username is not None
        assert url.password is not None
        with (
            closing(
                pymysql.connect(
                    host=url.hostname,
                    port=url.port or 0,
                    user=url.username,
                    password=url.password,
                    database=url.path.strip("/"),
                )
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def finished_run(self, release: str, tags: Mapping[str, str] | None = None, after: str = "") -> dg.DagsterRun:
        """The newest run for a release with these tags, other than the run `after`, once it is done."""
        wanted = dg.RunsFilter(tags={PARTITION_TAG: release, **(tags or {})})

        def finished() -> dg.DagsterRun | None:
            with self.installation.instance() as instance:
                found = instance.get_runs(wanted, limit=1)
            return next((run for run in found if run.is_finished and run.run_id != after), None)

        return eventually(finished, f"a run for {release} with {tags} to end")

    def downloads(self) -> list[str]:
        """What was fetched from the portal so far, its pages left out."""
        return [path for path in self.sandbox.requests if "fileName=" in path]

    def events(self, run: dg.DagsterRun, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
        """The events of one kind in a run's log."""
        with self.installation.instance() as instance:
            entries = instance.all_logs(run.run_id, of_type=kind)
        return [entry.get_dagster_event() for entry in entries]

    def troubles(self, run: dg.DagsterRun) -> str:
        """Why a run did not succeed; blank where it did."""
        failed = self.events(run, dg.DagsterEventType.STEP_FAILURE)
        told = [f"{event.step_key}: {event.step_failure_data.error_display_string}" for event in failed]
        return "" if run.status is dg.DagsterRunStatus.SUCCESS else "\n".join([run.status.value, *told])

    def materialized(self, run: dg.DagsterRun) -> set[tuple[str, str | None]]:
        """Assets and partitions that a run made."""
        return {
            (event.asset_key.to_user_string(), event.partition)
            for event in self.events(run, dg.DagsterEventType.ASSET_MATERIALIZATION)
            if event.asset_key
        }

    def passed_checks(self, run: dg.DagsterRun) -> set[str]:
        """Names of the checks that held in a run."""
        evaluations = self.events(run, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        return {event.asset_check_evaluation_data.check_name for event in evaluations if _passed(event)}


def _passed(event: dg.DagsterEvent) -> bool:
    return event.asset_check_evaluation_data.passed


@pytest.fixture(scope="module")
def running(mysql_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Everything started, and nothing asked for."""
    now = datetime.now(TAIPEI)
    due = newest_issue_due(now)
    if newest_issue_due(now - SCHEDULE_GRACE) != due:
        pytest.skip("An issue fell due within the last minutes, which the sensor leaves to the schedule; try again.")
    with ExitStack() as stack:
        database_uri = stack.enter_context(fresh_database(mysql_server))
        sandbox = stack.enter_context(Sandbox(today=now.date(), scale=0.1, cities="f"))
        folder: Path = tmp_path_factory.mktemp("daemon") / "installation"
        installation = stack.enter_context(Installation(folder, sandbox.url, database_uri))
        installation.develop()
        yield Running(installation, sandbox, due)


def test_the_sensor_loads_and_verifies_the_issue_that_is_due_with_nobody_at_hand(running: Running) -> None:
    release = running.due.key
    run = running.finished_run(release, {"dagster/sensor_name": "release_sensor"})

    assert running.troubles(run) == ""
    assert running.materialized(run) == {(asset, release) for asset in ASSETS}
    assert running.passed_checks(run) == CHECKS
    with running.installation.instance() as instance:
        assert release in instance.get_dynamic_partitions("releases")

    ((lines, new, rejected),) = running.rows(
        "SELECT SUM(data_lines), SUM(new_deals), SUM(rejected_lines) FROM release_files WHERE `release` = %s", release
    )
    ((deals,),) = running.rows("SELECT COUNT(*) FROM deals WHERE first_release = %s", release)
    assert deals == new
    assert new > 0
    assert new + rejected == lines


@pytest.mark.thorough
@pytest.mark.browser
def test_a_person_materializes_one_asset_alone_on_the_page(running: Running, page: Page) -> None:
    release = running.due.key
    before = running.finished_run(release)
    fetched = running.downloads()

    page.goto(f"{running.installation.url}/assets/parsed_deals")
    page.get_by_role("button", name="Materialize").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    page.get_by_role("menuitem").filter(has_text=release).click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Launch 1 run").click()

    run = running.finished_run(release, after=before.run_id)
    assert running.troubles(run) == ""
    assert running.materialized(run) == {("parsed_deals", release)}
    # What it needs comes out of the archive, not from MOI again.
    assert running.downloads() == fetched


@pytest.mark.thorough
def test_a_person_asks_for_two_releases_at_once(running: Running) -> None:
    running.sandbox.today = OLDER_DAY
    for release in OLDER:
        added = running.installation.graphql(
            """mutation ($repository: RepositorySelector!, $release: String!) {
                addDynamicPartition(
                    repositorySelector: $repository, partitionsDefName: "releases", partitionKey: $release
                ) { __typename }
            }""",
            repository=REPOSITORY,
            release=release,
        )
        assert added["addDynamicPartition"]["__typename"] == "AddDynamicPartitionSuccess"
    launched = running.installation.graphql(
        """mutation ($backfill: LaunchBackfillParams!) {
            launchPartitionBackfill(backfillParams: $backfill) {
                __typename
                ... on LaunchBackfillSuccess { backfillId }
            }
        }""",
        backfill={"partitionNames": OLDER, "assetSelection": [{"path": [asset]} for asset in ASSETS]},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess"

    for release in OLDER:
        run = running.finished_run(release, {"dagster/backfill": launched["backfillId"]})
        assert running.troubles(run) == ""
        assert running.materialized(run) == {(asset, release) for asset in ASSETS}
        assert running.passed_checks(run) == CHECKS
    loaded = {release for (release,) in running.rows("SELECT `release` FROM releases")}
    assert loaded >= set(OLDER)


def files_that_tell(installation: Installation, text: str) -> list[str]:
    """Files of an installation, Dagster's own and the archive's, that hold a text."""
    files = (path for path in installation.folder.rglob("*") if path.is_file())
    return [str(path) for path in files if text.encode() in path.read_bytes()]


SHOWN = """query ($repository: RepositorySelector!) {
    allTopLevelResourceDetailsOrError(repositorySelector: $repository) {
        ... on ResourceDetailsList { results {
            name description resourceType
            configFields { name description defaultValueAsJson }
            configuredValues { key value }
        } }
    }
    pipelineRunsOrError { ... on Runs { results {
        runConfigYaml
        tags { key value }
        eventConnection(limit: 1000) { events {
            ... on MessageEvent { message }
            ... on DisplayableEvent { label description metadataEntries {
                label description
                ... on TextMetadataEntry { text }
                ... on UrlMetadataEntry { url }
                ... on PathMetadataEntry { path }
                ... on MarkdownMetadataEntry { mdStr }
                ... on JsonMetadataEntry { jsonString }
            } }
        } }
    } } }
    instance { info }
    sensorsOrError(repositorySelector: $repository) {
        ... on Sensors { results { sensorState { ticks(limit: 10) { skipReason error { message stack } } } } }
    }
}"""


def test_no_page_and_no_log_shows_the_password_of_the_database(running: Running) -> None:
    running.finished_run(running.due.key)
    password = urlsplit(running.installation.database_uri).password
    assert password

    shown = running.installation.graphql(SHOWN, repository=REPOSITORY)
    resources = {resource["name"] for resource in shown["allTopLevelResourceDetailsOrError"]["results"]}
    assert "database" in resources
    # What may be shown, the address of the portal, is found where the password is looked for.
    assert running.sandbox.url in str(shown)
    assert password not in str(shown)
    assert files_that_tell(running.installation, running.sandbox.url)
    assert files_that_tell(running.installation, password) == []


@pytest.mark.thorough
def test_a_run_that_cannot_reach_the_database_does_not_tell_its_password_either(tmp_path: Path) -> None:
    password = "not-for-your-eyes"
    with (
        Sandbox(today=OLDER_DAY, scale=0.02, cities="f") as sandbox,
        Installation(
            tmp_path / "installation", sandbox.url, f"mysql+pymysql://pshs:{password}@127.0.0.1:9/pshs"
        ) as ours,
    ):
        done = pshs(ours.environment, "load", OLDER[0])
        assert done.returncode == 1
        assert "database" in done.stderr
        assert password not in done.stdout + done.stderr
        assert files_that_tell(ours, "127.0.0.1:9")
        assert files_that_tell(ours, password) == []
