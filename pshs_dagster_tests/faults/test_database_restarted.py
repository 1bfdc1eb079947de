"""The database server is killed and started again while a load is at work: a load is whole or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from pshs_dagster.database.database import Database
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.faults.conftest import begin, load_in_time
from pshs_dagster_tests.faults.hours import EARLIER, FAILED, ISSUE, NEWS, OVER, Day, Holdings
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database, server_or_skip

pytestmark = [pytest.mark.thorough, pytest.mark.slow, pytest.mark.mysql]

LASTING = "--innodb-flush-log-at-trx-commit=2"
"""What was committed survives the server's death, as on a server that people rely on."""

COMMIT = "COMMIT"

MOMENTS = {
    "staging": ("LOAD DATA",),
    "merging": ("INSERT INTO deals",),
    "committing": ("INSERT INTO deals", COMMIT),
}
"""When the server is killed: before the last of these statements, once they have come by in this order."""

AFTERWARDS = ("INSERT INTO deals", COMMIT, "SELECT")


@pytest.fixture(scope="module")
def own_server() -> Iterator[PrivateServer]:
    """A server that a test may kill."""
    with server_or_skip([LASTING]) as server:
        yield server


def restart(server: PrivateServer) -> None:
    """Kill it (SIGKILL), and start it again with the same files at the same port."""
    process, port = server._process, server.port
    assert process is not None
    process.kill()
    process.wait()
    assert isinstance(process.args, list)
    server.options = (LASTING, f"--port={port}")  # of two options the last one counts
    server._start(str(process.args[0]))
    server.port = port


class Killer:
    """Restarts a server before a chosen statement of a client."""

    def __init__(self, server: PrivateServer, client: sa.Engine) -> None:
        self._server = server
        self._waits_for: list[str] = []
        event.listen(client, "before_cursor_execute", self._before_statement)
        event.listen(client, "commit", self._before_commit)

    def lie_in_wait(self, *statements: str) -> None:
        self._waits_for = list(statements)

    @property
    def has_struck(self) -> bool:
        return not self._waits_for

    def _before_statement(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self._pass(statement.lstrip())

    def _before_commit(self, _connection: object) -> None:
        self._pass(COMMIT)

    def _pass(self, statement: str) -> None:
        if self._waits_for and statement.startswith(self._waits_for[0]):
            del self._waits_for[0]
            if self.has_struck:
                restart(self._server)


def test_a_server_that_dies_in_the_middle_of_loads_loses_no_deal_and_counts_none_twice(
    own_server: PrivateServer, site: Sandbox, undisturbed: Holdings, receiver: Receiver, tmp_path: Path
) -> None:
    folder = tmp_path / "troubled"
    with fresh_database(own_server) as uri, Flow(folder, settings_in(folder, site.url, uri)) as flow:
        # One for all the hours, as a process has one that runs for weeks.
        database = Database(uri)
        flow.overrides["database"] = database
        load_in_time(flow, site, EARLIER)
        site.today = Release.parse(ISSUE).published_on
        begin(flow)
        day, killer = Day(flow, receiver), Killer(own_server, database.ready())
        for doing, statements in MOMENTS.items():
            killer.lie_in_wait(*statements)
            day.next_attempt()
            assert killer.has_struck, doing
            assert f"could not load {ISSUE}: Lost connection" in day.problems[-1], doing
            assert day.loaded_rows == 0, doing
            assert day.told == [FAILED]

        # What was committed is there, and the checks find another connection.
        killer.lie_in_wait(*AFTERWARDS)
        day.next_attempt()
        assert killer.has_struck
        assert day.attempts[-1].outcome.verified
        assert day.told == [FAILED, OVER]
        assert receiver.titles()[-1] == NEWS
        assert Holdings.of(flow) == undisturbed
        database.engine.dispose()
