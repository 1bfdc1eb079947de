"""How much is told in one tick: what does not fit into its time is told by the next, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pshs_dagster.alerts.messages import Message, Mood
from pshs_dagster.alerts.state import Memory
from pshs_dagster.alerts.telling import TIME, tell
from pshs_dagster.alerts.troubles import Kind, Trouble
from pshs_dagster.releases import TAIPEI

SUBJECTS = ("2022-09-01", "2022-09-11", "2022-09-21")
TROUBLED = {subject: [Trouble(Kind.RUN, subject, "raw_zip", "It failed.")] for subject in SUBJECTS}


class SlowSender:
    """Services that take half of a tick's time for each message."""

    def __init__(self, services: Sequence[str]) -> None:
        self.services = services
        self.now = datetime(2022, 9, 21, 12, tzinfo=TAIPEI)
        self.sent: list[tuple[str, str]] = []

    def send(self, service: str, message: Message) -> bool:
        self.now += TIME / 2
        self.sent.append((service, message.title))
        return True

    def clock(self) -> datetime:
        return self.now


def test_services_that_are_slow_are_told_in_several_ticks_and_nothing_twice() -> None:
    sender, memory = SlowSender(["mail", "chat"]), Memory()
    memory.meet(sender.services)
    memory.observe(TROUBLED, SUBJECTS, dict.fromkeys(SUBJECTS, ""), sender.now)
    counts = list[int]()
    for _ in range(5):
        told = tell(memory, TROUBLED, sender, lambda: None, sender.clock, "http://pshs.test")
        counts.append(told.sent)
        assert told.left == (len(sender.sent) < 6)
        sender.now += timedelta(minutes=1)
    assert counts == [2, 2, 2, 0, 0]
    assert len(set(sender.sent)) == 6


def test_a_digest_that_cannot_be_made_now_is_made_at_a_later_tick() -> None:
    sender, memory = SlowSender(["mail"]), Memory()
    memory.meet(sender.services)
    memory.expect_digest("2022-09-21")
    assert tell(memory, {}, sender, lambda: None, sender.clock, "").sent == 0
    news = Message("digest", "news", Mood.NEWS)
    assert tell(memory, {}, sender, lambda: news, sender.clock, "").sent == 1
    assert tell(memory, {}, sender, lambda: news, sender.clock, "").sent == 0
