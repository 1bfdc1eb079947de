"""What a column and a table of the data product are, and how their types are told to Arrow and to Frictionless.

Which tables there are is told in `tables.py` and the modules beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa

from pshs_dagster.deals.columns import Column, ColumnType


class FieldType(StrEnum):
    """The type of a column, by its name in Frictionless's Table Schema."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "datetime"
    """Wall time in Taipei, as the tables hold it: without a zone, in whole seconds."""


ARROW: dict[FieldType, Any] = {
    FieldType.TEXT: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.DATE: pa.date32(),
    FieldType.MOMENT: pa.timestamp("ms"),  # Parquet knows no seconds
}

OF_COLUMN = {
    ColumnType.TEXT: FieldType.TEXT,
    ColumnType.DIGIT: FieldType.TEXT,
    ColumnType.INTEGER: FieldType.INTEGER,
    ColumnType.DECIMAL: FieldType.NUMBER,
    ColumnType.DATE: FieldType.DATE,
}


@dataclass(frozen=True)
class Field:
    """One column: its name in the table, its type, and what it means in Chinese and English."""

    name: str
    type: FieldType
    zh: str
    en: str
    unit: str | None = None
    nullable: bool = False
    header: str | None = None
    """MOI's heading, where MOI publishes the column."""

    @classmethod
    def of(cls, column: Column) -> Field:
        """The field that a column of a deal is."""
        kind = OF_COLUMN[column.type]
        return cls(column.name, kind, column.zh, column.en, column.unit, column.nullable, column.header)

    @property
    def heading(self) -> str:
        """Of the CSV, for people: the name that programs know, and MOI's own words behind it."""
        return f"{self.name} {self.header or self.zh}"


@dataclass(frozen=True)
class Split:
    """By what the rows of a table are spread over files: each file has one value of each of these."""

    city: bool = False
    year: str = ""
    """The column that tells the year: a date, a moment, or the year itself as text."""


@dataclass(frozen=True)
class DataTable:
    """One table of the data product, in one file or many. Columns that only this database could understand (ids, and
    the moments at which it wrote something) are not in it, so that the same rows give the same bytes."""

    name: str
    zh: str
    en: str
    fields: tuple[Field, ...]
    order: tuple[str, ...]
    """Columns by which the rows are sorted, texts by their bytes."""
    key: tuple[str, ...] = ()
    """Columns that tell a row; none where the rows have no key of their own."""
    refers: tuple[tuple[str, str, str], ...] = ()
    """Foreign keys: column, table, column there."""
    split: Split = Split()
    csv: bool = False
    """Whether there is a CSV beside the Parquet file."""

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns, each with its meaning; the source is named, as the licence wants it."""
        return pa.schema(
            [pa.field(field.name, ARROW[field.type], metadata=_told(field)) for field in self.fields],
            metadata={"source": SOURCE, "license": LICENSE_ID},
        )


SOURCE = "內政部 不動產交易實價登錄"
SOURCE_EN = "Ministry of the Interior, Taiwan: Actual Price Registration of Real Estate Transactions"
SOURCE_URL = "https://plvr.land.moi.gov.tw"

LICENSE_ID = "OGDL-Taiwan-1.0"
"""As SPDX names it."""
LICENSE_ZH, LICENSE_EN = "政府資料開放授權條款-第1版", "Open Government Data License, version 1.0"
LICENSE_URL = "https://data.gov.tw/license"


def _told(field: Field) -> dict[str, str]:
    return {"zh": field.zh, "en": field.en} | ({"unit": field.unit} if field.unit else {})


@dataclass(frozen=True)
class Part:
    """Which rows of a table one file has."""

    city: str = ""
    year: str = ""
