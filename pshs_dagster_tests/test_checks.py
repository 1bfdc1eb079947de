"""Each asset check holds where all is well and fails where what it guards is broken; a guard stops what follows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.releases import Release
from pshs_dagster.runs import Outcome
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.deals.lines import csv, line
from pshs_dagster_tests.fixtures.flow import Flow, FolderPortal, settings_in
from pshs_dagster_tests.fixtures.portal import zip_bytes

pytestmark = pytest.mark.slow

# The package gives the assets under the names of their modules, so the modules are taken by name.
mysql_deals_module = import_module("pshs_dagster.assets.mysql_deals")
parsed_deals_module = import_module("pshs_dagster.assets.parsed_deals")

NOWHERE = "http://127.0.0.1:9"
"""No portal: the zips come from a folder."""

ISSUE = "2022-09-01"  # trades of 2022-07-11 – 2022-07-20, as the lines of `line` are


def run_zip(flow: Flow, *lines: str, issue: str = ISSUE, **files: bytes) -> Outcome:
    """Load an issue that consists of these lines in New Taipei's file, and of other files."""
    path = flow.folder / f"{issue}.zip"
    path.write_bytes(zip_bytes({"f_lvr_land_b.csv": csv(lines)} | {f"{n}_lvr_land_b.csv": d for n, d in files.items()}))
    flow.overrides["portal"] = FolderPortal({issue: path})
    return flow.run(issue)


def deals(count: int, **changed: str) -> list[str]:
    return [line(編號=f"RPPNMLMKKHHGFEF{number:02d}CB", **changed) for number in range(count)]


def steps(flow: Flow, outcome: Outcome) -> set[str]:
    """The steps of a run that succeeded."""
    return {
        stats.step_key
        for stats in flow.instance.get_run_step_stats(outcome.run_id)
        if stats.status is not None and stats.status.value == "SUCCESS"
    }


@pytest.fixture(scope="module")
def folder_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation that has loaded an issue of three deals, to copy."""
    folder = tmp_path_factory.mktemp("three")
    with Flow(folder, settings_in(folder, NOWHERE)) as installed:
        assert run_zip(installed, *deals(3)).verified
    return folder


@pytest.fixture
def three(tmp_path: Path, folder_of_three: Path) -> Iterator[Flow]:
    """An installation that has loaded an issue of three deals."""
    shutil.copytree(folder_of_three, tmp_path, dirs_exist_ok=True)
    with Flow(tmp_path, settings_in(tmp_path, NOWHERE)) as installed:
        yield installed


def evaluation(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def test_release_date_fails_where_moi_still_serves_the_last_issue(flow: Flow, sandbox: Sandbox, issue: str) -> None:
    sandbox.faults = [Fault.parse("late")]
    outcome = flow.run(issue)
    assert [check.name for check in outcome.checks if not check.passed] == ["release_date"]
    assert Release.parse(issue).preceding().key in outcome.problem
    assert steps(flow, outcome) == {"raw_zip"}
    assert flow.archive.releases() == ()


def test_a_wrong_zip_is_not_archived_even_where_a_person_goes_past_the_check(
    flow: Flow, sandbox: Sandbox, issue: str
) -> None:
    sandbox.faults = [Fault.parse("late")]
    flow.run(issue)
    assert not flow.run_alone(issue, asset="s3_backup").success
    assert flow.archive.releases() == ()


def test_release_date_warns_of_stray_dates_and_lets_them_pass(flow: Flow) -> None:
    outcome = run_zip(flow, *deals(12), line(交易年月日="1110601", 編號="RPPNMLMKKHHGFEF99CB"))
    assert outcome.verified
    (warned,) = [check for check in outcome.checks if not check.passed]
    assert (warned.name, warned.blocking) == ("release_date", False)
    assert "1 of 13" in warned.told


def test_backup_intact_fails_where_the_archive_rots(three: Flow) -> None:
    (path,) = (three.folder / "archive" / "raw" / ISSUE).glob("*.zip")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    found = evaluation(three.run_alone(ISSUE, check="backup_intact"))
    assert not found.passed
    assert found.blocking


def test_every_line_accounted_for_fails_where_parsing_loses_a_line(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = parsed_deals_module.parse_archived

    def lose_one(*args: object) -> ParsedRelease:
        parsed = parse(*args)
        return ParsedRelease(parsed.release, parsed.lines.iloc[1:].reset_index(drop=True), parsed.files)

    monkeypatch.setattr(parsed_deals_module, "parse_archived", lose_one)
    outcome = run_zip(flow, *deals(5))
    assert outcome.problem.startswith("every_line_accounted_for failed")
    assert not {"rejected_deals", "mysql_deals"} & steps(flow, outcome)
    assert flow.number("SELECT COUNT(*) FROM deals") == 0


def test_every_line_accounted_for_fails_where_a_line_is_double(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = parsed_deals_module.parse_archived

    def double_one(*args: object) -> ParsedRelease:
        parsed = parse(*args)
        lines = pd.concat([parsed.lines, parsed.lines.iloc[:1]], ignore_index=True)
        return ParsedRelease(parsed.release, lines, parsed.files)

    monkeypatch.setattr(parsed_deals_module, "parse_archived", double_one)
    assert run_zip(flow, *deals(5)).problem.startswith("every_line_accounted_for failed")


def test_cities_present_warns_where_a_city_that_had_deals_has_no_file(flow: Flow) -> None:
    there = csv(deals(25, 鄉鎮市區="三民區"))
    assert run_zip(flow, *deals(3), e=there).verified
    following = Release.parse(ISSUE).following()
    outcome = run_zip(flow, *deals(3, 交易年月日="1110725"), issue=following.key)
    (warned,) = [check for check in outcome.checks if not check.passed]
    assert outcome.verified
    assert (warned.name, warned.blocking) == ("cities_present", False)
    assert "e_lvr_land_b.csv (25 lines" in warned.told


@pytest.mark.parametrize(
    ("bad", "passed", "verified"), [(0, True, True), (1, False, True), (9, False, True), (10, False, False)]
)
def test_rejection_rate_warns_from_one_percent_and_blocks_at_ten(
    flow: Flow, bad: int, passed: bool, verified: bool
) -> None:
    wrong = [line(編號=f"RPPNMLMKKHHGFEG{number:02d}CB", **{"建物現況格局-房": "33"}) for number in range(bad)]
    outcome = run_zip(flow, *deals(100 - bad), *wrong)
    (rate,) = [check for check in outcome.checks if check.name == "rejection_rate"]
    assert (rate.passed, outcome.verified) == (passed, verified)
    assert ("mysql_deals" in steps(flow, outcome)) == verified
    assert flow.number("SELECT COUNT(*) FROM rejected_deals") == bad
    assert flow.number("SELECT COUNT(*) FROM deals") == (100 - bad if verified else 0)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM deals WHERE serial_number = 'RPPNMLMKKHHGFEF01CB'",
        "UPDATE deals SET price = price + 1 WHERE serial_number = 'RPPNMLMKKHHGFEF01CB'",
        "UPDATE deals SET note = 'x' WHERE serial_number = 'RPPNMLMKKHHGFEF01CB'",
        "UPDATE deals SET transaction_date = '2022-07-14' WHERE serial_number = 'RPPNMLMKKHHGFEF01CB'",
        "UPDATE deals SET building_total_area = 1.5 WHERE serial_number = 'RPPNMLMKKHHGFEF01CB'",
    ],
)
def test_rows_in_database_fails_where_a_deal_is_gone_or_altered(three: Flow, damage: str) -> None:
    with three.engine.begin() as connection:
        assert connection.execute(sa.text(damage)).rowcount == 1
    found = evaluation(three.run_alone(ISSUE, check="rows_in_database"))
    assert not found.passed
    told = f"{found.metadata['missing_serials'].value} {found.metadata['different_serials'].value}"
    assert "RPPNMLMKKHHGFEF01CB" in told


def test_rows_in_database_accepts_newer_knowledge(three: Flow) -> None:
    newer = Release.parse(ISSUE).following()
    changed = [*deals(3, 交易年月日="1110725")]
    assert run_zip(three, *changed, issue=newer.key).verified
    found = evaluation(three.run_alone(ISSUE, check="rows_in_database"))
    assert found.passed
    assert found.metadata["known_newer"].value == 3


def test_created_at_fails_where_new_deals_are_not_of_today(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    load = mysql_deals_module.load_release

    def load_yesterday(*args: object, **options: object) -> object:
        *before, now = args
        assert isinstance(now, datetime)
        return load(*before, now - timedelta(days=1), **options)

    monkeypatch.setattr(mysql_deals_module, "load_release", load_yesterday)
    outcome = run_zip(flow, *deals(3))
    assert outcome.problem.startswith("created_at failed: 3 deals are new")


def test_created_at_says_so_where_a_repeated_run_brings_nothing(three: Flow) -> None:
    three.clock.ahead = timedelta(days=3)
    outcome = run_zip(three, *deals(3))
    (check,) = [check for check in outcome.checks if check.name == "created_at"]
    assert check.passed
    assert "rests on rows_in_database" in check.told


def test_a_zip_without_a_file_of_the_cities_is_no_success_by_mistake(flow: Flow, tmp_path: Path) -> None:
    path = tmp_path / "empty.zip"
    path.write_bytes(zip_bytes({"manifest.csv": b"name,schema,description\r\n"}))
    flow.overrides["portal"] = FolderPortal({ISSUE: path})
    outcome = flow.run(ISSUE)
    assert outcome.problem.startswith("release_date failed: the zip has no row")
