"""One number for the values of a deal, made from a frame or by the server: equal where all values are.

What is concluded from them is told in `recognise.py` and in `rebuilding/proof.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa

from pshs_dagster.database.loading.rows import NULL, Rows
from pshs_dagster.deals.columns import COLUMNS, ColumnType

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

NAMES = tuple(column.name for column in COLUMNS)
NUMBERS = frozenset(column.name for column in COLUMNS if column.type is ColumnType.DECIMAL)

BETWEEN = "\t"
"""No text of a deal has a tab."""

Fingerprints = np.ndarray[Any, np.dtype[np.uint32]]

Sum = tuple[int, int]
"""How many rows, and the sum of their fingerprints."""


def fingerprints_of(rows: Rows) -> Fingerprints:
    """CRC-32 of the values of each deal."""
    spelt = rows.spelt.cast(pa.large_binary()).to_pylist()
    # A backslash has another before it only because LOAD DATA wants that.
    for row in np.flatnonzero(pc.match_substring(rows.spelt, "\\\\")):
        spelt[row] = spelt[row].replace(b"\\\\", b"\\")
    return np.fromiter(map(crc32, spelt), np.uint32, len(rows))


def stored_fingerprint(connection: sa.Connection) -> Callable[[sa.Table], sa.ColumnElement[int]]:
    """The same number as an expression over the rows of a table of deals."""
    return _fingerprint_mysql if connection.dialect.name == "mysql" else _fingerprint_sqlite(connection)


def _fingerprint_mysql(table: sa.Table) -> sa.ColumnElement[int]:
    texts = [
        sa.func.coalesce(sa.cast(table.c[name], sa.String), NULL) if table.c[name].nullable else table.c[name]
        for name in NAMES
    ]
    # Whatever the character sets of the columns are, the numbers are made from UTF-8.
    return sa.func.crc32(sa.func.convert(sa.func.concat_ws(BETWEEN, *texts).op("USING")(sa.literal_column("utf8mb4"))))


def _fingerprint_sqlite(connection: sa.Connection) -> Callable[[sa.Table], sa.ColumnElement[int]]:
    raw: Any = connection.connection.dbapi_connection
    raw.create_function("pshs_crc32", 1, lambda text: crc32(text.encode()), deterministic=True)

    def fingerprint(table: sa.Table) -> sa.ColumnElement[int]:
        texts: list[Any] = []
        for name in NAMES:
            text: Any = sa.cast(table.c[name], sa.String)
            if name in NUMBERS:
                # 12.0 is 12 in the other database, and a text that ends in .0 is no number with decimals.
                text = sa.case((text.like("%.0"), sa.func.substr(text, 1, sa.func.length(text) - 2)), else_=text)
            texts.append(sa.func.coalesce(text, NULL))
        joined = reduce(lambda left, right: left.concat(BETWEEN).concat(right), texts)
        return sa.func.pshs_crc32(joined)

    return fingerprint
