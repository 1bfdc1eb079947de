"""Dagster types of what the assets hand on; `dagster-pandas` derives the frame's from `columns.py`."""

from __future__ import annotations

import dagster as dg
import pandas as pd
from dagster_pandas import PandasColumn, create_dagster_pandas_dataframe_type
from dagster_pandas.constraints import ColumnDTypeFnConstraint
from pandas.api.types import is_string_dtype

from pshs_dagster.deals.columns import COLUMNS, Column, ColumnType
from pshs_dagster.deals.frame import OWN_COLUMNS, ParsedRelease


def _text_column(name: str) -> PandasColumn:
    return PandasColumn(name, [ColumnDTypeFnConstraint(is_string_dtype)])


def _pandas_column(column: Column) -> PandasColumn:
    match column.type:
        case ColumnType.INTEGER:
            return PandasColumn.integer_column(column.name)
        case ColumnType.DECIMAL:
            return PandasColumn.float_column(column.name)
        case ColumnType.DATE:
            return PandasColumn.datetime_column(column.name, ignore_missing_vals=True)
        case ColumnType.TEXT | ColumnType.DIGIT:
            return _text_column(column.name)


DealLines = create_dagster_pandas_dataframe_type(
    name="DealLines",
    description="Every data line of a release, typed; rejected lines carry their reasons.",
    columns=[*(_pandas_column(column) for column in COLUMNS), *(_text_column(name) for name in OWN_COLUMNS)],
)


def _check_parsed(context: dg.TypeCheckContext, value: object) -> dg.TypeCheck | bool:
    if not isinstance(value, ParsedRelease):
        return dg.TypeCheck(success=False, description=f"expected a ParsedRelease, not {type(value).__name__}")
    frame: pd.DataFrame = value.lines
    return DealLines.type_check(context, frame)


ParsedDeals = dg.DagsterType(
    name="ParsedDeals",
    description="A parsed release: its lines as DealLines, and what each CSV held.",
    type_check_fn=_check_parsed,
    typing_type=ParsedRelease,
)


def column_schema() -> dg.TableSchema:
    """The columns of a deal for Dagster's page."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type.value,
                description=f"{column.zh} · {column.en}" + (f" ({column.unit})" if column.unit else ""),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in COLUMNS
        ]
    )
