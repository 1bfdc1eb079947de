"""Bring `project_matches` and `project_absorption` up to date with the deals and the list, in one transaction.

What absorption is, the .sql file beside tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.absorption.matching import Matched, match_deals
from pshs_dagster.database.engine import translated
from pshs_dagster.database.memory import ample_memory
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.schema.conform import widen
from pshs_dagster.database.statistics.replacing import replace_rows
from pshs_dagster.database.statistics.statements import MARKETS
from pshs_dagster.database.tables import deals, project_absorption, project_matches


@dataclass(frozen=True)
class Absorbed:
    """What was done."""

    matched: Matched
    written: int
    """Rows of `project_absorption` that became others."""


@lru_cache
def statement() -> str:
    """The SELECT, without the comment at its head."""
    lines = Path(__file__).with_name("project_absorption.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


def absorb(engine: sa.Engine, now: datetime, *, wait: timedelta = locks.WAIT) -> Absorbed:
    """Match and compute everything. `now` is aware. Readers see the old rows until the end.

    Raises DatabaseError; then the tables are as before.
    """
    at = wall_time(now)
    with translated(engine, "compute the absorption"), locks.exclusive(engine, wait) as connection:
        _make_room(connection)
        with ample_memory(connection), connection.begin():
            matched = match_deals(connection, at)
            written = replace_rows(connection, project_absorption, [MARKETS], at, text=statement())
    return Absorbed(matched, written)


def _make_room(connection: sa.Connection) -> None:
    """A text that is longer than any before has widened its column in `deals`; MySQL alters outside a transaction."""
    if connection.dialect.name != "mysql":
        return
    with connection.begin():
        longest = {
            name: connection.scalar(sa.select(sa.func.max(sa.func.char_length(deals.c[name])))) or 0
            for name in ("district", "build_name")
        }
        widen(connection, project_matches, longest)
