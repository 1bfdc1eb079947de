"""A day of an installation in the care of its schedule and sensors, hour by hour. No tests here."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable

from pshs_dagster.automation import RETRY_AFTER, SENSOR_INTERVAL_SECONDS, release_sensor
from pshs_dagster.database.reading.digest import digest
from pshs_dagster.releases import ISSUE_HOUR, TAIPEI, Release
from pshs_dagster.runs import Outcome
from pshs_dagster_tests.alerts.conftest import Watch
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.fixtures.flow import Flow

LOOK_EVERY = timedelta(seconds=SENSOR_INTERVAL_SECONDS)

HALF_HOUR = timedelta(minutes=30)
"""Often enough where it is not the looks that the story is about."""

EARLIER, ISSUE = "2026-09-01", "2026-09-11"
"""Two issues of one quarter, in which no season closes: the sensor asks for nothing else."""

FAILED, OVER = "執行失敗 run failed", "已恢復正常 over"
"""What is told of an issue, in the titles of messages."""

NEWS = f"[pshs] {ISSUE} 十日報 ten-day digest"

COUNTED = (
    "SELECT `release`, file, data_lines, new_deals, changed_deals, rejected_lines, withdrawn_deals FROM release_files"
)


@dataclass(frozen=True)
class Attempt:
    """One run that was requested, and what came of it."""

    key: str
    at: datetime
    outcome: Outcome


@dataclass(frozen=True)
class Holdings:
    """What an installation holds and has counted. Equal for two that have the same, however they came to it."""

    digest: str
    counts: tuple[tuple[object, ...], ...]

    @classmethod
    def of(cls, flow: Flow) -> Self:
        return cls(digest(flow.engine), tuple(sorted(flow.rows(COUNTED))))


class Day:
    """Time that goes by for an installation. Only what schedule and sensors ask for is done."""

    def __init__(self, flow: Flow, receiver: Receiver, issue: str = ISSUE) -> None:
        self.flow = flow
        self.issue = issue
        self.receiver = receiver
        self.attempts: list[Attempt] = []
        self.said = ""
        """What the sensor said last, where it asked for nothing."""
        self._watch = Watch(flow, [receiver.url])

    @property
    def now(self) -> datetime:
        return self.flow.clock()

    @property
    def told(self) -> list[str]:
        """The titles of the messages about the issue, without what they have in common."""
        start = f"[pshs] {self.issue}："
        return [title.removeprefix(start) for title in self.receiver.titles() if title.startswith(start)]

    @property
    def loaded_rows(self) -> int:
        """How many rows the database has of the issue, of whatever kind; those of its rejected lines left out."""
        tables = {"deals": "first_release", "releases": "`release`", "release_files": "`release`"}
        queries = [f"SELECT COUNT(*) FROM {table} WHERE {column} = :issue" for table, column in tables.items()]  # noqa: S608
        return sum(self.flow.number(query, issue=self.issue) for query in queries)

    @property
    def problems(self) -> list[str]:
        """Why attempts failed, in the words of the run, one after the other; blank for one that did not."""
        return [attempt.outcome.problem for attempt in self.attempts]

    def scheduled(self) -> None:
        """The schedule fires: it asks for the issue of the day without looking at the site."""
        self._run(self.issue, f"{self.issue}:{len(self.attempts) + 1}")
        self._watch.tick()

    def next_attempt(self) -> None:
        """The schedule fires, or where it has, the hour passes after which the sensor asks again."""
        if self.attempts:
            self.pass_by(RETRY_AFTER, HALF_HOUR)
        else:
            self.scheduled()

    def look(self) -> None:
        """Ask the sensors once, and make the runs that they request."""
        definitions = self.flow.definitions
        context = dg.build_sensor_context(
            instance=self.flow.instance, definitions=definitions, resources=dict(definitions.resources or {})
        )
        with in_its_time(self.flow):
            result = release_sensor(context)
        if isinstance(result, dg.SensorResult):
            for request in result.run_requests or []:
                assert request.partition_key
                self._run(request.partition_key, request.run_key or "")
        else:
            assert isinstance(result, dg.SkipReason)
            self.said = result.skip_message or ""
        self._watch.tick()

    def pass_by(self, time: timedelta, every: timedelta = LOOK_EVERY) -> None:
        """Let time go by, looking now and then."""
        for _ in range(time // every):
            self.flow.clock.ahead += every
            self.look()

    def _run(self, release: str, key: str) -> None:
        at = self.now
        self.attempts.append(Attempt(key, at, run_in_time(self.flow, release)))


def run_in_time(flow: Flow, release: str) -> Outcome:
    """Load a release at the time of the installation's clock."""
    with in_its_time(flow):
        return flow.run(release)


@contextmanager
def in_its_time(flow: Flow) -> Generator[None]:
    """Dagster writes down by the real clock when runs begin and end: what it did inside gets the time of `flow`."""
    begun = datetime.now(UTC).replace(microsecond=0)
    try:
        yield
    finally:
        ended, ahead = datetime.now(UTC), flow.clock.ahead
        with _runs(flow.instance) as connection:
            for row in connection.execute(sa.select(RunsTable)).mappings().all():
                moved: dict[str, object] = {}
                for name in ("create_timestamp", "update_timestamp"):
                    if begun <= row[name].replace(tzinfo=UTC) <= ended:
                        moved[name] = row[name] + ahead
                for name in ("start_time", "end_time"):
                    if begun.timestamp() <= (row[name] or 0) <= ended.timestamp():
                        moved[name] = row[name] + ahead.total_seconds()
                if moved:
                    connection.execute(sa.update(RunsTable).where(RunsTable.c.id == row["id"]).values(moved))


def go_to(flow: Flow, moment: datetime) -> None:
    """Set the clock of an installation."""
    flow.clock.ahead += moment - flow.clock()


def at_its_hour(issue: str) -> datetime:
    """When MOI publishes an issue."""
    return datetime.combine(Release.parse(issue).published_on, ISSUE_HOUR, TAIPEI)


def _runs(instance: dg.DagsterInstance) -> AbstractContextManager[sa.Connection]:
    storage = instance.run_storage
    assert isinstance(storage, SqlRunStorage)
    return storage.connect()
