"""Made-up deals, releases and snapshots for the tests of the database. No tests here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.load import FileLines, LoadReport, ReleaseRecord, load_release
from pshs_dagster.database.tables import metadata
from pshs_dagster.deals.columns import COLUMNS, ColumnType
from pshs_dagster.releases import TAIPEI, Release

NEW_TAIPEI, TAICHUNG = "f_lvr_land_b.csv", "b_lvr_land_b.csv"
CITY_OF = {NEW_TAIPEI: "新北市", TAICHUNG: "臺中市"}

NOW = datetime(2023, 7, 1, 10, 0, 0, 250_000, TAIPEI)
LATER = datetime(2023, 7, 2, 11, 30, tzinfo=TAIPEI)

_DTYPES = {
    ColumnType.TEXT: "string[pyarrow]",
    ColumnType.DIGIT: "string[pyarrow]",
    ColumnType.INTEGER: "int64",
    ColumnType.DECIMAL: "float64",
    ColumnType.DATE: "datetime64[ns]",
}

_ORDINARY: Mapping[str, Any] = {
    "district": "板橋區",
    "object_of_transaction": "房地(土地+建物)+車位",
    "location": "新北市板橋區府中路1號",
    "land_total_area": 12.34,
    "transaction_date": pd.Timestamp(2022, 7, 13),
    "level": "十二層",
    "total_floor_numbers": "十五層",
    "building_state": "住宅大樓(11層含以上有電梯)",
    "main_use": "住家用",
    "building_total_area": 406.97,
    "room": "3",
    "restaurant_and_living_room": "2",
    "bathroom": "2",
    "price": 12_340_000,
    "unit_price": 152_345,
    "parking_sapce_type": "坡道平面",
    "parking_sapce_total_area": 33.1,
    "parking_sapce_price": 2_000_000,
    "note": "",
    "build_name": "遠雄之星",
    "buildings": "A棟12樓",
    "termination": "",
    "cancelled_on": pd.NaT,
    "flags": "",
}


def deal(serial: str, file: str = NEW_TAIPEI, line: int = 3, **values: Any) -> dict[str, Any]:
    """A sound deal; `values` are what differs from an ordinary one."""
    row = {"file": file, "city": CITY_OF[file], "serial_number": serial, "source_line": line, **_ORDINARY}
    return row | values


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Deals typed as parsing types them."""
    columns = {"file": "string[pyarrow]"} | {column.name: _DTYPES[column.type] for column in COLUMNS}
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in columns.items()})


def lines_of(deals: pd.DataFrame, rejected: Mapping[str, int] | None = None) -> list[FileLines]:
    """The counts of lines that go with a frame whose files lost `rejected` lines."""
    lost = dict(rejected or {})
    names = sorted({*deals["file"], *lost})
    return [
        FileLines(name, int((deals["file"] == name).sum()) + lost.get(name, 0), lost.get(name, 0)) for name in names
    ]


def copy_of(release: str, fetched: date = date(2023, 6, 1), sha256: str | None = None) -> ReleaseRecord:
    """A copy of a release that was fetched on a day, at noon; each day's copy has other bytes unless told."""
    known = Release.parse(release)
    moment = datetime(fetched.year, fetched.month, fetched.day, 12, 0, tzinfo=TAIPEI)
    return ReleaseRecord(
        release=known,
        as_of=known.as_of(moment),
        sha256=sha256 or f"{release}-{fetched}".encode().hex().ljust(64, "0"),
        size=1_700_000,
        source_url=f"https://example.org/{release}.zip",
        fetched_at=moment,
    )


def load(
    engine: sa.Engine,
    release: str | ReleaseRecord,
    rows: Sequence[Mapping[str, Any]],
    now: datetime = NOW,
    rejected: Mapping[str, int] | None = None,
) -> LoadReport:
    """Load made-up deals as a release."""
    record = copy_of(release) if isinstance(release, str) else release
    deals = frame(rows)
    return load_release(engine, record, deals, lines_of(deals, rejected), now)


def rows_of(engine: sa.Engine, statement: str) -> list[dict[str, Any]]:
    """What a query gives."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(statement)).mappings()]


def deals_by_serial(engine: sa.Engine) -> dict[str, dict[str, Any]]:
    """The rows of `deals`."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(metadata.tables["deals"])).mappings()
        return {row["serial_number"]: dict(row) for row in rows}


def emptied(engine: sa.Engine) -> sa.Engine:
    """The same engine, with no row in any of our tables."""
    with write_transaction(engine) as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.delete(table))
    return engine


def snapshot(engine: sa.Engine, but: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted; without the columns `but`."""
    content: dict[str, list[tuple[Any, ...]]] = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in but]
            content[table.name] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
    return content
