"""What becomes of each staged row, and the one statement that carries it out.

Newer knowledge wins, whatever the order of loading: a row replaces the values of its deal where its copy stands
behind every other that held the deal. Otherwise it is one more sighting, which `lives.py` puts in its place.
How rows come to be staged is told in `staging.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import reduce
from operator import or_
from typing import Any, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from pshs_dagster.database.loading.copies import is_before, is_copy, mentions, token_of
from pshs_dagster.database.loading.staging import KEY, Staging
from pshs_dagster.database.records import FileCounts, FileLines
from pshs_dagster.database.tables import deals, withdrawn_deals
from pshs_dagster.deals.columns import BY_NAME, COLUMNS, COMPARED
from pshs_dagster.deals.timeline import Copy
from pshs_dagster.errors import DatabaseError

Columns = TypeVarTuple("Columns")

NEW = 1
CHANGED = 2
"""A compared column differs, and the row is the newest knowledge; set with NEWER or SAME."""
NEWER = 4
"""The row's values replace those of the deal, whose newest sighting it becomes."""
SAME = 8
"""The copy was the newest sighting before; the row's values put right what stands there."""
LATE = 16
"""A sighting before the newest, to be put in its place among the earlier ones."""
DIFFERS = 32
"""A compared column differs from the newest knowledge; set with LATE."""
WITHDRAWN = 64
"""The deal stands in `withdrawn_deals`; alone where the row tells nothing that is not known."""

WRITTEN = NEW + NEWER + SAME
"""What `merge` carries out."""

DERIVED = tuple(column.name for column in COLUMNS if column.name not in (*COMPARED, *KEY))
"""Columns of a deal that follow the newest knowledge without counting as a change."""


class Bytes(Enum):
    """How the bytes of a copy stand to those that were loaded as the same copy before."""

    FIRST = auto()
    """The copy was not loaded before."""
    SAME = auto()
    NEWER = auto()
    """Others, fetched later: a release that was mended without getting a new moment. They count."""
    OLDER = auto()
    """Others, fetched earlier: only what the later ones lack counts."""


@dataclass(frozen=True)
class Knowledge:
    """What all rows of a load have in common: the copy, how its bytes stand, and now (naive, Taipei)."""

    copy: Copy
    bytes: Bytes
    now: datetime


def classify(connection: sa.Connection, staging: Staging, knowledge: Knowledge) -> None:
    """Fill the plan: one action for each staged row, 0 where nothing is to be done."""
    staged, dialect = staging.staged, connection.dialect.name
    known = [(deals.c.id.is_not(None), _action(dialect, deals, staged, knowledge))]
    source = staged.outerjoin(deals, same_deal(deals, staged))
    if connection.scalar(sa.select(withdrawn_deals.c.id).limit(1)) is not None:
        gone = _action(dialect, withdrawn_deals, staged, knowledge) + WITHDRAWN
        known.append((withdrawn_deals.c.id.is_not(None), gone))
        source = source.outerjoin(withdrawn_deals, same_deal(withdrawn_deals, staged))
    action = sa.case(*known, else_=NEW).label("action")
    rows = sa.select(staged.c.row_no, staged.c.file, action).select_from(source)
    rows = staging.found_by_key(rows, *(deals, withdrawn_deals)[: len(known)])
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
    return tuple(counts_of(file, {row.action: row.rows for row in rows if row.file == file.file}) for file in lines)


def actions(connection: sa.Connection, staging: Staging) -> int:
    """The bits of all actions that the plan has."""
    found = connection.scalars(sa.select(staging.plan.c.action).distinct())
    return reduce(or_, found, 0)


def merge(connection: sa.Connection, staging: Staging, knowledge: Knowledge) -> None:
    """Carry out the plan, in one statement. Rows whose action is none of WRITTEN are not touched."""
    if connection.dialect.name == "mysql":
        connection.execute(_merge_mysql(staging, knowledge))
    else:
        connection.execute(_merge_sqlite(staging, knowledge))


def same_deal(table: sa.Table, staged: sa.Table) -> sa.ColumnElement[bool]:
    """Ties a table of deals to the staged rows."""
    return sa.and_(*(table.c[name] == staged.c[name] for name in KEY))


def chosen(staging: Staging, bits: int) -> sa.ColumnElement[bool]:
    """Planned rows whose action has any of these bits."""
    return staging.plan.c.action.bitwise_and(bits) != 0


def staged_rows(staging: Staging) -> sa.Join:
    """The staged rows with what is to be done to them."""
    return staging.plan.join(staging.staged, staging.staged.c.row_no == staging.plan.c.row_no)


def beside(query: sa.Select[*Columns], staging: Staging, table: sa.Table) -> sa.Select[*Columns]:
    """The query over the staged rows with the rows of their deals in `table`, in this order.

    The other way round MySQL would look for staged rows, which have no index by which to find them.
    """
    joined = staged_rows(staging).join(table, same_deal(table, staging.staged))
    return staging.found_by_key(query.select_from(joined).prefix_with("STRAIGHT_JOIN", dialect="mysql"), table)


def counts_of(file: FileLines, rows: Mapping[int, int]) -> FileCounts:
    """What becomes of a file, from the number of its rows for each action. Raises DatabaseError (law 1)."""
    new = sum(number for action, number in rows.items() if action & NEW)
    changed = sum(number for action, number in rows.items() if action & CHANGED)
    unchanged = sum(rows.values()) - new - changed
    counted = FileCounts(file.file, file.data_lines, new, changed, unchanged, file.rejected_lines)
    if not counted.is_conserved:
        raise DatabaseError(
            f"{file.file} has {file.data_lines} data lines, but {new} new, {changed} changed and {unchanged} unchanged "
            f"deals and {file.rejected_lines} rejected lines: nothing was loaded, since lines would be lost."
        )
    return counted


def _action(dialect: str, table: sa.Table, staged: sa.Table, knowledge: Knowledge) -> sa.ColumnElement[int]:
    """What a row is to a deal that stands in `table`."""
    copy, last = knowledge.copy, (table.c.last_release, table.c.as_of)
    changed = sa.or_(*(_differs(dialect, table, staged, name) for name in COMPARED))
    derived = sa.or_(*(_differs(dialect, table, staged, name) for name in DERIVED))
    newer = NEWER + sa.case((changed, CHANGED), else_=0)
    late = LATE + sa.case((changed, DIFFERS), else_=0)
    # Who was withdrawn is put right by the copy that brings him back, or by loading all anew.
    heals = table is deals and knowledge.bytes is not Bytes.OLDER
    same = sa.case((changed, SAME + CHANGED), (derived, SAME), else_=0) if heals else sa.literal(0)
    known = late if knowledge.bytes is Bytes.NEWER else sa.literal(0)
    return sa.case(
        (_unknown(table), newer),
        (is_copy(*last, copy), same),
        (is_before(*last, copy), newer),
        (mentions(table.c.earlier_sightings, copy.token), known),
        else_=late,
    )


def _unknown(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether nobody knows when a deal was seen: such a row gives way to any knowledge."""
    return sa.or_(table.c.as_of.is_(None), table.c.first_as_of.is_(None))


def _differs(dialect: str, table: sa.Table, staged: sa.Table, name: str) -> sa.ColumnElement[bool]:
    """Whether a value is another one, exactly: collations take case, trailing spaces and rare characters for equal."""
    there, here = table.c[name], staged.c[name]
    if isinstance(there.type, sa.String):
        if dialect == "mysql":
            return sa.cast(there, sa.LargeBinary) != sa.cast(here, sa.LargeBinary)
        return sa.collate(there, "BINARY") != here
    return there.is_distinct_from(here) if BY_NAME[name].nullable else there != here


def _new_row(staging: Staging, knowledge: Knowledge) -> dict[str, sa.ColumnElement[Any]]:
    """The row that a new deal gets, all but its id."""
    as_of, now = sa.literal(knowledge.copy.as_of, sa.DateTime), sa.literal(knowledge.now, sa.DateTime)
    release = sa.literal(knowledge.copy.release.key)
    return {
        **{column.name: staging.staged.c[column.name] for column in COLUMNS},
        "first_release": release,
        "last_release": release,
        "as_of": as_of,
        "first_as_of": as_of,
        "created_at": now,
        "updated_at": now,
    }


def _merged_row(dialect: str, staging: Staging, knowledge: Knowledge) -> dict[str, sa.ColumnElement[Any]]:
    """What a known deal becomes: each column named, so that the server's ON UPDATE touches none.

    In an order in which no expression reads a column that was set before: MySQL sets them one by one.
    """
    new, seen = _new_row(staging, knowledge), deals.c.earlier_sightings

    def where(bits: int, name: str) -> sa.ColumnElement[Any]:
        return sa.case((chosen(staging, bits), new[name]), else_=deals.c[name])

    def unknown(name: str) -> sa.ColumnElement[Any]:
        return sa.case((_unknown(deals), new[name]), else_=deals.c[name])

    token = token_of(dialect, deals.c.last_release, deals.c.as_of)
    sightings = sa.case(
        (~chosen(staging, NEWER), seen), (_unknown(deals), sa.null()), (seen.is_(None), token), else_=seen + "," + token
    )
    return {
        "earlier_sightings": sightings,
        "first_release": unknown("first_release"),
        "first_as_of": unknown("first_as_of"),
        "created_at": deals.c.created_at,
        "updated_at": where(CHANGED, "updated_at"),
        **{column.name: where(NEWER + SAME, column.name) for column in COLUMNS if column.name not in KEY},
        "last_release": where(NEWER + SAME, "last_release"),
        "as_of": where(NEWER + SAME, "as_of"),
    }


def _merge_mysql(staging: Staging, knowledge: Knowledge) -> sa.Insert:
    new = _new_row(staging, knowledge)
    rows = sa.select(*new.values()).select_from(staged_rows(staging)).where(chosen(staging, WRITTEN))
    insert = mysql.insert(deals).from_select(list(new), rows, include_defaults=False)
    return insert.on_duplicate_key_update(list(_merged_row("mysql", staging, knowledge).items()))


def _merge_sqlite(staging: Staging, knowledge: Knowledge) -> sa.Insert:
    """SQLite's update knows nothing but the row to insert: hence that is the merged row already.

    Each row brings an id that is not taken, not even by a withdrawn deal, since a table of the other
    application numbers none by itself; a known deal keeps its own.
    """
    staged, plan = staging.staged, staging.plan
    new, merged = _new_row(staging, knowledge), _merged_row("sqlite", staging, knowledge)
    row: dict[str, sa.ColumnElement[Any]] = {"id": _last_id() + 1 + staged.c.row_no}
    for name, value in {**new, "earlier_sightings": sa.null()}.items():
        row[name] = value if name in KEY else sa.case((plan.c.action == NEW, value), else_=merged[name])
    source = staged_rows(staging).outerjoin(deals, same_deal(deals, staged))
    rows = sa.select(*row.values()).select_from(source).where(chosen(staging, WRITTEN))
    insert = sqlite.insert(deals).from_select(list(row), rows, include_defaults=False)
    return insert.on_conflict_do_update(index_elements=list(KEY), set_={name: insert.excluded[name] for name in merged})


def _last_id() -> sa.ColumnElement[int]:
    numbered, gone = deals.alias("numbered"), withdrawn_deals.alias("gone")
    last = [sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)).scalar_subquery() for table in (numbered, gone)]
    return sa.func.max(*last)
