"""Rows → an Excel workbook for a person: every cell text, reasons beside each row, faulty cells coloured.

A hidden sheet keeps each row as it went out, so that what comes back tells by itself what was changed.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from pshs_dagster.deals.columns import BY_NAME
from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.edits import Row
from pshs_dagster.review.headings import (
    CITY,
    CORRECT,
    DECISION,
    DISMISS,
    EDITOR,
    FIELDS,
    FILE,
    KEY,
    KIND,
    LINE,
    RAW,
    REASON,
    REASONS,
    RELEASE,
    SERIAL,
)
from pshs_dagster.review.how_to import HOW_TO
from pshs_dagster.review.records import record_of
from pshs_dagster.review.visible import shown, written_out

REVIEW_SHEET, HOW_TO_SHEET, ORIGINAL_SHEET = "審查", "說明", "原值"

MAX_ROWS = 10_000
"""Rows of one file. More than a person works through, and what a spreadsheet opens at once."""

LEADING = (RELEASE, CITY, LINE, REASONS)
"""What stays in view while a person moves through the columns."""

HEADINGS = (*LEADING, DECISION, REASON, EDITOR, *FIELDS, RAW, KIND, SERIAL, FILE, KEY)

CHUNK = 16_000
"""Characters of a record in one cell: no more than 32,000 units of UTF-16 of the 32,767 that a cell holds."""

WIDTHS = {RELEASE: 12, CITY: 8, LINE: 8, REASONS: 44, DECISION: 8, REASON: 28, EDITOR: 12, RAW: 60, SERIAL: 22}
NARROW, MEDIUM, BROAD = 11, 18, 40
"""Widths in characters: of codes and numbers, of names, of addresses and notes."""


def workbook(rows: Sequence[Row]) -> bytes:
    """The bytes of an .xlsx with these rows. Raises ReviewFileError where there are more than MAX_ROWS."""
    if len(rows) > MAX_ROWS:
        raise ReviewFileError(
            f"共有 {len(rows):,} 列，一個檔案最多 {MAX_ROWS:,} 列，請指定發布期別分次產生。 "
            f"There are {len(rows):,} rows and a file takes {MAX_ROWS:,}: name the releases to write fewer."
        )
    book = Workbook(write_only=True)
    book.properties.creator = "pshs"
    for style in _styles():
        book.add_named_style(style)
    keyed = {key_of(row): row for row in rows}
    _write_review(book.create_sheet(REVIEW_SHEET), keyed)
    _write_how_to(book.create_sheet(HOW_TO_SHEET))
    _write_originals(book.create_sheet(ORIGINAL_SHEET), keyed)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def key_of(row: Row) -> str:
    """A row's name within its file, by what the row is, so that a row out of another file is known as such."""
    # The letter keeps a spreadsheet from taking a name of digits for a number.
    return "r" + hashlib.sha256(_record_text(row).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _record_text(row: Row) -> str:
    return json.dumps(record_of(row), ensure_ascii=False)


def _styles() -> list[NamedStyle]:
    top, wrapped = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)
    grey, red, blue = (PatternFill("solid", fgColor=colour) for colour in ("F2F2F2", "FFC7CE", "DDEBF7"))
    # "@" is Excel's format for text: what a person types there stays as it is typed.
    return [
        NamedStyle("pshs heading", Font(bold=True), blue, alignment=wrapped, number_format="@"),
        NamedStyle("pshs field", alignment=top, number_format="@"),
        NamedStyle("pshs faulty", fill=red, alignment=top, number_format="@"),
        NamedStyle("pshs fixed", Font(color="595959"), grey, alignment=top, number_format="@"),
        NamedStyle("pshs reasons", fill=grey, alignment=wrapped, number_format="@"),
        NamedStyle("pshs answer", fill=PatternFill("solid", fgColor="E2EFDA"), alignment=wrapped, number_format="@"),
    ]


def _write_review(sheet: Any, keyed: dict[str, Row]) -> None:
    sheet.freeze_panes = f"{get_column_letter(len(LEADING) + 1)}2"
    for place, heading in enumerate(HEADINGS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _width(heading)
    sheet.append([_cell(sheet, heading, "heading") for heading in HEADINGS])
    for key, row in keyed.items():
        sheet.append(_cells(sheet, key, row))
    last = len(keyed) + 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(HEADINGS))}{last}"
    if keyed:
        column = get_column_letter(HEADINGS.index(DECISION) + 1)
        choice = DataValidation(type="list", formula1=f'"{CORRECT},{DISMISS}"', allow_blank=True, showErrorMessage=True)
        choice.add(f"{column}2:{column}{last}")
        sheet.data_validations.append(choice)


def _cells(sheet: Any, key: str, row: Row) -> list[Cell]:
    record = record_of(row)
    reasons = "\n".join(f"・{reason.zh} ({reason.en})" for reason in row.reasons)
    faulty = {reason.column for reason in row.reasons}
    cells: list[Cell] = []
    for heading in HEADINGS:
        if name := FIELDS.get(heading):
            cells.append(_cell(sheet, shown(row.fields[name]), "faulty" if name in faulty else "field"))
        elif heading == REASONS:
            cells.append(_cell(sheet, reasons, "reasons"))
        elif heading in (DECISION, REASON, EDITOR):
            cells.append(_cell(sheet, "", "answer"))
        else:
            cells.append(_cell(sheet, key if heading == KEY else shown(str(record[heading])), "fixed"))
    return cells


def _write_how_to(sheet: Any) -> None:
    sheet.column_dimensions["A"].width = 60
    sheet.column_dimensions["B"].width = 80
    for zh, en in HOW_TO:
        sheet.append([_cell(sheet, zh, "reasons"), _cell(sheet, en, "reasons")])


def _write_originals(sheet: Any, keyed: dict[str, Row]) -> None:
    """A line for each piece of a record: records may be longer than a cell."""
    sheet.sheet_state = "hidden"
    for key, row in keyed.items():
        text = written_out(_record_text(row))
        for start in range(0, len(text), CHUNK):
            sheet.append([_cell(sheet, key, "field"), _cell(sheet, text[start : start + CHUNK], "field")])


def _cell(sheet: Any, text: str, style: str) -> Cell:
    cell = WriteOnlyCell(sheet, text)
    cell.style = f"pshs {style}"
    # openpyxl takes what begins with = for a formula and #REF! for an error; here both are what MOI published.
    cell.data_type = "s"
    return cell


def _width(heading: str) -> int:
    if heading in WIDTHS:
        return WIDTHS[heading]
    width = BY_NAME[FIELDS[heading]].width or 0 if heading in FIELDS else MEDIUM
    return BROAD if width > 100 else MEDIUM if width > 10 else NARROW
