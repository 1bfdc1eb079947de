"""Loads that are killed, and loads that meet: the tables are as before or as after, never between."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.loading.load import LoadReport, load_release
from pshs_dagster.database.locks import exclusive
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.database.killed_load import RELEASE, killed_before, load_before
from pshs_dagster_tests.database.made_up import (
    LATER,
    copy_of,
    deal,
    deals_by_serial,
    frame,
    lines_of,
    load,
    rows_of,
    snapshot,
)
from pshs_dagster_tests.fixtures.mysql import PrivateServer


def tables(engine: sa.Engine) -> dict[str, Any]:
    """All tables but the ids, which a load that was rolled back may have used up."""
    return snapshot(engine, but=["id"])


@pytest.mark.thorough
@pytest.mark.slow
def test_a_load_killed_before_any_of_its_statements_leaves_the_tables_as_before(engine: sa.Engine) -> None:
    uri = engine.url.render_as_string(hide_password=False)
    load_before(engine)
    before = tables(engine)
    passed: list[str] = []
    for step in itertools.count(1):
        statement = killed_before(uri, step)
        if statement is None or "COMMIT" in passed:
            break
        passed.append(statement)
        assert tables(engine) == before, statement
    written = [statement for statement in passed if "deals" in statement or "release" in statement]
    assert len(written) > 5  # it was killed among its writes, not only before them
    assert passed[-1] == "COMMIT"
    after = tables(engine)
    assert after != before
    assert {event["event"] for event in rows_of(engine, "SELECT event FROM deal_events")} == {
        "changed",
        "cancelled",
        "withdrawn",
        "reinstated",
    }

    load(engine, "111S3", RELEASE, LATER)
    assert tables(engine) == after


@pytest.mark.thorough
@pytest.mark.slow
def test_a_load_that_was_killed_and_repeated_ends_as_one_that_was_not(
    engine: sa.Engine, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    load_before(engine)
    load(engine, "111S3", RELEASE, LATER)
    undisturbed = tables(engine)
    if engine.dialect.name == "mysql":
        server: PrivateServer = request.getfixturevalue("mysql_server")
        uri = server.create_database("pshs_killed")
    else:
        uri = f"sqlite:///{tmp_path / 'killed.db'}"
    disturbed = connect(uri)
    try:
        migrate(disturbed)
        load_before(disturbed)
        for step in itertools.count(1, 4):
            if killed_before(uri, step) is None:
                break
        load(disturbed, "111S3", RELEASE, LATER)
        assert tables(disturbed) == undisturbed
    finally:
        disturbed.dispose()
        if engine.dialect.name == "mysql":
            request.getfixturevalue("mysql_server").drop_database("pshs_killed")


def test_two_loads_of_the_same_release_at_a_time_end_as_one(engine: sa.Engine) -> None:
    deals = frame([deal(f"A{number}", line=number) for number in range(500)])
    reports: list[LoadReport] = []
    errors: list[BaseException] = []
    together = threading.Barrier(3)

    def run() -> None:
        together.wait()
        try:
            reports.append(load_release(engine, copy_of("111S2"), deals, lines_of(deals), LATER))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(report.new_deals for report in reports) == [0, 0, 500]
    assert len(deals_by_serial(engine)) == 500


def test_loads_of_different_releases_at_a_time_do_not_lose_a_deal(engine: sa.Engine) -> None:
    releases = ["2022-09-01", "2022-09-11", "2022-09-21", "111S4"]
    shared = [deal(f"S{number}", line=number) for number in range(200)]
    errors: list[BaseException] = []

    def run(release: str) -> None:
        own = [deal(f"{release}-{number}"[:30], line=number) for number in range(200)]
        try:
            load(engine, release, [*shared, *own], LATER)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(release,)) for release in releases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    stored = deals_by_serial(engine)
    assert len(stored) == 200 + 200 * len(releases)
    assert {row["last_release"] for serial, row in stored.items() if serial.startswith("S")} == {"111S4"}
    assert {row["first_release"] for serial, row in stored.items() if serial.startswith("S")} == {"2022-09-01"}


@pytest.mark.mysql
def test_a_load_that_waits_in_vain_says_so_and_leaves_the_lock_to_others(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    deals = frame([deal("A1")])
    arguments = (mysql_engine, copy_of("111S2"), deals, lines_of(deals), LATER)
    with exclusive(mysql_engine), pytest.raises(DatabaseError, match="Another load is at work"):
        load_release(*arguments, wait=timedelta(0))
    assert load_release(*arguments, wait=timedelta(0)).new_deals == 1


@pytest.mark.mysql
def test_a_load_that_fails_lets_go_of_the_lock(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    deals = frame([deal("A1")])
    with pytest.raises(DatabaseError):
        load_release(mysql_engine, copy_of("111S2"), deals, [], LATER)
    other = connect(mysql_engine.url.render_as_string(hide_password=False))
    try:
        assert load_release(other, copy_of("111S2"), deals, lines_of(deals), LATER, wait=timedelta(0)).new_deals == 1
    finally:
        other.dispose()


@pytest.mark.mysql
def test_databases_of_one_server_do_not_wait_for_each_other(
    mysql_engine: sa.Engine, mysql_server: PrivateServer
) -> None:
    other = connect(mysql_server.create_database("pshs_other"))
    try:
        with exclusive(mysql_engine), exclusive(other, timedelta(0)) as connection:
            assert connection.scalar(sa.text("SELECT DATABASE()")) == "pshs_other"
    finally:
        other.dispose()
        mysql_server.drop_database("pshs_other")
