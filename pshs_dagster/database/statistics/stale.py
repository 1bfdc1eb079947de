"""Which months' deals are others than those that the statistics were computed from.

Whatever changed a deal (a release, a withdrawal, a correction, a rebuild), and whichever run was killed after it, the
month is found, in two steps. A quick pass over `deals` looks at how many a month has, at their ids and at when they
were changed last; of the months that look otherwise, or whose trace may lie, each deal's fingerprint is looked at. A
change that does not move `updated_at`, as a person makes it by hand, is found where every month is looked at so.
A changed .sql file makes every month stale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from pshs_dagster.database.statistics.statements import MOST_SPANS, NAMES, WHOLE, Month, Values, spans_of, statement
from pshs_dagster.database.tables import deals, statistics_months

INPUTS = (
    "city",
    "district",
    "build_name",
    "room",
    "object_of_transaction",
    "main_use",
    "price",
    "parking_sapce_price",
    "building_total_area",
    "parking_sapce_total_area",
    "flags",
    "termination",
    "cancelled_on",
)
"""What the statements read of a deal, apart from its month."""

EPOCH = 62_167_219_200
"""Seconds from the year 0, which MySQL counts from, to 1970, so that sums stay small."""

EXACT = sa.literal_column("1.0e0")
"""Makes a double of a number: a server adds them up faster, and each sum is exact, since it stays below 9e15 for the
first five million deals of a month."""

BETWEEN = "\t"
"""No text of a deal has a tab."""


@dataclass(frozen=True)
class State:
    """The deals of a month, as they are or as they were when its statistics were computed."""

    deals: int
    trace: str
    """Of their ids and of the moments at which they were changed; blank where it may lie."""
    fingerprint: int | None = None
    """The sum over all deals; None where it was not looked at."""


States = dict[Month, State]


def present_states(connection: sa.Connection, recorded: States, now: datetime, *, thorough: bool) -> States:
    """What the deals of each month are now, with fingerprints where they may be others than those that were recorded.

    `now` is naive, in Taipei. What was changed in the very second may be changed once more, and look the same.
    """
    looked = _looked_at(connection, now, thorough=thorough)
    if thorough:
        return looked
    doubtful = {month for month, state in looked.items() if not state.trace or not _is_alike(state, recorded, month)}
    spans = spans_of(doubtful)
    fingerprints: dict[Month, int] = {}
    for span in spans if len(spans) <= MOST_SPANS else WHOLE:
        fingerprints |= _fingerprints(connection, span)
    return {
        month: replace(state, fingerprint=fingerprints[month] if month in doubtful else recorded[month].fingerprint)
        for month, state in looked.items()
    }


def stale_months(present: States, recorded: States) -> set[Month]:
    """Where the deals are others, or gone."""
    return {
        month
        for month in present.keys() | recorded.keys()
        if month not in present
        or month not in recorded
        or present[month].fingerprint != recorded[month].fingerprint
        or present[month].deals != recorded[month].deals
    }


def recorded_states(connection: sa.Connection) -> States:
    """What they were when the statistics were computed."""
    columns = statistics_months.c
    rows = connection.execute(sa.select(columns.month, columns.deals, columns.trace, columns.fingerprint))
    return {Month.of(month): State(*state) for month, *state in rows}


def record(connection: sa.Connection, states: States) -> None:
    """Write down what the statistics are computed from."""
    connection.execute(sa.delete(statistics_months))
    rows = [
        {"month": str(month), "deals": state.deals, "trace": state.trace, "fingerprint": state.fingerprint}
        for month, state in states.items()
    ]
    if rows:
        connection.execute(sa.insert(statistics_months), rows)


def _is_alike(state: State, recorded: States, month: Month) -> bool:
    return month in recorded and (recorded[month].deals, recorded[month].trace) == (state.deals, state.trace)


def _looked_at(connection: sa.Connection, now: datetime, *, thorough: bool) -> States:
    """The states of all months by one pass; with fingerprints, which cost most of it, for a thorough look only."""
    if connection.dialect.name == "mysql":
        second: Any = sa.func.to_seconds(deals.c.updated_at) - EPOCH
    else:
        second = sa.cast(sa.func.strftime("%s", deals.c.updated_at), sa.BigInteger)
    query = sa.select(
        _month_of(connection).label("month"),
        sa.func.count(),
        sa.func.sum(deals.c.id * EXACT),
        sa.func.coalesce(sa.func.sum(second * EXACT), 0),
        sa.func.max(deals.c.updated_at),
        sa.func.sum(_fingerprint(connection)) if thorough else sa.null(),
    ).group_by(sa.text("month"))
    seed = _seed()
    return {
        _month(found): State(
            count,
            "" if last is not None and last >= now.replace(microsecond=0) else f"{seed:x}:{ids:.0f}:{seconds:.0f}",
            None if total is None else int(total),
        )
        for found, count, ids, seconds, last, total in connection.execute(query)
    }


def _fingerprints(connection: sa.Connection, span: Values) -> dict[Month, int]:
    query = (
        sa.select(_month_of(connection).label("month"), sa.func.sum(_fingerprint(connection)))
        .where(deals.c.transaction_date.between(span["first_day"], span["last_day"]))
        .group_by(sa.text("month"))
    )
    return {_month(found): int(total) for found, total in connection.execute(query)}


def _month_of(connection: sa.Connection) -> sa.ColumnElement[Any]:
    if connection.dialect.name == "mysql":
        return sa.extract("year_month", deals.c.transaction_date)
    return sa.func.substr(sa.cast(deals.c.transaction_date, sa.String), 1, 7)


def _month(found: int | str) -> Month:
    return Month.of(found) if isinstance(found, str) else Month(*divmod(int(found), 100))


def _seed() -> int:
    """What the statements are: others give other numbers from the same deals."""
    return crc32("".join(map(statement, NAMES)).encode())


def _fingerprint(connection: sa.Connection) -> sa.ColumnElement[int]:
    return _fingerprint_mysql() if connection.dialect.name == "mysql" else _fingerprint_sqlite(connection)


def _fingerprint_mysql() -> sa.ColumnElement[int]:
    texts = [sa.func.coalesce(deals.c[name], "") if deals.c[name].nullable else deals.c[name] for name in INPUTS]
    joined = sa.func.concat_ws(BETWEEN, sa.literal_column(str(_seed())), *texts)
    # Whatever the character sets of the columns are.
    return sa.func.crc32(sa.func.convert(joined.op("USING")(sa.literal_column("utf8mb4"))))


def _fingerprint_sqlite(connection: sa.Connection) -> sa.ColumnElement[int]:
    seed = _seed()

    def fingerprint(*values: object) -> int:
        return crc32(repr(values).encode(), seed)

    raw: Any = connection.connection.dbapi_connection
    raw.create_function("pshs_statistics_crc32", len(INPUTS), fingerprint, deterministic=True)
    return sa.func.pshs_statistics_crc32(*(sa.type_coerce(deals.c[name], sa.String) for name in INPUTS))
