"""The table of rejected lines: what a person has to look at, release by release.

Why a line is rejected is decided in `deals/rules.py`; files for people are made from it elsewhere.
"""

from __future__ import annotations

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.engine import translated
from pshs_dagster.database.tables import rejected_deals

FIELDS = ("file", "line", "city", "serial_number", "raw", "reasons")
"""What a frame tells of a line; `line` is called `source_line` there."""


class Status(StrEnum):
    """What became of a rejected line."""

    OPEN = "open"
    CORRECTED = "corrected"
    DISMISSED = "dismissed"
    FIXED_UPSTREAM = "fixed upstream"


DECIDED = (Status.CORRECTED, Status.DISMISSED)
"""A person decided so: such a row stays, also when its line is published no more (law 7)."""

Line = tuple[str, str, int]
"""What makes a line the same one as before: its file, its text, and which of the lines of that text it is.
Its number does not, since a rebuilt season moves lines about."""


def record_rejects(engine: sa.Engine, release: str, rejects: pd.DataFrame, *, wait: timedelta = locks.WAIT) -> None:
    """Make the table's rows of a release equal to the frame, in one transaction.

    `rejects` has file, source_line, city, serial_number, raw and reasons (a list of dicts a row). A line
    that was there before keeps its id and status; one that is gone is deleted, unless a person has
    decided about it; a new one is open. Raises DatabaseError.
    """
    wanted = {_line(fields, seen): fields for seen, fields in _numbered(_fields_of(rejects))}
    with translated(engine, f"record the rejected lines of {release}"), locks.exclusive(engine, wait) as connection:
        _make_equal(connection, release, wanted)


def open_rejects(engine: sa.Engine, release: str) -> pd.DataFrame:
    """The lines of a release that wait for a person: the columns of the table, in the order of the files."""
    query = (
        sa.select(rejected_deals)
        .where(rejected_deals.c.release == release, rejected_deals.c.status == Status.OPEN.value)
        .order_by(*_file_order())
    )
    with translated(engine, f"read the rejected lines of {release}"), engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return pd.DataFrame([dict(row) for row in rows], columns=list(rejected_deals.columns.keys()))


def _make_equal(connection: sa.Connection, release: str, wanted: dict[Line, dict[str, Any]]) -> None:
    with connection.begin():
        there = connection.execute(
            sa.select(rejected_deals).where(rejected_deals.c.release == release).order_by(*_file_order())
        ).mappings()
        known = {_line(row, seen): row for seen, row in _numbered([dict(row) for row in there])}
        gone = [row for line, row in known.items() if line not in wanted]
        new = [fields for line, fields in wanted.items() if line not in known]
        moved = [
            {"b_id": row["id"], **wanted[line]}
            for line, row in known.items()
            if line in wanted and any(row[field] != wanted[line][field] for field in FIELDS)
        ]
        _remove(connection, gone, {(fields["file"], fields["line"]) for fields in wanted.values()})
        _move(connection, moved)
        if new:
            connection.execute(
                sa.insert(rejected_deals),
                [{"release": release, "status": Status.OPEN.value, **fields} for fields in new],
            )


def _file_order() -> list[sa.ColumnElement[Any]]:
    return [rejected_deals.c.file, rejected_deals.c.line, rejected_deals.c.id]


def _fields_of(rejects: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines as the table holds them, in the order of the files; `reasons` as JSON gives them back."""
    ordered = rejects.sort_values(["file", "source_line"], kind="stable").rename(columns={"source_line": "line"})
    return [
        {
            **{field: str(row[field]) for field in ("file", "city", "serial_number", "raw")},
            "line": int(row["line"]),
            "reasons": json.loads(json.dumps(row["reasons"], ensure_ascii=False)),
        }
        for row in ordered[list(FIELDS)].to_dict("records")
    ]


def _numbered(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Each row with how many of the same file and text came before it."""
    seen: dict[tuple[str, str], int] = {}
    numbered: list[tuple[int, dict[str, Any]]] = []
    for row in rows:
        key = (row["file"], row["raw"])
        numbered.append((seen.get(key, 0), row))
        seen[key] = seen.get(key, 0) + 1
    return numbered


def _line(row: dict[str, Any], seen: int) -> Line:
    return row["file"], row["raw"], seen


def _remove(connection: sa.Connection, gone: list[dict[str, Any]], taken: set[tuple[str, int]]) -> None:
    """Delete what nobody decided about; what somebody did makes way for the line that has its number now."""
    undecided = [{"b_id": row["id"]} for row in gone if row["status"] not in DECIDED]
    in_the_way = [
        {"b_id": row["id"]} for row in gone if row["status"] in DECIDED and (row["file"], row["line"]) in taken
    ]
    mine = rejected_deals.c.id == sa.bindparam("b_id")
    if undecided:
        connection.execute(sa.delete(rejected_deals).where(mine), undecided)
    if in_the_way:
        connection.execute(sa.update(rejected_deals).where(mine).values(line=None), in_the_way)


def _move(connection: sa.Connection, moved: list[dict[str, Any]]) -> None:
    """Give known lines their new numbers; all numbers are freed first, since one may be another's old one."""
    if not moved:
        return
    mine = sa.update(rejected_deals).where(rejected_deals.c.id == sa.bindparam("b_id"))
    connection.execute(mine.values(line=None), [{"b_id": row["b_id"]} for row in moved])
    connection.execute(mine.values({field: sa.bindparam(field) for field in FIELDS}), moved)
