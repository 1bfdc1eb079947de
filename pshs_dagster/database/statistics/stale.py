"""Which months' deals are others than those that the statistics were computed from: found by one pass over `deals`.

Whatever changed a deal (a release, a withdrawal, a correction, a rebuild, another program), and whichever run was
killed after it, the month is found. A changed .sql file makes every month stale.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import sqlalchemy as sa

from pshs_dagster.database.statistics.statements import NAMES, Month, statement
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

State = tuple[int, int]
"""How many deals a month has, and the sum of their fingerprints."""

BETWEEN = "\t"
"""No text of a deal has a tab."""


def present_states(connection: sa.Connection) -> dict[Month, State]:
    """What the deals of each month are now."""
    if connection.dialect.name == "mysql":
        month: Any = sa.extract("year_month", deals.c.transaction_date)
        fingerprint = _fingerprint_mysql()
    else:
        month = sa.func.substr(sa.cast(deals.c.transaction_date, sa.String), 1, 7)
        fingerprint = _fingerprint_sqlite(connection)
    query = sa.select(month.label("month"), sa.func.count(), sa.func.sum(fingerprint)).group_by(sa.text("month"))
    return {_month(found): (int(count), int(total)) for found, count, total in connection.execute(query)}


def recorded_states(connection: sa.Connection) -> dict[Month, State]:
    """What they were when the statistics were computed."""
    columns = statistics_months.c
    rows = connection.execute(sa.select(columns.month, columns.deals, columns.fingerprint))
    return {Month.of(month): (count, fingerprint) for month, count, fingerprint in rows}


def record(connection: sa.Connection, states: dict[Month, State]) -> None:
    """Write down what the statistics are computed from."""
    connection.execute(sa.delete(statistics_months))
    rows = [{"month": str(month), "deals": deals, "fingerprint": total} for month, (deals, total) in states.items()]
    if rows:
        connection.execute(sa.insert(statistics_months), rows)


def _month(found: int | str) -> Month:
    return Month.of(found) if isinstance(found, str) else Month(*divmod(int(found), 100))


def _seed() -> int:
    """What the statements are: others give other numbers from the same deals."""
    return crc32("".join(map(statement, NAMES)).encode())


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
