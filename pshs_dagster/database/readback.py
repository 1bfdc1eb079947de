"""A quick reading back of a copy that is the newest knowledge: the database joins each row into one text.

Python takes ten times as long for thirty values as for one text. Where a part is not the same to the letter,
`verify.py` compares it value by value and has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import ReleaseRecord
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.database.verify import KEY, SERIALS_AT_ONCE, Verification, verify_release
from pshs_dagster.deals.columns import COLUMNS, ColumnType

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

APART = tuple(column.name for column in COLUMNS if column.type is ColumnType.DECIMAL)
"""Each database spells numbers with a point in its own way: these are compared as numbers."""

TOGETHER = tuple(column.name for column in COLUMNS if column.name not in APART)

BETWEEN, BLANK = "\t", "-"
"""No text of a deal has a tab, and no day is spelt by a dash."""


def verify_newest(engine: sa.Engine, record: ReleaseRecord, deals: pd.DataFrame) -> Verification:
    """As `verify_release`, for a copy of which no newer one is loaded. Raises DatabaseError."""
    doubtful: list[pd.DataFrame] = []
    with translated(engine, f"read back {record.release}"), engine.connect() as connection:
        for city, part in _parts(deals):
            if not _is_there(connection, city, part):
                doubtful.append(part)
    if not doubtful:
        nothing = deals.iloc[:0]
        return Verification(len(deals), nothing[["file", "source_line", *KEY]], nothing[KEY], 0)
    found = verify_release(engine, record, pd.concat(doubtful, ignore_index=True))
    return Verification(len(deals), found.missing, found.different, found.newer, found.withdrawn)


def _parts(deals: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The deals of each city, so many at a time as one query takes, in the order of their serials."""
    ordered = deals.sort_values(KEY, kind="stable", ignore_index=True)
    for city, rows in ordered.groupby("city", sort=False):
        for start in range(0, len(rows), SERIALS_AT_ONCE):
            yield str(city), rows.iloc[start : start + SERIALS_AT_ONCE]


def _is_there(connection: sa.Connection, city: str, part: pd.DataFrame) -> bool:
    """Whether every row stands in the table with these values, to the letter."""
    dialect = connection.dialect.name
    serials = part["serial_number"].tolist()
    mark = "%s" if dialect == "mysql" else "?"
    statement = _statement(dialect).format(city=mark, serials=", ".join([mark] * len(serials)))
    rows = connection.exec_driver_sql(statement, (city, *serials)).all()
    if len(rows) != len(part):
        return False
    texts, *numbers = zip(*rows, strict=True)
    if not pc.all(pc.equal(pa.array(texts, pa.string()), _joined(part))).as_py():
        return False
    expected = part[list(APART)].to_numpy(dtype=np.float64).T
    return bool(np.array_equal(np.array(numbers, dtype=np.float64), expected))


@lru_cache(maxsize=2)
def _statement(dialect: str) -> str:
    """The query, with places for the city and the serials."""
    texts: list[Any] = [
        sa.func.coalesce(sa.cast(deals_table.c[name], sa.String), BLANK) for name in TOGETHER
    ]
    if dialect == "mysql":
        joined: Any = sa.func.concat_ws(BETWEEN, *texts)
    else:
        joined = reduce(lambda left, right: left.concat(BETWEEN).concat(right), texts)
    query = sa.select(joined, *(deals_table.c[name] for name in APART))
    spoken: Any = mysql.dialect(paramstyle="named") if dialect == "mysql" else sqlite.dialect(paramstyle="named")
    spelt = str(query.compile(dialect=spoken, compile_kwargs={"literal_binds": True}))
    return spelt + " WHERE city = {city} AND serial_number IN ({serials}) ORDER BY serial_number"


def _joined(part: pd.DataFrame) -> Any:
    """What the query gives, made from the frame."""
    texts: list[Any] = []
    for name in TOGETHER:
        column: Any = _array(part[name])
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.date32())
        texts.append(column.cast(pa.string()).fill_null(BLANK))
    return pc.binary_join_element_wise(*texts, BETWEEN)


def _array(series: pd.Series[Any]) -> Any:
    array: Any = pa.array(series, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
