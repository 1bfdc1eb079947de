"""What is remembered of what was told to whom: once for each trouble and service, and not forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.alerts.state import GIVE_UP_AFTER, Memory
from pshs_dagster.alerts.troubles import Kind, Trouble
from pshs_dagster.releases import TAIPEI

NOW = datetime(2022, 9, 21, 12, tzinfo=TAIPEI)
MAIL, CHAT = "mailto://moi.test", "json://chat.test"


def trouble(reason: str = "Wrong.", subject: str = "2022-09-21") -> Trouble:
    return Trouble(Kind.CHECK, subject, "release_date", reason)


def see(memory: Memory, *troubles: Trouble, judged: str = "2022-09-21", now: datetime = NOW) -> None:
    """Look at one thing, and find these troubles with it."""
    memory.observe({judged: list(troubles)} if troubles else {}, {judged}, {judged: "what it was"}, now)


def memory_of(*services: str) -> Memory:
    memory = Memory()
    memory.meet(services)
    return memory


def reread(memory: Memory) -> Memory:
    return Memory.read(memory.written())


def test_a_trouble_is_told_once_and_its_end_once() -> None:
    memory = memory_of(MAIL)
    see(memory, trouble())
    assert memory.to_tell(MAIL) == ["2022-09-21"]
    memory.told(MAIL, ["2022-09-21"])
    see(memory, trouble())
    assert (memory.to_tell(MAIL), memory.to_end(MAIL)) == ([], [])
    see(memory)
    assert (memory.to_tell(MAIL), memory.to_end(MAIL)) == ([], ["2022-09-21"])
    memory.ended(MAIL, ["2022-09-21"])
    assert memory.open == {}


def test_a_trouble_that_changes_is_told_again_and_one_that_changes_back_is_not() -> None:
    memory = memory_of(MAIL)
    for reason, wanted in (("A", True), ("A", False), ("B", True), ("A", False), ("B", False), ("C", True)):
        see(memory, trouble(reason))
        assert bool(memory.to_tell(MAIL)) == wanted, reason
        memory.told(MAIL, memory.to_tell(MAIL))


def test_a_service_that_failed_is_still_to_be_told_and_the_other_is_not() -> None:
    memory = memory_of(MAIL, CHAT)
    see(memory, trouble())
    memory.told(MAIL, ["2022-09-21"])
    memory = reread(memory)
    assert (memory.to_tell(MAIL), memory.to_tell(CHAT)) == ([], ["2022-09-21"])


def test_an_end_that_one_service_missed_is_kept_for_it() -> None:
    memory = memory_of(MAIL, CHAT)
    see(memory, trouble())
    see(memory)
    memory.ended(MAIL, ["2022-09-21"])
    memory = reread(memory)
    memory.meet([MAIL, CHAT])
    assert (memory.to_end(MAIL), memory.to_end(CHAT)) == ([], ["2022-09-21"])
    memory.give_up(NOW + GIVE_UP_AFTER - timedelta(minutes=1))
    assert memory.to_end(CHAT) == ["2022-09-21"]
    memory.give_up(NOW + GIVE_UP_AFTER)
    assert memory.open == {}


def test_a_trouble_that_comes_back_is_new_to_who_heard_of_its_end() -> None:
    memory = memory_of(MAIL, CHAT)
    see(memory, trouble())
    for service in (MAIL, CHAT):
        memory.told(service, ["2022-09-21"])
    see(memory)
    memory.ended(MAIL, ["2022-09-21"])
    see(memory, trouble())
    assert memory.to_tell(MAIL) == ["2022-09-21"]
    assert memory.to_tell(CHAT) == []


def test_a_new_service_is_told_what_is_wrong_now_and_not_what_is_over() -> None:
    memory = memory_of(MAIL)
    memory.expect_digest("2022-09-11")
    see(memory, trouble())
    see(memory, trouble(subject="111S2"), judged="111S2")
    for subject in ("2022-09-21", "111S2"):
        memory.told(MAIL, [subject])
    see(memory)
    memory.meet([MAIL, CHAT])
    assert memory.to_tell(CHAT) == ["111S2"]
    assert (memory.to_end(MAIL), memory.to_end(CHAT)) == (["2022-09-21"], [])
    assert (memory.wants_digest(MAIL), memory.wants_digest(CHAT)) == (True, False)


def test_what_was_not_looked_at_is_neither_over_nor_changed() -> None:
    memory = memory_of(MAIL)
    see(memory, trouble())
    memory.told(MAIL, ["2022-09-21"])
    memory.observe({}, {"111S2"}, {}, NOW)
    assert (memory.to_tell(MAIL), memory.to_end(MAIL)) == ([], [])


def test_each_issue_is_told_of_once_and_an_older_one_not_at_all() -> None:
    memory = memory_of(MAIL)
    assert not memory.wants_digest(MAIL)
    memory.expect_digest("2022-09-21")
    memory.digest_told.append(MAIL)
    memory = reread(memory)
    for issue, wanted in (("2022-09-21", False), ("2022-09-11", False), ("2022-10-01", True)):
        memory.expect_digest(issue)
        assert memory.wants_digest(MAIL) == wanted


def test_a_cursor_that_is_none_of_ours_is_forgotten() -> None:
    for cursor in (None, "", "none", "[1]", '{"open": {"2022-09-21": 3}}'):
        assert Memory.read(cursor) == Memory()


steps = st.lists(
    st.tuples(st.sampled_from([None, "A", "B", "C"]), st.frozensets(st.sampled_from([MAIL, CHAT]))), max_size=12
)


@given(steps)
def test_whatever_fails_in_between_each_service_hears_of_each_trouble_once_and_of_its_end(
    course: list[tuple[str | None, frozenset[str]]],
) -> None:
    """What is wrong, and which services are up: after it, both are up for a while and must know how things stand."""
    heard: dict[str, list[str]] = {MAIL: [], CHAT: []}
    memory = memory_of(MAIL, CHAT)
    last = course[-1][0] if course else None
    for reason, up in [*course, (last, frozenset({MAIL, CHAT})), (last, frozenset({MAIL, CHAT}))]:
        memory = reread(memory)
        memory.meet([MAIL, CHAT])
        see(memory, *([trouble(reason)] if reason else []))
        for service in sorted(up):
            if memory.to_tell(service):
                heard[service].append(reason or "")
                memory.told(service, memory.to_tell(service))
            if memory.to_end(service):
                heard[service].append("over")
                memory.ended(service, memory.to_end(service))
    reasons = [reason for reason, _ in course]
    ends = sum(bool(before) and not after for before, after in pairwise(reasons))
    for story in heard.values():
        for told in " ".join(story).split("over"):
            assert len(set(told.split())) == len(told.split())
        assert story.count("over") <= ends
        if last:
            assert last in " ".join(story).rpartition("over")[2]
        elif any(reasons):
            assert story[-1] == "over"
