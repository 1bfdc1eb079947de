"""Rows as files: Parquet for programs, CSV for Excel. The same rows give the same bytes, with the same pyarrow.

What a file is called, and where it is kept, is told elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from pshs_dagster.dataset.fields import DataTable, FieldType

pc: Any = pyarrow.compute
table_class: Any = pa.Table
"""Some of both is made while it is imported, out of a checker's sight."""

FORMAT = 1
"""Raised where the same rows are to give other bytes: files of earlier versions are then written anew."""

ROWS_A_GROUP = 50_000
"""Rows of a row group, which is what is held in memory: more than a city has in most years, some 60 MB."""

PARQUET: dict[str, Any] = {
    "compression": "zstd",  # a third smaller than snappy, and read by everything that reads Parquet
    "compression_level": 9,  # beyond it the files shrink by hundredths, and take twice the time
    "version": "2.6",
    "data_page_version": "1.0",
}
"""Named in full, so that a default of another pyarrow changes no byte."""

DANGEROUS = r"^['=+\-@\t\r＝＋－＠]"
"""How a text begins that a spreadsheet may take for a formula, in full width too; MARK itself is among them."""

MARK = "'"
"""Put before such a text, and before one that begins with it: who takes one away has the text as it was."""

BOM = "\ufeff"
"""Without it Excel takes the bytes for those of the system's old code page."""


def write(batches: Iterable[pa.RecordBatch], table: DataTable, parquet: Path, spreadsheet: Path | None) -> int:
    """Write the rows to a Parquet file, and to a CSV where one is wanted. Gives the number of rows. Raises OSError."""
    schema = table.arrow_schema
    rows = 0
    with parquet.open("wb") as file, pq.ParquetWriter(file, schema, **PARQUET) as writer:
        lines = _Spreadsheet(spreadsheet, table) if spreadsheet else None
        try:
            for group in _groups(batches):
                writer.write_table(group.cast(schema), row_group_size=ROWS_A_GROUP)
                if lines:
                    lines.write(group)
                rows += group.num_rows
        finally:
            if lines:
                lines.close()
    return rows


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
    """Tables of ROWS_A_GROUP rows, however large the pieces are: nothing of the file depends on them."""
    held: list[Any] = []
    number = 0
    for batch in batches:
        held.append(batch)
        number += batch.num_rows
        while number >= ROWS_A_GROUP:
            whole = table_class.from_batches(held).combine_chunks()
            yield whole.slice(0, ROWS_A_GROUP)
            held, number = whole.slice(ROWS_A_GROUP).to_batches(), number - ROWS_A_GROUP
    if number:
        yield table_class.from_batches(held).combine_chunks()


class _Spreadsheet:
    """A CSV that Excel opens as it should: UTF-8 with BOM, CRLF, a row of headings, quotes where they are needed."""

    def __init__(self, path: Path, table: DataTable) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(BOM)
        self._writer = csv.writer(self._file)
        self._writer.writerow([field.heading for field in table.fields])
        self._types = [field.type for field in table.fields]

    def write(self, rows: Any) -> None:
        """Append rows."""
        columns = [_cells(column, kind) for column, kind in zip(rows.columns, self._types, strict=True)]
        self._writer.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        """Have all of it on disk."""
        self._file.close()


def _cells(column: Any, kind: FieldType) -> Sequence[object]:
    match kind:
        case FieldType.TEXT:
            return harmless(column).to_pylist()
        case FieldType.NUMBER:
            return [_decimal(value) for value in column.to_pylist()]
        case FieldType.MOMENT:
            return [None if value is None else value.isoformat() for value in column.to_pylist()]
        case FieldType.INTEGER | FieldType.DATE:
            return column.to_pylist()


def harmless(texts: Any) -> Any:
    """The texts, with MARK before those that a spreadsheet might run. Nulls stay."""
    at_risk = pc.match_substring_regex(texts, DANGEROUS)
    if not pc.any(at_risk).as_py():
        return texts
    return pc.if_else(at_risk, pc.binary_join_element_wise(MARK, texts, ""), texts)


def _decimal(value: float | None) -> str | None:
    """The shortest text that is this number, without an exponent that a reader might not know."""
    if value is None:
        return None
    text = repr(value)
    return text.removesuffix(".0") if "e" not in text else f"{value:f}"
