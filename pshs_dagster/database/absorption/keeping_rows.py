"""Make the rows of a table what a list of rows says: what stays keeps its id and its moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

Row = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Written:
    """How many rows are new, were changed, are the same, and are gone."""

    new: int
    changed: int
    unchanged: int
    gone: int


def replace_all(
    connection: sa.Connection, table: sa.Table, key: Sequence[str], rows: Sequence[Row], now: datetime
) -> Written:
    """Write what differs. `rows` have every column but id and the two moments; `now` is naive, in Taipei."""
    names = list(rows[0]) if rows else []
    stored = stored_rows(connection, table, key)
    wanted = {tuple(row[name] for name in key): row for row in rows}
    new = [row for at, row in wanted.items() if at not in stored]
    changed = [
        {**{f"new_{name}": row[name] for name in names}, "its_id": stored[at]["id"], "at": now}
        for at, row in wanted.items()
        if at in stored and any(stored[at][name] != row[name] for name in names)
    ]
    gone = [{"its_id": row["id"]} for at, row in stored.items() if at not in wanted]
    its_id = sa.bindparam("its_id")
    if gone:
        connection.execute(sa.delete(table).where(table.c.id == its_id), gone)
    if changed:
        # A parameter may not have the name of a column that the statement sets.
        values = {name: sa.bindparam(f"new_{name}") for name in names} | {"updated_at": sa.bindparam("at")}
        connection.execute(sa.update(table).where(table.c.id == its_id).values(values), changed)
    if new:
        connection.execute(sa.insert(table), [{**row, "created_at": now, "updated_at": now} for row in new])
    return Written(len(new), len(changed), len(wanted) - len(new) - len(changed), len(gone))


def stored_rows(connection: sa.Connection, table: sa.Table, key: Sequence[str]) -> dict[Key, Row]:
    """The rows of a table by their key."""
    rows = connection.execute(sa.select(table)).mappings()
    return {tuple(row[name] for name in key): dict(row) for row in rows}
