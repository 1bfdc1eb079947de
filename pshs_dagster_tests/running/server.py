"""A server with everything started: what a person asks it on the page, and what its database answers.

How the services are started is told by `compose.py`; what they should do, by the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import requests

from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.dagster import ROOT, eventually
from pshs_dagster_tests.fixtures.mysql import PrivateServer
from pshs_dagster_tests.running.compose import Services

RUNS = """query ($release: String!) {
    runsOrError(filter: {tags: [{key: "dagster/partition", value: $release}]}) { ... on Runs { results {
        id status tags { key value }
    } } }
}"""

CHECKS = """query ($id: ID!) {
    runOrError(runId: $id) { ... on Run { assetCheckEvaluations: eventConnection(limit: 1000) { events {
        ... on AssetCheckEvaluationEvent { evaluation { checkName success severity } }
    } } } }
}"""

LAUNCH = """mutation ($release: String!) {
    added: addDynamicPartition(
        repositorySelector: {repositoryLocationName: "pshs_dagster", repositoryName: "__repository__"}
        partitionsDefName: "releases", partitionKey: $release
    ) { __typename }
    launched: launchRun(executionParams: {
        selector: {
            repositoryLocationName: "pshs_dagster", repositoryName: "__repository__", jobName: "load_release"
        }
        runConfigData: "{}"
        executionMetadata: {tags: [{key: "dagster/partition", value: $release}]}
    }) { __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message } }
}"""


@dataclass
class Server:
    """Everything started."""

    services: Services
    sandbox: Sandbox
    database: PrivateServer
    due: Release

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """Ask the web server; gives `data`. Fails where the question is wrong."""
        with requests.Session() as session:
            session.trust_env = False
            told = session.post(
                f"{self.services.url}/graphql", json={"query": query, "variables": variables}, timeout=60
            ).json()
        assert "errors" not in told, told["errors"]
        return told["data"]

    def runs(self, release: str) -> list[dict[str, Any]]:
        """The runs for a release, the newest first."""
        return self.graphql(RUNS, release=release)["runsOrError"]["results"]

    def finished(self, release: str, run_id: str = "") -> dict[str, Any]:
        """A run for a release, the given one or the newest, once it has ended."""

        def ended() -> dict[str, Any] | None:
            ended = [run for run in self.runs(release) if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]
            return next((run for run in ended if run_id in ("", run["id"])), None)

        return eventually(ended, f"a run for {release} to end")

    def launch(self, release: str) -> str:
        """Ask for a release as a person does on the page; gives the run's id."""
        told = self.graphql(LAUNCH, release=release)["launched"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["id"]

    def checks(self, run_id: str) -> dict[str, bool]:
        """What each check of a run said."""
        events = self.graphql(CHECKS, id=run_id)["runOrError"]["assetCheckEvaluations"]["events"]
        return {e["evaluation"]["checkName"]: e["evaluation"]["success"] for e in events if e.get("evaluation")}

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers, asked without the project's own code."""
        return list(self.database.execute(statement, *values))


def as_the_image_does(server: PrivateServer, mysql: dict[str, Any]) -> None:
    """What MySQL's image does with the variables and files of compose.yml when its volume is empty."""
    environment = mysql["environment"]
    user, database = environment["MYSQL_USER"], environment["MYSQL_DATABASE"]
    server.execute("DROP USER 'pshs'@'127.0.0.1'")
    server.execute(f"CREATE DATABASE `{database}`")
    server.execute(f"CREATE USER '{user}'@'%%' IDENTIFIED BY %s", environment["MYSQL_PASSWORD"])
    server.execute(f"GRANT ALL ON `{database}`.* TO '{user}'@'%'")
    (mounted,) = [volume.split(":")[0] for volume in mysql["volumes"] if ":/docker-entrypoint-initdb.d/" in volume]
    script = re.sub(r"^--.*\n", "", (ROOT / mounted).read_text(), flags=re.MULTILINE)
    for statement in filter(str.strip, script.split(";")):
        server.execute(statement)
