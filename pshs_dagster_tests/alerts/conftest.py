"""An installation that has somebody to tell: a `Flow`, the sensor's cursor, and receivers over real HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import dagster as dg
import pytest

from pshs_dagster.alerts.sending import AppriseSender
from pshs_dagster.alerts.sensor import alert_sensor
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.fixtures.flow import Flow


class Watch:
    """The sensor on an installation, tick by tick, as Dagster's daemon evaluates it."""

    def __init__(self, flow: Flow, urls: Sequence[str] = ()) -> None:
        self.flow = flow
        self.cursor: str | None = None
        self.tell(*urls)

    def tell(self, *urls: str) -> None:
        """Set ALERT_URLS, as a new start of the processes would."""
        self.flow.overrides["alert_sender"] = AppriseSender(" ".join(urls))

    def tick(self) -> str:
        """What the sensor says of one tick. Only the cursor goes from one tick to the next."""
        context = dg.build_sensor_context(
            instance=self.flow.instance,
            cursor=self.cursor,
            definitions=self.flow.definitions,
            resources=dict(self.flow.definitions.resources or {}),
        )
        result = alert_sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return result.skip_message or ""


@pytest.fixture(scope="session", autouse=True)
def _apprise_is_loaded() -> None:
    """It imports a module that Python 3.11 calls deprecated, and a test takes a warning for an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert AppriseSender("json://127.0.0.1").services


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A service that takes messages."""
    with Receiver() as service:
        yield service


@pytest.fixture
def other_receiver() -> Iterator[Receiver]:
    """Another one."""
    with Receiver() as service:
        yield service


@pytest.fixture
def watch(flow: Flow, receiver: Receiver) -> Watch:
    """The sensor with one service."""
    return Watch(flow, [receiver.url])
