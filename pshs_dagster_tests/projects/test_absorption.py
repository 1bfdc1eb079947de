"""The list in the database, and what is sold of each project: by SQLite, MariaDB and DuckDB as by dictionaries."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.absorption.absorb import absorb, statement
from pshs_dagster.database.absorption.comparing import compare
from pshs_dagster.database.absorption.reading import figures, unmatched
from pshs_dagster.database.absorption.registrations import ListLoaded, load_list
from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.database.statistics.statements import TARGETS
from pshs_dagster.database.tables import ABSORPTION, deals, project_absorption, project_matches, registered_projects
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.errors import DatabaseError
from pshs_dagster.projects.listing import Registration
from pshs_dagster.projects.match import Name
from pshs_dagster.projects.read import read_list
from pshs_dagster.release_zip import DealFile
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.database.made_up import (
    CITY_OF,
    LATER,
    NEW_TAIPEI,
    NOW,
    TAICHUNG,
    copy_of,
    deal,
    lines_of,
    load,
    snapshot,
)
from pshs_dagster_tests.deals.lines import csv as deals_csv
from pshs_dagster_tests.deals.lines import line
from pshs_dagster_tests.projects.made_lists import csv, row
from pshs_dagster_tests.projects.reckoning import Permit, Place, Rows, Trade, absorption, stored

MAY = datetime(2023, 5, 5, 9, 30, tzinfo=TAIPEI)
JUNE = datetime(2023, 6, 5, 9, 30, tzinfo=TAIPEI)

SEA: Place = ("新北市", "淡水區", "海天")


def registered(*lines: str, file: str = "f_lvr_buildcase.csv") -> tuple[Registration, ...]:
    return read_list([(file, csv(lines))]).registrations


def load_rows(engine: sa.Engine, *lines: str, as_of: datetime = MAY, now: datetime = NOW) -> ListLoaded:
    return load_list(engine, registered(*lines), as_of, now)


def table(engine: sa.Engine, which: sa.Table) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(each) for each in connection.execute(sa.select(which)).mappings()]


def absorbed(engine: sa.Engine) -> Rows:
    absorb(engine, NOW)
    return stored(table(engine, project_absorption))


def sale(number: int, month: int = 7, day: int = 13, **values: Any) -> dict[str, Any]:
    """A home of 海天 in Tamsui that was traded in 2022."""
    traded = pd.Timestamp(2022, month, day)
    return deal(
        f"S{number}", line=number, transaction_date=traded, district="淡水區", **{"build_name": "海天"} | values
    )


def cancelled(**values: Any) -> dict[str, Any]:
    return {"termination": "1120105全部解約", "cancelled_on": pd.Timestamp(2023, 1, 5), **values}


def test_what_is_sold_grows_by_month_and_cancelled_deals_do_not_count(engine: sa.Engine) -> None:
    load_rows(engine, row(層棟戶數="8"))
    sales = [
        sale(1),
        sale(2, **cancelled()),
        sale(3, month=9),
        sale(4, month=9, object_of_transaction="車位"),
        sale(5, month=12, object_of_transaction="房地(土地+建物)"),
    ]
    load(engine, "111S4", sales)
    assert absorbed(engine) == {
        (*SEA, "2022", "07"): (8, 2, 1, 1, 0.125),
        (*SEA, "2022", "09"): (8, 1, 0, 2, 0.25),
        (*SEA, "2022", "12"): (8, 1, 0, 3, 0.375),
    }


def test_spellings_of_one_project_are_added_up_and_permits_too(engine: sa.Engine) -> None:
    load_rows(engine, row(層棟戶數="1"), row(2, 層棟戶數="1"), row(3, 建案名稱="海．天", 層棟戶數="共 2 戶"), row(1))
    load(engine, "111S4", [sale(1), sale(2, build_name="海 天"), sale(3, build_name="海天 ")])
    homes = 120 + 1 + 2  # the first number stands twice: the later line tells
    assert absorbed(engine) == {(*SEA, "2022", "07"): (homes, 3, 0, 3, round(3 / homes, 4))}


def test_more_sold_than_homes_is_shown_as_it_is_and_told(engine: sa.Engine) -> None:
    load_rows(engine, row(層棟戶數="1"), row(2, 建案名稱="河岸", 層棟戶數="詳附表"))
    load(engine, "111S4", [sale(1), sale(2), sale(3, build_name="河岸")])
    found = absorbed(engine)
    assert found[*SEA, "2022", "07"][-1] == 2.0
    assert found["新北市", "淡水區", "河岸", "2022", "07"] == (None, 1, 0, 1, None)
    told = figures(engine)
    assert told.oversold == ((*SEA, 1, 2),)
    assert (told.projects, told.without_homes) == (2, 1)


def test_what_is_not_matched_is_listed_on_both_sides(engine: sa.Engine) -> None:
    load_rows(
        engine, row(), row(2, 建案名稱="文華苑"), row(3, 建案名稱="文華硯"), row(4, 建案名稱="無人問津", 層棟戶數="")
    )
    load(
        engine, "111S4", [sale(1), sale(2, build_name="文華?"), sale(3, build_name="不在名單"), sale(4, build_name="")]
    )
    found, listed = unmatched(engine)
    names = {each.name.text: (each.method, each.homes, each.candidates) for each in found}
    assert names == {"文華?": ("ambiguous", 1, ("淡水區 文華硯", "淡水區 文華苑")), "不在名單": ("none", 1, ())}
    assert {(each.name, each.homes) for each in listed} == {("文華苑", 120), ("文華硯", 120), ("無人問津", None)}
    assert unmatched(engine, "臺中市") == ([], [])
    assert unmatched(engine, "新北市") == (found, listed)


def test_a_registration_that_the_newest_list_lacks_stays_with_its_moment(engine: sa.Engine) -> None:
    load_rows(engine, row(1, 層棟戶數="10"), row(2, 建案名稱="河岸", 層棟戶數="20"))
    loaded = load_rows(engine, row(3, 層棟戶數="12"), as_of=JUNE, now=LATER)
    assert (loaded.rows, loaded.missing, loaded.written.new) == (3, 2, 1)
    moments = {each["project_number"]: each["listed_as_of"] for each in table(engine, registered_projects)}
    assert moments["F110000001"] == MAY.replace(tzinfo=None)
    assert moments["F110000003"] == JUNE.replace(tzinfo=None)
    load(engine, "111S4", [sale(1), sale(2, build_name="河岸")])
    homes = {key[2]: numbers[0] for key, numbers in absorbed(engine).items()}
    assert homes == {"海天": 12, "河岸": 20}  # registered anew under another number; and gone from the list


def test_an_older_list_that_comes_late_overwrites_nothing(engine: sa.Engine) -> None:
    load_rows(engine, row(1, 層棟戶數="12"), as_of=JUNE)
    loaded = load_rows(engine, row(1, 層棟戶數="10"), row(2, 建案名稱="河岸"), as_of=MAY, now=LATER)
    assert {each["project_number"]: each["homes"] for each in table(engine, registered_projects)} == {
        "F110000001": 12,
        "F110000002": 120,
    }
    assert (loaded.written.new, loaded.written.changed) == (1, 0)


def test_the_same_again_changes_nothing(engine: sa.Engine) -> None:
    lines = [row(), row(2, 建案名稱="河岸", 第1次登記日期="1120301")]
    load_rows(engine, *lines)
    load(engine, "111S4", [sale(1), sale(2, build_name="河?岸")])
    absorb(engine, NOW)
    before = snapshot(engine)
    again = load_rows(engine, *lines, now=LATER)
    assert absorb(engine, LATER).written == 0
    assert (again.written.unchanged, again.written.changed, again.written.new) == (2, 0, 0)
    assert snapshot(engine) == before


def test_what_changes_keeps_its_id_and_its_first_moment(engine: sa.Engine) -> None:
    load_rows(engine, row(層棟戶數="10"))
    (before,) = table(engine, registered_projects)
    load_rows(engine, row(層棟戶數="12"), as_of=JUNE, now=LATER)
    (after,) = table(engine, registered_projects)
    assert (after["id"], after["created_at"], after["homes"]) == (before["id"], before["created_at"], 12)
    assert after["updated_at"] > before["updated_at"]


def test_matches_follow_the_deals_and_the_list(engine: sa.Engine) -> None:
    load(engine, "111S4", [sale(1), sale(2, build_name="河岸")])
    assert absorbed(engine) == {}
    assert {each["method"] for each in table(engine, project_matches)} == {"none"}
    load_rows(engine, row())
    assert len(absorbed(engine)) == 1
    with write_transaction(engine) as connection:
        connection.execute(sa.delete(deals).where(deals.c.build_name == "河岸"))
    absorb(engine, NOW)
    assert [each["build_name"] for each in table(engine, project_matches)] == ["海天"]


def test_the_comparison_holds_and_finds_what_is_wrong(engine: sa.Engine) -> None:
    load_rows(engine, row())
    load(engine, "111S4", [sale(1), sale(2), sale(3, build_name="河岸")])
    absorb(engine, NOW)
    found = compare(engine)
    assert (found.names, found.homes, found.differences) == (2, 2, ())
    with write_transaction(engine) as connection:
        connection.execute(sa.update(project_absorption).values(deals_num=3))
        connection.execute(sa.delete(project_matches).where(project_matches.c.registered_name == ""))
    assert compare(engine).differences == (("新北市", "names", 2, 1), ("新北市", "homes traded", 2, 3))


def test_a_rebuild_of_the_deals_leaves_list_and_absorption_in_place(engine: sa.Engine) -> None:
    load_rows(engine, row())
    load(engine, "111S4", [sale(1)])
    absorb(engine, NOW)
    before = [table(engine, which) for which in ABSORPTION]
    assert all(before)
    with rebuilding(engine) as made:
        load(made.engine, "111S4", [sale(1), sale(2)])
        made.swap(lambda: None)
    assert [table(engine, which) for which in ABSORPTION] == before
    assert absorbed(engine)[*SEA, "2022", "07"][3] == 2


def test_a_list_that_cannot_be_written_leaves_everything_as_it_was(engine: sa.Engine) -> None:
    load_rows(engine, row())
    before = snapshot(engine)
    nothing: Any = None
    broken = replace(registered(row(2))[0], builder=nothing)
    with pytest.raises(DatabaseError, match="could not load the list of projects"):
        load_list(engine, [*registered(row(3)), broken], JUNE, LATER)
    assert snapshot(engine) == before


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
