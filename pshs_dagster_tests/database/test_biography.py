"""The life of a deal: everything that happened to it, in order, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.reading.biography import WORDS, Change, Life, What, biography
from pshs_dagster.database.tables import deal_events, rejected_deals
from pshs_dagster.errors import PshsError
from pshs_dagster_tests.database.made_up import TAICHUNG, copy_of, deal, load

pytestmark = pytest.mark.slow

CANCELLED: dict[str, Any] = {"termination": "1120102全部解約", "cancelled_on": pd.Timestamp(2023, 1, 2)}


def told(life: Life) -> list[tuple[str, str, str]]:
    return [(str(entry.as_of.date()), entry.release, entry.what.value) for entry in life.entries]


def only(engine: sa.Engine, serial: str, city: str | None = None) -> Life:
    (life,) = biography(engine, serial, city)
    return life


def test_a_quiet_life_is_its_sightings(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A")])
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("A")])
    load(engine, copy_of("111S3", date(2022, 9, 20)), [deal("A")])
    life = only(engine, "A")
    assert told(life) == [
        ("2022-07-01", "2022-07-01", "first seen"),
        ("2022-08-20", "111S3", "seen"),
        ("2022-09-20", "111S3", "seen"),
    ]
    assert life.state == ("現存", "present")


def test_changes_are_told_with_old_and_new_value_in_both_languages(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A", price=12_340_000, note="")])
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("A", price=12_500_000, note="含車位")])
    life = only(engine, "A")
    assert told(life)[1:] == [("2022-08-20", "111S3", "changed")]
    assert set(life.entries[1].changes) == {
        Change("總價", "Total price, parking included", "12,340,000", "12,500,000"),
        Change("備註", "Note", "", "含車位"),
    }
    assert (life.entries[1].zh, life.entries[1].en) == ("內容變更", "changed")


def test_a_deal_that_goes_and_comes_back_cancelled(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A", price=1)])
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("B")])
    gone = only(engine, "A")
    assert (gone.withdrawn_by, gone.state) == ("111S3", ("已撤下", "withdrawn"))
    load(engine, copy_of("111S3", date(2022, 9, 20)), [deal("A", price=2, **CANCELLED), deal("B")])
    life = only(engine, "A")
    assert told(life) == [
        ("2022-07-01", "2022-07-01", "first seen"),
        ("2022-08-20", "111S3", "withdrawn"),
        ("2022-09-20", "111S3", "reinstated"),
        ("2022-09-20", "111S3", "changed"),
        ("2022-09-20", "111S3", "cancelled"),
    ]
    assert (life.withdrawn_by, life.state) == ("", ("現存、已解約", "present, cancelled"))
    assert Change("解約日期", "First day of cancellation named there", "", "2023-01-02") in life.entries[4].changes


def test_a_deal_registered_anew_and_its_successor_name_each_other(engine: sa.Engine) -> None:
    same: dict[str, Any] = {
        "build_name": "遠雄之星",
        "buildings": "A棟12樓",
        "price": 9,
        "transaction_date": pd.Timestamp(2022, 5, 12),
    }
    load(engine, "2022-07-01", [deal("OLD", **same)])
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("NEW", **same)])
    withdrawn = only(engine, "OLD").entries[-1]
    assert (withdrawn.what, withdrawn.changes) == (What.WITHDRAWN, (Change("由新編號取代", "replaced by", "", "NEW"),))
    assert told(only(engine, "NEW")) == [("2022-08-20", "111S3", "first seen"), ("2022-08-20", "111S3", "replaces")]
    assert only(engine, "NEW").entries[1].changes == (Change("原編號", "withdrawn serial", "", "OLD"),)


def test_a_trade_from_outside_the_window_is_said_to_be_one(engine: sa.Engine) -> None:
    long_ago = pd.Timestamp(2021, 1, 1)
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("A", transaction_date=long_ago), deal("B")])
    load(engine, copy_of("111S3", date(2022, 9, 20)), [deal("B")])
    (change,) = only(engine, "A").entries[-1].changes
    assert "outside the window" in change.en
    assert (change.old, change.new) == ("", "")


def test_a_deal_cancelled_when_first_seen(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A", **CANCELLED)])
    assert [what for *_, what in told(only(engine, "A"))] == ["first seen", "cancelled"]


def test_a_serial_in_two_cities_is_two_lives(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A", price=1), deal("A", TAICHUNG, price=2)])
    assert [(life.city, life.values["price"]) for life in biography(engine, "A")] == [("新北市", 1), ("臺中市", 2)]
    assert only(engine, "A", "臺中市").values["price"] == 2


def test_a_correction_by_a_person_is_part_of_the_life(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A")])
    moment = copy_of("111S3", date(2022, 8, 1)).as_of.replace(tzinfo=None)
    row = {"city": "新北市", "serial_number": "A", "event": "corrected", "release": "2022-07-01", "as_of": moment}
    with write_transaction(engine) as connection:
        connection.execute(
            sa.insert(deal_events).values(row | {"changes": {"room": ["3", "2"]}, "recorded_at": moment})
        )
    last = only(engine, "A").entries[-1]
    assert (last.what, last.changes) == (What.CORRECTED, (Change("房數", "Rooms", "3", "2"),))


def test_a_serial_may_be_typed_in_lower_case_with_spaces(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("RPVN")])
    assert only(engine, " rpvn ").serial_number == "RPVN"


def test_a_serial_that_nobody_knows_is_said_so(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A")])
    with pytest.raises(PshsError, match="No deal B is known"):
        biography(engine, "B")
    with pytest.raises(PshsError, match="No deal A in 臺中市 is known"):
        biography(engine, "A", "臺中市")


def test_a_serial_whose_line_was_rejected_is_said_to_be(engine: sa.Engine) -> None:
    row = {"release": "2022-07-01", "file": "f_lvr_land_b.csv", "line": 7, "city": "新北市", "serial_number": "R"}
    with write_transaction(engine) as connection:
        connection.execute(sa.insert(rejected_deals).values(row | {"raw": "x", "reasons": [], "status": "open"}))
    with pytest.raises(PshsError, match=r"R was never loaded: .*f_lvr_land_b.csv of 2022-07-01"):
        biography(engine, "R")


def test_everything_that_can_happen_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(What)
    assert all(zh.strip() and en.strip() for zh, en in WORDS.values())
