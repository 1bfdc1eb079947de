"""How values travel: every text and number comes back as it went in, by whichever way it went."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.loading import staging
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.deals.columns import COLUMNS, ColumnType
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.database.made_up import (
    copy_of,
    deal,
    deals_by_serial,
    frame,
    load,
)
from pshs_dagster_tests.fixtures.mysql import PrivateServer

pytestmark = pytest.mark.slow

TRICKY = (
    "C:\\新\\t\\n\\N\\",
    '一個"引號',
    "it's; DROP TABLE deals; --",
    "笑😀𠀀丈",
    "%s %(x)s :name ?",
    "\\N",
    "NULL",
    " 前後 ",
    "",
)


@pytest.mark.parametrize("text", TRICKY)
def test_a_text_comes_back_as_it_went_in(engine: sa.Engine, text: str) -> None:
    names = [column.name for column in COLUMNS if column.type is ColumnType.TEXT and (column.width or 0) >= 30]
    row = deal("A1") | {name: text for name in names if name != "serial_number"}
    load(engine, "111S2", [row])
    stored = deals_by_serial(engine)["A1"]
    assert {stored[name] for name in names if name != "serial_number"} == {text}
    assert load(engine, "111S2", [row]).unchanged_deals == 1


@pytest.mark.parametrize(
    ("before", "after"), [("a棟", "A棟"), ("A棟", "A棟 "), ("𠀀苑", "𠀁苑"), ("😀", "😁"), ("Ａ", "A"), ("é", "e")]
)
def test_texts_that_look_alike_to_a_collation_are_changes(engine: sa.Engine, before: str, after: str) -> None:
    load(engine, "2022-09-11", [deal("A1", build_name=before)])
    assert load(engine, "2022-09-21", [deal("A1", build_name=after)]).changed_deals == 1
    assert deals_by_serial(engine)["A1"]["build_name"] == after


def test_serials_that_look_alike_to_a_collation_are_different_deals(engine: sa.Engine) -> None:
    assert load(engine, "111S2", [deal("RPabc"), deal("RPABC")]).new_deals == 2


@pytest.mark.parametrize("area", [406.97, 0.01, 123456.78, 0.0, 99999999.99, 0.1 + 0.2])
def test_an_area_comes_back_exactly(engine: sa.Engine, area: float) -> None:
    load(engine, "111S2", [deal("A1", building_total_area=area)])
    assert deals_by_serial(engine)["A1"]["building_total_area"] == area
    assert load(engine, "111S2", [deal("A1", building_total_area=area)]).unchanged_deals == 1


def test_prices_of_ten_digits_are_held(engine: sa.Engine) -> None:
    load(engine, "111S2", [deal("A1", price=9_876_543_210, unit_price=9_876_543_210)])
    assert deals_by_serial(engine)["A1"]["price"] == 9_876_543_210


TEXT_COLUMNS = [column for column in COLUMNS if column.type in (ColumnType.TEXT, ColumnType.DIGIT)]


def test_a_text_that_is_too_long_widens_its_column(fresh_engine: sa.Engine) -> None:
    long = {column.name: "長" * ((column.width or 0) + 1) for column in TEXT_COLUMNS if column.name != "city"}
    row = deal("A1") | long
    load(fresh_engine, "111S2", [deal("A0")])
    load(fresh_engine, "111S3", [row])
    assert {name: deals_by_serial(fresh_engine)[long["serial_number"]][name] for name in long} == long
    assert load(fresh_engine, "111S3", [row]).unchanged_deals == 1
    assert deals_by_serial(fresh_engine)["A0"]["build_name"] == "遠雄之星"


def test_a_text_of_thousands_of_characters_is_held(fresh_engine: sa.Engine) -> None:
    row = deal("A1", note="註" * 5000, buildings="棟" * 3000, termination="解" * 20_000, build_name="名" * 300)
    load(fresh_engine, "111S2", [row])
    stored = deals_by_serial(fresh_engine)["A1"]
    for name in ("note", "buildings", "termination", "build_name"):
        assert stored[name] == row[name]
    assert load(fresh_engine, "111S2", [row]).unchanged_deals == 1
    load(fresh_engine, "111S3", [deal("A2")])
    assert deals_by_serial(fresh_engine)["A2"]["termination"] == ""


@pytest.mark.mysql
def test_widening_is_logged_and_done_once(mysql_engine: sa.Engine, caplog: pytest.LogCaptureFixture) -> None:
    migrate(mysql_engine)
    with caplog.at_level(logging.INFO, "pshs_dagster.database"):
        load(mysql_engine, "111S2", [deal("A1", note="註" * 300)])
        assert "note becomes VARCHAR(512)" in caplog.text
        caplog.clear()
        load(mysql_engine, "111S3", [deal("A1", note="註" * 400)])
    assert "becomes" not in caplog.text


@pytest.mark.mysql
def test_a_name_that_widens_deals_fits_into_the_statistics_too(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    load(mysql_engine, "111S2", [deal("A1", build_name="名" * 300)])
    copied = (
        "INSERT INTO deal_statistics (city, district, year, month, build_name, room, count_num, avg_total_price, "
        "avg_house_price, avg_house_unit_price) "
        "SELECT city, district, '2022', '07', build_name, room, 1, price, price, unit_price FROM deals"
    )
    with write_transaction(mysql_engine) as connection:
        assert connection.execute(sa.text(copied)).rowcount == 1


@pytest.mark.mysql
def test_an_indexed_text_longer_than_any_index_is_told(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    with pytest.raises(DatabaseError, match=r"deals\.build_name .* 800 characters"):
        load(mysql_engine, "111S2", [deal("A1", build_name="名" * 800)])
    assert deals_by_serial(mysql_engine) == {}


@pytest.mark.mysql
def test_an_indexed_text_leaves_room_for_what_stands_beside_it_in_the_index(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    load(mysql_engine, "111S2", [deal("A1", build_name="名" * 734)])
    assert deals_by_serial(mysql_engine)["A1"]["build_name"] == "名" * 734
    with pytest.raises(DatabaseError, match=r"\.build_name .* 735 characters, but for its index it holds 734"):
        load(mysql_engine, "111S3", [deal("A2", build_name="名" * 735)])


@pytest.mark.mysql
def test_a_control_character_cannot_shift_the_fields_behind_it(mysql_engine: sa.Engine) -> None:
    migrate(mysql_engine)
    with pytest.raises(DatabaseError, match="tab"):
        load(mysql_engine, "111S2", [deal("A1", note="a\tb")])
    assert deals_by_serial(mysql_engine) == {}


@pytest.mark.mysql
def test_mysql_gets_a_file(mysql_engine: sa.Engine, caplog: pytest.LogCaptureFixture) -> None:
    migrate(mysql_engine)
    with caplog.at_level(logging.INFO, "pshs_dagster.database"):
        assert load(mysql_engine, "111S2", [deal("A1")]).method == "LOAD DATA LOCAL INFILE"
    assert "1 rows staged by LOAD DATA LOCAL INFILE" in caplog.text


class TestLocalFilesRefused:
    pytestmark = pytest.mark.mysql

    @pytest.fixture
    def refusing(self, mysql_server: PrivateServer, mysql_engine: sa.Engine) -> Iterator[sa.Engine]:
        """The server takes no local files for the time of the test."""
        mysql_server.execute("SET GLOBAL local_infile = 0")
        mysql_engine.dispose()
        try:
            migrate(mysql_engine)
            yield mysql_engine
        finally:
            mysql_server.execute("SET GLOBAL local_infile = 1")

    def test_rows_go_by_multi_row_insert_and_the_log_says_so(
        self, refusing: sa.Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        rows = [deal(f"A{number}", note=text, line=number) for number, text in enumerate(TRICKY)]
        with caplog.at_level(logging.INFO, "pshs_dagster.database"):
            report = load(refusing, "111S2", rows)
        assert (report.method, report.new_deals) == ("multi-row INSERT", len(TRICKY))
        assert "local_infile" in caplog.text
        verification = verify_release(refusing, copy_of("111S2"), frame(rows))
        assert verification.holds

    def test_a_refusal_that_comes_only_with_the_statement_is_handled_too(
        self, refusing: sa.Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A proxy, or MySQL's client, may refuse although the server's variable says otherwise.
        monkeypatch.setattr(staging, "ALLOWED", sa.text("SELECT 1"))
        assert load(refusing, "111S2", [deal("A1")]).method == "multi-row INSERT"
        assert set(deals_by_serial(refusing)) == {"A1"}


def test_sqlite_says_how_rows_went(tmp_path: Any) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'pshs.db'}")
    try:
        migrate(engine)
        assert load(engine, "111S2", [deal("A1")]).method == "SQLite executemany"
    finally:
        engine.dispose()
