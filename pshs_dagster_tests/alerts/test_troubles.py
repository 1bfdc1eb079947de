"""What is wrong, judged from what is known and the time alone."""

from __future__ import annotations

from datetime import datetime

import pytest

from pshs_dagster.alerts.troubles import (
    Evidence,
    FailedCheck,
    FailedRun,
    Kind,
    Trouble,
    of_run,
    troubles_of,
    watched_issues,
)
from pshs_dagster.releases import TAIPEI, Release

ISSUE = Release.parse("2022-09-21")
SEASON = Release.parse("111S2")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def releases(*keys: str) -> frozenset[Release]:
    return frozenset(Release.parse(key) for key in keys)


def kinds(evidence: Evidence, now: str, loaded: frozenset[Release] | None = frozenset()) -> list[Kind]:
    return [trouble.kind for trouble in troubles_of(evidence, at(now), loaded)]


@pytest.mark.parametrize(("now", "overdue"), [("2022-09-21 12:59", False), ("2022-09-21 13:00", True)])
def test_an_issue_is_overdue_three_hours_after_its_hour(now: str, overdue: bool) -> None:
    assert kinds(Evidence(ISSUE), now) == ([Kind.OVERDUE] if overdue else [])


def test_an_issue_that_is_loaded_and_verified_is_not_overdue() -> None:
    assert kinds(Evidence(ISSUE, verified=True), "2022-09-22 12:00", releases("2022-09-21")) == []


def test_an_issue_whose_rows_are_gone_is_overdue_whatever_its_checks_once_said() -> None:
    assert kinds(Evidence(ISSUE, verified=True), "2022-09-22 12:00", releases("2022-09-11")) == [Kind.OVERDUE]


def test_without_a_database_the_checks_are_believed() -> None:
    assert kinds(Evidence(ISSUE, verified=True), "2022-09-22 12:00", None) == []


def test_a_season_is_never_overdue() -> None:
    assert kinds(Evidence(SEASON), "2022-09-22 12:00") == []


def test_what_went_wrong_with_a_release_that_is_not_out_yet_is_no_trouble() -> None:
    failed = Evidence(ISSUE, failed_run=FailedRun("run", "raw_zip", "It is not there.", "NotPublished"))
    assert kinds(failed, "2022-09-21 09:59") == []
    assert kinds(failed, "2022-09-21 10:01") == [Kind.RUN]


def test_an_issue_that_a_loaded_season_has_is_no_trouble_any_more() -> None:
    lost = Release.parse("2022-06-21")
    assert SEASON.window.covers(lost.window)
    failed = Evidence(lost, failed_run=FailedRun("run", "raw_zip", "It is not there.", "NotPublished"))
    assert kinds(failed, "2022-09-21 12:00") == [Kind.RUN, Kind.OVERDUE]
    assert kinds(failed, "2022-09-21 12:00", releases("111S2")) == []


def test_withdrawals_that_wait_are_told_from_other_checks() -> None:
    checks = (FailedCheck("withdrawals", "Would withdraw 臺北市 600.", "run"), FailedCheck("created_at", "Old.", "run"))
    assert kinds(Evidence(SEASON, failed_checks=checks), "2022-09-21 12:00") == [Kind.WITHDRAWALS, Kind.CHECK]


def test_the_same_failure_of_another_attempt_is_the_same_trouble() -> None:
    first = of_run("111S2", FailedRun("run 1", "raw_zip", "moi.test:8123 sent 17 of 90 bytes.", "BrokenZip"))
    again = of_run("111S2", FailedRun("run 2", "raw_zip", "moi.test:9999 sent 23 of 91 bytes.", "BrokenZip"))
    assert first.fingerprint == again.fingerprint


def test_a_site_that_is_down_is_one_trouble_however_it_says_so() -> None:
    refused = of_run("111S2", FailedRun("run 1", "raw_zip", "It refused the connection.", "SiteDown"))
    slow = of_run("111S2", FailedRun("run 2", "raw_zip", "It sent nothing for a minute.", "SiteDown"))
    broken = of_run("111S2", FailedRun("run 3", "raw_zip", "It sent nothing for a minute.", "BrokenZip"))
    assert refused.fingerprint == slow.fingerprint != broken.fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        Trouble(Kind.CHECK, "111S2", "created_at", "3 are missing."),
        Trouble(Kind.CHECK, "111S2", "rows_in_database", "4 are missing."),
        Trouble(Kind.RUN, "111S2", "rows_in_database", "3 are missing."),
    ],
)
def test_another_check_another_count_or_another_kind_is_a_change(changed: Trouble) -> None:
    known = Trouble(Kind.CHECK, "111S2", "rows_in_database", "3 are missing.", run_id="run 1")
    assert changed.fingerprint != known.fingerprint


def watched(now: str, *loaded: str) -> list[str]:
    return [issue.key for issue in watched_issues(releases(*loaded), at(now))]


def test_with_nothing_loaded_only_the_newest_issue_may_be_overdue() -> None:
    assert watched("2022-09-21 13:00") == ["2022-09-21"]
    assert watched("2022-09-21 12:59") == ["2022-09-11"]


def test_issues_since_the_oldest_loaded_one_may_be_overdue() -> None:
    assert watched("2022-09-21 13:00", "2022-09-01") == ["2022-09-01", "2022-09-11", "2022-09-21"]


def test_issues_that_a_published_season_has_are_not_waited_for() -> None:
    expected = [issue.key for issue in SEASON.following().issues()]
    assert SEASON.following().published_on.isoformat() == "2022-10-01"
    assert watched("2022-09-30 13:00", "2022-01-01") == expected
    assert watched("2022-10-01 13:00", "2022-01-01") == ["2022-10-01"]
