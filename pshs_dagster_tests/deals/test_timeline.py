"""The life of a deal, told from the copies that held it and those that should have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.deals.timeline import (
    KEPT,
    UNCANCELLED,
    Copy,
    Event,
    Happening,
    Judges,
    SeasonCopy,
    Values,
    between,
    copy_named,
    happenings_of_values,
    presence,
    told,
    walked_back,
    with_sighting,
    withdrawn,
)
from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release

CITY, SERIAL = "新北市", "RPSNMLQJKIGGFAE08CB"
DAY = datetime.fromisoformat("2022-10-01T12:00:00")
BLANK: Values = dict.fromkeys(KEPT) | {"termination": "", "price": 1, "note": ""}


def issue(day: str) -> Copy:
    return copy_named(day)


def season(key: str, days: int = 0, cities: Sequence[str] = (CITY,), rejected: Sequence[str] = ()) -> SeasonCopy:
    named = frozenset((CITY, serial) for serial in rejected)
    return SeasonCopy(Release.parse(key), DAY + timedelta(days=days), frozenset(cities), named)


def seen_in(copy: SeasonCopy) -> Copy:
    return Copy(copy.release, copy.as_of)


def life(sightings: Sequence[Copy], *seasons: SeasonCopy) -> list[tuple[str, str]]:
    """What became of a deal that was in `sightings`: events with the names of their copies."""
    ordered = sorted((Copy(copy.release, copy.as_of) for copy in sightings), key=lambda copy: copy.order)
    told_of = presence(CITY, SERIAL, ordered, Judges(seasons)).happenings
    return [(happening.event.value, happening.copy.token) for happening in told_of]


def test_a_copy_has_a_name_by_which_it_is_found() -> None:
    assert issue("2022-07-01").as_of == datetime.fromisoformat("2022-07-01")
    copy = season("111S3")
    assert copy.token == "111S3@20221001120000"
    assert copy_named(copy.token) == seen_in(copy)
    with pytest.raises(UnknownRelease):
        copy_named("yesterday")


def test_of_the_same_moment_an_issue_is_known_before_a_season() -> None:
    moment = datetime.combine(date(2022, 7, 1), time())
    copies = [Copy(Release.parse(key), moment) for key in ("111S3", "2022-07-01", "111S2")]
    assert [copy.release.key for copy in sorted(copies, key=lambda copy: copy.order)] == [
        "2022-07-01",
        "111S2",
        "111S3",
    ]


def test_a_season_withdraws_what_an_issue_of_its_window_held_and_it_does_not() -> None:
    copy = season("111S3")
    assert life([issue("2022-07-01")], copy) == [("withdrawn", copy.token)]


def test_a_season_leaves_alone_what_an_issue_of_another_window_held() -> None:
    assert life([issue("2022-06-21")], season("111S3")) == []


def test_a_rebuilt_season_withdraws_what_its_earlier_copy_held() -> None:
    old, new = season("111S3"), season("111S3", 30)
    assert life([old], old, new) == [("withdrawn", new.token)]


def test_what_another_season_published_last_is_left_alone() -> None:
    old, other, new = season("111S3"), season("111S4", 10), season("111S3", 30)
    assert life([old, other], old, other, new) == []


def test_a_city_without_a_file_is_not_judged() -> None:
    assert life([issue("2022-07-01")], season("111S3", cities=["臺中市"])) == []


def test_a_deal_whose_line_was_rejected_is_in_the_season() -> None:
    assert life([issue("2022-07-01")], season("111S3", rejected=[SERIAL])) == []


def test_an_older_copy_cannot_withdraw_what_came_after_it() -> None:
    assert life([issue("2022-07-01"), season("111S3", 30)], season("111S3", 30)) == []


def test_what_turns_up_again_is_reinstated_and_can_be_withdrawn_again() -> None:
    first, second, third = season("111S3"), season("111S3", 30), season("111S3", 60)
    assert life([issue("2022-07-01"), second], first, second, third) == [
        ("withdrawn", first.token),
        ("reinstated", second.token),
        ("withdrawn", third.token),
    ]


def test_it_is_withdrawn_once_however_many_copies_lack_it() -> None:
    copies = [season("111S3", days) for days in (0, 30, 60)]
    assert life([issue("2022-07-01")], *copies) == [("withdrawn", copies[0].token)]


def test_a_withdrawal_tells_only_what_there_is_to_tell() -> None:
    assert withdrawn(False, None) == {}
    assert withdrawn(True, "B") == {"outside_window": True, "replaced_by": [None, "B"]}


def test_a_new_deal_has_no_event_unless_it_is_cancelled() -> None:
    copy = issue("2022-07-01")
    assert between(UNCANCELLED, BLANK, copy) == []
    cancelled = dict(BLANK) | {"termination": "1121113全部解約", "cancelled_on": "2023-11-13"}
    changes = {"termination": ["", "1121113全部解約"], "cancelled_on": [None, "2023-11-13"]}
    assert between(UNCANCELLED, cancelled, copy) == [Happening(Event.CANCELLED, copy, changes)]


def test_a_cancellation_and_a_change_are_two_events() -> None:
    copy = issue("2022-07-01")
    after = dict(BLANK) | {"termination": "解約", "price": 2}
    assert between(BLANK, after, copy) == [
        Happening(Event.CANCELLED, copy, {"termination": ["", "解約"]}),
        Happening(Event.CHANGED, copy, {"price": [1, 2]}),
    ]


def test_a_cancellation_that_is_taken_back_is_a_change() -> None:
    copy = issue("2022-07-01")
    before = dict(BLANK) | {"termination": "1121113解約", "cancelled_on": "2023-11-13"}
    changes = {"termination": ["1121113解約", ""], "cancelled_on": ["2023-11-13", None]}
    assert between(before, BLANK, copy) == [Happening(Event.CHANGED, copy, changes)]


def test_the_day_of_a_cancellation_is_no_change_by_itself() -> None:
    assert between(BLANK, dict(BLANK) | {"cancelled_on": "2023-11-13"}, issue("2022-07-01")) == []


def test_values_are_told_as_json_holds_them() -> None:
    assert [told(value) for value in (date(2022, 7, 1), DAY, 406.97, 5, "x", None, float("nan"))] == [
        "2022-07-01",
        "2022-10-01",
        406.97,
        5,
        "x",
        None,
        None,
    ]


copies = st.one_of(
    st.sampled_from(["2022-06-21", "2022-07-01", "2022-07-11"]).map(issue),
    st.builds(lambda key, days: seen_in(season(key, days)), st.sampled_from(["111S2", "111S3"]), st.integers(-120, 60)),
)

CANCELLED_ON = {"": None, "1121113解約": "2023-11-13", "1121201解約": "2023-12-01"}

values = st.builds(
    lambda price, note, termination: (
        dict(BLANK)
        | {"price": price, "note": note, "termination": termination, "cancelled_on": CANCELLED_ON[termination]}
    ),
    st.integers(1, 2),
    st.sampled_from(["", "x"]),
    st.sampled_from(list(CANCELLED_ON)),
)

lives = st.lists(st.tuples(copies, values), min_size=1, max_size=6, unique_by=lambda seen: seen[0].order).map(
    lambda seen: sorted(seen, key=lambda sighting: sighting[0].order)
)


@given(seen=lives)
def test_the_newest_values_and_the_events_tell_the_values_at_every_copy(seen: list[tuple[Copy, Values]]) -> None:
    assert walked_back(seen[-1][1], [copy for copy, _ in seen], happenings_of_values(seen)) == seen


@given(seen=lives, data=st.data())
def test_sightings_come_to_the_same_life_in_any_order(seen: list[tuple[Copy, Values]], data: st.DataObject) -> None:
    order = data.draw(st.permutations(seen))
    kept: list[tuple[Copy, Values]] = []
    newest: Values = {}
    events: list[Happening] = []
    for copy, at_copy in order:
        before = walked_back(newest, [known for known, _ in kept], events)
        kept = with_sighting(before, copy, at_copy)
        newest, events = kept[-1][1], happenings_of_values(kept)
    assert events == happenings_of_values(seen)


seasons = st.lists(
    st.builds(
        lambda key, days, has_city, rejected: season(
            key, days, [CITY] if has_city else [], [SERIAL] if rejected else []
        ),
        st.sampled_from(["111S2", "111S3"]),
        st.integers(-120, 60),
        st.sampled_from([True, True, False]),
        st.sampled_from([False, False, True]),
    ),
    max_size=5,
    unique_by=lambda copy: copy.order,
)


@given(seen=lives, absent=seasons)
def test_presence_is_what_a_walk_through_all_copies_in_order_gives(
    seen: list[tuple[Copy, Values]], absent: list[SeasonCopy]
) -> None:
    sightings = {copy.order: copy for copy, _ in seen}
    lacking = [copy for copy in absent if copy.order not in sightings]
    held = [SeasonCopy(copy.release, copy.as_of, frozenset({CITY})) for copy, _ in seen if not copy.release.is_issue]
    expected: list[tuple[str, Any]] = []
    last: Copy | None = None
    there = False
    for copy in sorted([*sightings.values(), *lacking], key=lambda copy: copy.order):
        if copy.order in sightings:
            if last is not None and not there:
                expected.append(("reinstated", copy.order))
            last, there = copy, True
        elif isinstance(copy, SeasonCopy) and last is not None and there and copy.cities and not copy.rejected:
            issue_of_window = last.release.is_issue and copy.release.window.covers(last.release.window)
            if issue_of_window or last.release == copy.release:
                expected.append(("withdrawn", copy.order))
                there = False
    found = presence(CITY, SERIAL, [copy for copy, _ in seen], Judges([*lacking, *held]))
    assert [(happening.event.value, happening.copy.order) for happening in found.happenings] == expected
    assert (found.withdrawn_by is None) == there
