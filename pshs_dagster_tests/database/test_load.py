"""Loading: what becomes of each deal, whatever the order, however often, and whatever its texts are."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.load import FileCounts, FileLines, load_release
from pshs_dagster.database.reading.history import loaded_releases, release_files
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.deals.columns import BY_NAME, COLUMNS, COMPARED, ColumnType
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.database.made_up import (
    LATER,
    NEW_TAIPEI,
    NOW,
    TAICHUNG,
    copy_of,
    deal,
    deals_by_serial,
    frame,
    lines_of,
    load,
    rows_of,
    snapshot,
)

NOW_STORED = datetime.fromisoformat("2023-07-01 10:00:00")
LATER_STORED = datetime.fromisoformat("2023-07-02 11:30:00")
"""NOW and LATER as the tables hold them: Taipei's wall time in whole seconds."""


def test_a_new_deal_is_there_with_every_value(engine: sa.Engine) -> None:
    row = deal("A1", line=17, cancelled_on=pd.Timestamp(2023, 11, 13), termination="1121113全部解約", flags="a,b")
    load(engine, "2022-09-21", [row])
    stored = deals_by_serial(engine)["A1"]
    for column in COLUMNS:
        wanted = row[column.name].date() if column.type is ColumnType.DATE else row[column.name]
        assert stored[column.name] == wanted, column.name
    assert (stored["first_release"], stored["last_release"]) == ("2022-09-21", "2022-09-21")
    assert stored["as_of"] == stored["first_as_of"] == datetime.fromisoformat("2022-09-21")
    assert stored["created_at"] == stored["updated_at"] == NOW_STORED


def test_each_file_is_counted_on_its_own(engine: sa.Engine) -> None:
    load(engine, "2022-09-11", [deal("A1"), deal("A2"), deal("B1", TAICHUNG)])
    rows = [deal("A1"), deal("A2", price=1), deal("A3"), deal("B1", TAICHUNG), deal("B2", TAICHUNG)]
    report = load(engine, "2022-09-21", rows, rejected={TAICHUNG: 4})
    assert report.files == (
        FileCounts(TAICHUNG, data_lines=6, new_deals=1, changed_deals=0, unchanged_deals=1, rejected_lines=4),
        FileCounts(NEW_TAIPEI, data_lines=3, new_deals=1, changed_deals=1, unchanged_deals=1, rejected_lines=0),
    )
    assert (report.new_deals, report.changed_deals, report.unchanged_deals) == (2, 1, 2)
    assert release_files(engine, "2022-09-21") == report.files


def test_the_same_serial_in_two_cities_is_two_deals(engine: sa.Engine) -> None:
    assert load(engine, "111S2", [deal("A1"), deal("A1", TAICHUNG)]).new_deals == 2


def test_a_release_without_a_sound_deal_is_loaded_all_the_same(engine: sa.Engine) -> None:
    report = load(engine, "111S2", [], rejected={NEW_TAIPEI: 2})
    assert report.files == (FileCounts(NEW_TAIPEI, 2, 0, 0, 0, 2),)
    assert [loaded.release.key for loaded in loaded_releases(engine)] == ["111S2"]


def test_a_release_is_put_on_record(engine: sa.Engine) -> None:
    record = copy_of("111S2", date(2023, 6, 1))
    load(engine, record, [deal("A1")])
    (loaded,) = loaded_releases(engine)
    assert loaded.record == record
    assert loaded.loaded_at == NOW.replace(microsecond=0)


def test_a_line_that_is_neither_loaded_nor_rejected_stops_the_load(engine: sa.Engine) -> None:
    deals = frame([deal("A1")])
    before = snapshot(engine)
    with pytest.raises(DatabaseError, match="2 data lines"):
        load_release(engine, copy_of("111S2"), deals, [FileLines(NEW_TAIPEI, 2, 0)], NOW)
    assert snapshot(engine) == before


def test_a_deal_of_a_file_that_was_not_counted_stops_the_load(engine: sa.Engine) -> None:
    deals = frame([deal("A1"), deal("B1", TAICHUNG)])
    with pytest.raises(DatabaseError, match=TAICHUNG):
        load_release(engine, copy_of("111S2"), deals, [FileLines(NEW_TAIPEI, 1, 0)], NOW)
    assert deals_by_serial(engine) == {}


def test_a_serial_that_stands_twice_stops_the_load(engine: sa.Engine) -> None:
    with pytest.raises(DatabaseError, match="新北市 A1"):
        load(engine, "111S2", [deal("A1", line=3), deal("A1", line=4)])
    assert deals_by_serial(engine) == {}


@pytest.mark.parametrize("name", COMPARED)
def test_each_published_column_makes_a_change(engine: sa.Engine, name: str) -> None:
    other: dict[ColumnType, Any] = {
        ColumnType.TEXT: "x",
        ColumnType.DIGIT: "9",
        ColumnType.INTEGER: 9_999_999_999,
        ColumnType.DECIMAL: 0.01,
        ColumnType.DATE: pd.Timestamp(2022, 7, 14),
    }
    load(engine, "2022-09-11", [deal("A1")])
    value = other[BY_NAME[name].type]
    report = load(engine, "2022-09-21", [deal("A1", **{name: value})], LATER)
    assert (report.changed_deals, report.unchanged_deals) == (1, 0)
    stored = deals_by_serial(engine)["A1"]
    assert stored[name] == (value.date() if isinstance(value, pd.Timestamp) else value)
    assert (stored["created_at"], stored["updated_at"]) == (NOW_STORED, LATER_STORED)


def test_what_is_derived_follows_without_being_a_change(engine: sa.Engine) -> None:
    load(engine, "2022-09-11", [deal("A1", line=3)])
    newer = deal("A1", line=8, flags="lost_characters", cancelled_on=pd.Timestamp(2023, 1, 2))
    assert load(engine, "2022-09-21", [newer], LATER).unchanged_deals == 1
    stored = deals_by_serial(engine)["A1"]
    assert (stored["source_line"], stored["flags"], stored["cancelled_on"]) == (8, "lost_characters", date(2023, 1, 2))
    assert (stored["first_release"], stored["last_release"]) == ("2022-09-11", "2022-09-21")
    assert stored["updated_at"] == NOW_STORED
    load(engine, "2022-10-01", [deal("A1", line=8)], LATER)
    assert deals_by_serial(engine)["A1"]["cancelled_on"] is None


def test_older_knowledge_changes_nothing_but_where_the_deal_was_seen_first(engine: sa.Engine) -> None:
    load(engine, "2022-09-21", [deal("A1", price=2)])
    before = deals_by_serial(engine)["A1"]
    report = load(engine, "2022-09-11", [deal("A1", price=1, flags="old")], LATER)
    assert report.unchanged_deals == 1
    first = {"first_release": "2022-09-11", "first_as_of": datetime.fromisoformat("2022-09-11")}
    first |= {"earlier_sightings": "2022-09-11"}
    assert deals_by_serial(engine)["A1"] == before | first


def test_the_first_release_is_the_earliest_though_a_season_was_rebuilt_between(engine: sa.Engine) -> None:
    load(engine, copy_of("111S2", date(2022, 7, 5)), [deal("A1")])
    load(engine, copy_of("111S2", date(2023, 6, 1)), [deal("A1")])
    load(engine, "2022-09-21", [deal("A1")])
    assert deals_by_serial(engine)["A1"]["first_release"] == "111S2"


def test_releases_that_know_as_of_the_same_moment_come_to_the_same_end_in_any_order(engine: sa.Engine) -> None:
    earlier, later = copy_of("111S2"), copy_of("111S3")
    load(engine, later, [deal("A1", price=3), deal("A2", price=3)])
    load(engine, earlier, [deal("A1", price=2)])
    load(engine, earlier, [deal("A2", price=2)], LATER)
    assert {row["price"] for row in deals_by_serial(engine).values()} == {3}
    assert {row["first_release"] for row in deals_by_serial(engine).values()} == {"111S2"}


def test_loading_again_changes_nothing_at_all(engine: sa.Engine) -> None:
    rows = [deal("A1"), deal("A2", price=7), deal("B1", TAICHUNG, cancelled_on=pd.Timestamp(2023, 1, 2))]
    load(engine, "2022-09-21", rows, rejected={NEW_TAIPEI: 1})
    load(engine, "111S3", rows[:2])
    before = snapshot(engine)
    again = load(engine, "111S3", rows[:2], LATER)
    assert (again.new_deals, again.changed_deals, again.unchanged_deals) == (0, 0, 2)
    load(engine, "2022-09-21", rows, LATER, rejected={NEW_TAIPEI: 1})
    assert snapshot(engine) == before


def test_loading_again_writes_not_a_single_deal(engine: sa.Engine) -> None:
    written: list[int] = []

    @event.listens_for(engine, "after_cursor_execute")
    def listen(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO deals"):
            written.append(cursor.rowcount)

    load(engine, "111S2", [deal("A1"), deal("A2")])
    load(engine, "111S2", [deal("A1"), deal("A2")], LATER)
    assert written == [2]


def test_the_same_bytes_fetched_again_later_are_no_newer_knowledge(engine: sa.Engine) -> None:
    load(engine, copy_of("111S2", date(2022, 7, 5), sha256="a" * 64), [deal("A1")])
    before = snapshot(engine)
    load(engine, copy_of("111S2", date(2023, 6, 1), sha256="a" * 64), [deal("A1")], LATER)
    assert snapshot(engine) == before


def test_a_line_that_was_corrected_is_new_in_the_same_release(engine: sa.Engine) -> None:
    load(engine, "111S2", [deal("A1")], rejected={NEW_TAIPEI: 1})
    load(engine, "111S2", [deal("A1"), deal("A2")], LATER)
    assert release_files(engine, "111S2") == (FileCounts(NEW_TAIPEI, 2, 1, 0, 1, 0),)


def test_a_rebuilt_season_takes_the_place_of_its_earlier_copy_on_record(engine: sa.Engine) -> None:
    load(engine, copy_of("111S2", date(2022, 7, 5)), [deal("A1"), deal("B1", TAICHUNG)])
    load(engine, copy_of("111S2", date(2023, 6, 1)), [deal("A1", price=5)], LATER)
    (loaded,) = loaded_releases(engine)
    assert loaded.record == copy_of("111S2", date(2023, 6, 1))
    assert release_files(engine, "111S2") == (FileCounts(NEW_TAIPEI, 1, 0, 1, 0, 0),)


def test_an_older_copy_of_a_season_leaves_the_newer_one_on_record(engine: sa.Engine) -> None:
    load(engine, copy_of("111S2", date(2023, 6, 1)), [deal("A1", price=5)])
    on_record = rows_of(engine, "SELECT * FROM releases"), release_files(engine, "111S2")
    load(engine, copy_of("111S2", date(2022, 7, 5)), [deal("A1"), deal("A9")], LATER)
    assert (rows_of(engine, "SELECT * FROM releases"), release_files(engine, "111S2")) == on_record
    assert {serial: row["price"] for serial, row in deals_by_serial(engine).items()} == {"A1": 5}
    # What only the older copy held, the newer one has withdrawn.
    assert [row["serial_number"] for row in rows_of(engine, "SELECT * FROM withdrawn_deals")] == ["A9"]


def test_a_row_without_known_moments_gives_way(engine: sa.Engine) -> None:
    load(engine, "111S2", [deal("A1", price=1)])
    with write_transaction(engine) as connection:
        connection.execute(sa.update(deals_table).values(as_of=None, first_as_of=None, first_release=""))
    load(engine, "2020-01-01", [deal("A1", price=2)])
    stored = deals_by_serial(engine)["A1"]
    assert (stored["price"], stored["first_release"], stored["last_release"]) == (2, "2020-01-01", "2020-01-01")


def test_what_somebody_changed_by_hand_is_put_right_by_loading_again(engine: sa.Engine) -> None:
    load(engine, "111S2", [deal("A1", price=1), deal("A2")])
    with write_transaction(engine) as connection:
        connection.execute(sa.update(deals_table).where(deals_table.c.serial_number == "A1").values(price=77))
        connection.execute(sa.delete(deals_table).where(deals_table.c.serial_number == "A2"))
    report = load(engine, "111S2", [deal("A1", price=1), deal("A2")], LATER)
    assert (report.new_deals, report.changed_deals) == (1, 1)
    assert deals_by_serial(engine)["A1"]["price"] == 1


def test_no_file_is_left_behind(engine: sa.Engine, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    load(engine, "111S2", [deal("A1")])
    assert {path for path in set(tmp_path.iterdir()) - before if path.suffix == ".tsv"} == set()


def test_a_frame_of_many_rows_adds_up(engine: sa.Engine) -> None:
    rows = [deal(f"S{number:06}", NEW_TAIPEI if number % 3 else TAICHUNG, line=number) for number in range(12_000)]
    report = load(engine, "111S2", rows)
    assert report.new_deals == 12_000
    assert lines_of(frame(rows))[0].data_lines == report.files[0].new_deals == 4_000
    lines = rows_of(engine, "SELECT SUM(source_line) AS total FROM deals")
    assert int(lines[0]["total"]) == sum(range(12_000))
