"""A deal that was loaded is corrected, and stays so while MOI publishes what it was corrected from."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.correcting.listing import listed
from pshs_dagster.database.correcting.waiting import review_rows
from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster_tests.correcting.desk import (
    ISSUE,
    A,
    B,
    C,
    arrives,
    edited,
    given_back,
    later,
    let_go,
    parsed_of,
    results,
    season,
    shown,
)
from pshs_dagster_tests.database.made_up import NOW, copy_of, rows_of
from pshs_dagster_tests.deals.lines import line

pytestmark = pytest.mark.slow

ODD = line(編號=A, 單價元平方公尺="1")
FINE = line(編號=B)


def deal(engine: sa.Engine, serial: str = A) -> dict[str, Any]:
    (row,) = rows_of(engine, f"SELECT * FROM deals WHERE serial_number = '{serial}'")  # noqa: S608
    return row


def worth(engine: sa.Engine) -> list[tuple[str, str]]:
    return [(entry.field, entry.status) for entry in listed(engine)]


def corrected(engine: sa.Engine) -> None:
    """The issue is loaded, and its odd unit price corrected a day later."""
    arrives(engine, ISSUE, [ODD, FINE])
    given_back(engine, edited(shown(engine, A), unit_price="79157"), now=later(1))


def test_a_person_is_shown_the_flag_and_its_column(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD, FINE])
    row = shown(engine, A)
    assert (row.fields["unit_price"], row.fields["transaction_date"], row.raw) == ("1", "2022-07-13", "")
    assert (row.release, row.file, row.line) == (ISSUE, "f_lvr_land_b.csv", 3)
    assert [(reason.rule, reason.column) for reason in row.reasons] == [("unit_price_mismatch", "unit_price")]
    assert review_rows(engine, ["111S1"], suspects=True) == []


def test_a_corrected_deal_has_the_value_at_once_and_loses_the_flag(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD, FINE])
    before = deal(engine)
    done = given_back(engine, edited(shown(engine, A), unit_price="79157"), now=later(1))
    assert (results(done), done.touched) == (["corrected"], ())
    after = deal(engine)
    assert (after["unit_price"], after["flags"]) == (79157, "")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"unit_price", "flags", "updated_at"}
    (event,) = rows_of(engine, "SELECT * FROM deal_events")
    assert (event["event"], event["release"]) == ("corrected", ISSUE)
    assert event["changes"].replace(" ", "") == '{"unit_price":[1,79157]}'
    assert worth(engine) == [("unit_price", "applied")]


def test_reloads_of_the_same_and_of_a_newer_copy_keep_it(engine: sa.Engine) -> None:
    corrected(engine)
    before = deal(engine)
    arrives(engine, ISSUE, [ODD, FINE], now=later(2))
    assert deal(engine) == before
    arrives(engine, season(5), [FINE, ODD], now=later(3))
    after = deal(engine)
    assert (after["unit_price"], after["flags"], after["last_release"]) == (79157, "", "111S3")
    assert after["updated_at"] == before["updated_at"]
    assert worth(engine) == [("unit_price", "applied")]
    assert len(rows_of(engine, "SELECT id FROM deal_events")) == 1


@pytest.mark.parametrize("published", ["79157", "2"])
def test_moi_changes_the_field_and_its_value_stands(engine: sa.Engine, published: str) -> None:
    corrected(engine)
    arrives(engine, season(5), [FINE, line(編號=A, 單價元平方公尺=published)])
    assert deal(engine)["unit_price"] == int(published)
    assert worth(engine) == [("unit_price", "superseded")]
    changes = rows_of(engine, "SELECT changes FROM deal_events WHERE event = 'changed'")
    assert [row["changes"].replace(" ", "") for row in changes] == [f'{{"unit_price":[1,{published}]}}']


def test_moi_changes_another_field_and_the_correction_stands(engine: sa.Engine) -> None:
    corrected(engine)
    arrives(engine, season(5), [line(編號=A, 單價元平方公尺="1", 備註="急買急賣")])
    after = deal(engine)
    assert (after["unit_price"], after["note"], after["flags"]) == (79157, "急買急賣", "unusual_terms")
    assert worth(engine) == [("unit_price", "applied")]


def test_when_we_read_the_line_otherwise_it_is_stale(engine: sa.Engine) -> None:
    corrected(engine)
    record = copy_of(ISSUE)
    other_reading = line(編號=A, 單價元平方公尺="3")
    arrives(engine, record, [other_reading, FINE])
    assert deal(engine)["unit_price"] == 3
    assert worth(engine) == [("unit_price", "stale")]


def test_a_later_correction_takes_the_place_of_the_earlier(engine: sa.Engine) -> None:
    corrected(engine)
    arrives(engine, season(5), [line(編號=A, 單價元平方公尺="1", 備註="急買急賣")])
    row = shown(engine, A)
    assert row.fields["unit_price"] == "79157"
    given_back(engine, edited(row, unit_price="80000"), now=later(2))
    assert deal(engine)["unit_price"] == 80_000
    assert [(entry.old_value, entry.new_value, entry.status) for entry in listed(engine)] == [
        ("1", "79157", "superseded"),
        ("1", "80000", "applied"),
    ]
    given_back(engine, edited(shown(engine, A), unit_price="1"), now=later(3))
    assert deal(engine)["unit_price"] == 1, "the correction was taken back"
    arrives(engine, season(5), [line(編號=A, 單價元平方公尺="1", 備註="急買急賣")])
    assert (deal(engine)["unit_price"], worth(engine)[-1]) == (1, ("unit_price", "applied"))


def test_a_correction_that_is_taken_back_gives_the_flag_back(engine: sa.Engine) -> None:
    corrected(engine)
    given_back(engine, edited(shown_as_it_was(A, unit_price="79157", note=""), note="親友"), now=later(2))
    assert deal(engine)["flags"] == "special_relation"
    arrives(engine, "2022-09-11", [line(編號=C, 交易年月日="1110722")])
    given_back(engine, edited(shown(engine, A), unit_price="1"), now=later(3))
    assert (deal(engine)["unit_price"], deal(engine)["flags"]) == (1, "unit_price_mismatch,special_relation")


def test_what_breaks_a_rule_is_refused(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    row = shown(engine, A)
    for changes, told in (
        ({"price": "0"}, "總價為零或負數"),
        ({"room": "12"}, "建物現況格局-房"),
        ({"transaction_date": "2099-01-01"}, "晚於發布日"),
        ({"serial_number": B}, "編號用來識別交易"),
    ):
        done = given_back(engine, edited(row, **changes))
        assert results(done) == ["still wrong"]
        assert told in done.outcomes[0].zh
    assert (listed(engine), deal(engine)["price"]) == ([], 12_320_000)


@pytest.mark.parametrize("day", ["2022-07-14", "1110714"])
def test_a_day_may_be_written_either_way(engine: sa.Engine, day: str) -> None:
    arrives(engine, ISSUE, [ODD])
    given_back(engine, edited(shown(engine, A), transaction_date=day))
    assert str(deal(engine)["transaction_date"]) == "2022-07-14"
    assert [(entry.old_value, entry.new_value) for entry in listed(engine)] == [("2022-07-13", "2022-07-14")]


def test_a_cancellation_that_is_corrected_tells_its_day(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [line(編號=A, 單價元平方公尺="1", 解約情形="1110801全部解約")])
    given_back(engine, edited(shown(engine, A), termination="1110802全部解約"))
    assert str(deal(engine)["cancelled_on"]) == "2022-08-02"
    arrives(engine, ISSUE, [line(編號=A, 單價元平方公尺="1", 解約情形="1110801全部解約")])
    assert (deal(engine)["termination"], str(deal(engine)["cancelled_on"])) == ("1110802全部解約", "2022-08-02")
    assert [row["event"] for row in rows_of(engine, "SELECT event FROM deal_events ORDER BY id")] == [
        "cancelled",
        "corrected",
    ]


def test_texts_that_only_look_alike_are_told_apart(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [line(編號=A, 單價元平方公尺="1", 建案名稱="ABC")])
    given_back(engine, edited(shown(engine, A), build_name="abc "))
    assert deal(engine)["build_name"] == "abc "
    arrives(engine, ISSUE, [line(編號=A, 單價元平方公尺="1", 建案名稱="ABC")])
    assert deal(engine)["build_name"] == "abc "


def test_a_text_longer_than_its_column_widens_it(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    note = "長" * 700
    given_back(engine, edited(shown(engine, A), note=note))
    assert deal(engine)["note"] == note


def test_given_back_twice_it_is_done_already(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    again = edited(shown(engine, A), unit_price="79157")
    given_back(engine, again)
    assert results(given_back(engine, again)) == ["done already"]
    assert results(given_back(engine, edited(shown_as_it_was(A, unit_price="1"), unit_price="5"))) == ["outdated"]
    assert len(listed(engine)) == 1


def shown_as_it_was(serial: str, **fields: str) -> Row:
    """The row of a file in which these are the texts of a deal."""
    return Row(Kind.DEAL, ISSUE, "f_lvr_land_b.csv", 3, "新北市", serial, "", (), fields)


def test_flags_that_somebody_let_stand_are_shown_no_more_until_they_change(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD])
    row = shown(engine, A)
    assert results(given_back(engine, let_go(row))) == ["dismissed"]
    assert review_rows(engine, suspects=True) == []
    assert results(given_back(engine, let_go(row))) == ["done already"]
    arrives(engine, season(5), [line(編號=A, 單價元平方公尺="1", 備註="親友")])
    assert shown(engine, A).fields["note"] == "親友"


def test_withdrawn_and_reinstated_it_keeps_its_correction(engine: sa.Engine) -> None:
    corrected(engine)
    arrives(engine, season(5), [FINE])
    (gone,) = rows_of(engine, "SELECT unit_price, flags FROM withdrawn_deals")
    assert gone == {"unit_price": 79157, "flags": ""}
    assert worth(engine) == [("unit_price", "applied")]
    arrives(engine, season(6), [ODD, FINE])
    assert (deal(engine)["unit_price"], deal(engine)["flags"]) == (79157, "")
    arrives(engine, season(7), [FINE])
    arrives(engine, season(8), [line(編號=A, 單價元平方公尺="9"), FINE])
    assert (deal(engine)["unit_price"], worth(engine)) == (9, [("unit_price", "superseded")])


def test_who_took_the_place_of_a_withdrawn_deal_is_told_by_mois_values(engine: sa.Engine) -> None:
    """The unit was registered again; that somebody corrected its price does not hide it."""
    arrives(engine, ISSUE, [ODD])
    given_back(engine, edited(shown(engine, A), price="13000000"))
    arrives(engine, season(5), [line(編號=B)])
    (event,) = rows_of(engine, "SELECT changes FROM deal_events WHERE event = 'withdrawn'")
    assert B in event["changes"]


def test_what_somebody_wrote_into_the_table_by_hand_is_found(engine: sa.Engine) -> None:
    corrected(engine)
    record = copy_of(ISSUE)
    deals = parsed_of(record, [ODD, FINE]).deals
    assert verify_release(engine, record, deals).holds
    with write_transaction(engine) as connection:
        connection.execute(sa.text("UPDATE deals SET unit_price = 5"))
    assert set(verify_release(engine, record, deals).different["serial_number"]) == {A, B}
    arrives(engine, ISSUE, [ODD, FINE])
    assert (deal(engine)["unit_price"], worth(engine)) == (79157, [("unit_price", "applied")])


def test_entries_that_somebody_wrote_by_hand_harm_nothing(engine: sa.Engine) -> None:
    arrives(engine, ISSUE, [ODD, FINE])
    with write_transaction(engine) as connection:
        for field, old, new in (("price", "12320000", "viel"), ("city", "新北市", "x"), ("none", "", "")):
            connection.execute(
                sa.text(
                    "INSERT INTO corrections (city, serial_number, field, old_value, new_value, reason, editor, "
                    "edited_on, status) VALUES ('新北市', :serial, :field, :old, :new, '', '', :day, 'applied')"
                ),
                {"serial": A, "field": field, "old": old, "new": new, "day": NOW.date()},
            )
    arrives(engine, season(5), [ODD, FINE])
    assert [status for _, status in worth(engine)] == ["stale"] * 3
    assert deal(engine)["price"] == 12_320_000
