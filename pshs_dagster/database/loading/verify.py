"""Read back what a load wrote and compare it with what should be there, value by value, in pandas.

On purpose this knows nothing of how rows are merged: the same mistake is not made twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import Ledger, read_ledger
from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import ReleaseRecord, moment, wall_time
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.database.tables import release_copies, withdrawn_deals
from pshs_dagster.deals.amending import amended
from pshs_dagster.deals.columns import COLUMNS, ColumnType
from pshs_dagster.deals.texts import flags_after
from pshs_dagster.deals.timeline import Copy

KEY = ["city", "serial_number"]

SERIALS_AT_ONCE = 2_000
"""Keeps a query well below SQLite's 32,766 values and MySQL's limit for the ranges that it plans."""


@dataclass(frozen=True)
class Verification:
    """What reading back found.

    `missing` lists deals that are not there: file, source_line, city, serial_number. `different` lists
    values that are others, one a row: city, serial_number, column, expected, stored. `newer` counts
    deals that a newer release tells of; that they are there is all that can be said of them. `withdrawn`
    counts deals that newer knowledge has withdrawn: they are kept whole, but are in `deals` no more.
    """

    expected: int
    missing: pd.DataFrame
    different: pd.DataFrame
    newer: int
    withdrawn: int = 0

    @property
    def holds(self) -> bool:
        """Whether every deal is there, with the release's values."""
        return self.missing.empty and self.different.empty


def verify_release(engine: sa.Engine, record: ReleaseRecord, deals: pd.DataFrame) -> Verification:
    """Compare every deal of the frame (as for `load_release`) with its row. Raises DatabaseError."""
    with snapshot(engine, f"read back {record.release}") as connection:
        ledger = read_ledger(connection)
        stored = _stored(connection, deals_table, deals)
        copy = _copy(connection, record)
        gone = _stored(connection, withdrawn_deals, deals, names=("withdrawn_release",))
    expected = deals.reset_index(drop=True)
    matched = expected[KEY].merge(stored, on=KEY, how="left", validate="one_to_one", indicator="found")
    found = (matched["found"] == "both").to_numpy()
    newer = _is_newer(matched, copy) & found
    withdrawn = pd.MultiIndex.from_frame(expected[KEY]).isin(pd.MultiIndex.from_frame(gone[KEY])) & ~found
    compared = found & ~newer
    return Verification(
        expected=len(expected),
        missing=expected.loc[~found & ~withdrawn, ["file", "source_line", *KEY]].reset_index(drop=True),
        different=_differences(_corrected(expected[compared], copy, ledger), matched[compared]),
        newer=int(newer.sum()),
        withdrawn=int(withdrawn.sum()),
    )


def _corrected(deals: pd.DataFrame, copy: Copy, ledger: Ledger) -> pd.DataFrame:
    """The deals of a copy, which is the newest that has them, with what people corrected."""
    if not ledger.amendments:
        return deals
    mine = [key in ledger.amendments_of for key in zip(deals["city"], deals["serial_number"], strict=True)]
    if not any(mine):
        return deals
    records = deals[mine].to_dict("records")
    before: list[dict[str, Any]] = [{str(name): _value(value) for name, value in row.items()} for row in records]
    entries = [ledger.amendments_of[row["city"], row["serial_number"]] for row in before]
    after = [row | amended(row, copy, of_deal).values for row, of_deal in zip(before, entries, strict=True)]
    flags = flags_after([row["flags"] for row in before], before, after, [copy.release.key] * len(before))
    rows = pd.DataFrame([row | {"flags": told} for row, told in zip(after, flags, strict=True)], deals.index[mine])
    corrected = deals.copy()
    for column in COLUMNS:
        corrected.loc[mine, column.name] = rows[column.name].astype(deals[column.name].dtype)
    return corrected


def _value(value: Any) -> Any:
    """As the database would give it."""
    if value is pd.NaT:
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def newest_created_at(engine: sa.Engine, release: str) -> datetime | None:
    """When the newest deal was created that this release was the first to bring; None where it brought none."""
    queries = [
        sa.select(sa.func.max(table.c.created_at)).where(table.c.first_release == release)
        for table in (deals_table, withdrawn_deals)
    ]
    with translated(engine, f"tell when {release} was loaded"), engine.connect() as connection:
        newest = [found for query in queries if (found := connection.scalar(query))]
    return moment(max(newest)) if newest else None


def _copy(connection: sa.Connection, record: ReleaseRecord) -> Copy:
    """The copy that a record tells of: the same bytes are the same knowledge, whenever they were fetched."""
    mine = sa.and_(release_copies.c.release == record.release.key, release_copies.c.sha256 == record.sha256)
    known = connection.scalar(sa.select(release_copies.c.as_of).where(mine))
    return Copy(record.release, known or wall_time(record.as_of))


def _is_newer(matched: pd.DataFrame, copy: Copy) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which deals were last seen in a copy that knows more than this one."""
    as_of, release = pd.Timestamp(copy.as_of), copy.release.key
    knowledge, last = matched["as_of"].fillna(pd.Timestamp.min), matched["last_release"].fillna("")
    is_season = last.str.contains("S")
    same_kind = is_season == (not copy.release.is_issue)
    later_name = (same_kind & (last > release)) | (is_season & ~same_kind)
    return ((knowledge > as_of) | ((knowledge == as_of) & later_name)).to_numpy(dtype=bool)


def _stored(
    connection: sa.Connection, table: sa.Table, deals: pd.DataFrame, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """The rows of `table` whose keys stand in the frame, typed like the frame.

    `names` are columns beside the key; unless told, all that a release tells, with as_of and last_release.
    """
    if names is None:
        names = [*(column.name for column in COLUMNS if column.name not in KEY), "as_of", "last_release"]
    columns = [*KEY, *names]
    query = sa.select(*(table.c[name] for name in columns))
    rows: list[Any] = []
    if connection.scalar(sa.select(table.c.id).limit(1)) is not None:
        for city, serials in _keys(deals):
            rows += connection.execute(query.where(table.c.city == city, table.c.serial_number.in_(serials))).all()
    by_column = dict(zip(columns, zip(*rows, strict=True) if rows else ((),) * len(columns), strict=True))
    frame = pd.DataFrame({name: _typed(name, by_column[name]) for name in columns})
    # MySQL finds a key by its collation, which may take another for equal: exactly ours are meant.
    return frame.merge(deals[KEY], on=KEY)


def _keys(deals: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    for city, serials in deals.groupby("city", sort=False)["serial_number"]:
        listed = serials.tolist()
        for start in range(0, len(listed), SERIALS_AT_ONCE):
            yield str(city), listed[start : start + SERIALS_AT_ONCE]


_TYPES = {
    ColumnType.TEXT: "string[pyarrow]",
    ColumnType.DIGIT: "string[pyarrow]",
    ColumnType.INTEGER: "int64",
    ColumnType.DECIMAL: "float64",
    ColumnType.DATE: "datetime64[ns]",
}

_TYPE_OF = {column.name: _TYPES[column.type] for column in COLUMNS} | {
    "as_of": "datetime64[ns]",
    "last_release": "string[pyarrow]",
    "withdrawn_release": "string[pyarrow]",
}


def _typed(name: str, values: tuple[Any, ...]) -> pd.Series[Any]:
    kind = _TYPE_OF[name]
    if kind == "datetime64[ns]":
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="object")), dtype=kind)
    return pd.Series(list(values), dtype=kind)


def _differences(expected: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Where two frames with the same deals in the same rows have other values."""
    found: list[pd.DataFrame] = []
    for column in COLUMNS:
        here, there = expected[column.name], stored[column.name]
        both_blank = here.isna() & there.isna()
        differs = ~((here == there).fillna(False).astype(bool) | both_blank)
        if differs.any():
            part = expected.loc[differs, KEY].assign(column=column.name)
            part["expected"] = here[differs].astype(object)
            part["stored"] = there[differs].astype(object)
            found.append(part)
    if not found:
        return pd.DataFrame(columns=[*KEY, "column", "expected", "stored"])
    return pd.concat(found, ignore_index=True)
