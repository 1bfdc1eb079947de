"""The tables of statistics hold what pandas reckons from the same deals, and what small cases come to by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.database.made_up import CITY_OF, NEW_TAIPEI, NOW, TAICHUNG, deal, load
from pshs_dagster_tests.statistics import reckoning
from pshs_dagster_tests.statistics.stored import deals_of, everything, stored, windows_of

pytestmark = pytest.mark.slow

ISSUES = ("2022-12-21", "2023-01-01", "2023-01-11", "2023-01-21", "2023-02-01", "2023-02-11", "2023-02-21")
"""Trades from November 2022 to the first third of January 2023."""

AFTERWARDS = datetime(2023, 3, 1, 10, tzinfo=TAIPEI)


def test_a_group_by_hand(engine: sa.Engine) -> None:
    homes = [
        deal(
            "A", price=10_000_000, parking_sapce_price=2_000_000, building_total_area=130, parking_sapce_total_area=30
        ),
        deal(
            "B", price=13_000_001, parking_sapce_price=1_000_000, building_total_area=150, parking_sapce_total_area=50
        ),
    ]
    load(engine, "2022-09-01", homes)
    refresh(engine, NOW)
    (row,) = stored(engine, "deal_statistics").values()
    # Both have 100 m², 30.25 坪: 8,000,000 / 30.25 and 12,000,001 / 30.25 NTD per 坪. Half a NTD is rounded up.
    assert row == {
        "count_num": 2,
        "avg_total_price": 1150.0001,
        "avg_house_price": 1000.0001,
        "avg_house_unit_price": 33.0579,
        "mixed_parking_num": 0,
    }


def test_deals_of_december_that_are_published_in_february_count_in_their_year(engine: sa.Engine) -> None:
    load(engine, "2023-02-11", [deal("A", transaction_date=pd.Timestamp(2022, 12, 31))])
    load(engine, "2023-02-21", [deal("B", transaction_date=pd.Timestamp(2023, 1, 1))])
    refresh(engine, NOW)
    found = stored(engine, "deal_statistics")
    assert {(key[2], key[3]): row["count_num"] for key, row in found.items()} == {("2022", "12"): 1, ("2023", "01"): 1}
    assert {key[2:] for key in stored(engine, "market_statistics")} == {("2022", "12"), ("2023", "01")}


@pytest.mark.parametrize(
    "values",
    [
        {"object_of_transaction": "房地(土地+建物)"},
        {"object_of_transaction": "車位"},
        {"main_use": "商業用"},
        {"termination": "1121113全部解約", "cancelled_on": pd.Timestamp(2023, 11, 13)},
        {"termination": "全部解約"},
        {"cancelled_on": pd.Timestamp(2023, 11, 13)},
    ],
)
def test_other_deals_are_in_no_average(engine: sa.Engine, values: Mapping[str, Any]) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B", price=1, **values)])
    refresh(engine, NOW)
    (row,) = stored(engine, "deal_statistics").values()
    assert (row["count_num"], row["avg_total_price"]) == (1, 1234.0)


@pytest.mark.parametrize("unknown", ["parking_sapce_price", "parking_sapce_total_area"])
def test_parking_without_a_price_or_an_area_is_mixed_in_and_the_row_says_so(engine: sa.Engine, unknown: str) -> None:
    values: dict[str, Any] = {"price": 12_100_000, "building_total_area": 100, unknown: 0}
    load(engine, "2022-09-01", [deal("A", **values)])
    refresh(engine, NOW)
    (row,) = stored(engine, "deal_statistics").values()
    assert row["avg_house_unit_price"] == 40.0  # 1,210 萬元 for 30.25 坪, both with the parking
    assert row["mixed_parking_num"] == 1


def test_a_home_without_area_has_no_unit_price_and_is_in_no_quartile(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B", building_total_area=0), deal("C", building_total_area=33.1)])
    refresh(engine, NOW)
    (row,) = stored(engine, "deal_statistics").values()
    assert row["count_num"] == 3
    assert row["avg_house_unit_price"] == pytest.approx(1034 / (373.87 * 0.3025), abs=5e-5)
    (market,) = stored(engine, "market_statistics").values()
    assert (market["deals_num"], market["left_out_num"]) == (1, 2)


def test_names_that_a_collation_takes_for_equal_are_two_projects(engine: sa.Engine) -> None:
    long = "一個比二十一個字還要長而且到最後一個字才不一樣的建案名稱"
    names = ["VIP", "vip", "𠀀居", "𠀁居", f"{long}甲A", f"{long}甲a"]
    load(engine, "2022-09-01", [deal(name, build_name=name, price=1000 * n) for n, name in enumerate(names, start=1)])
    refresh(engine, NOW)
    found = stored(engine, "deal_statistics")
    assert {key[4]: row["avg_total_price"] for key, row in found.items()} == {
        name: n / 10 for n, name in enumerate(names, start=1)
    }
    refresh(engine, NOW, everything=True)
    assert stored(engine, "deal_statistics") == found


@pytest.mark.parametrize("flag", ["special_relation", "unusual_terms", "unit_price_mismatch"])
def test_doubtful_deals_are_left_out_of_the_market_and_counted(engine: sa.Engine, flag: str) -> None:
    rows = [
        deal("A"),
        deal("B", price=1, flags=f"parking_without_price,{flag}"),
        deal("C", flags="lost_characters,cleaned_text,outside_window"),
        deal("D", termination="全部解約", flags=flag),
        deal("E", object_of_transaction="車位", flags=flag),
    ]
    load(engine, "2022-09-01", rows)
    refresh(engine, NOW)
    (market,) = stored(engine, "market_statistics").values()
    assert (market["deals_num"], market["left_out_num"], market["cancelled_num"]) == (2, 1, 1)
    assert market["total_price_q1"] == 1234.0


def test_quartiles_interpolate_between_neighbours(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal(str(n), price=10_000_000 * n**2) for n in (1, 2, 3, 4)])
    refresh(engine, NOW)
    (market,) = stored(engine, "market_statistics").values()
    # Of 1, 4, 9, 16 (10 million): a quarter of the way is three quarters from 1 to 4.
    assert [market[f"total_price_{part}"] for part in ("q1", "median", "q3")] == [3250.0, 6500.0, 10750.0]


def test_changes_to_the_month_and_the_year_before(engine: sa.Engine) -> None:
    days = {pd.Timestamp(2021, 7, 1): 1, pd.Timestamp(2022, 6, 30): 2, pd.Timestamp(2022, 7, 13): 3}
    rows = [
        deal(f"{day}{n}", transaction_date=day, price=10_000_000 * number)
        for day, number in days.items()
        for n in range(number)
    ]
    load(engine, "2022-09-01", rows)
    refresh(engine, NOW)
    found = {f"{key[2]}-{key[3]}": row for key, row in stored(engine, "market_statistics").items()}
    assert (found["2022-07"]["deals_month_change"], found["2022-07"]["deals_year_change"]) == (0.5, 2.0)
    assert found["2022-07"]["total_price_year_change"] == 2.0
    assert found["2022-06"]["deals_month_change"] is None
    assert found["2021-07"]["unit_price_year_change"] is None


def test_a_month_is_final_once_its_last_third_is_loaded(engine: sa.Engine) -> None:
    def status(month: str) -> str:
        return stored(engine, "market_statistics")["新北市", "板橋區", "2022", month]["status"]

    load(engine, "2022-08-21", [deal("A", transaction_date=pd.Timestamp(2022, 7, 3))])
    load(engine, "2022-09-01", [deal("B", transaction_date=pd.Timestamp(2022, 7, 13))])
    refresh(engine, NOW)
    assert status("07") == "provisional"
    load(engine, "2022-09-11", [])  # nothing was sold, and that is known now
    refresh(engine, NOW)
    assert status("07") == "final"
    load(engine, "111S2", [deal("C", transaction_date=pd.Timestamp(2022, 4, 1))])
    refresh(engine, NOW)
    assert status("04") == "final"
    assert stored(engine, "project_statistics")


def made_up_deals(seed: int, number: int) -> dict[str, list[dict[str, Any]]]:
    """Deals by issue, of few projects, with everything that makes a difference to some statistic."""
    draw = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, Any]]] = {issue: [] for issue in ISSUES}
    for n in range(number):
        issue = ISSUES[draw.integers(len(ISSUES))]
        window = Release.parse(issue).window
        stray = draw.random() < 0.1
        day = (
            pd.Timestamp(2021, int(draw.integers(1, 13)), 5)
            if stray
            else pd.Timestamp(window.first + (window.last - window.first) * float(draw.random())).normalize()
        )
        cancelled = draw.random() < 0.1
        rows[issue].append(
            deal(
                f"S{n}",
                str(draw.choice([NEW_TAIPEI, TAICHUNG])),
                district=str(draw.choice(["淡水區", "板橋區"])),
                transaction_date=day,
                object_of_transaction=str(
                    draw.choice(["房地(土地+建物)+車位", "房地(土地+建物)", "車位"], p=[0.8, 0.1, 0.1])
                ),
                main_use=str(draw.choice(["住家用", "商業用"], p=[0.9, 0.1])),
                build_name=str(draw.choice(["", *(f"建案{n}" for n in range(12))])),
                room=str(draw.integers(0, 4)),
                price=int(draw.integers(1, 40_000_000)),
                building_total_area=round(float(draw.uniform(20, 200)), 2),
                parking_sapce_total_area=round(float(draw.choice([0, draw.uniform(1, 40)])), 2),
                parking_sapce_price=int(draw.integers(1, 3_000_000) * draw.integers(0, 2)),
                flags=str(draw.choice(["", "special_relation", "outside_window", "lost_characters,unusual_terms"])),
                termination="1121113全部解約" if cancelled else "",
                cancelled_on=pd.Timestamp(2023, 11, 13) if cancelled else pd.NaT,
            )
        )
    return rows


@pytest.mark.parametrize("seed", [1, 2])
def test_every_table_is_what_pandas_reckons(engine: sa.Engine, seed: int) -> None:
    for issue, rows in made_up_deals(seed, 700).items():
        load(engine, issue, rows)
        refresh(engine, AFTERWARDS)
    done = refresh(engine, AFTERWARDS)
    assert str(done.last_complete) == "2022-12"
    deals = deals_of(engine)
    found = everything(engine)
    assert reckoning.differences(found["deal_statistics"], reckoning.deal_statistics(deals)) == []
    assert (
        reckoning.differences(found["market_statistics"], reckoning.market_statistics(deals, windows_of(engine))) == []
    )
    projects = reckoning.project_statistics(deals, "2022-12")
    assert {key[4] for key in projects} >= {"10-20", "20-30", "30-40", "40+"}
    assert {row["opened_on"] > date(2022, 1, 1) for row in projects.values()} == {True}
    assert reckoning.differences(found["project_statistics"], projects) == []
    assert {key[0] for key in found["market_statistics"]} == set(CITY_OF.values())
