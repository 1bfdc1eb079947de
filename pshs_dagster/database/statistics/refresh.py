"""Bring the statistics up to date with `deals`: the months that changed only, and readers never see half of a table.

Nothing is told here of what a statistic is; the .sql files say it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.engine import translated
from pshs_dagster.database.memory import ample_memory
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.schema.conform import widen
from pshs_dagster.database.statistics import stale
from pshs_dagster.database.statistics.replacing import replace_rows, update_changes
from pshs_dagster.database.statistics.statements import (
    EVERY_MONTH,
    HOMES,
    MARKETS,
    MOST_SPANS,
    WHOLE,
    Month,
    Values,
    Windows,
    changes_values,
    is_covered,
    last_complete_month,
    project_values,
    spans_of,
)
from pshs_dagster.database.tables import (
    deal_statistics,
    deals,
    market_statistics,
    project_statistics,
    releases,
)
from pshs_dagster.releases import TAIPEI

logger = logging.getLogger(__name__)

Starter = Callable[..., Callable[[], int]]
"""Begins some work and gives what tells how many rows it wrote, when it is done."""

WIDENED = ("district", "build_name")
"""Texts of a deal that tables of statistics hold too."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: the months that were computed anew, and the rows that became others in each table."""

    months: tuple[Month, ...]
    whole: bool
    written: dict[str, int]
    last_complete: Month | None
    """The month up to which projects are looked at."""


def refresh(
    engine: sa.Engine,
    now: datetime,
    *,
    everything: bool = False,
    thorough: bool = False,
    wait: timedelta = locks.WAIT,
) -> Refreshed:
    """Compute anew what is no longer true, or `everything`. `now` is aware. Readers see a table's old rows until all
    of its new ones are there.

    `thorough` looks at every deal, so that changes by hand are found too that left `updated_at` as it was. Waits up
    to `wait` for a load to end. Raises DatabaseError; then the tables are as before.
    """
    with translated(engine, "compute the statistics"), locks.exclusive(engine, wait) as connection:
        _make_room(connection)
        with ample_memory(connection), connection.begin():
            at = wall_time(now)
            recorded = stale.recorded_states(connection)
            anew = everything or not recorded
            windows = _windows(connection)
            last = last_complete_month(windows, now.astimezone(TAIPEI).date())
            with _beside(engine) if anew and engine.dialect.name == "mysql" else nullcontext() as beside:
                market = beside(_write_market, None, windows, at) if beside else None
                present = stale.present_states(connection, recorded, at, thorough=thorough or anew)
                months = stale.stale_months(present, recorded)
                whole = anew or len(spans_of(months)) > MOST_SPANS
                months = set(present | recorded) if whole else months
                asked = None if whole else months
                written = {deal_statistics.name: _write_months(connection, deal_statistics, HOMES, asked, at)}
                written[project_statistics.name] = _write_projects(connection, last, months, at, everything=everything)
                written[market_statistics.name] = market() if market else _write_market(connection, asked, windows, at)
            stale.record(connection, present)
    logger.info("Statistics: %d months computed anew, %s rows written.", len(months), written)
    return Refreshed(tuple(sorted(months)), whole, written, last)


@contextmanager
def _beside(engine: sa.Engine) -> Generator[Starter]:
    """What begins some work on another connection, in a transaction of its own, and gives what waits for its result.

    All tables of the whole history take a server so long that it does two at a time. This transaction is committed
    first, and what is up to date is recorded in the caller's: where that fails, the next refresh does both again.
    """
    with (
        engine.connect() as connection,
        ample_memory(connection),
        connection.begin(),
        ThreadPoolExecutor(1) as pool,  # opened last: nothing is rolled back before its work has ended
    ):
        yield lambda work, *given: pool.submit(work, connection, *given).result


def _write_market(connection: sa.Connection, months: Collection[Month] | None, windows: Windows, now: datetime) -> int:
    """Of these months, or of all where none are given, and what depends on them."""
    written = _write_months(connection, market_statistics, MARKETS, months, now)
    # A release that brought no deal may have made a month final.
    if months is None or _is_final_otherwise(connection, windows, months):
        written += update_changes(connection, EVERY_MONTH, now)
    elif months:
        written += update_changes(connection, changes_values(months), now)
    return written


def _write_months(
    connection: sa.Connection, target: sa.Table, asked: Values, months: Collection[Month] | None, now: datetime
) -> int:
    """The rows of a table by month of the trade; those of all months where none are given."""
    if months is None:
        return replace_rows(connection, target, [span | asked for span in WHOLE], now)
    spans = [span | asked for span in spans_of(months)]
    return replace_rows(connection, target, spans, now, scope=_in_months(target, months)) if spans else 0


def _is_final_otherwise(connection: sa.Connection, windows: Windows, apart_from: Collection[Month]) -> bool:
    """Whether the status of another month is not what the windows of releases make it."""
    columns = market_statistics.c
    rows = connection.execute(sa.select(columns.year, columns.month, columns.status).distinct())
    return any(
        (row.status == "final") != is_covered(month, windows)
        for row in rows
        if (month := Month(int(row.year), int(row.month))) not in apart_from
    )


def _write_projects(
    connection: sa.Connection, last: Month | None, months: Collection[Month], now: datetime, *, everything: bool
) -> int:
    """Projects over the months up to `last`; nothing where deals changed in later months only."""
    table = project_statistics
    known = connection.scalar(sa.select(sa.func.max(table.c.last_month)))
    touched = last is not None and any(month <= last for month in months)
    if not everything and not touched and known == (str(last) if last else None):
        return 0
    return replace_rows(connection, table, [project_values(last)] if last else [], now)


def _in_months(target: sa.Table, months: Collection[Month]) -> sa.ColumnElement[bool]:
    # Not a list of pairs, for which MariaDB uses no index.
    return sa.or_(
        sa.false(),
        *(sa.and_(target.c.year == f"{each.year:04d}", target.c.month == f"{each.number:02d}") for each in months),
    )


def _windows(connection: sa.Connection) -> Windows:
    rows = connection.execute(sa.select(releases.c.window_from, releases.c.window_to))
    return [(row.window_from, row.window_to) for row in rows]


def _make_room(connection: sa.Connection) -> None:
    """Widen what is narrower than in `deals`; MySQL would commit a transaction that it stood in."""
    if connection.dialect.name != "mysql":
        return
    tables = (deal_statistics, market_statistics, project_statistics)
    with connection.begin():
        rows = connection.execute(_WIDTHS, {"tables": [table.name for table in (deals, *tables)], "names": WIDENED})
        widths = {(row.of_table, row.name): int(row.width) for row in rows}
        for table in tables:
            lengths = {name: widths[deals.name, name] for name in WIDENED if name in table.c}
            if any(widths[table.name, name] < length for name, length in lengths.items()):
                widen(connection, table, lengths)


_WIDTHS = sa.text("""
    SELECT table_name AS of_table, column_name AS name, character_maximum_length AS width
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name IN :tables AND column_name IN :names
""").bindparams(sa.bindparam("tables", expanding=True), sa.bindparam("names", expanding=True))
