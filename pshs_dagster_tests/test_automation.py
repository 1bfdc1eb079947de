"""What is asked for, and when: the decision by itself, then the sensor and the schedule on a real instance."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.automation import (
    RETRY_AFTER,
    Attempts,
    Known,
    attempts_for,
    decide,
    is_verified,
    release_sensor,
    ten_day_schedule,
)
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.flow import Flow


def releases(*keys: str) -> frozenset[Release]:
    return frozenset(Release.parse(key) for key in keys)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def known(listed: str = "", loaded: str = "", verified: str = "", attempts: dict[str, Attempts] | None = None) -> Known:
    return Known(
        releases(*listed.split()),
        releases(*loaded.split()),
        releases(*verified.split()),
        {Release.parse(key): tried for key, tried in (attempts or {}).items()},
    )


def asked(state: Known, now: str) -> list[str]:
    return [request.run_key for request in decide(state, at(now))]


QUARTER = "2022-07-01 2022-07-11 2022-07-21 2022-08-01 2022-08-11 2022-08-21 2022-09-01 2022-09-11"
SEASONS = "111S2 111S1 110S4"


def test_an_empty_database_asks_for_the_newest_issue_only() -> None:
    assert asked(known(f"{QUARTER} {SEASONS}"), "2022-09-12 12:00") == ["2022-09-11:1"]


def test_the_first_ten_minutes_belong_to_the_schedule() -> None:
    state = known(QUARTER, QUARTER, QUARTER)
    assert asked(state, "2022-09-21 09:59") == []
    assert asked(state, "2022-09-21 10:09") == []
    assert asked(state, "2022-09-21 10:10") == ["2022-09-21:1"]


def test_a_verified_release_is_never_asked_for_again() -> None:
    everything = f"{QUARTER} 2022-09-21"
    assert asked(known(everything, everything, everything), "2022-09-22 12:00") == []


def test_an_issue_that_was_missed_is_asked_for_oldest_first() -> None:
    state = known(QUARTER, "2022-07-01 2022-09-11", "2022-07-01 2022-09-11")
    keys = asked(state, "2022-09-12 12:00")
    assert keys == [f"{issue}:1" for issue in QUARTER.split()[1:-1]]


def test_issues_before_the_first_loaded_one_are_history_and_left_to_init() -> None:
    assert asked(known(QUARTER, "2022-09-11", "2022-09-11"), "2022-09-12 12:00") == []


def test_an_issue_that_a_loaded_season_covers_is_not_missed() -> None:
    listed = f"{QUARTER} 2022-09-21 2022-10-01 111S3"
    state = known(listed, "111S3 2022-10-01", "111S3 2022-10-01")
    assert asked(state, "2022-10-02 12:00") == []


def test_after_a_season_the_issues_that_follow_it_are_asked_for() -> None:
    state = known(f"{QUARTER} {SEASONS}", "111S2", "111S2")
    assert asked(state, "2022-09-12 12:00") == [f"{issue}:1" for issue in QUARTER.split()]


def test_a_season_that_has_closed_is_asked_for_and_older_ones_are_not() -> None:
    state = known(f"2022-10-01 111S3 {SEASONS}", "111S2 2022-09-21", "111S2 2022-09-21")
    assert asked(state, "2022-10-01 12:00") == ["111S3:1", "2022-10-01:1"]


def test_a_season_that_closed_after_the_first_issue_is_asked_for_where_no_season_is_loaded() -> None:
    state = known(f"2022-10-11 111S3 {SEASONS}", "2022-09-21 2022-10-11", "2022-09-21 2022-10-11")
    assert asked(state, "2022-10-12 12:00") == ["111S3:1"]


def test_a_failed_attempt_is_followed_by_another_one_hour_later() -> None:
    ended = at("2022-09-21 10:05")
    state = known(QUARTER, QUARTER, QUARTER, {"2022-09-21": Attempts(1, last_ended=ended)})
    assert asked(state, "2022-09-21 11:04") == []
    assert asked(state, "2022-09-21 11:05") == ["2022-09-21:2"]


def test_never_two_at_once_for_a_release() -> None:
    state = known(QUARTER, QUARTER, QUARTER, {"2022-09-21": Attempts(1, running=True)})
    assert asked(state, "2022-09-21 18:00") == []


def test_a_release_that_is_loaded_but_not_verified_is_asked_for_again() -> None:
    state = known(QUARTER, QUARTER, "2022-07-01", {"2022-07-11": Attempts(1, last_ended=at("2022-07-11 10:05"))})
    assert "2022-07-11:2" in asked(state, "2022-09-12 12:00")
    assert "2022-07-01:2" not in asked(state, "2022-09-12 12:00")


def refreshed(now: str, **attempts: Attempts) -> list[str]:
    listed = f"{SEASONS} 110S3 110S2 110S1 109S4 109S3 109S2 2022-09-11"
    return asked(known(listed, listed, listed, {name.lstrip("_"): tried for name, tried in attempts.items()}), now)


def succeeded(day: str) -> Attempts:
    return Attempts(1, last_ended=at(day), last_fetched=at(day))


def test_the_newest_seasons_are_fetched_again_once_a_month_one_at_a_time() -> None:
    month_ago = {"_111S2": succeeded("2022-08-12 12:00"), "_111S1": succeeded("2022-08-13 11:00")}
    assert refreshed("2022-09-11 11:00", **month_ago) == []
    assert refreshed("2022-09-12 13:00", **month_ago) == ["111S2:2"]
    assert refreshed("2022-09-12 12:00", **{**month_ago, "_111S2": succeeded("2022-09-12 11:00")}) == ["111S1:2"]


def test_a_season_older_than_the_newest_eight_is_left_alone() -> None:
    assert refreshed("2022-09-12 12:00", _109S2=succeeded("2022-01-01 12:00")) == []
    assert refreshed("2022-09-12 12:00", _109S4=succeeded("2022-01-01 12:00")) == ["109S4:2"]


def test_a_refresh_that_failed_is_tried_again_in_an_hour_and_waits_for_runs_under_way() -> None:
    failed = Attempts(2, last_ended=at("2022-09-12 11:30"), last_fetched=at("2022-08-01 12:00"))
    assert refreshed("2022-09-12 12:00", _111S2=failed) == []
    assert refreshed("2022-09-12 12:30", _111S2=failed) == ["111S2:3"]
    assert refreshed("2022-09-12 12:30", _111S2=failed, _110S4=Attempts(1, running=True)) == []


issues = st.builds(lambda n: Release.covering(date(2022, 1, 1) + timedelta(days=10 * n)), st.integers(0, 60))
seasons = st.builds(Release.season, st.integers(110, 112), st.integers(1, 4))
sets = st.frozensets(st.one_of(issues, seasons), max_size=8)


@given(sets, sets, sets, st.dictionaries(st.one_of(issues, seasons), st.booleans(), max_size=4), st.integers(0, 600))
def test_whatever_is_known_nothing_verified_running_or_just_tried_is_asked_for(
    listed: frozenset[Release],
    loaded: frozenset[Release],
    verified: frozenset[Release],
    running: dict[Release, bool],
    day: int,
) -> None:
    now = at("2022-01-01 12:00") + timedelta(days=day)
    attempts = {
        release: Attempts(1, is_running, now - timedelta(minutes=59)) for release, is_running in running.items()
    }
    requests = decide(Known(listed, loaded, verified & loaded, attempts), now)
    asked_for = [request.release for request in requests]
    assert len(set(asked_for)) == len(asked_for)
    assert not set(asked_for) & (verified & loaded)
    assert not set(asked_for) & attempts.keys()


def evaluate_sensor(flow: Flow) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(
        instance=flow.instance, resources=dict(flow.definitions.resources or {}), definitions=flow.definitions
    )
    result = release_sensor(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def keys_of(result: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    assert isinstance(result, dg.SensorResult), result
    return [request.run_key for request in result.run_requests or []]


@pytest.mark.slow
def test_the_sensor_asks_again_in_an_hour_and_succeeds_once_the_new_issue_is_there(
    flow: Flow, sandbox: Sandbox, issue: str
) -> None:
    release = Release.parse(issue)
    sandbox.faults = [Fault.parse("late")]
    assert keys_of(evaluate_sensor(flow)) == [f"{issue}:1"]
    assert flow.run(issue).problem.startswith("release_date failed")

    assert isinstance(evaluate_sensor(flow), dg.SkipReason)
    flow.clock.ahead = RETRY_AFTER - timedelta(minutes=2)
    assert isinstance(evaluate_sensor(flow), dg.SkipReason)
    flow.clock.ahead = RETRY_AFTER + timedelta(minutes=2)
    assert keys_of(evaluate_sensor(flow)) == [f"{issue}:2"]
    assert not is_verified(flow.instance, release)

    sandbox.faults = ()
    assert flow.run(issue).verified
    assert is_verified(flow.instance, release)
    flow.clock.ahead = 3 * RETRY_AFTER
    assert isinstance(evaluate_sensor(flow), dg.SkipReason)


def test_a_run_of_the_sensor_is_for_a_partition_that_it_adds(flow: Flow, issue: str) -> None:
    result = evaluate_sensor(flow)
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    (addition,) = result.dynamic_partitions_requests or []
    assert request.partition_key == issue
    assert list(addition.partition_keys) == [issue]


def test_a_site_that_is_down_makes_the_sensor_wait_and_say_so(flow: Flow, sandbox: Sandbox) -> None:
    sandbox.faults = [Fault.parse("errors:99")]
    flow.overrides["portal"] = _impatient(flow, sandbox)
    result = evaluate_sensor(flow)
    assert isinstance(result, dg.SkipReason)
    assert "127.0.0.1" in (result.skip_message or "")


def test_the_schedule_asks_at_ten_in_taipei_for_the_issue_of_the_day(flow: Flow) -> None:
    context = dg.build_schedule_context(instance=flow.instance, scheduled_execution_time=at("2022-09-21 10:00"))
    request = ten_day_schedule(context)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2022-09-21", "2022-09-21:1")
    assert flow.instance.get_dynamic_partitions("releases") == ["2022-09-21"]
    assert ten_day_schedule.cron_schedule == "0 10 1,11,21 * *"
    assert ten_day_schedule.execution_timezone == "Asia/Taipei"


@pytest.mark.slow
def test_attempts_are_counted_whoever_made_them(flow: Flow, sandbox: Sandbox, issue: str) -> None:
    release = Release.parse(issue)
    sandbox.faults = [Fault.parse("html")]
    assert attempts_for(flow.instance, release) == Attempts()
    for count in (1, 2):
        flow.run(issue)
        tried = attempts_for(flow.instance, release)
        assert (tried.count, tried.running) == (count, False)
        assert tried.last_ended is not None
        assert tried.last_ended <= flow.clock()


def test_repeating_a_check_is_no_new_fetch(flow: Flow, issue: str) -> None:
    release = Release.parse(issue)
    assert flow.run(issue).verified
    fetched = attempts_for(flow.instance, release).last_fetched
    assert fetched is not None
    assert flow.run_alone(issue, check="rows_in_database").success
    tried = attempts_for(flow.instance, release)
    assert (tried.count, tried.last_fetched) == (2, fetched)


def test_one_failed_guard_makes_a_release_unverified_again(loaded_flow: Flow, issue: str) -> None:
    assert is_verified(loaded_flow.instance, Release.parse(issue))
    with loaded_flow.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM deals WHERE id = (SELECT MIN(id) FROM deals)")
    loaded_flow.run_alone(issue, check="rows_in_database")
    assert not is_verified(loaded_flow.instance, Release.parse(issue))


@pytest.fixture(autouse=True)
def _fresh_portal_state(sandbox: Sandbox) -> None:
    """Every test begins with a sandbox that has no faults."""
    assert sandbox.faults == ()


def _impatient(flow: Flow, sandbox: Sandbox) -> object:
    from pshs_dagster.portal import Patience, Portal

    return Portal(sandbox.url, clock=flow.clock, patience=Patience(attempts=2, backoff=0.01, page=5))
