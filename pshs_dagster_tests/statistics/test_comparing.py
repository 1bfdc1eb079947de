"""Comparing the statistics with the deals finds every number that is not theirs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.statistics.comparing import Difference, compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster_tests.database.made_up import NOW, deal, load
from pshs_dagster_tests.statistics.test_numbers import made_up_deals

pytestmark = pytest.mark.slow


def test_right_ones_agree(engine: sa.Engine) -> None:
    for issue, rows in made_up_deals(4, 300).items():
        load(engine, issue, rows)
    refresh(engine, NOW)
    found = compare(engine)
    assert found.differences == ()
    assert found.groups > 10


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE deal_statistics SET count_num = count_num + 1", "count, total_price, house_price, unit_price"),
        ("UPDATE deal_statistics SET avg_total_price = avg_total_price + 0.01", "total_price"),
        ("UPDATE deal_statistics SET avg_house_price = avg_house_price - 0.01", "house_price"),
        ("UPDATE deal_statistics SET avg_house_unit_price = avg_house_unit_price + 0.01", "unit_price"),
        ("UPDATE deal_statistics SET city = '臺中市'", "count"),
        ("UPDATE deal_statistics SET year = '2023'", "count"),
        ("UPDATE deal_statistics SET month = '08'", "count"),
        ("DELETE FROM deal_statistics", "count"),
        ("UPDATE deals SET termination = '全部解約'", "count"),
        ("UPDATE deals SET price = price + 1000", "total_price, house_price, unit_price"),
    ],
)
def test_a_wrong_number_is_found(engine: sa.Engine, damage: str, what: str) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B")])
    refresh(engine, NOW)
    with write_transaction(engine) as connection:
        assert connection.execute(sa.text(damage)).rowcount
    assert what in {difference.what for difference in compare(engine).differences}


def test_a_difference_names_its_city_and_month_and_both_counts(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B")])
    refresh(engine, NOW)
    with write_transaction(engine) as connection:
        connection.execute(sa.text("DELETE FROM deal_statistics"))
    assert compare(engine).differences == (Difference("新北市", "2022-07", 2, 0, "count"),)


def test_a_home_without_unit_price_is_no_difference(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B", building_total_area=0)])
    refresh(engine, NOW)
    assert compare(engine).differences == ()
