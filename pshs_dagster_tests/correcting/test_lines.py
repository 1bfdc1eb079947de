"""A rejected line is corrected, and becomes a deal that stays one."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from pshs_dagster.database.correcting.carry_out import releases_to_load
from pshs_dagster.database.correcting.listing import listed
from pshs_dagster.database.correcting.plan import plan
from pshs_dagster_tests.correcting.desk import (
    ISSUE,
    SEASON,
    A,
    B,
    C,
    arrives,
    catches_up,
    edited,
    given_back,
    later,
    let_go,
    results,
    season,
    waiting,
)
from pshs_dagster_tests.database.made_up import copy_of, rows_of
from pshs_dagster_tests.deals.lines import line

pytestmark = pytest.mark.slow

ROOMS = "建物現況格局-房"

BAD = line(編號=A, **{ROOMS: "3333"})
FINE = line(編號=B)


def rooms(engine: sa.Engine) -> dict[str, str]:
    return {row["serial_number"]: row["room"] for row in rows_of(engine, "SELECT serial_number, room FROM deals")}


def statuses(engine: sa.Engine) -> list[tuple[str, str]]:
    """Of the rejected lines, by release."""
    rows = rows_of(engine, "SELECT `release`, status FROM rejected_deals ORDER BY `release`, line")
    return [(row["release"], row["status"]) for row in rows]


def worth(engine: sa.Engine) -> list[tuple[str, str]]:
    return [(entry.field, entry.status) for entry in listed(engine)]


def corrected(engine: sa.Engine) -> None:
    """The issue is loaded, its one bad line corrected, and the issue loaded again."""
    arrives(engine, ISSUE, [BAD, FINE])
    (row,) = waiting(engine)
    given_back(engine, edited(row, room="3"))
    arrives(engine, ISSUE, [BAD, FINE], now=later(1))


def test_a_person_is_shown_the_cells_the_reason_and_the_line(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, FINE])
    (row,) = waiting(engine)
    assert (row.release, row.file, row.line, row.serial_number) == (ISSUE, "f_lvr_land_b.csv", 3, A)
    assert (row.fields["room"], row.fields["transaction_date"], row.raw) == ("3333", "1110713", BAD)
    ((reason,),) = [row.reasons]
    assert reason.column == "room"
    assert "不是 0 到 9" in reason.zh


def test_a_corrected_line_becomes_a_deal_of_its_release(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, FINE])
    (row,) = waiting(engine)
    done = given_back(engine, edited(row, room="3"))
    assert results(done) == ["corrected"]
    assert [release.key for release in done.touched] == [ISSUE]
    assert rooms(engine) == {B: "3"}
    (told,) = listed(engine)
    assert (told.old_value, told.new_value, told.editor, told.reason) == ("3333", "3", "王小明", "看錯")
    assert (told.edited_on, told.document, told.waiting) == (date(2023, 7, 1), "更正.xlsx", True)
    report = arrives(engine, ISSUE, [BAD, FINE], now=later(1))
    assert (report.new_deals, report.unchanged_deals, report.rejected_lines) == (1, 1, 0)
    assert rooms(engine) == {A: "3", B: "3"}
    assert (waiting(engine), statuses(engine), worth(engine)) == ([], [(ISSUE, "corrected")], [("room", "applied")])
    (event,) = rows_of(engine, "SELECT * FROM deal_events")
    assert (event["event"], event["serial_number"], event["release"]) == ("corrected", A, ISSUE)
    assert releases_to_load(engine) == ()


def test_loaded_again_it_changes_nothing(engine: sa.Engine) -> None:
    corrected(engine)
    tables = ("deals", "deal_events", "rejected_deals", "corrections", "release_copies", "release_files", "releases")
    before = [rows_of(engine, f"SELECT * FROM {name}") for name in tables]  # noqa: S608
    report = arrives(engine, ISSUE, [BAD, FINE], now=later(2))
    assert (report.new_deals, report.unchanged_deals) == (0, 2)
    assert [rows_of(engine, f"SELECT * FROM {name}") for name in tables] == before  # noqa: S608


def test_the_season_that_repeats_the_line_is_corrected_as_well(engine: sa.Engine) -> None:
    corrected(engine)
    report = arrives(engine, season(5), [FINE, BAD])
    assert (report.unchanged_deals, report.rejected_lines) == (2, 0)
    assert rooms(engine) == {A: "3", B: "3"}
    assert statuses(engine) == [(SEASON, "corrected"), (ISSUE, "corrected")]


def test_a_line_that_stands_in_an_issue_and_its_season_is_corrected_in_both(engine: sa.Engine) -> None:
    copies = {copy_of(ISSUE): [BAD, FINE], season(5): [BAD], season(20): [FINE, BAD]}
    for record, lines in copies.items():
        arrives(engine, record, lines)
    of_season, of_issue = waiting(engine)
    done = given_back(engine, edited(of_season, room="3"))
    assert [release.key for release in done.touched] == [SEASON, ISSUE]
    assert of_issue.release == ISSUE
    assert catches_up(engine, copies) == 3
    assert statuses(engine) == [(SEASON, "corrected"), (ISSUE, "corrected")]
    (seen,) = rows_of(engine, f"SELECT first_release, earlier_sightings FROM deals WHERE serial_number = '{A}'")  # noqa: S608
    assert seen == {"first_release": ISSUE, "earlier_sightings": f"{ISSUE},{SEASON}@20221005120000"}


def test_mois_own_value_takes_over(engine: sa.Engine) -> None:
    corrected(engine)
    arrives(engine, season(5), [line(編號=A, **{ROOMS: "5"}), FINE])
    assert rooms(engine)[A] == "5"
    assert worth(engine) == [("room", "superseded")]
    (event,) = rows_of(engine, "SELECT changes FROM deal_events WHERE event = 'changed'")
    assert "5" in event["changes"]


def test_of_two_corrected_cells_the_one_that_moi_mends_is_superseded(engine: sa.Engine) -> None:
    bad = line(編號=A, 總價元="0", **{ROOMS: "3333"})
    arrives(engine, ISSUE, [bad])
    (row,) = waiting(engine)
    given_back(engine, edited(row, room="3", price="12320000"))
    arrives(engine, ISSUE, [bad])
    arrives(engine, season(5), [line(編號=A, 總價元="12000000", **{ROOMS: "3333"})])
    assert rows_of(engine, "SELECT room, price FROM deals") == [{"room": "3", "price": 12_000_000}]
    assert worth(engine) == [("room", "applied"), ("price", "superseded")]


def test_other_dirt_of_mois_is_not_covered(engine: sa.Engine) -> None:
    corrected(engine)
    report = arrives(engine, season(5), [line(編號=A, **{ROOMS: "44"}), FINE])
    assert report.rejected_lines == 1
    assert [row.fields["room"] for row in waiting(engine, SEASON)] == ["44"]
    assert rooms(engine)[A] == "3"


def test_what_is_still_wrong_is_told_and_changes_nothing(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, line(編號=C, 總價元="0", 鄉鎮市區="", 土地位置建物門牌="不明")])
    wrong_rooms, wrong_price = waiting(engine)
    done = given_back(engine, edited(wrong_rooms, room="33"), edited(wrong_price, where="列 6", price="100"))
    assert results(done) == ["still wrong", "still wrong"]
    assert "建物現況格局-房" in done.outcomes[0].zh
    assert ("鄉鎮市區" in done.outcomes[1].zh, "總價" in done.outcomes[1].zh) == (True, False)
    assert "the district is blank" in done.outcomes[1].en
    assert (listed(engine), done.touched) == ([], ())


def test_given_back_twice_it_is_done_already(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, FINE])
    (row,) = waiting(engine)
    again = edited(row, room="3")
    given_back(engine, again)
    done = given_back(engine, again)
    assert results(done) == ["done already"]
    assert [release.key for release in done.touched] == [ISSUE], "it was not loaded since"
    arrives(engine, ISSUE, [BAD, FINE])
    assert results(given_back(engine, again)) == ["done already"]
    assert len(listed(engine)) == 1


def test_an_old_file_does_not_reach_a_line_that_reads_otherwise_now(engine: sa.Engine) -> None:
    arrives(engine, season(5), [BAD])
    (row,) = waiting(engine)
    arrives(engine, season(6), [line(編號=A, **{ROOMS: "44"})])
    assert results(given_back(engine, edited(row, room="3"))) == ["outdated"]
    arrives(engine, season(7), [line(編號=A)])
    assert results(given_back(engine, edited(row, room="3"))) == ["not open"]
    assert listed(engine) == []


def test_a_plan_changes_nothing(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD])
    (row,) = waiting(engine)
    planned = plan(engine, [edited(row, room="3")])
    assert (planned.does_something, listed(engine), len(waiting(engine))) == (True, [], 1)


def test_a_dismissed_line_stays_dismissed(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [BAD, FINE])
    (row,) = waiting(engine)
    done = given_back(engine, let_go(row))
    assert (results(done), done.touched) == (["dismissed"], ())
    assert (waiting(engine), statuses(engine)) == ([], [(ISSUE, "dismissed")])
    report = arrives(engine, ISSUE, [BAD, FINE])
    assert report.rejected_lines == 1
    arrives(engine, season(5), [FINE, BAD])
    assert statuses(engine) == [(SEASON, "dismissed"), (ISSUE, "dismissed")]
    assert worth(engine) == [("", "applied")]
    assert results(given_back(engine, let_go(row))) == ["done already"]


def test_a_line_without_a_serial_is_known_by_its_text(engine: sa.Engine) -> None:
    nameless = line(編號="")
    copies = {copy_of(ISSUE): [nameless, FINE], season(5): [FINE, nameless]}
    for record, lines in copies.items():
        arrives(engine, record, lines)
    row = waiting(engine, ISSUE)[0]
    done = given_back(engine, edited(row, serial_number=A))
    assert [release.key for release in done.touched] == [SEASON, ISSUE]
    catches_up(engine, copies)
    assert (set(rooms(engine)), waiting(engine)) == ({A, B}, [])


def test_a_line_that_cannot_be_cut_is_shown_blank_and_filled_in(engine: sa.Engine) -> None:
    ragged = "淡水區,剪半"
    arrives(engine, ISSUE, [ragged, FINE])
    (row,) = waiting(engine)
    assert (set(row.fields.values()), row.raw) == ({""}, ragged)
    filled = {"district": "淡水區", "transaction_date": "1110714", "price": "5000000", "serial_number": A}
    assert results(given_back(engine, edited(row, **filled))) == ["corrected"]
    arrives(engine, ISSUE, [ragged, FINE])
    (deal,) = rows_of(engine, f"SELECT price, transaction_date FROM deals WHERE serial_number = '{A}'")  # noqa: S608
    assert (deal["price"], str(deal["transaction_date"])) == (5_000_000, "2022-07-14")


def test_a_serial_of_another_deal_is_refused(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [line(編號=""), FINE])
    (row,) = waiting(engine)
    done = given_back(engine, edited(row, serial_number=B))
    assert results(done) == ["still wrong"]
    assert "重複" in done.outcomes[0].zh


def test_one_of_two_lines_with_a_serial_is_loaded_when_the_other_is_let_go(engine: sa.Engine) -> None:
    twice = [line(編號=A), line(編號=A, 總價元="9000000"), FINE]
    report = arrives(engine, ISSUE, twice)
    assert report.rejected_lines == 2
    _, other = waiting(engine)
    done = given_back(engine, let_go(other))
    assert [release.key for release in done.touched] == [ISSUE]
    assert arrives(engine, ISSUE, twice).rejected_lines == 1
    assert [row["price"] for row in rows_of(engine, "SELECT price FROM deals ORDER BY serial_number")] == [12320000] * 2
    assert statuses(engine) == [(ISSUE, "corrected"), (ISSUE, "dismissed")]


def test_of_two_lines_with_a_serial_only_the_one_that_was_meant_is_corrected(engine: sa.Engine) -> None:
    twice = [line(編號=A, **{ROOMS: "3333"}), line(編號=A, 總價元="9000000", **{ROOMS: "3333"})]
    arrives(engine, ISSUE, twice)
    first, other = waiting(engine)
    done = given_back(engine, edited(first, room="3", serial_number=C), edited(other, where="列 6", room="2"))
    assert results(done) == ["corrected", "corrected"]
    arrives(engine, ISSUE, twice)
    assert rooms(engine) == {C: "3", A: "2"}


@pytest.mark.parametrize("decided", [True, False])
def test_a_corrected_deal_is_withdrawn_by_a_season_that_lacks_it(engine: sa.Engine, decided: bool) -> None:
    """With a correction or without: a line that is in the season no more is withdrawn, if it ever was a deal."""
    arrives(engine, season(5), [BAD, FINE])
    if decided:
        (row,) = waiting(engine)
        given_back(engine, edited(row, room="3"))
        arrives(engine, season(5), [BAD, FINE])
    report = arrives(engine, season(6), [FINE])
    assert report.withdrawn_deals == int(decided)
    assert rooms(engine) == {B: "3"}
    arrives(engine, season(7), [BAD, FINE])
    assert set(rooms(engine)) == ({A, B} if decided else {B})


def test_a_dismissed_line_that_is_published_no_more_is_told_by_the_ledger_alone(engine: sa.Engine) -> None:
    arrives(engine, season(5), [BAD, FINE])
    given_back(engine, let_go(waiting(engine)[0]))
    arrives(engine, season(6), [FINE])
    assert (statuses(engine), worth(engine)) == ([], [("", "stale")])
    arrives(engine, season(6), [FINE])
    assert worth(engine) == [("", "stale")]
    arrives(engine, season(7), [FINE, BAD])
    assert (statuses(engine), worth(engine)) == ([(SEASON, "dismissed")], [("", "applied")])
