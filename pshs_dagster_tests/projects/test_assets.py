"""The list and the absorption through Dagster, and the command."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from pshs_dagster.archive.project_lists import ProjectLists
from pshs_dagster.assets.project_absorption import project_absorption
from pshs_dagster.assets.registered_projects import registered_projects
from pshs_dagster.checks_absorption import ABSORPTION_CHECKS, every_line_of_the_list
from pshs_dagster.cli_projects import projects
from pshs_dagster.database.database import Database
from pshs_dagster.projects_job import fetch_projects_job, monthly_projects, run_projects
from pshs_dagster.runs import QUIET
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.portal import Answer, ScriptedPortal
from pshs_dagster_tests.projects.made_lists import list_zip, row
from pshs_dagster_tests.projects.test_lists import LIST

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path, scripted_portal: ScriptedPortal) -> Iterator[Flow]:
    """An installation whose site has nothing but what a test gives it."""
    with Flow(tmp_path, settings_in(tmp_path, scripted_portal.url)) as flow:
        yield flow


def with_projects(flow: Flow) -> dg.Definitions:
    """The code location, with what is under test in it."""
    there = flow.definitions
    absorb = dg.define_asset_job("absorb", dg.AssetSelection.assets("project_absorption"))
    if "registered_projects" in {key.to_user_string() for key in there.resolve_all_asset_keys()}:
        return dg.Definitions.merge(there, dg.Definitions(jobs=[absorb]))
    more = dg.Definitions(
        [registered_projects, project_absorption],
        jobs=[fetch_projects_job, absorb],
        schedules=[monthly_projects],
        asset_checks=ABSORPTION_CHECKS,
    )
    return dg.Definitions.merge(there, more)


def tables(flow: Flow) -> list[Any]:
    names = ("registered_projects", "project_matches", "project_absorption")
    return [sorted(flow.rows(f"SELECT * FROM {name}"), key=repr) for name in names]  # noqa: S608


Pshs = Callable[..., str]


@pytest.fixture
def pshs(served: Flow, monkeypatch: pytest.MonkeyPatch) -> Pshs:
    """The command, in this process and for this installation; what it printed, its exit status having been `status`."""
    definitions = with_projects(served)
    monkeypatch.setattr("pshs_dagster.config.read_settings", lambda: served.settings)
    monkeypatch.setattr("pshs_dagster.definitions.build_defs", lambda _: definitions)
    monkeypatch.setattr("pshs_dagster.runs.open_instance", lambda _: _Open(served.instance))

    def run(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(projects, arguments)
        assert done.exit_code == status, done.output
        return done.output

    return run


class _Open:
    """An instance that stays open after the block."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance

    def __enter__(self) -> dg.DagsterInstance:
        return self.instance

    def __exit__(self, *_: object) -> None: ...


def test_a_list_is_fetched_archived_loaded_and_told_of(
    served: Flow, scripted_portal: ScriptedPortal, pshs: Pshs
) -> None:
    lines = [row(), row(2, 建案名稱="河岸", 層棟戶數="3棟,銷售戶數共 30 戶"), "看不懂的一行"]
    scripted_portal.on(LIST, Answer(list_zip(lines)), Answer(list_zip([])))
    assert "3 lines: 2 registrations, 0 repeated, 0 continued, 1 unreadable." in pshs()
    rows = served.rows("SELECT build_name, homes FROM registered_projects ORDER BY project_number")
    assert rows == [("海天", 120), ("河岸", 30)]

    event = served.instance.get_latest_materialization_event(dg.AssetKey("registered_projects"))
    assert event is not None
    assert event.asset_materialization is not None
    told = {name: entry.value for name, entry in event.asset_materialization.metadata.items()}
    assert (told["homes"], told["dagster/row_count"], told["list_is_new"]) == (150, 2, True)
    assert "看不懂的一行" in str(told["unreadable_lines"])
    (copy,) = ProjectLists(served.archive.store, served.clock).copies()
    unreadable = b"".join(served.archive.store.chunks(copy.beside(".unreadable.csv"))).decode("utf-8-sig")
    (found,) = csv.DictReader(io.StringIO(unreadable))
    assert (found["行號 line"], found["原文 as published"]) == ("5", "看不懂的一行")

    before = tables(served)
    assert pshs(status=1).startswith("Error: The list of projects holds no project in 0 lines")
    assert tables(served) == before


def test_the_check_of_the_list_finds_a_line_that_is_in_no_table(served: Flow, scripted_portal: ScriptedPortal) -> None:
    scripted_portal.on(LIST, Answer(list_zip([row(), row(2), "看不懂的一行"])))
    definitions = with_projects(served)
    assert run_projects(definitions, served.instance).problem == ""

    def check() -> dg.AssetCheckResult:
        database = Database(served.settings.database)
        found = every_line_of_the_list(served.archive, database, served.clock, frozenset({"f"}))
        assert isinstance(found, dg.AssetCheckResult)
        return found

    assert check().passed
    with served.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM registered_projects WHERE project_number = 'F110000002'"))
    assert not check().passed
    assert str(check().description).startswith("3 lines of the list, but 1 registrations and 1 other lines")


def test_the_sandbox_has_a_list_that_fits_its_deals(loaded_flow: Flow, current: str, sandbox: Sandbox) -> None:
    definitions = with_projects(loaded_flow)
    outcome = run_projects(definitions, loaded_flow.instance)
    assert outcome.problem == ""
    assert int(str(outcome.told["unreadable"])) >= 1
    result = definitions.resolve_job_def("absorb").execute_in_process(
        instance=loaded_flow.instance, partition_key=current, run_config=dict(QUIET)
    )
    (check,) = result.get_asset_check_evaluations()
    assert check.passed, check.description
    (event,) = result.get_asset_materialization_events()
    told: dict[str, Any] = {name: entry.value for name, entry in event.materialization.metadata.items()}
    assert told["matched_share"] > 0.8
    assert told["projects_without_deals"] > 0
    assert told["dagster/row_count"] == loaded_flow.number("SELECT COUNT(*) FROM project_absorption") > 0
    methods = {method for (method,) in loaded_flow.rows("SELECT DISTINCT method FROM project_matches")}
    assert methods >= {"exact", "none"}
    sandbox.faults = [Fault.parse("no-projects")]
    before = tables(loaded_flow)
    problem = run_projects(definitions, loaded_flow.instance).problem
    assert "does not have the list of registered projects" in problem
    assert tables(loaded_flow) == before


def test_absorption_without_a_list_says_so(served: Flow) -> None:
    told = project_absorption(served.archive, Database(served.settings.database), served.clock)
    assert isinstance(told, dg.MaterializeResult)
    metadata: Any = told.metadata
    assert "pshs projects" in metadata["list_as_of"]
    assert (metadata["projects"], metadata["dagster/row_count"]) == (0, 0)


def test_the_command_lists_what_is_not_matched_for_people_and_for_excel(
    scripted_portal: ScriptedPortal, pshs: Pshs, tmp_path: Path
) -> None:
    scripted_portal.on(LIST, Answer(list_zip([row(), row(2, 建案名稱="[無人]問津", 層棟戶數="")])))
    pshs()
    assert "[無人]問津" in pshs("--unmatched")
    out = tmp_path / "unmatched.csv"
    assert "0 projects of deals, 2 registered projects" in pshs("--unmatched", "--city", "F", "--out", str(out))
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [(each["建案 project"], each["戶數 homes"]) for each in rows] == [("海天", "120"), ("[無人]問津", "")]
    assert "S is no city" in pshs("--unmatched", "--city", "S", status=1)
    assert "belong to --unmatched" in pshs("--city", "F", status=2)
