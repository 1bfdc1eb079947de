"""Rows of a query as columns of Arrow, in pieces of some thousands.

PyMySQL takes most of its time for making a Python object of each value: there the server joins the values of a row
into one text, which Arrow takes apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa

from pshs_dagster.database.snapshot import ROWS_AT_ONCE

pc: Any = pyarrow.compute
"""Most of it is made while it is imported, out of a checker's sight."""

BETWEEN, NULL = "\x1f", "\x1e"
"""Control characters stand between values and for none: MOI's are dropped when a line is parsed."""

SECONDS = 19
"""Characters of `2022-09-01 00:00:00`; behind it there may be a fraction, which the tables never have."""


class _OneOfTheTextsHasIt(Exception):
    """A value has the character that stands between values."""


def read_columns(
    connection: sa.Connection, query: sa.Select[Any], columns: Sequence[sa.Column[Any]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The values of `columns`, typed as `schema`, for the rows of `query`, which must be in a defined order.

    JSON comes as text. Read them to their end.
    """
    if connection.dialect.name != "mysql":
        yield from _by_value(connection, query, columns, schema)
        return
    rows = 0
    try:
        for batch in _joined(connection, query, columns, schema):
            yield batch
            rows += batch.num_rows
    except _OneOfTheTextsHasIt:
        yield from _by_value(connection, query.offset(rows), columns, schema)


def _by_value(
    connection: sa.Connection, query: sa.Select[Any], columns: Sequence[sa.Column[Any]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    result = connection.execute(query.with_only_columns(*columns))
    while rows := result.fetchmany(ROWS_AT_ONCE):
        arrays: list[pa.Array] = []
        for values, column, field in zip(zip(*rows, strict=True), columns, schema, strict=True):
            told = [_json(value) for value in values] if isinstance(column.type, sa.JSON) else values
            arrays.append(pa.array(told, type=field.type))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _joined(
    connection: sa.Connection, query: sa.Select[Any], columns: Sequence[sa.Column[Any]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    # As texts of the connection's character set, whatever that of a column is.
    texts = [sa.func.coalesce(sa.cast(column, sa.String), NULL) for column in columns]
    result = connection.execute(query.with_only_columns(sa.func.concat_ws(BETWEEN, *texts)))
    try:
        while rows := result.scalars().fetchmany(ROWS_AT_ONCE):
            split = pc.split_pattern(pa.array(rows, pa.string()), BETWEEN)
            if pc.any(pc.not_equal(pc.list_value_length(split), len(columns))).as_py():
                raise _OneOfTheTextsHasIt
            values = split.flatten()
            places = np.arange(0, len(values), len(columns))
            arrays = [
                _typed(values.take(pa.array(places + number)), column, field.type)
                for number, (column, field) in enumerate(zip(columns, schema, strict=True))
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    finally:
        result.close()


def _typed(texts: Any, column: sa.Column[Any], kind: pa.DataType) -> pa.Array:
    if column.nullable:
        texts = pc.if_else(pc.equal(texts, NULL), pa.scalar(None, pa.string()), texts)
    if isinstance(column.type, sa.JSON):
        return pa.array([None if text is None else _json(json.loads(text)) for text in texts.to_pylist()], kind)
    if isinstance(column.type, sa.DateTime):
        texts = pc.utf8_slice_codeunits(texts, 0, SECONDS)
    return texts.cast(kind)


def _json(value: Any) -> str:
    """On one line, whatever spaces and order of keys the database keeps."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
