"""`deals` as of a day: what loading only the copies up to that day would have given."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.loading.load import FileLines, ReleaseRecord, load_release
from pshs_dagster.database.reading.parquet import write_parquet
from pshs_dagster.database.reading.past import FRAME_COLUMNS, Summary, as_of, as_of_by_city, first_known
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.tables import deals
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.database.made_up import NEW_TAIPEI, NOW, TAICHUNG, copy_of, deal, emptied, frame, load
from pshs_dagster_tests.deals.test_real_files import parse_zip

Copy = tuple[ReleaseRecord, list[dict[str, Any]]]

CANCELLED: dict[str, Any] = {"termination": "1120102全部解約", "cancelled_on": pd.Timestamp(2023, 1, 2)}
CANCELLED_AGAIN: dict[str, Any] = {
    "termination": "1120102部分解約;1120301全部解約",
    "cancelled_on": pd.Timestamp(2023, 1, 2),
}

records = st.one_of(
    st.sampled_from(["2022-08-21", "2022-09-01", "2022-09-11", "2022-09-21"]).map(copy_of),
    st.builds(
        lambda season, days: copy_of(season, date(2022, 8, 30) + timedelta(days=days)),
        st.sampled_from(["111S2", "111S3"]),
        st.integers(0, 30),
    ),
)

sightings = st.builds(
    lambda serial, price, area, note, day, cancelled, taichung: deal(
        serial,
        TAICHUNG if taichung else NEW_TAIPEI,
        price=price,
        land_total_area=area,
        note=note,
        transaction_date=pd.Timestamp(2022, 7, day),
        **cancelled,
    ),
    st.sampled_from(["A", "B", "C", "a"]),
    st.integers(1, 2),
    st.sampled_from([12.34, 0.1 + 0.2]),
    st.sampled_from(["", "x", "X", "x ", "𠀀", "𠀁"]),
    st.integers(1, 2),
    st.sampled_from([{}, CANCELLED, CANCELLED_AGAIN]),
    st.booleans(),
)

histories = st.lists(
    st.tuples(records, st.lists(sightings, max_size=5, unique_by=lambda row: (row["city"], row["serial_number"]))),
    min_size=1,
    max_size=6,
    unique_by=lambda copy: (copy[0].release.key, copy[0].sha256),
)


def known_in(engine: sa.Engine) -> pd.DataFrame:
    """`deals` as they stand, by another way: row for row through SQLAlchemy."""
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(deals)).mappings()]
    rows.sort(key=lambda row: (row["city"], row["serial_number"]))
    values = {name: [row[name] for row in rows] for name in FRAME_COLUMNS}
    values["as_of"] = [moment.replace(tzinfo=TAIPEI) for moment in values["as_of"]]
    return pd.DataFrame(values)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The values are the same; the types are those of `found`, which another test looks at."""
    assert_frame_equal(found, expected.astype(found.dtypes.to_dict()), check_exact=True)


def each_day_is_as_if_nothing_came_after(engine: sa.Engine, history: list[Copy], order: random.Random) -> None:
    days = {record.as_of.date() for record, _ in history}
    emptied(engine)
    expected: dict[date, pd.DataFrame] = {}
    for day in sorted(days | {min(days) - timedelta(days=1), max(days) + timedelta(days=1)}):
        for record, rows in history:
            if record.as_of.date() == day:
                load(engine, record, rows)
        expected[day] = known_in(engine)
    emptied(engine)
    for record, rows in order.sample(history, len(history)):
        load(engine, record, rows)
    for day, deals_of_then in expected.items():
        assert_same(as_of(engine, day), deals_of_then)


many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
some = settings(many, max_examples=10)
few = settings(many, max_examples=4)


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('past') / 'pshs.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.mark.thorough
@many
@given(history=histories, order=st.randoms(use_true_random=False))
def test_each_day_of_many_histories_is_as_if_nothing_came_after(
    sqlite_engine: sa.Engine, history: list[Copy], order: random.Random
) -> None:
    each_day_is_as_if_nothing_came_after(sqlite_engine, history, order)


@pytest.mark.slow
@some
@given(history=histories, order=st.randoms(use_true_random=False))
def test_each_day_is_as_if_nothing_came_after_on_sqlite(
    sqlite_engine: sa.Engine, history: list[Copy], order: random.Random
) -> None:
    each_day_is_as_if_nothing_came_after(sqlite_engine, history, order)


@pytest.mark.thorough
@pytest.mark.mysql
@few
@given(history=histories, order=st.randoms(use_true_random=False))
def test_each_day_is_as_if_nothing_came_after_on_mysql(
    shared_mysql_engine: sa.Engine, history: list[Copy], order: random.Random
) -> None:
    each_day_is_as_if_nothing_came_after(shared_mysql_engine, history, order)


def told_of(found: pd.DataFrame, serial: str, *names: str) -> list[Any]:
    """Values of one deal of a frame whose index are the serials."""
    return [found.at[serial, name] for name in names]


def serials(found: pd.DataFrame) -> list[str]:
    return found["serial_number"].tolist()


def test_a_deal_goes_and_comes_back_with_the_values_of_each_day(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A", price=1), deal("B")])
    load(engine, copy_of("111S3", date(2022, 8, 20)), [deal("A", price=2, note="重新申報")])
    load(engine, copy_of("111S3", date(2022, 9, 20)), [deal("A", price=2, **CANCELLED), deal("B")])
    days = {
        day: as_of(engine, day).set_index("serial_number") for day in (date(2022, 8, 19), date(2022, 8, 20), NOW.date())
    }
    assert [list(found.index) for found in days.values()] == [["A", "B"], ["A"], ["A", "B"]]
    told = [told_of(found, "A", "price", "note", "termination", "last_release") for found in days.values()]
    assert told == [
        [1, "", "", "2022-07-01"],
        [2, "重新申報", "", "111S3"],
        [2, "", "1120102全部解約", "111S3"],
    ]
    cancelled_on = [told_of(found, "A", "cancelled_on")[0] for found in days.values()]
    assert cancelled_on[2] == pd.Timestamp(2023, 1, 2)
    assert all(pd.isna(day) for day in cancelled_on[:2])


def test_a_day_ends_at_midnight_in_taipei(engine: sa.Engine) -> None:
    last, first = datetime(2022, 8, 20, 23, 59, 59, tzinfo=TAIPEI), datetime(2022, 8, 21, tzinfo=TAIPEI)
    for season, moment, serial in (("111S3", last, "A"), ("111S2", first, "B")):
        load(engine, replace(copy_of(season, moment.date()), as_of=moment, fetched_at=moment), [deal(serial)])
    assert serials(as_of(engine, date(2022, 8, 19))) == []
    assert serials(as_of(engine, date(2022, 8, 20))) == ["A"]
    assert serials(as_of(engine, date(2022, 8, 21))) == ["A", "B"]


def test_the_frame_is_typed_as_parsing_types_it(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A"), deal("B", **CANCELLED)])
    parsed = parse_release(Release.parse("2022-07-01"), [], date(2022, 7, 1)).lines.dtypes
    for day in (date(2022, 6, 30), date(2022, 7, 1)):
        found = as_of(engine, day)
        assert tuple(found.columns) == FRAME_COLUMNS
        both = [name for name in FRAME_COLUMNS if name in parsed.index]
        assert found.dtypes[both].to_dict() == parsed[both].to_dict()
        assert str(found["as_of"].dtype) == "datetime64[ns, Asia/Taipei]"


def test_one_city_is_part_of_all_and_all_are_in_order(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("B"), deal("a"), deal("A"), deal("C", TAICHUNG), deal("A", TAICHUNG)])
    every = as_of(engine, date(2022, 7, 1))
    keys = list(zip(every["city"], every["serial_number"], strict=True))
    assert keys == sorted(keys)
    assert len(keys) == 5
    taichung = as_of(engine, date(2022, 7, 1), "臺中市")
    assert_frame_equal(taichung, every[every["city"] == "臺中市"].reset_index(drop=True))
    assert len(as_of(engine, date(2022, 7, 1), "連江縣")) == 0


def test_rows_of_another_program_are_not_ours_to_tell(engine: sa.Engine) -> None:
    load(engine, "2022-07-01", [deal("A")])
    with write_transaction(engine) as connection:
        theirs = dict(connection.execute(sa.select(deals)).mappings().one())
        connection.execute(sa.insert(deals).values(theirs | {"id": 77, "serial_number": None}))
    assert serials(as_of(engine, date(2022, 7, 1))) == ["A"]


def test_the_summary_counts_what_passes_by_and_keeps_the_newest_trades(engine: sa.Engine) -> None:
    traded = [pd.Timestamp(2022, 7, day) for day in range(1, 6)]
    load(engine, "2022-09-01", [deal(f"A{day.day}", transaction_date=day) for day in traded])
    load(engine, "2022-09-11", [deal("T", TAICHUNG, transaction_date=pd.Timestamp(2022, 7, 4), **CANCELLED)])
    summary = Summary(NOW.date())
    passed = list(summary.watching(as_of_by_city(engine, NOW.date()), latest=3))
    assert [len(part) for part in passed] == [5, 1]
    assert (summary.counts, summary.cancelled) == ({"新北市": 5, "臺中市": 1}, {"新北市": 0, "臺中市": 1})
    assert serials(summary.newest) == ["A5", "A4", "T"]


def test_knowledge_begins_with_the_first_release(engine: sa.Engine) -> None:
    assert first_known(engine) is None
    load(engine, "2022-09-11", [deal("A")])
    load(engine, "2022-09-01", [deal("B")])
    assert first_known(engine) == date(2022, 9, 1)


def test_a_parquet_file_holds_the_frame_with_dates_and_descriptions(engine: sa.Engine, tmp_path: Path) -> None:
    load(engine, "2022-07-01", [deal("A", note="𠀀"), deal("B", **CANCELLED), deal("C", TAICHUNG)])
    day, path = date(2022, 7, 1), tmp_path / "deals.parquet"
    assert write_parquet(as_of_by_city(engine, day), path) == 3
    written = pq.read_table(path)
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    assert {written.schema.field(name).type for name in ("transaction_date", "cancelled_on")} == {pa.date32()}
    assert written.schema.field("price").metadata[b"zh"].decode() == "總價"
    assert "內政部" in written.schema.metadata[b"source"].decode()
    expected = as_of(engine, day)
    assert_same(expected, written.to_pandas())
    assert [child.name for child in tmp_path.glob("*.parquet*")] == ["deals.parquet"]


def test_nothing_known_is_a_file_without_rows(engine: sa.Engine, tmp_path: Path) -> None:
    assert write_parquet(as_of(engine, date(2022, 7, 1)), tmp_path / "none.parquet") == 0
    assert pq.read_table(tmp_path / "none.parquet").column_names == list(FRAME_COLUMNS)


@pytest.mark.parametrize("name", ["missing/deals.parquet", "a-file/deals.parquet", "a-folder"])
def test_a_path_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("kept")
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(PshsError, match=f"{name} cannot be written: .*Name a file in a folder") as caught:
        write_parquet(frame([deal("A")]), tmp_path / name)
    assert "\n" not in str(caught.value)
    assert sorted(child.name for child in tmp_path.iterdir()) == ["a-file", "a-folder"]


def test_a_file_that_was_there_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "deals.parquet"
    write_parquet(frame([deal("A")]), path)

    def breaking() -> Any:
        yield frame([deal("B")])
        raise PshsError("The database went away.")

    with pytest.raises(PshsError, match="went away"):
        write_parquet(breaking(), path)
    assert pq.read_table(path)["serial_number"].to_pylist() == ["A"]
    assert [child.name for child in tmp_path.iterdir()] == ["deals.parquet"]


@pytest.mark.real
@pytest.mark.thorough
def test_real_issues_and_their_season_day_for_day(engine: sa.Engine, real_data: Path) -> None:
    """Issues as they came out, then the season: each day afterwards as it was when nothing later was there."""
    days = ("0701", "0711", "0721", "0801", "0811", "0821", "0901", "0911")
    each_real_day_is_as_it_was(engine, real_data, [*(f"issues/2022{day}.zip" for day in days), "seasons/111S3.zip"])


@pytest.mark.real
def test_real_issues_day_for_day(engine: sa.Engine, real_data: Path) -> None:
    each_real_day_is_as_it_was(engine, real_data, [f"issues/2022{day}.zip" for day in ("0701", "0711", "0721", "0801")])


def each_real_day_is_as_it_was(engine: sa.Engine, real_data: Path, zips: Sequence[str]) -> None:
    expected: dict[date, pd.DataFrame] = {}
    for name in zips:
        parsed = parse_zip(real_data / name)
        record = copy_of(parsed.release.key, date(2023, 6, 1))
        lines = [FileLines(file.name, file.data_lines, file.rejected) for file in parsed.files]
        named = parsed.rejects[parsed.rejects["serial_number"] != ""]
        rejected = list(zip(named["city"], named["serial_number"], strict=True))
        load_release(engine, record, parsed.deals, lines, NOW, rejected=rejected)
        expected[record.as_of.date()] = known_in(engine)
    assert len({len(deals_of_then) for deals_of_then in expected.values()}) == len(zips)
    for day, deals_of_then in expected.items():
        assert_same(as_of(engine, day), deals_of_then)
