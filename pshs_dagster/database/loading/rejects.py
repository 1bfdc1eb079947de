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
from pshs_dagster.database.loading.ledger import Key, by_city, portions
from pshs_dagster.database.loading.lives import last_copy
from pshs_dagster.database.records import ReleaseRecord, wall_time
from pshs_dagster.database.tables import deals, rejected_deals, release_copies, releases
from pshs_dagster.deals.columns import BY_NAME
from pshs_dagster.deals.timeline import Copy
from pshs_dagster.releases import Release

SERIAL_WIDTH = BY_NAME["serial_number"].width or 0

FIELDS = ("file", "line", "city", "serial_number", "raw", "reasons", "published")
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


def record_rejects(
    engine: sa.Engine,
    release: str,
    rejects: pd.DataFrame,
    *,
    record: ReleaseRecord | None = None,
    wait: timedelta = locks.WAIT,
) -> None:
    """Make the table's rows of a release equal to the frame, in one transaction.

    The table tells of the newest copy of a release: where `record` is an older copy than one that was loaded,
    nothing is done.

    `rejects` has file, source_line, city, serial_number, raw, reasons (a list of dicts a row), and may have published
    (the fields by MOI's headings, as JSON). A line that was there before keeps its id and status; one that is gone is
    deleted, unless a person has decided about it; a new one is open. Raises DatabaseError.
    """
    wanted = {_line(fields, seen): fields for seen, fields in _numbered(_fields_of(rejects))}
    doing = f"record the rejected lines of {release}"
    with translated(engine, doing), locks.exclusive(engine, wait) as connection, connection.begin():
        if record is None or not _is_outdated(connection, record):
            _make_equal(connection, release, wanted)


def refresh_statuses(connection: sa.Connection) -> None:
    """Tell for each undecided line whether MOI has mended it: whether newer knowledge of its deal is in `deals`.

    The copy that the line stands in is the newest one of its release. Part of each load's transaction.
    """
    undecided = connection.execute(
        sa.select(*(rejected_deals.c[name] for name in ("id", "city", "serial_number", "status", "release")))
        .add_columns(releases.c.as_of)
        .join(releases, releases.c.release == rejected_deals.c.release)
        .where(rejected_deals.c.status.not_in([status.value for status in DECIDED]))
        .where(rejected_deals.c.serial_number != "")
    ).all()
    newest = _newest_knowledge(connection, {(row.city, row.serial_number) for row in undecided})
    turned: dict[Status, list[int]] = {Status.OPEN: [], Status.FIXED_UPSTREAM: []}
    for row in undecided:
        known = newest.get((row.city, row.serial_number))
        mended = known is not None and known.order > Copy(Release.parse(row.release), row.as_of).order
        status = Status.FIXED_UPSTREAM if mended else Status.OPEN
        if row.status != status.value:
            turned[status].append(row.id)
    for status, ids in turned.items():
        for part in portions(ids):
            connection.execute(
                sa.update(rejected_deals).where(rejected_deals.c.id.in_(part)).values(status=status.value)
            )


def _newest_knowledge(connection: sa.Connection, keys: set[Key]) -> dict[Key, Copy]:
    """The copies that deals were last seen in, of those that are there."""
    found: dict[Key, Copy] = {}
    # A serial that is none may be of any length: it is in no index, and no deal's.
    for city, serials in by_city(key for key in keys if len(key[1]) <= SERIAL_WIDTH):
        query = sa.select(deals.c.serial_number, deals.c.last_release, deals.c.as_of).where(
            deals.c.city == city, deals.c.serial_number.in_(serials), deals.c.as_of.is_not(None)
        )
        for row in connection.execute(query):
            found[city, row.serial_number] = last_copy(row.last_release, row.as_of)
    return found


def _is_outdated(connection: sa.Connection, record: ReleaseRecord) -> bool:
    """Whether a newer copy of the release was loaded, with other bytes."""
    newest = connection.execute(sa.select(releases).where(releases.c.release == record.release.key)).one_or_none()
    if newest is None or newest.sha256 == record.sha256:
        return False
    copies = release_copies.c
    # The same bytes are the same knowledge, however much later they were fetched again.
    known = connection.scalar(
        sa.select(copies.as_of).where(copies.release == record.release.key, copies.sha256 == record.sha256)
    )
    mine = (known or wall_time(record.as_of), wall_time(record.fetched_at))
    return mine < (newest.as_of, newest.fetched_at)


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
    _remove(connection, gone)
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
            "published": json.loads(row["published"]) if row.get("published") else None,
        }
        for row in ordered.to_dict("records")
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


def _remove(connection: sa.Connection, gone: list[dict[str, Any]]) -> None:
    """Delete what nobody decided about; what somebody did stays, though it has no number any more."""
    undecided = [{"b_id": row["id"]} for row in gone if row["status"] not in DECIDED]
    decided = [{"b_id": row["id"]} for row in gone if row["status"] in DECIDED and row["line"] is not None]
    mine = rejected_deals.c.id == sa.bindparam("b_id")
    if undecided:
        connection.execute(sa.delete(rejected_deals).where(mine), undecided)
    if decided:
        connection.execute(sa.update(rejected_deals).where(mine).values(line=None), decided)


def _move(connection: sa.Connection, moved: list[dict[str, Any]]) -> None:
    """Give known lines their new numbers; all numbers are freed first, since one may be another's old one."""
    if not moved:
        return
    mine = sa.update(rejected_deals).where(rejected_deals.c.id == sa.bindparam("b_id"))
    connection.execute(mine.values(line=None), [{"b_id": row["b_id"]} for row in moved])
    connection.execute(mine.values({field: sa.bindparam(field) for field in FIELDS}), moved)
