"""The rows of a release as columns of Arrow, ready to be sent: how long their texts are, how they are spelt.

Knows nothing of SQL. Dates are ISO texts, which both databases take.
"""

from __future__ import annotations

import re
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

TAB, END, NOTHING = (pa.scalar(text, pa.large_string()) for text in ("\t", "\n", ""))

NULL = "\\N"
"""What LOAD DATA takes for no value."""

BACKSLASH = re.compile(rb"\\")

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
        twice = _twice(frame)
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

    @cached_property
    def spelt(self) -> Any:
        r"""The values of COLUMNS, a text a row, as LOAD DATA reads them.

        Tabs stand between them, `\N` for NULL, a backslash before a backslash; 12.0 is spelt 12.
        """
        return pc.binary_join_element_wise(*(_spelt(self.table[column.name]) for column in COLUMNS), TAB)

    def tab_separated(self) -> Iterator[pa.Buffer]:
        """The rows with all of NAMES, as LOAD DATA reads them."""
        first = [_spelt(self.table[name]) for name in NAMES[: -len(COLUMNS)]]
        lines = pc.binary_join_element_wise(*first, self.spelt, TAB)
        yield from in_lines(lines, len(NAMES))


def in_lines(texts: Any, columns: int) -> Iterator[pa.Buffer]:
    """Spelt rows of so many columns as the lines of a file; raises DatabaseError where they would not be as many."""
    for chunk in pc.binary_join_element_wise(texts, END, NOTHING).chunks:
        # One text lies behind the other in the last buffer, which therefore is the file.
        first, last = chunk.offset, chunk.offset + len(chunk)
        offsets = np.frombuffer(chunk.buffers()[1], dtype=np.int64)
        buffer = chunk.buffers()[-1].slice(int(offsets[first]), int(offsets[last] - offsets[first]))
        _check_separators(np.frombuffer(buffer, dtype=np.uint8), len(chunk), columns)
        yield buffer


def _check_separators(content: np.ndarray[Any, Any], rows: int, columns: int) -> None:
    """A control character in a text would shift the fields behind it; parsing has dropped them all."""
    tabs, ends = np.count_nonzero(content == 0x09), np.count_nonzero(content == 0x0A)
    if (tabs, ends) != (rows * (columns - 1), rows):
        raise DatabaseError("A text of the release contains a tab or a line end, which parsing should have dropped.")


def _twice(frame: pd.DataFrame) -> pd.Series[bool]:
    """The rows whose key stands before; the costly way only where any does."""
    keys = pc.binary_join_element_wise(_array(frame["city"]), _array(frame["serial_number"]), TAB)
    if pc.count_distinct(keys).as_py() == len(frame):
        return pd.Series(False, index=frame.index)
    return frame.duplicated(["city", "serial_number"])


def _spelt(column: Any) -> Any:
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        column = column.cast(pa.large_string())
        if any(
            BACKSLASH.search(memoryview(buffer)) for chunk in column.chunks for buffer in chunk.buffers()[2:] if buffer
        ):
            column = pc.replace_substring(column, "\\", "\\\\")
    else:
        decimal = pa.types.is_floating(column.type)
        column = column.cast(pa.large_string())
        if decimal:
            column = pc.replace_substring_regex(column, r"\.0$", "")
    return column.fill_null(NULL)


def _array(series: pd.Series[Any]) -> Any:
    array: Any = pa.array(series, from_pandas=True)
    array = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    return array.cast(pa.large_string()) if pa.types.is_string(array.type) else array
