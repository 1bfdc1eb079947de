"""The sensor on a real installation: what it tells over HTTP, to whom, and how often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from pshs_dagster.alerts.sensor import NO_SERVICE
from pshs_dagster.automation import JOB_NAME, PARTITION_TAG
from pshs_dagster.config import DAGSTER_URL
from pshs_dagster.portal import Patience, Portal
from pshs_dagster.releases import ISSUE_HOUR, Release
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.conftest import Watch
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.deals.lines import csv, line
from pshs_dagster_tests.fixtures.flow import Flow, FolderPortal
from pshs_dagster_tests.fixtures.portal import zip_bytes

SEASON = "111S3"  # trades of 2022-05-11 – 2022-08-10, as the lines of `line` are


def fail(flow: Flow, *releases: str, why: str = "The power went.") -> None:
    """Runs that failed, one for each release, at no cost."""
    flow.instance.add_dynamic_partitions("releases", releases)
    for release in releases:
        run = dg.DagsterRun(JOB_NAME, make_new_run_id(), tags={PARTITION_TAG: release})
        flow.instance.report_run_failed(flow.instance.add_run(run), message=why)


def about(receiver: Receiver, subject: str) -> list[str]:
    """The titles of the messages about one thing, without what they have in common."""
    start = f"[pshs] {subject}："
    return [title.removeprefix(start) for title in receiver.titles() if title.startswith(start)]


def season_zip(folder: Path, deals: int) -> Path:
    """A season with so many deals of one city, of which one has a date that makes a check warn."""
    path = folder / f"{SEASON}_{deals}.zip"
    lines = [line(編號=f"RPPNMLMKKHHGFEF{number:02d}CB") for number in range(deals)]
    stray = line(編號="RPPNMLMKKHHGFEF99CB", 交易年月日="1110101")
    path.write_bytes(zip_bytes({"f_lvr_land_b.csv": csv([*lines, stray])}))
    return path


def test_an_issue_that_is_late_is_told_once_and_once_that_it_is_over(
    watch: Watch, flow: Flow, sandbox: Sandbox, issue: str, receiver: Receiver
) -> None:
    sandbox.faults = [Fault.parse("late")]
    first = flow.run(issue)
    watch.tick()
    flow.run(issue)
    watch.tick()
    watch.tick()
    (told,) = receiver.taken
    assert issue in told.title
    assert "check failed" in told.title
    assert "檢查未通過" in told.title
    assert "run failed" not in told.title  # the check tells why
    assert first.problem.partition(": ")[2] in told.body
    assert "rows 7" in told.body  # of some 80 lines in the sandbox's small issue
    assert f"{DAGSTER_URL}/runs/{first.run_id}" in told.body

    sandbox.faults = ()
    assert flow.run(issue).verified
    assert "2 messages sent" in watch.tick()
    watch.tick()
    _, over, digest = receiver.taken
    assert (over.mood, digest.mood) == ("success", "info")
    assert about(receiver, issue)[-1] == "已恢復正常 over"
    assert "release_date" in over.body
    new = flow.number("SELECT COUNT(*) FROM deals WHERE first_release = :release", release=issue)
    assert f"new deals: {new}（" in digest.body


def test_a_receiver_that_answers_500_for_a_while_is_told_when_it_is_well(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver
) -> None:
    fail(flow, issue)
    receiver.status = 500
    for attempt in (1, 2):
        assert "told at the next look: json://127.0.0.1" in watch.tick()
        assert receiver.refused == attempt
    receiver.status = 200
    watch.tick()
    watch.tick()
    assert len(about(receiver, issue)) == 1


def test_of_two_services_one_is_down_and_the_other_is_not_told_twice(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver, other_receiver: Receiver
) -> None:
    fail(flow, issue)
    watch.tell(receiver.url, other_receiver.url)
    receiver.status = 503
    for _ in range(3):
        watch.tick()
    assert (receiver.taken, len(about(other_receiver, issue))) == ([], 1)
    receiver.status = 200
    watch.tick()
    assert (len(about(receiver, issue)), len(about(other_receiver, issue))) == (1, 1)


def test_without_services_nothing_is_remembered_and_later_what_is_wrong_then_is_told(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver
) -> None:
    fail(flow, issue)
    watch.tell()
    assert watch.tick() == NO_SERVICE
    assert watch.cursor is None
    watch.tell(receiver.url)
    watch.tick()
    assert len(about(receiver, issue)) == 1


def test_an_issue_that_nobody_loads_is_told_three_hours_after_its_hour(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver
) -> None:
    assert flow.run(issue).verified
    following = Release.parse(issue).following()
    due = flow.clock().replace(
        year=following.published_on.year,
        month=following.published_on.month,
        day=following.published_on.day,
        hour=ISSUE_HOUR.hour + 2,
        minute=55,
    )
    flow.clock.ahead = due - flow.clock()
    assert watch.tick().startswith("Nothing is wrong")
    assert about(receiver, following.key) == []
    flow.clock.ahead += timedelta(minutes=6)
    watch.tick()
    watch.tick()
    assert about(receiver, following.key) == ["逾時未驗證 overdue"]
    assert "No run for it has ended" in receiver.taken[-1].body


@pytest.mark.thorough
def test_withdrawals_wait_for_a_person_who_is_told_how_many_and_how_to_confirm(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver, tmp_path: Path
) -> None:
    flow.overrides["portal"] = FolderPortal({SEASON: season_zip(tmp_path, 40)})
    outcome = flow.run(SEASON)
    assert [check.name for check in outcome.checks if not check.passed] == ["release_date"]
    watch.tick()
    assert about(receiver, SEASON) == []  # a warning is no trouble

    flow.overrides["portal"] = FolderPortal({SEASON: season_zip(tmp_path, 10)})
    for _ in range(2):
        assert not flow.run(SEASON).verified
        watch.tick()
    assert about(receiver, SEASON) == ["撤下待確認 withdrawals wait for confirmation"]
    (told,) = [message.body for message in receiver.taken if SEASON in message.title]
    assert "新北市 30 of 40" in told
    assert f"pshs load {SEASON} --confirm-withdrawals" in told
    assert issue not in told

    assert flow.run(SEASON, confirm_withdrawals=True).verified
    watch.tick()
    assert about(receiver, SEASON)[1:] == ["已恢復正常 over"]


@pytest.mark.thorough
def test_a_run_that_fails_in_another_way_is_told_again(
    watch: Watch, flow: Flow, sandbox: Sandbox, issue: str, receiver: Receiver
) -> None:
    flow.overrides["portal"] = Portal(
        sandbox.url, clock=flow.clock, patience=Patience(attempts=2, backoff=0.01, page=5)
    )
    told = list[int]()
    for fault in ("html", "html", "errors:99", "truncated"):
        sandbox.faults = [Fault.parse(fault)]
        assert not flow.run(issue).verified
        watch.tick()
        told.append(len(about(receiver, issue)))
    assert told == [1, 1, 2, 3]
    assert all("「下載」這一步失敗" in message.body for message in receiver.taken)


def test_a_check_that_a_person_repeats_and_that_fails_is_told(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver
) -> None:
    assert flow.run(issue).verified
    watch.tick()
    with flow.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM deals WHERE id = (SELECT MIN(id) FROM deals)")
    flow.run_alone(issue, check="rows_in_database")
    watch.tick()
    assert "missing 1" in receiver.taken[-1].body


def test_a_run_for_no_release_is_told_and_over_when_it_is_repeated_though_a_service_was_down(
    watch: Watch, flow: Flow, receiver: Receiver, other_receiver: Receiver
) -> None:
    works = False

    @dg.op
    def tidy() -> None:
        if not works:
            raise dg.Failure("The shelf is full.")

    @dg.job
    def tidy_up() -> None:
        tidy()

    watch.tell(receiver.url, other_receiver.url)
    other_receiver.status = 500
    tidy_up.execute_in_process(instance=flow.instance, raise_on_error=False)
    watch.tick()
    watch.tick()
    works = True
    tidy_up.execute_in_process(instance=flow.instance)
    watch.tick()
    watch.tick()
    assert about(receiver, "tidy_up") == ["執行失敗 run failed", "已恢復正常 over"]
    # What it was is not forgotten, though it was over before this service came back.
    other_receiver.status = 200
    watch.tick()
    watch.tick()
    assert about(other_receiver, "tidy_up") == ["已恢復正常 over"]
    assert "The shelf is full." in next(m.body for m in other_receiver.taken if "tidy_up" in m.title)


def test_many_troubles_at_once_are_one_message(watch: Watch, flow: Flow, receiver: Receiver) -> None:
    seasons = [f"{year}S{quarter}" for year in (110, 111) for quarter in (1, 2, 3, 4)]
    fail(flow, *seasons)
    watch.tick()
    watch.tick()
    (told,) = receiver.taken
    assert all(season in told.body for season in seasons)
    for season in seasons:
        assert about(receiver, season) == []


def test_a_failed_run_is_told_although_the_database_is_down(
    watch: Watch, flow: Flow, issue: str, receiver: Receiver
) -> None:
    from pshs_dagster.database.database import Database

    flow.overrides["database"] = Database("mysql+pymysql://pshs:hunter2@127.0.0.1:1/pshs")
    outcome = flow.run(issue)
    assert "127.0.0.1:1" in outcome.problem
    watch.tick()
    (told,) = receiver.taken
    assert "127.0.0.1:1" in told.body


def test_no_password_is_told_or_kept(watch: Watch, flow: Flow, issue: str, receiver: Receiver) -> None:
    told = (
        "mysql+pymysql://pshs:hunter2@127.0.0.1:1/pshs and https://moi:hunter2/with@slash@moi.test/x?token=hunter2 "
        "and password=hunter2 failed"
    )
    fail(flow, issue, why=told)
    flow.overrides["dagster_url"] = "https://nginx:hunter2@pshs.test/dagster/"
    said = watch.tick()
    (message,) = receiver.taken
    assert "moi.test" in message.body
    assert "https://pshs.test/dagster/runs/" in message.body
    for kept in (said, watch.cursor or "", message.text, repr(flow.overrides["alert_sender"])):
        assert "hunter2" not in kept
