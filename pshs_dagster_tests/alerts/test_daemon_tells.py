"""The sensor as Dagster's daemon runs it: its cursor is kept, and what it tells is told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from dagster._core.scheduler.instigation import TickStatus

from pshs_dagster.alerts.sensor import alert_sensor
from pshs_dagster.clock import taipei_now
from pshs_dagster.releases import newest_issue_due
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.fixtures.dagster import Installation, eventually

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]  # a second look comes after a minute


@dataclass
class Alerted(Installation):
    """An installation that has somebody to tell."""

    alert_urls: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, "ALERT_URLS": self.alert_urls}

    def ticks(self) -> list[tuple[str, str]]:
        """What the sensor said of each look, the newest first, and the cursor that it left."""
        with self.instance() as instance:
            states = {state.name: state for state in instance.all_instigator_state()}
            if (state := states.get(alert_sensor.name)) is None:
                return []
            found = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        done = [tick for tick in found if tick.status is TickStatus.SKIPPED]
        return [(tick.skip_reason or "", tick.cursor or "") for tick in done]


def test_what_goes_wrong_with_nobody_at_hand_is_told_once(tmp_path: Path, receiver: Receiver) -> None:
    now = taipei_now()
    issue = newest_issue_due(now).key
    with (
        Sandbox(today=now.date(), scale=0.05, cities="f", faults=[Fault.parse("late")]) as sandbox,
        Alerted(tmp_path / "home", sandbox.url, f"sqlite:///{tmp_path / 'pshs.db'}", alert_urls=receiver.url) as ours,
    ):
        ours.develop()
        eventually(lambda: any("check failed" in title for title in receiver.titles()), "the failed check to be told")
        looks = len(ours.ticks())
        eventually(lambda: len(ours.ticks()) > looks, "another look")
        assert sum("check failed" in title for title in receiver.titles()) == 1
        assert all(issue in title for title in receiver.titles())
        assert all("hunter2" not in said + cursor for said, cursor in ours.ticks())
