"""The table of statistics that the other application has made, and reads while it is filled."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster_tests.database.made_up import LATER, NOW, deal, load, rows_of
from pshs_dagster_tests.database.other_application import QUERIES, SQLITE, VARIANTS, Variant, make_their_tables, run

THEIR_ROW = (
    "INSERT INTO deal_statistics (id, city, district, year, month, build_name, room, count_num, avg_total_price, "
    "avg_house_price, avg_house_unit_price) VALUES (5, '新北市', '板橋區', '2022', '07', '遠雄之星', '3', 9, 9, 9, 9)"
)


def their_table_is_filled(engine: sa.Engine, variant: Variant) -> None:
    make_their_tables(engine, variant)
    run(engine, [THEIR_ROW])
    migrate(engine)
    load(engine, "111S3", [deal("A"), deal("B", build_name="vip"), deal("C", build_name="VIP")])
    refresh(engine, NOW)
    rows = {row["build_name"]: row for row in rows_of(engine, "SELECT * FROM deal_statistics")}
    assert set(rows) == {"遠雄之星", "vip", "VIP"}
    assert (rows["遠雄之星"]["id"], rows["遠雄之星"]["count_num"]) == (5, 1)
    assert float(rows["VIP"]["avg_house_unit_price"]) == pytest.approx(1034 / (373.87 * 0.3025), abs=5e-5)
    assert len({row["id"] for row in rows.values()}) == 3
    assert len(rows_of(engine, QUERIES[-1])) == 3
    assert compare(engine).differences == ()
    refresh(engine, LATER, everything=True)
    assert {row["build_name"]: row for row in rows_of(engine, "SELECT * FROM deal_statistics")} == rows


@pytest.mark.mysql
@pytest.mark.parametrize(
    "variant",
    [each for each in VARIANTS if each.name in ("utf8mb3", "not numbered", "on update")],
    ids=lambda v: v.name,
)
def test_on_mysql(mysql_engine: sa.Engine, variant: Variant) -> None:
    their_table_is_filled(mysql_engine, variant)


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_on_sqlite(empty_engine: sa.Engine) -> None:
    their_table_is_filled(empty_engine, SQLITE)
