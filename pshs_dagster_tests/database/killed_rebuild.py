"""A process that rebuilds the tables and stops before a chosen statement, to be killed there. No tests here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from pshs_dagster.database.engine import connect
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.database.records import ReleaseRecord
from pshs_dagster_tests.database.made_up import LATER, TAICHUNG, copy_of, deal, load

COPIES: Sequence[tuple[ReleaseRecord, list[dict[str, Any]]]] = (
    (copy_of("2022-07-01"), [deal("A1"), deal("A2"), deal("B1", TAICHUNG)]),
    (copy_of("2022-07-11"), [deal("A3", note="新", termination="1110801全部解約")]),
    (copy_of("111S3", date(2023, 6, 1)), [deal("A1", price=5), deal("A3"), deal("B1", TAICHUNG), deal("B2", TAICHUNG)]),
)
"""In the order of knowledge. Something is changed, cancelled and withdrawn."""


def refill(engine: sa.Engine) -> None:
    """Load all copies, later than they were loaded first."""
    for number, (record, rows) in enumerate(COPIES):
        load(engine, record, rows, LATER + timedelta(days=number + 1))


def rebuild(engine: sa.Engine) -> None:
    """Rebuild the tables from all copies."""
    with rebuilding(engine) as made:
        refill(made.engine)
        made.swap(lambda: None)


def rebuild_and_die(uri: str, words: str, nth: int = 1) -> bool:
    """Rebuild in a process of its own that is killed (SIGKILL) before its nth statement that begins with `words`.

    Gives whether it came so far.
    """
    context = get_context("forkserver")  # a clean process in milliseconds: the modules are loaded once
    context.set_forkserver_preload(["pytest", __name__])
    here, there = context.Pipe()
    process = context.Process(target=_rebuild, args=(uri, words, nth, there))
    process.start()
    there.close()
    try:
        return bool(here.recv())
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()


def _rebuild(uri: str, words: str, nth: int, parent: Connection) -> None:
    seen = 0

    def pass_by(statement: str) -> None:
        nonlocal seen
        seen += statement.startswith(words)
        if seen == nth and statement.startswith(words):
            parent.send(True)
            parent.recv()

    @event.listens_for(sa.Engine, "before_cursor_execute")
    def statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        pass_by(statement)

    engine = connect(uri)
    rebuild(engine)
    engine.dispose()
    parent.send(False)
    parent.recv()
