"""A frame of deals as a Parquet file: typed, described, compressed, and whole or not there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pshs_dagster.deals.columns import BY_NAME, ColumnType
from pshs_dagster.errors import PshsError

table_class: Any = pa.Table
"""Some of it is made while it is imported, out of a checker's sight."""

COMPRESSION = "zstd"
"""A third smaller than snappy, and read by everything that reads Parquet."""

SOURCE = {"source": "內政部 不動產交易實價登錄 (Government Open Data License, version 1.0)"}
"""The licence wants the source named with the data."""


def write_parquet(frames: pd.DataFrame | Iterable[pd.DataFrame], path: Path) -> int:
    """Write a frame, or frames of the same columns one after the other; gives the number of rows.

    Days become dates, moments keep their zone, and each column says what it is. A file that was there is replaced
    when the new one is whole. Raises PshsError where nothing can be written there, or there is no frame at all.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        try:
            rows = _write([frames] if isinstance(frames, pd.DataFrame) else frames, unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        # Arrow's own errors have no strerror, but the words behind the last colon say it.
        why = error.strerror or str(error).rpartition(":")[2].strip()
        raise PshsError(f"{path} cannot be written: {why}. Name a file in a folder that you may write to.") from error
    return rows


def _write(frames: Iterable[pd.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("wb") as file:
        writer: Any = None
        try:
            for frame in frames:
                schema = _schema(frame)
                writer = writer or pq.ParquetWriter(file, schema, compression=COMPRESSION)
                writer.write_table(table_class.from_pandas(frame, schema=schema, preserve_index=False))
                rows += len(frame)
        finally:
            if writer is not None:
                writer.close()
    if writer is None:
        raise PshsError(f"There is nothing to write to {path}.")
    return rows


def _schema(frame: pd.DataFrame) -> pa.Schema:
    given = pa.Schema.from_pandas(frame, preserve_index=False)
    fields: list[pa.Field] = []
    for field in given:
        column = BY_NAME.get(field.name)
        kind = field.type
        if column is not None and column.type is ColumnType.DATE:
            kind = pa.date32()
        elif pa.types.is_large_string(kind):
            kind = pa.string()  # more readers know it
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("ms", kind.tz)
        told = {"zh": column.zh, "en": column.en} | ({"unit": column.unit} if column.unit else {}) if column else None
        fields.append(pa.field(field.name, kind, metadata=told))
    return pa.schema(fields, metadata=SOURCE)
