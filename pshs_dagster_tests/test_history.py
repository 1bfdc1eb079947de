"""The history loaded anew: from the archive, through Dagster, with all that was proved on record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from pshs_dagster.archive import ArchivedZip
from pshs_dagster.automation import is_verified
from pshs_dagster.checks import GUARDS
from pshs_dagster.cli_history import init
from pshs_dagster.cli_history import rebuild as rebuild_command
from pshs_dagster.config import Settings
from pshs_dagster.database.reading.digest import table_digests
from pshs_dagster.definitions import build_defs
from pshs_dagster.errors import PshsError
from pshs_dagster.history.job import JOB_NAME
from pshs_dagster.history.loading import Replayed
from pshs_dagster.history.prepare import ahead
from pshs_dagster.history.replay import Watch, Wishes, kept_copies, nobody
from pshs_dagster.history.runs import Rebuilt, run_rebuild, wanted
from pshs_dagster.portal import Published
from pshs_dagster.releases import Release
from pshs_dagster.runs import open_instance
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.flow import Flow, settings_in

pytestmark = pytest.mark.thorough

ON_SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
"""For what does not depend on the database: four loads on MySQL as well would only take time."""


def rebuild(flow: Flow, wishes: Wishes | None = None, watch: Watch = nobody) -> Rebuilt:
    """Rebuild as `pshs rebuild` does."""

    def definitions(watching: Watch) -> dg.Definitions:
        flow.overrides["rebuild_watch"] = watching
        return flow.definitions

    return run_rebuild(definitions, flow.instance, wishes or Wishes(), watch)


@pytest.fixture
def installed(tmp_path: Path, sandbox: Sandbox, database_uri: str) -> Iterator[Flow]:
    """An installation once on SQLite and once on MySQL."""
    settings = settings_in(tmp_path, sandbox.url, database_uri, cities=frozenset("abefh"))
    with Flow(tmp_path, settings) as flow:
        yield flow


@pytest.fixture
def loaded(installed: Flow, sandbox: Sandbox, issue: str) -> list[str]:
    """Issues of a window, and two copies of the season that covers them; loaded out of order."""
    current = Release.parse(issue)
    season = current.covering_season().preceding()
    earlier = current.preceding()
    for name in (issue, season.key, earlier.key):
        assert installed.run(name).verified, name
    sandbox.today += timedelta(days=250)
    installed.clock.ahead = timedelta(days=250)
    assert installed.run(season.key).verified
    assert len(installed.archive.copies(season)) == 2
    return [issue, season.key, earlier.key]


def test_a_rebuild_ends_in_the_very_same_content(installed: Flow, loaded: list[str]) -> None:
    before, who = table_digests(installed.engine), installed.rows("SELECT serial_number, id, created_at FROM deals")
    rebuilt = rebuild(installed)
    assert (rebuilt.problem, rebuilt.swapped) == ("", True)
    assert len(rebuilt.replayed) == len(loaded) + 1
    assert table_digests(installed.engine) == before
    assert sorted(installed.rows("SELECT serial_number, id, created_at FROM deals")) == sorted(who)


def test_an_empty_database_and_a_new_instance_come_back_from_the_archive(
    installed: Flow, loaded: list[str], tmp_path: Path
) -> None:
    before = table_digests(installed.engine)
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_in(new, "http://127.0.0.1:9", storage_dir=tmp_path / "archive", cities=frozenset("abefh"))
    with Flow(new, settings) as elsewhere:
        rebuilt = rebuild(elsewhere)
        assert rebuilt.problem == ""
        assert table_digests(elsewhere.engine) == before
        for name in loaded:
            assert is_verified(elsewhere.instance, Release.parse(name)), name
        materialized = elsewhere.instance.get_materialized_partitions(dg.AssetKey("mysql_deals"))
        assert materialized == set(loaded)


@ON_SQLITE
def test_every_guard_is_evaluated_for_every_release(installed: Flow, loaded: list[str]) -> None:
    run_id = rebuild(installed).run_id
    records = installed.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    told = set[tuple[str, str | None]]()
    for record in records:
        assert record.event_log_entry.dagster_event is not None
        evaluation = record.event_log_entry.dagster_event.asset_check_evaluation_data
        told.add((evaluation.check_name, evaluation.partition))
    assert told == {(guard.name, name) for guard in GUARDS for name in loaded}


@ON_SQLITE
def test_the_new_tables_are_proved_before_they_take_the_place(
    installed: Flow, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pshs_dagster.history import loading

    before = installed.tables()
    fingerprints = loading.Expected.add

    def forgetful(self: loading.Expected, record: object, keys: object, of_values: object) -> None:
        """As if the values of one deal had come into the table as others."""
        of_values[0] += 1  # type: ignore[index]
        fingerprints(self, record, keys, of_values)  # type: ignore[arg-type]

    monkeypatch.setattr(loading.Expected, "add", forgetful)
    rebuilt = rebuild(installed)
    assert "do not hold what" in rebuilt.problem
    assert not rebuilt.swapped
    assert installed.tables() == before
    assert loaded


@ON_SQLITE
def test_a_loaded_copy_that_the_archive_has_lost_is_not_given_up_unasked(installed: Flow, loaded: list[str]) -> None:
    before = installed.tables()
    shutil.rmtree(Path(installed.archive.location("raw")) / loaded[0])
    rebuilt = rebuild(installed)
    assert loaded[0] in rebuilt.problem
    assert "--drop-missing" in rebuilt.problem
    assert installed.tables() == before
    rebuilt = rebuild(installed, Wishes(drop_missing=True))
    assert rebuilt.problem == ""
    assert installed.number("SELECT COUNT(*) FROM releases WHERE `release` = :name", name=loaded[0]) == 0


@ON_SQLITE
def test_a_damaged_copy_stops_the_rebuild(installed: Flow, loaded: list[str]) -> None:
    before = installed.tables()
    copy = kept_copies(installed.archive)[0]
    path = Path(installed.archive.location(copy.key))
    path.write_bytes(path.read_bytes()[:-10])
    rebuilt = rebuild(installed)
    assert "damaged" in rebuilt.problem
    assert copy.release.key in loaded
    assert installed.tables() == before


@ON_SQLITE
def test_copies_come_in_the_order_of_knowledge(installed: Flow, loaded: list[str]) -> None:
    seen: list[Replayed] = []
    rebuild(installed, watch=lambda outcome, _number, _of: seen.append(outcome))
    moments = [outcome.copy.as_of for outcome in seen]
    assert moments == sorted(moments)
    assert {outcome.release.key for outcome in seen} == set(loaded)


def test_the_next_copy_is_prepared_while_one_is_loaded_and_no_more_than_that(flow: Flow, issue: str) -> None:
    import threading

    assert flow.run(issue).verified
    (copy,) = flow.archive.copies(Release.parse(issue))
    begun: list[threading.Event] = [threading.Event() for _ in range(4)]
    taken = 0

    def prepare(_: ArchivedZip) -> object:
        number = sum(event.is_set() for event in begun)
        begun[number].set()
        assert number <= taken + 1, "a third release would be held"
        return number

    for taken, number in enumerate(ahead([copy] * 4, prepare), 1):  # type: ignore[arg-type,type-var]
        assert number == taken - 1  # type: ignore[comparison-overlap]
        if taken < 4:
            assert begun[taken].wait(10)  # under way before this one is done


def test_init_wants_the_seasons_of_the_history_and_every_issue() -> None:
    issues = [Release.parse(name) for name in ("2026-07-01", "2026-07-11", "2026-07-21")]
    seasons = [Release.parse(name) for name in ("110S1", "110S2", "110S3")]
    published = Published(issues[2], issues[2].window, tuple(issues[:2]), tuple(seasons))
    assert wanted(published, Release.parse("110S2")) == [*seasons[1:], *issues]


@pytest.fixture
def commands(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a person would have in the environment; a short history."""
    current = Release.issue(sandbox.today)
    settings = settings_in(tmp_path, sandbox.url, cities=frozenset("af"))
    for name, value in {
        "PORTAL_URL": sandbox.url,
        "DATABASE_URI": settings.database,
        "STORAGE_TYPE": "LOCAL",
        "STORAGE_DIR": str(tmp_path / "archive"),
        "DAGSTER_HOME": str(tmp_path),
        "CITIES": "a,f",
        "HISTORY_FROM": current.covering_season().preceding().preceding().key,
    }.items():
        monkeypatch.setenv(name, value)
    return settings


def test_init_refuses_where_nobody_can_be_asked(commands: Settings) -> None:
    done = CliRunner().invoke(init, [])
    assert done.exit_code == 1
    assert "--yes" in done.output
    assert not commands.archive_dir.exists()


@pytest.mark.slow
def test_init_loads_the_history_and_rebuild_gives_the_same(commands: Settings) -> None:
    done = CliRunner().invoke(init, ["--yes"])
    assert done.exit_code == 0, done.output
    assert "Loaded anew" in done.output
    with Flow(commands.dagster_home, commands) as installed:
        before = table_digests(installed.engine)
        names = [str(name) for (name,) in installed.rows("SELECT `release` FROM releases")]
        assert names
        assert all(is_verified(installed.instance, Release.parse(name)) for name in names)
    done = CliRunner().invoke(rebuild_command, [])
    assert done.exit_code == 0, done.output
    with Flow(commands.dagster_home, commands) as installed:
        assert table_digests(installed.engine) == before


@pytest.mark.slow
def test_init_names_what_it_could_not_fetch_and_loses_nothing(commands: Settings, sandbox: Sandbox) -> None:
    current = Release.issue(sandbox.today)
    sandbox.faults = [Fault.parse(f"html@{current.key}")]
    done = CliRunner().invoke(init, ["--yes"])
    assert done.exit_code == 1
    assert f"{current} was not fetched" in done.output
    with Flow(commands.dagster_home, commands) as installed:
        assert installed.number("SELECT COUNT(*) FROM releases") > 0


def test_a_rebuild_under_way_is_not_joined_by_another(flow: Flow) -> None:
    job = flow.definitions.resolve_job_def(JOB_NAME)
    flow.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    with pytest.raises(PshsError, match="under way"):
        rebuild(flow)


def test_the_job_stands_on_dagsters_page(tmp_path: Path) -> None:
    definitions = build_defs(settings_in(tmp_path, "http://127.0.0.1:9"))
    with open_instance(tmp_path):
        assert definitions.resolve_job_def(JOB_NAME).name == JOB_NAME
