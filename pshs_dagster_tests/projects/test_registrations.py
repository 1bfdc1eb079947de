"""The list in `registered_projects`: what is new, what changes, what an older or newer list says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.database.absorption.absorb import absorb
from pshs_dagster.database.absorption.registrations import load_list
from pshs_dagster.database.tables import registered_projects
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.database.made_up import (
    LATER,
    NOW,
    load,
    snapshot,
)
from pshs_dagster_tests.projects.loaded import JUNE, MAY, absorbed, load_rows, registered, sale, table
from pshs_dagster_tests.projects.made_lists import row


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


def test_a_list_that_cannot_be_written_leaves_everything_as_it_was(engine: sa.Engine) -> None:
    load_rows(engine, row())
    before = snapshot(engine)
    nothing: Any = None
    broken = replace(registered(row(2))[0], builder=nothing)
    with pytest.raises(DatabaseError, match="could not load the list of projects"):
        load_list(engine, [*registered(row(3)), broken], JUNE, LATER)
    assert snapshot(engine) == before
