"""The picture is what the tables hold, reckoned anew by pandas from the deals, and what small cases come to by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.loading.rejects import record_rejects
from pshs_dagster.database.reading.market.gather import gather
from pshs_dagster.database.reading.market.quality import missing_issues
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import project_absorption, project_matches, registered_projects
from pshs_dagster.errors import DatabaseError
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.report.picture import MarketMonth, Picture, SoldMonth, What
from pshs_dagster_tests.database.made_up import NEW_TAIPEI, TAICHUNG, copy_of, deal, load
from pshs_dagster_tests.statistics import reckoning
from pshs_dagster_tests.statistics.reckoning import DOUBTFUL
from pshs_dagster_tests.statistics.stored import deals_of, windows_of
from pshs_dagster_tests.statistics.test_numbers import AFTERWARDS, ISSUES, made_up_deals

pytestmark = pytest.mark.slow

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For what does not depend on the database: counting in Python what plain queries give."""

FIRST, SECOND = "2022-09-01", "2022-09-11"
NOW = datetime(2022, 9, 12, 9, 15, tzinfo=TAIPEI)


def picture_of(engine: sa.Engine, release: str, now: datetime = NOW) -> Picture:
    refresh(engine, now)
    return gather(engine, Release.parse(release), now)


def months_of(picture: Picture, city: str, district: str) -> dict[str, MarketMonth]:
    (market,) = (each for each in picture.markets if (each.city, each.district) == (city, district))
    return {month.month: month for month in market.months}


def test_markets_of_districts_cities_and_the_country_are_what_pandas_reckons(engine: sa.Engine) -> None:
    for issue, rows in made_up_deals(3, 500).items():
        load(engine, issue, rows)
    picture = picture_of(engine, ISSUES[-1], AFTERWARDS)
    shown = {
        (market.city, market.district, *month.month.split("-")): _values(month, picture)
        for market in picture.markets
        for month in market.months
    }
    deals = deals_of(engine)
    reckoned: reckoning.Rows = {}
    for frame in (deals, deals.assign(district=""), deals.assign(city="", district="")):
        reckoned |= reckoning.market_statistics(frame, windows_of(engine))
    # Strays of 2021 lie before the first window; a month without a price of its own is a row all the same.
    within = {key: row for key, row in reckoned.items() if "2022-11" <= "-".join(key[2:]) <= "2023-01"}
    assert {key[0] for key in within} == {"", "新北市", "臺中市"}
    wanted = {key: {name: row[name] for name in next(iter(shown.values()))} for key, row in within.items()}
    assert reckoning.differences(shown, wanted) == []
    districts = [row["deals_num"] for key, row in reckoned.items() if key[1] and key not in within]
    assert picture.quality.deals_outside == sum(districts) > 0


def _values(month: MarketMonth, picture: Picture) -> dict[str, Any]:
    unit, total = month.unit_price or (None,) * 3, month.total_price or (None,) * 3
    return {
        "status": "provisional" if month.month in picture.provisional else "final",
        "deals_num": month.deals,
        "cancelled_num": month.cancelled,
        "left_out_num": month.left_out,
        **{f"unit_price_{name}": value for name, value in zip(("q1", "median", "q3"), unit, strict=True)},
        **{f"total_price_{name}": value for name, value in zip(("q1", "median", "q3"), total, strict=True)},
        "size_median": month.size,
    }


@ON_SQLITE
def test_a_city_leaves_out_what_its_districts_leave_out(engine: sa.Engine) -> None:
    flags = ["", *DOUBTFUL, "lost_characters,unusual_terms", "outside_window"]
    load(engine, FIRST, [deal(f"{number}", flags=flag) for number, flag in enumerate(flags)])
    picture = picture_of(engine, FIRST)
    (district,) = months_of(picture, "新北市", "板橋區").values()
    assert (district.deals, district.left_out) == (2, 4)
    assert months_of(picture, "新北市", "") == months_of(picture, "", "") == {"2022-07": district}


@ON_SQLITE
def test_projects_that_opened_are_those_of_pandas(engine: sa.Engine) -> None:
    for issue, rows in made_up_deals(4, 300).items():
        load(engine, issue, rows)
    picture = picture_of(engine, ISSUES[-1], AFTERWARDS)
    shown = {
        (row.city, row.district, row.name, row.months, row.size): {
            "opened_on": row.opened_on,
            "count_num": row.deals,
            "mean_unit_price": row.mean_unit_price,
            "median_unit_price": row.median_unit_price,
            "mean_total_price": row.mean_total_price,
            "median_total_price": row.median_total_price,
        }
        for row in picture.opened
    }
    reckoned = reckoning.project_statistics(deals_of(engine), picture.last_complete)
    for row in reckoned.values():
        assert row.pop("last_month") == picture.last_complete == "2022-12"
    assert len(shown) > 50
    assert reckoning.differences(shown, reckoned) == []


def test_what_an_issue_brought_and_told_of_known_deals(engine: sa.Engine) -> None:
    load(engine, FIRST, [deal("A"), deal("B"), deal("C", note="甲"), deal("D", district="淡水區")])
    changed = [
        deal("A", price=11_000_000),
        deal("B", termination="1110901全部解約", cancelled_on=pd.Timestamp(2022, 9, 1)),
        deal("C", note="乙"),
        deal("D", district="淡水區"),
        deal("E", district="淡水區"),
        deal("F", TAICHUNG),
    ]
    load(engine, SECOND, changed, rejected={TAICHUNG: 2})
    picture = picture_of(engine, SECOND)
    taichung, new_taipei = sorted(picture.brought, key=lambda brought: brought.city, reverse=True)
    assert (new_taipei.city, new_taipei.lines, new_taipei.new) == ("新北市", 5, 1)
    assert (new_taipei.changed, new_taipei.unchanged, new_taipei.cancelled) == (3, 1, 1)
    assert (taichung.city, taichung.lines, taichung.new, taichung.rejected) == ("臺中市", 3, 1, 2)
    assert picture.new_deals == {("新北市", "淡水區"): 1, ("臺中市", "板橋區"): 1}
    happened = {each.what: each for each in picture.happenings.listed}
    assert happened.keys() == {What.REVISED, What.CANCELLED}
    revised, cancelled = happened[What.REVISED], happened[What.CANCELLED]
    assert (revised.serial_number, revised.old, revised.new, revised.price) == (
        "A",
        "12340000",
        "11000000",
        11_000_000,
    )
    assert (cancelled.serial_number, cancelled.old, cancelled.new) == ("B", "", "1110901全部解約")
    assert picture.happenings.counts == {
        ("新北市", "板橋區", "revised"): 1,
        ("新北市", "板橋區", "cancelled"): 1,
    }
    assert picture.happenings.fields == {("新北市", "板橋區", "price"): 1, ("新北市", "板橋區", "note"): 1}


@ON_SQLITE
def test_deals_that_a_season_no_longer_holds_are_told_with_what_replaced_them(engine: sa.Engine) -> None:
    load(engine, FIRST, [deal("A"), deal("B", price=9_000_000), deal("C", buildings="C棟3樓")])
    again = deal("C2", buildings="C棟3樓", note="原申報序號C撤銷，重新申報")
    load(engine, "111S3", [deal("A"), again])
    picture = picture_of(engine, "111S3")
    withdrawn = {each.serial_number: each for each in picture.happenings.listed if each.what is What.WITHDRAWN}
    assert withdrawn.keys() == {"B", "C"}
    assert (withdrawn["B"].price, withdrawn["B"].new) == (9_000_000, "")
    assert withdrawn["C"].new == "C2"
    load(engine, copy_of("111S3", date(2023, 9, 1)), [deal("A"), again, deal("B", price=9_000_000)])
    picture = picture_of(engine, "111S3")
    assert [each.serial_number for each in picture.happenings.listed if each.what is What.REINSTATED] == ["B"]


def test_registered_projects_with_what_they_sold_and_what_has_no_match(engine: sa.Engine) -> None:
    names = ["淡海一號", "淡海一號", "淡海１號", "無名"]
    load(engine, FIRST, [deal(str(number), build_name=name) for number, name in enumerate(names)])
    place = {"city": "新北市", "district": "板橋區"}
    texts = dict.fromkeys(("homes_text", "location", "builder", "main_use", "permit", "selling_period"), "")
    list_of = {"listed_as_of": datetime(2022, 9, 5), "build_name": "淡海一號", "project_name": "淡海一號"}  # noqa: DTZ001
    registered = [
        {**place, **texts, **list_of, "project_number": "1", "homes": 30},
        {**place, **texts, **list_of, "project_number": "2", "homes": 20},
        # This one stands in an older list only, and its homes are offered no more.
        {**place, **texts, **list_of, "project_number": "0", "homes": 99, "listed_as_of": datetime(2022, 8, 5)},  # noqa: DTZ001
        {**place, **texts, **list_of, "project_number": "3", "project_name": "未售", "homes": None},
    ]
    matches = [
        ("淡海一號", "淡海一號", "exact", 1),
        ("淡海１號", "淡海一號", "normalised", 0.95),
        ("無名", "", "none", 0),
    ]
    sold = {"homes": 50, "deals_num": 3, "cancelled_num": 1, "sold_num": 2, "absorption": 0.04}
    with engine.begin() as connection:
        connection.execute(sa.insert(registered_projects), registered)
        connection.execute(
            sa.insert(project_matches),
            [
                {
                    **place,
                    "build_name": name,
                    "registered_district": "板橋區" if of else "",
                    "registered_name": of,
                    "method": method,
                    "confidence": confidence,
                }
                for name, of, method, confidence in matches
            ],
        )
        connection.execute(
            sa.insert(project_absorption), [{**place, "build_name": "淡海一號", "year": "2022", "month": "07", **sold}]
        )
    absorption = picture_of(engine, FIRST).absorption
    unsold, project = sorted(absorption.registered, key=lambda each: each.homes or 0)
    assert (project.name, project.homes, project.listed_on) == ("淡海一號", 50, date(2022, 9, 5))
    assert (project.method, project.confidence) == ("normalised", 0.95)
    assert project.months == (SoldMonth("2022-07", 3, 1, 2),)
    assert (unsold.name, unsold.homes, unsold.method, unsold.months) == ("未售", None, "", ())
    (unmatched,) = absorption.unmatched
    assert (unmatched.name, unmatched.method, unmatched.deals) == ("無名", "none", 1)
    assert absorption.unmatched_projects == {"新北市": 1}


@ON_SQLITE
def test_rejected_lines_and_suspect_deals_are_counted_by_reason(engine: sa.Engine) -> None:
    reason = {
        "rule": "price_not_positive",
        "column": "price",
        "zh": "總價為零或負數",
        "en": "the price is zero or less",
    }
    flagged = "special_relation,lost_characters"
    for release, lines in ((FIRST, 1), (SECOND, 2)):
        load(engine, release, [deal(release, flags=flagged), deal(f"{release}B")], rejected={NEW_TAIPEI: lines})
        record_rejects(engine, release, _rejects([reason], lines))
    quality = picture_of(engine, SECOND).quality
    assert [(told.city, told.rule, told.release, told.in_all) for told in quality.rejected] == [
        ("新北市", "price_not_positive", 2, 3)
    ]
    assert {(told.rule, told.release, told.in_all) for told in quality.suspect} == {
        ("special_relation", 1, 2),
        ("lost_characters", 1, 2),
    }
    assert all(told.zh != told.en for told in quality.suspect)


def _rejects(reasons: list[dict[str, str]], lines: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": NEW_TAIPEI,
            "source_line": range(50, 50 + lines),
            "city": "新北市",
            "serial_number": "",
            "raw": [f"line {number}" for number in range(lines)],
            "reasons": [reasons] * lines,
            "published": None,
        }
    )


@pytest.mark.parametrize(
    ("loaded", "gaps"),
    [
        (["2022-09-01"], []),
        (["2022-09-01", "2022-09-11"], []),
        (["2022-09-01", "2022-10-01"], [("2022-09-11", "2022-09-21", 2)]),
        # 111S2 ends on 10 May; the issue of 1 September begins on 11 July.
        (["111S2", "2022-09-01"], [("2022-07-01", "2022-08-21", 6)]),
        (["111S2", "2022-09-01", "111S3"], []),
    ],
)
def test_issues_that_are_missing_between_what_is_loaded(
    loaded: Sequence[str], gaps: list[tuple[str, str, int]]
) -> None:
    found = missing_issues([Release.parse(name) for name in loaded])
    assert [(gap.first.key, gap.last.key, gap.issues) for gap in found] == gaps


@ON_SQLITE
def test_a_release_that_is_not_loaded_has_no_report(engine: sa.Engine) -> None:
    load(engine, FIRST, [deal("A")])
    with pytest.raises(DatabaseError, match="pshs load 2022-09-11"):
        gather(engine, Release.parse(SECOND), NOW)


@ON_SQLITE
def test_a_deal_alone_makes_a_picture(engine: sa.Engine) -> None:
    load(engine, FIRST, [deal("A")])
    picture = picture_of(engine, FIRST)
    assert (picture.first_month, picture.last_month, picture.provisional) == ("2022-07", "2022-07", {"2022-07"})
    assert months_of(picture, "新北市", "板橋區") == months_of(picture, "", "") == months_of(picture, "新北市", "")
    assert (picture.opened, picture.last_complete) == ((), "")
