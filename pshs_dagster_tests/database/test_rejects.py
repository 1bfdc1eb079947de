"""The table of rejected lines, and what people decided about them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.rejects import open_rejects, record_rejects
from pshs_dagster.database.tables import rejected_deals
from pshs_dagster_tests.database.made_up import rows_of

DATE = {"rule": "date", "zh": "交易日期不是日期", "en": "The date is none"}
PRICE = {"rule": "price", "zh": "總價為零", "en": "The price is 0"}


def line(number: int, raw: str, *reasons: dict[str, str], file: str = "f_lvr_land_b.csv") -> dict[str, Any]:
    return {
        "file": file,
        "source_line": number,
        "city": "新北市",
        "serial_number": f"RP{number}",
        "raw": raw,
        "reasons": list(reasons) or [DATE],
    }


def frame(*lines: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(lines), columns=["file", "source_line", "city", "serial_number", "raw", "reasons"])


def decide(engine: sa.Engine, raw: str, status: str) -> None:
    with write_transaction(engine) as connection:
        connection.execute(sa.update(rejected_deals).where(rejected_deals.c.raw == raw).values(status=status))


def table(engine: sa.Engine) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        return {row["raw"]: dict(row) for row in connection.execute(sa.select(rejected_deals)).mappings()}


def test_rejects_come_back_as_they_were(engine: sa.Engine) -> None:
    raw = '板橋區,"\\,\t笑😀𠀀\x00,\x13'
    record_rejects(engine, "111S2", frame(line(7, raw, DATE, PRICE)))
    (found,) = open_rejects(engine, "111S2").to_dict("records")
    assert (found["raw"], found["line"], found["reasons"], found["status"]) == (raw, 7, [DATE, PRICE], "open")


def test_reasons_can_be_read_in_the_table_itself(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a")))
    (stored,) = rows_of(engine, "SELECT reasons FROM rejected_deals")
    assert "交易日期不是日期" in stored["reasons"]


def test_the_same_rejects_again_change_nothing(engine: sa.Engine) -> None:
    lines = frame(line(7, "a"), line(8, "a"), line(9, "b", PRICE))
    record_rejects(engine, "111S2", lines)
    before = rows_of(engine, "SELECT * FROM rejected_deals ORDER BY id")
    record_rejects(engine, "111S2", lines.iloc[::-1])
    assert rows_of(engine, "SELECT * FROM rejected_deals ORDER BY id") == before


def test_what_is_no_longer_rejected_goes_and_what_is_new_is_open(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a"), line(8, "b")))
    kept = table(engine)["b"]
    record_rejects(engine, "111S2", frame(line(8, "b"), line(9, "c")))
    assert set(table(engine)) == {"b", "c"}
    assert table(engine)["b"] == kept
    assert table(engine)["c"]["status"] == "open"


def test_no_rejects_leave_no_old_rows(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a")))
    record_rejects(engine, "111S2", frame())
    assert table(engine) == {}
    assert list(open_rejects(engine, "111S2").columns) == list(rejected_deals.columns.keys())


def test_other_releases_are_left_alone(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a")))
    record_rejects(engine, "111S3", frame(line(7, "b")))
    record_rejects(engine, "111S3", frame())
    assert set(table(engine)) == {"a"}


@pytest.mark.parametrize("status", ["corrected", "dismissed"])
def test_what_a_person_decided_stays_even_when_the_line_is_gone(engine: sa.Engine, status: str) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a"), line(8, "b")))
    decide(engine, "a", status)
    decided = table(engine)["a"]
    record_rejects(engine, "111S2", frame(line(7, "a"), line(8, "b")))
    assert table(engine)["a"] == decided
    record_rejects(engine, "111S2", frame(line(8, "b")))
    assert table(engine)["a"] == decided | {"line": None}
    assert open_rejects(engine, "111S2")["raw"].tolist() == ["b"]


def test_a_decided_line_makes_way_for_another_that_has_its_number_now(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a")))
    decide(engine, "a", "dismissed")
    record_rejects(engine, "111S2", frame(line(7, "b")))
    assert {raw: (row["line"], row["status"]) for raw, row in table(engine).items()} == {
        "a": (None, "dismissed"),
        "b": (7, "open"),
    }


def test_a_line_that_moved_in_a_rebuilt_file_keeps_what_was_decided(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a"), line(8, "b"), line(9, "c")))
    decide(engine, "b", "corrected")
    ids = {raw: row["id"] for raw, row in table(engine).items()}
    record_rejects(engine, "111S2", frame(line(8, "a"), line(9, "b"), line(7, "c")))
    assert {raw: row["id"] for raw, row in table(engine).items()} == ids
    assert {raw: row["line"] for raw, row in table(engine).items()} == {"a": 8, "b": 9, "c": 7}
    assert table(engine)["b"]["status"] == "corrected"


def test_new_reasons_for_the_same_line_take_the_place_of_the_old(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a", DATE)))
    before = table(engine)["a"]
    record_rejects(engine, "111S2", frame(line(7, "a", DATE, PRICE)))
    assert table(engine)["a"] == before | {"reasons": [DATE, PRICE]}


def test_lines_that_are_the_same_text_are_each_a_row(engine: sa.Engine) -> None:
    record_rejects(engine, "111S2", frame(line(7, "a"), line(8, "a"), line(7, "a", file="b_lvr_land_b.csv")))
    assert len(open_rejects(engine, "111S2")) == 3
