"""A database with something in every table of the data product, and how a version is made from it. No tests here."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import event

from pshs_dagster.archive import FolderStore
from pshs_dagster.database.absorption.absorb import absorb
from pshs_dagster.database.reading.dataset import reading
from pshs_dagster.database.reading.statements import sql_files
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import (
    corrections,
    deals,
    registered_projects,
    rejected_deals,
)
from pshs_dagster.dataset.bringing import bring
from pshs_dagster.dataset.descriptor import CSV, PARQUET, Package
from pshs_dagster.dataset.making import Made, make
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.database.made_up import NOW, TAICHUNG, copy_of, deal, load

AFTERWARDS = datetime(2023, 7, 1, 12, tzinfo=TAIPEI)
BOTH = frozenset({PARQUET, CSV})

SEASON, ISSUE = "112S1", "2023-02-21"
"""Trades of 11 November to 10 February, and the issue of the last days among them."""

FORMULA = '=HYPERLINK("http://x")'


def fill(engine: sa.Engine, apart: timedelta = timedelta()) -> None:
    """A season of two cities whose trades go over the end of a year, reloaded with changes, and its statistics.

    All of it happens so much later than it would.
    """
    rows = [
        deal(f"RPAB{day:02d}{n:02d}CDEFGHIJKLM", line=n + 3, transaction_date=traded(month, day), price=9_000_000 + n)
        for month, day in ((11, 20), (12, 31), (1, 1), (2, 3))
        for n in range(6)
    ]
    rows += [deal("RPTAICHUNG000000001", TAICHUNG, transaction_date=traded(1, 2), district="西屯區", note=FORMULA)]
    rows[0] |= {"build_name": '+1"引號, 逗號', "buildings": "@A棟", "note": "'已有撇號", "flags": "lost_characters"}
    rows[1] |= {"termination": "1120105全部解約", "cancelled_on": traded(1, 5), "level": "－2"}
    rows[4] |= {"note": "\x1f", "buildings": "\x1e"}  # which stand between values when they are read
    rows[2] |= {"flags": "special_relation,cleaned_text", "building_total_area": 0.1 + 0.2}
    load(engine, copy_of(SEASON, date(2023, 4, 1)), rows, NOW + apart)
    changed = [row | {"note": "changed"} if index == 3 else row for index, row in enumerate(rows)]
    load(engine, copy_of(SEASON, date(2023, 5, 1)), [*changed[:5], *changed[6:]], NOW + apart)  # one is withdrawn
    with engine.begin() as connection:
        _insert_what_people_and_lists_tell(connection)
    refresh(engine, AFTERWARDS + apart)
    absorb(engine, AFTERWARDS + apart)


def traded(month: int, day: int) -> Any:
    """A trade day of the season."""
    return pd.Timestamp(2022 if month > 6 else 2023, month, day)


def _insert_what_people_and_lists_tell(connection: sa.Connection) -> None:
    place = {"city": "新北市", "district": "板橋區"}
    connection.execute(
        sa.insert(corrections).values(
            city="新北市",
            serial_number="RPAB2000CDEFGHIJKLM",
            field="note",
            old_value="",
            new_value="=1+1",
            reason="看過契約",
            editor="王小明",
            edited_on=date(2023, 5, 2),
            status="applied",
            recorded_at=wall_time(AFTERWARDS),
            document="王小明的檔案.xlsx",
        )
    )
    connection.execute(
        sa.insert(rejected_deals).values(
            release=SEASON,
            file="f_lvr_land_b.csv",
            line=40,
            city="新北市",
            serial_number="?",
            raw='板橋區,"房地\t,1110713',
            reasons=[{"rule": "serial_malformed", "zh": "編號缺漏", "en": "missing"}],
            published={"編號": "?"},
        )
    )
    registered = dict.fromkeys(("homes_text", "location", "builder", "main_use", "permit", "selling_period"), "")
    for number, homes in (("A1", 210), ("A2", 90), ("Z1", None)):
        connection.execute(
            sa.insert(registered_projects).values(
                **place | ({"city": "臺中市"} if homes is None else {}),
                **registered,
                project_number=number,
                build_name="遠雄之星",
                project_name="遠雄之星",
                homes=homes,
                listed_as_of=wall_time(AFTERWARDS),
            )
        )


@dataclass
class Publisher:
    """A database and an archive."""

    engine: sa.Engine
    root: Path

    @property
    def shelf(self) -> Shelf:
        """The archive as it is now."""
        return Shelf(FolderStore(self.root))

    def publish(self, release: str = SEASON, now: datetime = AFTERWARDS) -> Made:
        """Make a version."""
        with TemporaryDirectory() as folder, reading(self.engine) as source:
            return make(source, self.shelf, Release.parse(release), now, sql_files(), Path(folder))

    def export(self, folder: Path, formats: frozenset[str] = BOTH) -> Package:
        """Bring the newest version."""
        newest = self.shelf.newest()
        assert newest is not None
        return bring(self.shelf, newest, formats, folder)

    def files(self) -> dict[str, bytes]:
        """Every file of the archive."""
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.root.rglob("*.*")}

    def change(self, serial: str, **values: object) -> None:
        """Make a deal another."""
        with self.engine.begin() as connection:
            done = connection.execute(sa.update(deals).where(deals.c.serial_number == serial).values(values))
            assert done.rowcount == 1


@contextmanager
def asked(publisher: Publisher) -> Generator[list[str]]:
    """The statements that the database is asked meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(publisher.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(publisher.engine, "before_cursor_execute", note)


def parquet_rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table in an export."""
    paths = sorted((folder / table).rglob("*.parquet")) or [folder / f"{table}.parquet"]
    return [row for path in paths for row in pq.read_table(path).to_pylist()]
