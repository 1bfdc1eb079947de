"""The rows of a release as columns of Arrow, ready to be sent: how long their texts are, how they are spelt.

Knows nothing of SQL. Dates are ISO texts, which both databases take.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from pshs_dagster.deals.columns import COLUMNS, ColumnType
from pshs_dagster.errors import DatabaseError

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

ROWS_AT_ONCE = 5_000
"""Bounds what is held as Python objects at a time, some 10 MB."""

TEXTS = tuple(column.name for column in COLUMNS if column.type in (ColumnType.TEXT, ColumnType.DIGIT))
DATES = tuple(column.name for column in COLUMNS if column.type is ColumnType.DATE)

NAMES = ("row_no", "file", *(column.name for column in COLUMNS))
"""The columns that are sent, in this order."""


class Rows:
    """The rows of a frame of deals, numbered from 0 in its order.

    `frame` has `file` and every column of COLUMNS, and is unique by city and serial number; else DatabaseError.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        twice = frame.duplicated(["city", "serial_number"])
        if twice.any():
            first = frame.loc[twice, ["city", "serial_number"]].iloc[0]
            raise DatabaseError(
                f"{int(twice.sum())} rows have a serial number that stands in the release before, such as "
                f"{first['city']} {first['serial_number']}: have all but one of them rejected first."
            )
        arrays: dict[str, Any] = {name: _array(frame[name]) for name in NAMES if name != "row_no"}
        for name in DATES:
            arrays[name] = arrays[name].cast(pa.date32()).cast(pa.string())
        numbers = pa.array(np.arange(len(frame), dtype=np.int32))
        self.table = pa.Table.from_pydict({"row_no": numbers, **arrays}).combine_chunks()

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def lengths(self) -> dict[str, int]:
        """The longest text of each column, in characters; 0 where there are no rows."""
        return {name: pc.max(pc.utf8_length(self.table[name])).as_py() or 0 for name in TEXTS}

    def tuples(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows as Python values, ROWS_AT_ONCE at a time."""
        for start in range(0, len(self), ROWS_AT_ONCE):
            part = self.table.slice(start, ROWS_AT_ONCE)
            yield list(zip(*(column.to_pylist() for column in part.columns), strict=True))

    def tab_separated(self) -> Iterator[pa.Buffer]:
        r"""The rows as LOAD DATA reads them: tabs between, `\N` for NULL, a backslash before a backslash."""
        for start in range(0, len(self), ROWS_AT_ONCE):
            yield _tab_separated(self.table.slice(start, ROWS_AT_ONCE))


def _tab_separated(part: pa.Table) -> pa.Buffer:
    texts = [_spelt(part[name]) for name in part.column_names]
    texts[-1] = pc.binary_join_element_wise(texts[-1], "\n", "")
    lines = pc.binary_join_element_wise(*texts, "\t").combine_chunks()
    # One text lies behind the other in the last buffer, which therefore is the file.
    buffer = lines.buffers()[-1]
    first, last = lines.offset, lines.offset + len(lines)
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int64 if pa.types.is_large_string(lines.type) else np.int32)
    buffer = buffer.slice(int(offsets[first]), int(offsets[last] - offsets[first]))
    _check_separators(np.frombuffer(buffer, dtype=np.uint8), part)
    return buffer


def _check_separators(content: np.ndarray[Any, Any], part: pa.Table) -> None:
    """A control character in a text would shift the fields behind it; parsing has dropped them all."""
    tabs, ends = np.count_nonzero(content == 0x09), np.count_nonzero(content == 0x0A)
    if (tabs, ends) != (part.num_rows * (part.num_columns - 1), part.num_rows):
        raise DatabaseError("A text of the release contains a tab or a line end, which parsing should have dropped.")


def _spelt(column: Any) -> Any:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.replace_substring(column.cast(pa.string()), "\\", "\\\\")
    else:
        column = column.cast(pa.string())
    return column.fill_null("\\N")


def _array(series: pd.Series[Any]) -> Any:
    array: Any = pa.array(series, from_pandas=True)
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
