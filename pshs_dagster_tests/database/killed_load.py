"""A process that loads a made-up release and stops before a chosen statement, to be killed there. No tests here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from pshs_dagster.database.engine import connect
from pshs_dagster_tests.database.made_up import LATER, TAICHUNG, copy_of, deal, load

RELEASE = [
    deal("A1", price=5),
    deal("A2", line=9),
    deal("A3", note="新", termination="1121113全部解約"),
    deal("A5", price=7),
    deal("B1", TAICHUNG),
    deal("B2", TAICHUNG),
]
"""Has something of everything: A1 changes, A2 is known better already, A3 is new and cancelled, A4 is withdrawn and
A1 takes its place, A5 comes back, B1 is only seen again."""


def load_before(engine: sa.Engine) -> None:
    """What the tables hold before RELEASE is loaded."""
    known = [deal("A1"), deal("A2"), deal("A4", price=5), deal("B1", TAICHUNG)]
    load(engine, copy_of("111S3", date(2023, 5, 1)), [*known, deal("A5")])
    load(engine, copy_of("111S3", date(2023, 5, 15)), known)
    load(engine, copy_of("111S4", date(2023, 7, 1)), [deal("A2", price=2)])


def load_release(engine: sa.Engine) -> None:
    """Load RELEASE."""
    load(engine, "111S3", RELEASE, LATER)


def killed_before(
    uri: str, step: int, work: Callable[[sa.Engine], object] = load_release, words: Sequence[str] = ("",)
) -> str | None:
    """Do `work` in a process of its own that is killed (SIGKILL) before its statement number `step`.

    Only statements that begin with one of `words` are counted. Gives that statement, or None where the work had
    fewer and came to its end.
    """
    context = get_context("forkserver")  # a clean process in milliseconds: the modules are loaded once
    context.set_forkserver_preload(["pytest", __name__])
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(uri, step, work, tuple(words), there))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()


def _work(uri: str, step: int, work: Callable[[sa.Engine], object], words: tuple[str, ...], parent: Connection) -> None:
    engine = connect(uri)
    _stop_before(engine, step, words, parent)
    work(engine)
    engine.dispose()
    parent.send(None)
    parent.recv()


def _stop_before(engine: sa.Engine, step: int, words: tuple[str, ...], parent: Connection) -> None:
    count = 0

    def pass_by(statement: str) -> None:
        nonlocal count
        if not statement.lstrip().startswith(words):
            return
        count += 1
        if count == step:
            parent.send(statement)
            parent.recv()

    @event.listens_for(engine, "before_cursor_execute")
    def statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        pass_by(statement)

    @event.listens_for(engine, "commit")
    def commit(_connection: Any) -> None:
        pass_by("COMMIT")
