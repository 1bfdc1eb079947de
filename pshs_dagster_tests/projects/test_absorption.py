"""What is sold of each project, what is matched to nothing, and the check that finds what is wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pshs_dagster.database.absorption.absorb import absorb
from pshs_dagster.database.absorption.comparing import compare
from pshs_dagster.database.absorption.reading import figures, unmatched
from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.database.tables import ABSORPTION, deals, project_absorption, project_matches
from pshs_dagster_tests.database.made_up import (
    NOW,
    load,
)
from pshs_dagster_tests.projects.loaded import SEA, absorbed, cancelled, load_rows, sale, table
from pshs_dagster_tests.projects.made_lists import row


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


def test_names_that_a_collation_takes_for_equal_are_two_projects(engine: sa.Engine) -> None:
    load_rows(engine, row(建案名稱="\U00020bb7天", 層棟戶數="4"), row(2, 建案名稱="\U0002123d天", 層棟戶數="5"))
    load(engine, "111S4", [sale(1, build_name="\U00020bb7天"), sale(2, build_name="\U0002123d天")])
    found = {key[2]: numbers[:2] for key, numbers in absorbed(engine).items()}
    assert found == {"\U00020bb7天": (4, 1), "\U0002123d天": (5, 1)}


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


@pytest.mark.mysql
@pytest.mark.parametrize("collation", ["utf8mb4_unicode_ci", "utf8mb4_bin"])
def test_deals_that_another_program_made_may_sort_in_another_way(fresh_mysql_engine: sa.Engine, collation: str) -> None:
    with fresh_mysql_engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE deals CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}")
    load_rows(fresh_mysql_engine, row(層棟戶數="4"))
    load(fresh_mysql_engine, "111S4", [sale(1), sale(2, build_name="海 天")])
    assert absorbed(fresh_mysql_engine) == {(*SEA, "2022", "07"): (4, 2, 0, 2, 0.5)}
    assert compare(fresh_mysql_engine).differences == ()
