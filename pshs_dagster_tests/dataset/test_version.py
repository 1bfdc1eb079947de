"""A version holds what the tables hold, and the version after it writes no more than what changed."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from pshs_dagster.archive import FolderStore, S3Store
from pshs_dagster.database.reading.dataset import reading
from pshs_dagster.database.reading.statements import sql_files
from pshs_dagster.database.tables import deals, metadata
from pshs_dagster.dataset.bringing import bring
from pshs_dagster.dataset.descriptor import plain
from pshs_dagster.dataset.fields import FieldType
from pshs_dagster.dataset.making import make
from pshs_dagster.dataset.proving import read_back
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.dataset.tables import TABLES
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import Release
from pshs_dagster_tests.database.made_up import deal
from pshs_dagster_tests.dataset.made import (
    AFTERWARDS,
    BOTH,
    ISSUE,
    SEASON,
    Publisher,
    asked,
    fill,
    parquet_rows,
)
from pshs_dagster_tests.fixtures.s3 import Bucket

pytestmark = pytest.mark.slow

LATER = AFTERWARDS + timedelta(days=3)

ANOTHER = {
    FieldType.TEXT: "異",
    FieldType.INTEGER: 77,
    FieldType.NUMBER: 0.5,
    FieldType.DATE: date(2021, 2, 3),
    FieldType.MOMENT: datetime(2021, 2, 3, 4, 5, 6),  # noqa: DTZ001 - as the tables hold it
}


def test_each_table_is_there_row_for_row(either: Publisher, tmp_path: Path) -> None:
    made = either.publish()
    either.export(tmp_path / "out")
    for table in TABLES:
        stored = metadata.tables[table.name]
        with either.engine.connect() as connection:
            rows = connection.execute(sa.select(*(stored.c[field.name] for field in table.fields))).all()
        has_json = [isinstance(stored.c[field.name].type, sa.JSON) for field in table.fields]
        files = [
            [json.loads(value) if is_json else value for value, is_json in zip(row.values(), has_json, strict=True)]
            for row in parquet_rows(tmp_path / "out", table.name)
        ]
        assert sorted(files, key=repr) == sorted(map(list, rows), key=repr), table.name
        assert files, table.name
        assert made.rows()[table.name] == len(files)


def test_no_column_is_left_out_but_those_that_only_this_database_could_understand() -> None:
    left_out = {
        "corrections": {"editor", "document", "published_flags"},
        "rejected_deals": {"published"},
        "release_copies": {"rejected", "corrected", "corrections_seen"},
    }
    own = {"id", "created_at", "updated_at", "recorded_at", "withdrawn_at", "loaded_at"}
    for table in TABLES:
        stored = {column.name for column in metadata.tables[table.name].columns}
        expected = stored - own - left_out.get(table.name, set())
        assert {field.name for field in table.fields} == expected, table.name
        nullable = {column.name for column in metadata.tables[table.name].columns if column.nullable} & expected
        assert {field.name for field in table.fields if field.nullable} == nullable, table.name


def test_deals_stand_with_their_city_and_the_year_of_the_trade(exported: Path) -> None:
    paths = exported.glob("deals/*/*.parquet")
    found = {path.relative_to(exported / "deals").as_posix(): pq.read_table(path) for path in paths}
    assert set(found) == {"B-臺中市/2023.parquet", "F-新北市/2022.parquet", "F-新北市/2023.parquet"}
    for path, rows in found.items():
        days = rows["transaction_date"].to_pylist()
        assert {str(day.year) for day in days} == {Path(path).stem}
        order = list(zip(days, rows["serial_number"].to_pylist(), strict=True))
        assert order == sorted(order)
    # Published in February, traded in November and December.
    assert [row["transaction_date"] for row in found["F-新北市/2022.parquet"].to_pylist()][::6] == [
        date(2022, 11, 20),
        date(2022, 12, 31),
    ]


def test_columns_have_their_types_and_say_what_they_are(exported: Path) -> None:
    file = pq.ParquetFile(exported / "deals" / "F-新北市" / "2023.parquet")
    kinds = {field.name: str(field.type) for field in file.schema_arrow}
    told = {"transaction_date": "date32[day]", "price": "int64", "building_total_area": "double", "room": "string"}
    assert kinds | told | {"as_of": "timestamp[ms]", "cancelled_on": "date32[day]"} == kinds
    assert file.schema_arrow.field("price").metadata[b"unit"] == b"NTD"
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.thorough
def test_the_same_rows_give_the_same_bytes_in_another_database(
    publisher: Publisher, engine: sa.Engine, tmp_path: Path
) -> None:
    publisher.publish()
    with engine.begin() as connection:
        connection.execute(sa.insert(deals).values(id=700, **_of_another_program()))
        connection.execute(sa.delete(deals))
    fill(engine, apart=timedelta(days=40))  # under other ids, at other moments
    other = Publisher(engine, tmp_path / "other")
    other.publish()
    first, second = publisher.files(), other.files()
    assert first.keys() == second.keys()
    differing = [path for path in first if first[path] != second[path]]
    assert all(path.endswith("datapackage.json") for path in differing)


def test_nothing_is_written_where_nothing_changed(publisher: Publisher) -> None:
    publisher.publish()
    before = publisher.files()
    with asked(publisher) as statements:
        again = publisher.publish(now=LATER)
    assert publisher.files() == before
    assert again.written == []
    assert again.package.version == SEASON
    # Deals are counted and fingerprinted, and no row of them is read.
    assert not any("ORDER BY" in statement for statement in statements)


def test_a_changed_deal_gives_two_files_and_a_version_of_its_own(publisher: Publisher) -> None:
    first = publisher.publish()
    before = publisher.files()
    publisher.change("RPAB3102CDEFGHIJKLM", price=1)
    second = publisher.publish(now=LATER)
    after = publisher.files()
    assert {path: after[path] for path in before if path != "dataset/datapackage.json"} == {
        path: data for path, data in before.items() if path != "dataset/datapackage.json"
    }
    new = {path.removeprefix("dataset/") for path in after.keys() - before.keys()}
    assert {plain(path) for path in new} == {
        "deals/F-新北市/2022.parquet",
        "csv/F-新北市/2022.csv",
        f"{SEASON}.1.datapackage.json",
    }
    assert (first.package.version, second.package.version) == (SEASON, f"{SEASON}.1")
    assert after["dataset/datapackage.json"] == after[f"dataset/{SEASON}.1.datapackage.json"]
    assert second.package.created == LATER


def test_a_number_is_another_where_any_value_of_any_row_is(publisher: Publisher) -> None:
    for table in TABLES:
        stored = metadata.tables[table.name]
        for field in table.fields:
            if field.name in table.key or field.name == table.split.year:
                continue
            with reading(publisher.engine) as source:
                before = source.states(table)
            with publisher.engine.begin() as connection:
                last = connection.scalar(sa.select(sa.func.max(next(iter(stored.primary_key.columns)))))
                old = connection.scalar(sa.select(stored.c[field.name]).limit(1))
                connection.execute(
                    sa.update(stored)
                    .where(next(iter(stored.primary_key.columns)) == last)
                    .values({field.name: ANOTHER[field.type] if not isinstance(old, dict | list) else {"x": 1}})
                )
            with reading(publisher.engine) as source:
                assert source.states(table) != before, (table.name, field.name)


@pytest.mark.thorough
def test_both_hold_on_either_database(either: Publisher) -> None:
    test_nothing_is_written_where_nothing_changed(either)
    test_a_number_is_another_where_any_value_of_any_row_is(either)


def test_a_lost_file_is_made_anew_with_the_same_bytes(publisher: Publisher) -> None:
    made = publisher.publish()
    lost = next(each for each in made.package.resources if each.name == "deals-f-2022")
    path = publisher.root / "dataset" / lost.path
    data = path.read_bytes()
    path.unlink()
    again = publisher.publish()
    assert [each.name for each in again.written] == ["deals-f-2022"]
    assert path.read_bytes() == data
    assert again.package == made.package


def test_an_interrupted_publication_leaves_the_version_before(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publisher.publish()
    publisher.change("RPAB3102CDEFGHIJKLM", price=1)

    def full(*_: object) -> None:
        raise ArchiveError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "put_bytes", full)
        with pytest.raises(ArchiveError):
            publisher.publish()
    assert publisher.shelf.newest() == made.package
    assert read_back(publisher.shelf, made.package).damaged == ()
    assert publisher.publish().package.version == f"{SEASON}.1"


def test_a_release_that_follows_is_the_newest_and_the_one_before_stays(publisher: Publisher) -> None:
    first = publisher.publish()
    publisher.change("RPAB3102CDEFGHIJKLM", price=1)
    second = publisher.publish(ISSUE)
    assert publisher.shelf.newest() == second.package
    assert publisher.shelf.version(Release.parse(SEASON)) == first.package
    assert read_back(publisher.shelf, first.package).damaged == ()


def test_rows_of_another_program_are_there_and_the_key_is_not_promised(publisher: Publisher, tmp_path: Path) -> None:
    with publisher.engine.begin() as connection:
        for number in (901, 902):
            connection.execute(sa.insert(deals).values(id=number, **_of_another_program()))
    publisher.publish()
    package = publisher.export(tmp_path / "out")
    schema = json.loads((tmp_path / "out" / "schemas" / "deals.json").read_bytes())
    assert "primaryKey" not in schema
    rows = parquet_rows(tmp_path / "out", "deals")
    assert sum(row["serial_number"] is None for row in rows) == 2
    assert "2 筆無編號" in (tmp_path / "out" / "quality.md").read_text(encoding="utf-8")
    assert package.version == f"{SEASON}.1"


@pytest.mark.thorough
@pytest.mark.s3
def test_a_bucket_holds_the_same(publisher: Publisher, s3_bucket: Bucket, tmp_path: Path) -> None:
    publisher.publish()
    store = S3Store(s3_bucket.client, s3_bucket.name, "pshs")
    with TemporaryDirectory() as folder, reading(publisher.engine) as source:
        made = make(source, Shelf(store), Release.parse(SEASON), AFTERWARDS, sql_files(), Path(folder))
    assert made.package == publisher.shelf.newest()
    assert read_back(Shelf(store), made.package).damaged == ()
    bring(Shelf(store), made.package, BOTH, tmp_path / "of the bucket")
    publisher.export(tmp_path / "of the folder")
    assert _content(tmp_path / "of the bucket") == _content(tmp_path / "of the folder")


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


def _of_another_program() -> dict[str, object]:
    """What a program writes that knows nothing of serials."""
    row = deal("") | {"source_line": 0}
    known = {column.name for column in deals.columns} - {"serial_number"}
    return {name: None if name == "cancelled_on" else value for name, value in row.items() if name in known}
