"""MOI's site is down when an issue is due: what is tried, what is told, and that it is loaded once it is back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from pshs_dagster.automation import RETRY_AFTER
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.faults.hours import FAILED, ISSUE, LOOK_EVERY, NEWS, OVER, Day, Holdings, go_to
from pshs_dagster_tests.fixtures.flow import Flow

pytestmark = pytest.mark.slow

EVERY = 2 * LOOK_EVERY


@pytest.mark.thorough
def test_a_site_that_is_down_for_three_hours_is_told_once_and_its_issue_is_loaded_as_soon_as_it_is_back(
    troubled: Flow, undisturbed: Holdings, site: Sandbox, receiver: Receiver
) -> None:
    day = Day(troubled, receiver)
    site.stop()
    go_to(troubled, day.now - timedelta(hours=1))
    day.pass_by(timedelta(minutes=50))
    assert day.attempts == []
    assert "refused" in day.said
    assert receiver.titles() == ["[pshs] 2026-09-01 十日報 ten-day digest"]  # nothing is late yet

    go_to(troubled, day.now + LOOK_EVERY)
    day.scheduled()
    day.pass_by(2 * RETRY_AFTER)
    (failed,) = day.attempts  # a site that does not even list is not asked for files
    assert "refused" in failed.outcome.problem
    assert day.told == [FAILED]

    site.start()
    day.pass_by(LOOK_EVERY)
    assert [attempt.outcome.verified for attempt in day.attempts] == [False, True]
    day.pass_by(RETRY_AFTER)
    assert len(day.attempts) == 2
    assert day.told == [FAILED, OVER]
    assert receiver.titles()[-1] == NEWS
    assert Holdings.of(troubled) == undisturbed


@pytest.mark.thorough
def test_a_site_that_lists_and_does_not_deliver_is_tried_once_an_hour_whatever_it_says(
    troubled: Flow, undisturbed: Holdings, site: Sandbox, receiver: Receiver
) -> None:
    day = Day(troubled, receiver)
    for fault in ("errors:999", "stall", "errors:999"):
        site.faults = [Fault.parse(f"{fault}@{ISSUE}")]
        day.pass_by(RETRY_AFTER - EVERY, EVERY)
        assert day.told == [FAILED]
        day.pass_by(EVERY, EVERY)
    site.faults = ()
    day.pass_by(RETRY_AFTER, EVERY)
    assert [attempt.key for attempt in day.attempts] == [f"{ISSUE}:{number}" for number in range(1, 5)]
    assert all(later.at - earlier.at >= RETRY_AFTER for earlier, later in pairwise(day.attempts))
    assert day.attempts[-1].outcome.verified
    # That it is three hours late is one thing more than that its runs fail.
    assert day.told == [FAILED, "執行失敗、逾時未驗證 run failed, overdue", OVER]
    assert Holdings.of(troubled) == undisturbed
