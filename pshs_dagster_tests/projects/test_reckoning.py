"""The same numbers by SQLite, MariaDB and DuckDB, and by plain dictionaries."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.absorption.absorb import statement
from pshs_dagster.database.absorption.comparing import compare
from pshs_dagster.database.absorption.registrations import load_list
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.statistics.statements import TARGETS
from pshs_dagster.database.tables import deals, project_matches, registered_projects
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.projects.match import Name
from pshs_dagster.release_zip import DealFile
from pshs_dagster.releases import Release
from pshs_dagster_tests.database.made_up import (
    CITY_OF,
    NEW_TAIPEI,
    NOW,
    TAICHUNG,
    copy_of,
    deal,
    lines_of,
    load,
)
from pshs_dagster_tests.deals.lines import csv as deals_csv
from pshs_dagster_tests.deals.lines import line
from pshs_dagster_tests.projects.loaded import JUNE, MAY, SEA, absorbed, cancelled, load_rows, registered, table
from pshs_dagster_tests.projects.made_lists import row
from pshs_dagster_tests.projects.reckoning import Permit, Place, Rows, Trade, absorption, stored


def test_absorption_is_that_of_the_published_bytes(engine: sa.Engine) -> None:
    """The bytes of deals and list, read by hand into dictionaries, give the numbers of the table."""
    spelt = ["海天", "海．天", "海天", "海?", "河岸 ", "不在名單"]
    truth = {"海天": "海天", "海．天": "海天", "河岸": "河岸"}
    data = deals_csv(
        [
            line(
                鄉鎮市區="淡水區",
                交易標的="車位" if at == 14 else "房地(土地+建物)+車位",
                交易年月日=f"1110{7 + at % 2}{11 + at % 9}",
                編號=f"RPPNMLMKKHHGFEF{at:02d}CB",
                建案名稱=spelt[at % 6],
                解約情形="1110815全部解約" if at % 5 == 0 else "",
            )
            for at in range(24)
        ]
    )
    release = Release.parse("111S3")
    parsed = parse_release(release, [DealFile(NEW_TAIPEI, "f", data)], date(2023, 6, 1))
    load_release(engine, copy_of("111S3"), parsed.deals, lines_of(parsed.deals), NOW)
    load_rows(
        engine, row(1, 層棟戶數="3"), row(2, 層棟戶數="2棟,銷售戶數共 6 戶"), row(3, 建案名稱="河岸", 層棟戶數="40")
    )

    places: dict[str, Place] = {each: ("新北市", "淡水區", name) for each, name in truth.items()}
    rows = [cells.split(",") for cells in data.decode("utf-8-sig").split("\r\n")]
    at = {heading: place for place, heading in enumerate(rows[0])}
    trades = [
        Trade(
            places.get(cells[at["建案名稱"]].strip()),
            cells[at["交易標的"]],
            date(2022, int(cells[at["交易年月日"]][3:5]), int(cells[at["交易年月日"]][5:])),
            bool(cells[at["解約情形"]]),
        )
        for cells in rows
        if len(cells) > 1 and cells[at["編號"]].startswith("RPP")
    ]
    permits = [Permit(SEA, 3, NOW), Permit(SEA, 6, NOW), Permit(("新北市", "淡水區", "河岸"), 40, NOW)]
    assert len(trades) == 24
    assert absorbed(engine) == absorption(trades, permits)


SPELT = (
    "海天",
    "海 天",
    "河岸",
    "河?",
    "文華苑",
    "文華硯",
    "文華?",
    "青松二期",
    "青松第2期",
    "",
    "詠勝森活",
    "MOMA",
    "moma",
)


def made_up(seed: int, number: int) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Deals of two cities, and lines of lists by their file."""
    chance = random.Random(seed)
    rows = [
        deal(
            f"M{at}",
            chance.choice((NEW_TAIPEI, TAICHUNG)),
            at + 3,
            build_name=chance.choice(SPELT),
            district=chance.choice(("甲區", "乙區")),
            transaction_date=pd.Timestamp(2021, 11, 1) + timedelta(days=chance.randrange(200)),
            object_of_transaction=chance.choice(("房地(土地+建物)+車位", "房地(土地+建物)", "車位", "建物")),
            **(cancelled() if chance.random() < 0.2 else {}),
        )
        for at in range(number)
    ]
    lines = [
        (
            chance.choice(("f_lvr_buildcase.csv", "b_lvr_buildcase.csv")),
            row(
                at,
                鄉鎮市區=chance.choice(("甲區", "乙區")),
                建案名稱=chance.choice(("海天", "海．天", "河岸", "文華苑", "文華硯", "青松2期", "森活", "Moma")),
                層棟戶數=chance.choice(("", "7", "20戶", "2棟,銷售戶數共 31 戶")),
            ),
        )
        for at in range(18)
    ]
    return rows, lines


def load_made_up(engine: sa.Engine, seed: int) -> None:
    rows, lines = made_up(seed, 300)
    for file, as_of in (("f_lvr_buildcase.csv", MAY), ("b_lvr_buildcase.csv", MAY), ("f_lvr_buildcase.csv", JUNE)):
        chosen = [line for name, line in lines if name == file]
        if chosen := chosen[5:] if as_of is JUNE else chosen:
            load_list(engine, registered(*chosen, file=file), as_of, NOW)
    load(engine, "111S1", rows)


def reckoned(engine: sa.Engine) -> Rows:
    """By the rows of the three tables, read into dictionaries."""
    projects: dict[Name, Place | None] = {
        Name(each["city"], each["district"], each["build_name"]): (
            (each["city"], each["registered_district"], each["registered_name"]) if each["registered_name"] else None
        )
        for each in table(engine, project_matches)
    }
    trades = [
        Trade(
            projects.get(Name(each["city"], each["district"], each["build_name"].rstrip(" "))),
            each["object_of_transaction"],
            each["transaction_date"],
            bool(each["termination"]) or each["cancelled_on"] is not None,
        )
        for each in table(engine, deals)
    ]
    permits = [
        Permit((each["city"], each["district"], each["project_name"]), each["homes"], each["listed_as_of"])
        for each in table(engine, registered_projects)
    ]
    return absorption(trades, permits)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_database_reckons_as_plain_dictionaries_do(engine: sa.Engine, seed: int) -> None:
    load_made_up(engine, seed)
    found = absorbed(engine)
    assert found == reckoned(engine)
    assert len(found) > 20
    assert {city for city, *_ in found} == set(CITY_OF.values())
    assert compare(engine).differences == ()


def test_duckdb_gives_the_same_numbers(engine: sa.Engine, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    load_made_up(engine, 3)
    expected = absorbed(engine)
    with duckdb.connect() as duck:
        for which in (deals, project_matches, registered_projects):
            path = tmp_path / f"{which.name}.parquet"
            frame = pd.DataFrame(table(engine, which), columns=which.columns.keys())
            frame.drop(columns=["as_of", "first_as_of"], errors="ignore").to_parquet(path)
            duck.execute(f"CREATE VIEW {which.name} AS FROM '{path}'")
        cursor = duck.execute(re.sub(r":(\w+)", r"$\1", statement()), {"targets": TARGETS})
        names: Sequence[str] = [column[0] for column in cursor.description]
        rows = [dict(zip(names, each, strict=True)) for each in cursor.fetchall()]
    assert stored(rows) == expected
    assert expected
