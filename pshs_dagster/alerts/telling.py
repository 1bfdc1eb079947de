"""Telling each service what it does not know yet, and remembering what it took.

A service that fails is left for the next time; the others are not told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from pshs_dagster.alerts.messages import Message, about_end, about_ends, about_many, about_trouble
from pshs_dagster.alerts.sending import Sender
from pshs_dagster.alerts.state import Memory, Troubled
from pshs_dagster.clock import Clock

AT_ONCE = 5
"""More messages at a time than that become one: a backfill may fail for a hundred releases."""

TIME = timedelta(seconds=30)
"""After that nothing more is sent in this tick, whose end Dagster awaits for a minute; what was sent in a tick that
is cut off would be sent again."""

Mark = Callable[[], None]


@dataclass
class Told:
    """What came of it."""

    sent: int = 0
    failed: list[str] = field(default_factory=list[str])
    """The services that did not take a message."""
    left: bool = False
    """Whether something was left for the next time for want of time."""


def tell(
    memory: Memory,
    troubled: Troubled,
    sender: Sender,
    digest: Callable[[], Message | None],
    clock: Clock,
    page: str,
) -> Told:
    """Tell every service what is wrong, what is over, and of the newest issue; changes `memory` message by message.

    `digest` makes the message of the newest issue, None where that cannot be made now.
    """
    told, until = Told(), clock() + TIME
    for service in sender.services:
        for message, mark in _for_service(memory, troubled, service, digest, clock, page):
            if clock() >= until:
                told.left = True
                return told
            if not sender.send(service, message):
                told.failed.append(service)
                break
            mark()
            told.sent += 1
    return told


def _for_service(
    memory: Memory,
    troubled: Troubled,
    service: str,
    digest: Callable[[], Message | None],
    clock: Clock,
    page: str,
) -> Iterator[tuple[Message, Mark]]:
    """The messages that a service is due, each with what to do when it took it."""
    wrong = {subject: troubled[subject] for subject in memory.to_tell(service) if subject in troubled}
    if len(wrong) > AT_ONCE:
        yield about_many(wrong, page), lambda: memory.told(service, wrong.keys())
    else:
        for subject, troubles in wrong.items():
            yield about_trouble(troubles, page), lambda subject=subject: memory.told(service, [subject])
    over = {subject: memory.open[subject] for subject in memory.to_end(service)}
    if len(over) > AT_ONCE:
        yield (
            about_ends({subject: entry.was for subject, entry in over.items()}, page),
            lambda: memory.ended(service, over.keys()),
        )
    else:
        for subject, entry in over.items():
            message = about_end(subject, entry.was, entry.since, entry.over or clock(), page)
            yield message, lambda subject=subject: memory.ended(service, [subject])
    if memory.wants_digest(service) and (message := digest()) is not None:
        yield message, lambda: memory.digest_told.append(service)
