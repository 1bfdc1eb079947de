"""What becomes of each staged row, and the one statement that carries it out.

Newer knowledge wins, whatever the order of loading: a row replaces the values of its deal where it
knows them as of a later moment, and only the name of the first release may change otherwise. Two
releases that know as of the same moment are ordered by their names, so that the outcome never depends
on which was loaded first. How rows come to be staged is told in `staging.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from pshs_dagster.database.records import FileCounts, FileLines
from pshs_dagster.database.staging import KEY, Staging
from pshs_dagster.database.tables import deals
from pshs_dagster.deals.columns import BY_NAME, COLUMNS, COMPARED
from pshs_dagster.errors import DatabaseError

NEW = 1
CHANGED = 2
"""A compared column differs, and the row is the newer knowledge."""
NEWER = 4
"""The row's values replace those of the deal; set with CHANGED, and alone where only derived columns differ."""
FIRST = 8
"""The row is the earliest knowledge of its deal."""

DERIVED = tuple(column.name for column in COLUMNS if column.name not in (*COMPARED, *KEY))
"""Columns of a deal that follow the newest knowledge without counting as a change."""


@dataclass(frozen=True)
class Knowledge:
    """What all rows of a load have in common: the release, the moment it knows of, and now. Naive, Taipei."""

    release: str
    as_of: datetime
    now: datetime


def classify(connection: sa.Connection, staging: Staging, knowledge: Knowledge) -> None:
    """Fill the plan: one action for each staged row, 0 where nothing is to be done."""
    staged = staging.staged
    rows = sa.select(
        staged.c.row_no, staged.c.file, _action(connection.dialect.name, staged, knowledge).label("action")
    ).select_from(staged.outerjoin(deals, _same_deal(staged)))
    connection.execute(sa.insert(staging.plan).from_select(["row_no", "file", "action"], rows))


def counts(connection: sa.Connection, staging: Staging, lines: Sequence[FileLines]) -> tuple[FileCounts, ...]:
    """What the plan makes of each file. Raises DatabaseError where a line would be lost (law 1)."""
    plan = staging.plan
    rows = connection.execute(
        sa.select(plan.c.file, plan.c.action, sa.func.count().label("rows")).group_by(plan.c.file, plan.c.action)
    ).all()
    unknown = {row.file for row in rows} - {file.file for file in lines}
    if unknown:
        raise DatabaseError(f"Deals of {', '.join(sorted(unknown))} are to be loaded, but its lines were not counted.")
    return tuple(_counts_of(file, {row.action: row.rows for row in rows if row.file == file.file}) for file in lines)


def merge(connection: sa.Connection, staging: Staging, knowledge: Knowledge) -> None:
    """Carry out the plan, in one statement. Rows whose action is 0 are not touched."""
    if connection.dialect.name == "mysql":
        connection.execute(_merge_mysql(staging, knowledge))
    else:
        connection.execute(_merge_sqlite(staging, knowledge))


def _same_deal(staged: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(*(deals.c[name] == staged.c[name] for name in KEY))


def _counts_of(file: FileLines, rows: Mapping[int, int]) -> FileCounts:
    new = rows.get(NEW, 0)
    changed = sum(number for action, number in rows.items() if action & CHANGED)
    unchanged = sum(rows.values()) - new - changed
    counted = FileCounts(file.file, file.data_lines, new, changed, unchanged, file.rejected_lines)
    if not counted.is_conserved:
        raise DatabaseError(
            f"{file.file} has {file.data_lines} data lines, but {new} new, {changed} changed and {unchanged} unchanged "
            f"deals and {file.rejected_lines} rejected lines: nothing was loaded, since lines would be lost."
        )
    return counted


def _action(dialect: str, staged: sa.Table, knowledge: Knowledge) -> sa.ColumnElement[int]:
    as_of, release = sa.literal(knowledge.as_of, sa.DateTime), sa.literal(knowledge.release)
    newer = sa.or_(
        deals.c.as_of.is_(None),
        deals.c.as_of < as_of,
        sa.and_(deals.c.as_of == as_of, deals.c.last_release <= release),
    )
    earlier = sa.or_(
        deals.c.first_as_of.is_(None),
        deals.c.first_as_of > as_of,
        sa.and_(deals.c.first_as_of == as_of, deals.c.first_release > release),
    )
    changed = sa.or_(*(_differs(dialect, staged, name) for name in COMPARED))
    differs = sa.or_(
        *(_differs(dialect, staged, name) for name in DERIVED),
        deals.c.last_release != release,
        deals.c.as_of.is_distinct_from(as_of),
    )
    replaces = sa.case((~newer, 0), (changed, CHANGED + NEWER), (differs, NEWER), else_=0)
    return sa.case((deals.c.id.is_(None), NEW), else_=replaces + sa.case((earlier, FIRST), else_=0))


def _differs(dialect: str, staged: sa.Table, name: str) -> sa.ColumnElement[bool]:
    """Whether a value is another one, exactly: collations take case, trailing spaces and rare characters for equal."""
    there, here = deals.c[name], staged.c[name]
    if isinstance(there.type, sa.String):
        if dialect == "mysql":
            return sa.cast(there, sa.LargeBinary) != sa.cast(here, sa.LargeBinary)
        return sa.collate(there, "BINARY") != here
    return there.is_distinct_from(here) if BY_NAME[name].nullable else there != here


def _chosen(staging: Staging) -> sa.Join:
    """The staged rows with what is to be done to them."""
    return staging.plan.join(staging.staged, staging.staged.c.row_no == staging.plan.c.row_no)


def _new_row(staging: Staging, knowledge: Knowledge) -> dict[str, sa.ColumnElement[Any]]:
    """The row that a new deal gets, all but its id."""
    as_of, now = sa.literal(knowledge.as_of, sa.DateTime), sa.literal(knowledge.now, sa.DateTime)
    release = sa.literal(knowledge.release)
    return {
        **{column.name: staging.staged.c[column.name] for column in COLUMNS},
        "first_release": release,
        "last_release": release,
        "as_of": as_of,
        "first_as_of": as_of,
        "created_at": now,
        "updated_at": now,
    }


def _merged_row(staging: Staging, knowledge: Knowledge) -> dict[str, sa.ColumnElement[Any]]:
    """What a known deal becomes: each column named, so that the server's ON UPDATE touches none."""
    new = _new_row(staging, knowledge)

    def where(bit: int, name: str) -> sa.ColumnElement[Any]:
        return sa.case((staging.plan.c.action.bitwise_and(bit) != 0, new[name]), else_=deals.c[name])

    newest = [column.name for column in COLUMNS if column.name not in KEY]
    return {
        **{name: where(NEWER, name) for name in (*newest, "last_release", "as_of")},
        "first_release": where(FIRST, "first_release"),
        "first_as_of": where(FIRST, "first_as_of"),
        "created_at": deals.c.created_at,
        "updated_at": where(CHANGED, "updated_at"),
    }


def _merge_mysql(staging: Staging, knowledge: Knowledge) -> sa.Insert:
    new = _new_row(staging, knowledge)
    rows = sa.select(*new.values()).select_from(_chosen(staging)).where(staging.plan.c.action != 0)
    insert = mysql.insert(deals).from_select(list(new), rows, include_defaults=False)
    return insert.on_duplicate_key_update(_merged_row(staging, knowledge))


def _merge_sqlite(staging: Staging, knowledge: Knowledge) -> sa.Insert:
    """SQLite's update knows nothing but the row to insert: hence that is the merged row already.

    Each row brings an id that is not taken, since a table of the other application numbers none by
    itself; a known deal keeps its own.
    """
    staged, plan, numbered = staging.staged, staging.plan, deals.alias("numbered")
    new, merged = _new_row(staging, knowledge), _merged_row(staging, knowledge)
    last = sa.select(sa.func.coalesce(sa.func.max(numbered.c.id), 0)).scalar_subquery()
    row: dict[str, sa.ColumnElement[Any]] = {"id": last + 1 + staged.c.row_no}
    for name, value in new.items():
        row[name] = value if name in KEY else sa.case((plan.c.action == NEW, value), else_=merged[name])
    source = _chosen(staging).outerjoin(deals, _same_deal(staged))
    rows = sa.select(*row.values()).select_from(source).where(plan.c.action != 0)
    insert = sqlite.insert(deals).from_select(list(row), rows, include_defaults=False)
    return insert.on_conflict_do_update(index_elements=list(KEY), set_={name: insert.excluded[name] for name in merged})
