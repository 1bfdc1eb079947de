"""What a person sees on Dagster's page, in a real browser: the lineage, releases, checks, numbers and previews.

One installation for the whole module, on SQLite, with a season that has rejected lines and the issue after it.
What the pages show is compared with what the database holds, asked without the project's own code.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from pshs_dagster.releases import Release
from pshs_dagster.sandbox.faults import Fault, FaultName
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.dagster import Installation

# Without a browser nothing is loaded in vain.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.usefixtures("browser")]

CHECKS = {
    "raw_zip": ("release_date",),
    "s3_backup": ("backup_intact",),
    "parsed_deals": ("every_line_accounted_for", "cities_present", "withdrawals"),
    "rejected_deals": ("rejection_rate",),
    "mysql_deals": ("rows_in_database", "created_at"),
    "deal_statistics": ("statistics_match_deals",),
}
"""The checks of each asset."""

ASSETS = {
    *CHECKS,
    "corrected_deals",
    "project_statistics",
    "market_statistics",
    "registered_projects",
    "project_absorption",
    "market_report",
    "deals_dataset",
    "database_backup",
}
"""What is made for a release, what is made for readers, and what is made of all."""

ARROWS = {
    ("raw_zip", "s3_backup"),
    ("s3_backup", "parsed_deals"),
    ("parsed_deals", "rejected_deals"),
    ("parsed_deals", "mysql_deals"),
    ("rejected_deals", "corrected_deals"),
    ("corrected_deals", "mysql_deals"),
    ("mysql_deals", "deal_statistics"),
    ("registered_projects", "project_absorption"),
    ("mysql_deals", "project_absorption"),
    ("market_statistics", "market_report"),
    ("project_absorption", "market_report"),
    ("deal_statistics", "deals_dataset"),
}
"""Which asset is made from which, at the least."""

SEASON, ISSUE, NEXT_ISSUE = "115S2", "2026-07-11", "2026-07-21"

TODAY = Release.parse(NEXT_ISSUE).published_on

SCALE = 0.2
"""Some hundred deals in an issue of one city; the season, nine times as many, has rejected lines among them."""

CITIES = "f,h"


NODES = """{
    assetNodes {
        assetKey { path } dependencyKeys { path } groupName description
        owners { ... on TeamAssetOwner { team } }
    }
}"""


@dataclass
class Shown:
    """An installation whose releases were loaded by the command, and whose web server runs."""

    installation: Installation
    sandbox: Sandbox
    database: Path

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement, values).fetchall()

    def open(self, page: Page, path: str) -> None:
        """Go to a page of Dagster's."""
        page.goto(f"{self.installation.url}/{path}")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A season and an issue, loaded and verified."""
    folder = tmp_path_factory.mktemp("page")
    database = folder / "pshs.db"
    with (
        Sandbox(today=TODAY, scale=SCALE, cities=CITIES.split(",")) as sandbox,
        Installation(folder / "installation", sandbox.url, f"sqlite:///{database}", CITIES) as installation,
    ):
        assert [outcome.problem for outcome in installation.load(SEASON, ISSUE)] == ["", ""]
        installation.serve()
        yield Shown(installation, sandbox, database)


def visible(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The first place where a text is to be seen; Dagster keeps hidden copies to measure them."""
    exact = isinstance(text, str)
    return page.get_by_text(text, exact=exact).locator("visible=true").first


def test_the_lineage_shows_every_asset(shown: Shown, page: Page, tmp_path: Path) -> None:
    shown.open(page, "asset-groups")
    for asset in ASSETS:
        expect(visible(page, asset)).to_be_visible()
    picture = tmp_path / "lineage.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 0

    nodes = shown.installation.graphql(NODES)["assetNodes"]
    arrows = {(up["path"][-1], node["assetKey"]["path"][-1]) for node in nodes for up in node["dependencyKeys"]}
    assert {node["assetKey"]["path"][-1] for node in nodes} == ASSETS
    assert arrows >= ARROWS
    assert [node for node in nodes if not node["owners"] or node["groupName"] == "default"] == []


def test_every_asset_says_in_plain_words_what_it_is(shown: Shown, page: Page) -> None:
    nodes = shown.installation.graphql(NODES)["assetNodes"]
    described = {node["assetKey"]["path"][-1]: node["description"] for node in nodes}
    assert {name for name, told in described.items() if len(told.split()) < 8 or "_" in told} == set()
    shown.open(page, "assets/mysql_deals")
    expect(visible(page, described["mysql_deals"])).to_be_visible()


def test_every_check_stands_by_its_name_with_its_state(shown: Shown, page: Page) -> None:
    for asset, checks in CHECKS.items():
        shown.open(page, f"assets/{asset}?view=checks")
        expect(visible(page, f"Checks ({len(checks)})")).to_be_visible()
        for name in checks:
            expect(visible(page, name)).to_be_visible()
        expect(page.get_by_text("Succeeded", exact=True)).to_have_count(len(checks))


def test_a_release_is_a_partition_with_its_numbers_and_first_rows(shown: Shown, page: Page) -> None:
    ((lines, rejected),) = shown.rows(
        "SELECT SUM(data_lines), SUM(rejected_lines) FROM release_files WHERE release = ?", ISSUE
    )
    projects = [name for (name,) in shown.rows("SELECT build_name FROM deals WHERE first_release = ?", ISSUE)]
    ((digest, url),) = shown.rows("SELECT sha256, source_url FROM releases WHERE release = ?", ISSUE)

    shown.open(page, f"assets/mysql_deals?view=partitions&partition={ISSUE}")
    for release in (SEASON, ISSUE):
        expect(visible(page, release)).to_be_visible()
    for told in (str(lines - rejected), str(rejected), str(Release.parse(ISSUE).window), digest, url):
        expect(visible(page, told)).to_be_visible()
    table = page.get_by_role("table").filter(has_text="建案名稱").last
    expect(table).to_be_visible()
    headings = table.get_by_role("columnheader").all_inner_texts()
    place = headings.index("建案名稱")
    previewed = [row.get_by_role("cell").nth(place).inner_text() for row in table.get_by_role("row").all()[1:]]
    assert previewed
    assert set(previewed) <= set(projects)


def test_rejected_lines_are_shown_with_their_reasons_in_both_languages(shown: Shown, page: Page) -> None:
    rejects = shown.rows("SELECT file, line, serial_number, reasons FROM rejected_deals WHERE release = ?", SEASON)
    assert rejects, "the season of the sandbox has no rejected line to show"
    shown.open(page, f"assets/rejected_deals?view=partitions&partition={SEASON}")
    table = page.get_by_role("table").filter(has_text="退件原因").last
    expect(table.get_by_role("row")).to_have_count(1 + len(rejects))
    for file, line, serial, reasons in rejects:
        row = table.get_by_role("row").filter(has_text=str(serial))
        expect(row).to_contain_text(str(file))
        expect(row).to_contain_text(str(line))
        for reason in json.loads(str(reasons)):
            assert set(reason) >= {"zh", "en"}
            expect(row).to_contain_text(reason["zh"])
            expect(row).to_contain_text(reason["en"])


@pytest.mark.thorough
def test_an_issue_that_is_not_out_yet_turns_its_check_red_until_it_is(shown: Shown, page: Page) -> None:
    shown.sandbox.faults = (Fault(FaultName.LATE),)
    try:
        (outcome,) = shown.installation.load(NEXT_ISSUE)
    finally:
        shown.sandbox.faults = ()
    assert not outcome.verified
    shown.open(page, "assets/raw_zip?view=checks&checkDetail=release_date")
    expect(visible(page, "Failed")).to_be_visible()
    # It says which release came in its place.
    expect(visible(page, re.compile(ISSUE))).to_be_visible()
    shown.open(page, f"assets/s3_backup?view=partitions&partition={NEXT_ISSUE}")
    expect(visible(page, re.compile(r"^Materialized \(2\)"))).to_be_visible()

    (outcome,) = shown.installation.load(NEXT_ISSUE)
    assert outcome.verified
    shown.open(page, "assets/raw_zip?view=checks&checkDetail=release_date")
    expect(visible(page, "Passed")).to_be_visible()
    expect(visible(page, "Succeeded")).to_be_visible()
    shown.open(page, f"assets/s3_backup?view=partitions&partition={NEXT_ISSUE}")
    expect(visible(page, re.compile(r"^Materialized \(3\)"))).to_be_visible()
