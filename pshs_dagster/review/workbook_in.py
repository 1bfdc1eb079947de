"""An Excel workbook that a person gave back → what the person decided. It may be anything.

What makes a workbook dangerous is refused before, in `suspicion.py`; here cells are read, by heading, as texts.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from pshs_dagster.deals.columns import BY_NAME, ColumnType
from pshs_dagster.deals.texts import as_published
from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.comparing import Comparison, Problems, Returned, ReviewFile
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster.review.headings import DECISION, EDITOR, FIELDS, FIXED, KEY, REASON
from pshs_dagster.review.records import record_of, row_of
from pshs_dagster.review.suspicion import MAX_COLUMNS, refuse_hostility
from pshs_dagster.review.visible import brief, is_cut, meant, shown
from pshs_dagster.review.workbook_out import HEADINGS, MAX_ROWS, ORIGINAL_SHEET, REVIEW_SHEET

EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number; of a longer one the last are made up."""


@dataclass(frozen=True)
class _Line:
    """A row of the sheet that has something in it."""

    number: int
    cells: tuple[Any, ...]
    columns: Mapping[str, int]
    """Heading → place in `cells`."""

    @property
    def where(self) -> str:
        return f"第 {self.number} 列 (row {self.number})"

    def cell(self, heading: str) -> Any:
        place = self.columns[heading]
        return self.cells[place] if place < len(self.cells) else None

    def address(self, heading: str) -> str:
        return f"{REVIEW_SHEET}!{get_column_letter(self.columns[heading] + 1)}{self.number}「{heading}」"


def read_workbook(name: str, data: bytes) -> ReviewFile:
    """What a person decided in a workbook. Raises ReviewFileError for one that cannot be used as it is."""
    last_row = refuse_hostility(name, data)
    with warnings.catch_warnings():
        # openpyxl warns of every ornament that it does not know; none matters here.
        warnings.simplefilter("ignore")
        try:
            return _read(name, data, last_row)
        except ReviewFileError:
            raise
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, RecursionError) as error:
            # What openpyxl raises for a workbook whose parts do not fit together.
            raise ReviewFileError(
                f"{name}：活頁簿無法讀取，請以 Excel 或 LibreOffice 重新存檔。 "
                "The workbook cannot be read: open it in Excel or LibreOffice and save it again."
            ) from error


def _read(name: str, data: bytes, last_row: int) -> ReviewFile:
    # Only asked row by row does openpyxl build no more than what stands in the sheet.
    book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    try:
        sheet, originals = _sheet(name, book, REVIEW_SHEET), _sheet(name, book, ORIGINAL_SHEET)
        kept = _originals(name, _rows(originals, last_row))
        return _compared(_lines(_rows(sheet, last_row)), kept)
    finally:
        book.close()


def _sheet(name: str, book: Any, title: str) -> Any:
    if title in book.sheetnames:
        return book[title]
    there = brief("、".join(book.sheetnames), 80)
    hidden = "（隱藏的工作表）" if title == ORIGINAL_SHEET else ""
    raise ReviewFileError(
        f"{name}：沒有工作表「{title}」{hidden}，只有「{there}」；請在 `pshs review` 產生的檔案中修正。 "
        f"The sheet {title} is missing: make the corrections in the very file that `pshs review` wrote."
    )


def _rows(sheet: Any, last: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Rows that have something in them, with their numbers."""
    # Asked for so many rows and columns, openpyxl does not look at the size that a sheet declares, which may be untrue.
    for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, max_row=last), 1):
        if any(cell.value not in (None, "") for cell in cells):
            yield number, cells


def _lines(rows: Iterator[tuple[int, tuple[Any, ...]]]) -> Iterator[_Line]:
    """The heading and the rows under it."""
    columns: dict[str, int] | None = None
    for count, (number, cells) in enumerate(rows):
        if columns is None:
            columns = _columns(number, cells)
        elif count > MAX_ROWS:
            raise ReviewFileError(
                f"{REVIEW_SHEET}!A{number}：超過 {MAX_ROWS:,} 列，請分次交回。 "
                f"There are more than {MAX_ROWS:,} rows: hand them back in several files."
            )
        else:
            yield _Line(number, cells, columns)
    if columns is None:
        _columns(1, ())


def _columns(number: int, cells: Sequence[Any]) -> dict[str, int]:
    """The heading → the place of each column. Raises ReviewFileError where it is not as it was written."""
    problems = Problems()
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        heading = meant(str(cell.value)).strip() if cell.value is not None else ""
        address = f"{REVIEW_SHEET}!{get_column_letter(place + 1)}{number}"
        if not heading:
            continue
        if heading not in HEADINGS:
            problems.add(
                address,
                f"不認得的標題「{brief(heading)}」，請刪除此欄或更正。",
                f"The heading {brief(heading)} is unknown: take the column out or mend it.",
            )
        elif heading in columns:
            first = f"{get_column_letter(columns[heading] + 1)}{number}"
            problems.add(
                address,
                f"標題「{heading}」與 {first} 重複，請只留一欄。",
                f"The heading {heading} stands at {first} already: keep one.",
            )
        columns.setdefault(heading, place)
    if missing := [heading for heading in HEADINGS if heading not in columns]:
        problems.add(
            f"{REVIEW_SHEET}!A{number}",
            f"缺少標題「{'、'.join(missing[:5])}」，請保留第一列的所有標題。",
            f"The headings {', '.join(missing[:5])} are missing: keep the first row as it was.",
        )
    problems.refuse_if_any()
    return columns


def _originals(name: str, rows: Iterator[tuple[int, tuple[Any, ...]]]) -> dict[str, Row]:
    """The rows as they went out, by their names in the file."""
    pieces: dict[str, list[str]] = {}
    for _, cells in rows:
        key, piece = (str(cell.value) for cell in cells[:2])
        pieces.setdefault(key, []).append(piece)
    try:
        return {key: row_of(json.loads(meant("".join(each)))) for key, each in pieces.items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReviewFileError(
            f"{name}：隱藏的工作表「{ORIGINAL_SHEET}」已被更動，請以 `pshs review` 重新產生檔案。 "
            f"The hidden sheet {ORIGINAL_SHEET} was changed: write the file anew with `pshs review`."
        ) from error


def _compared(lines: Iterator[_Line], originals: Mapping[str, Row]) -> ReviewFile:
    comparison = Comparison(Problems())
    problems = comparison.problems
    seen: dict[str, _Line] = {}
    for line in lines:
        key = str(line.cell(KEY).value or "").strip() if line.cell(KEY) is not None else ""
        if key not in originals:
            problems.add(
                line.address(KEY),
                "不是本檔案產生的列；請刪除，修正只能寫在原有的列上。",
                "`pshs review` did not write this row into this file: take it out, and correct the rows there are.",
            )
        elif (first := seen.setdefault(key, line)) is not line:
            problems.add(
                line.address(KEY),
                f"與第 {first.number} 列是同一列，請只留一列。",
                f"It is the same row as row {first.number}: keep one.",
            )
        elif row := _returned(line, originals[key], problems):
            comparison.add(row)
    return comparison.result()


def _returned(line: _Line, original: Row, problems: Problems) -> Returned | None:
    before = len(problems.sentences)
    record = record_of(original)
    for heading in FIXED:
        if _text(line, heading, shown(str(record[heading])), None, problems) != shown(str(record[heading])):
            problems.add(
                line.address(heading),
                "此欄不可更動，請改回；修正請寫在各欄位。",
                "This column is not for editing: put it back, and correct the fields of the deal.",
            )
    texts = {name: _field(line, heading, name, original, problems) for heading, name in FIELDS.items()}
    decision, reason, editor = (
        meant(_text(line, heading, "", None, problems)) for heading in (DECISION, REASON, EDITOR)
    )
    if len(problems.sentences) > before:
        return None
    return Returned(original, texts, decision, reason, editor, line.where, partial(_address, line))


def _address(line: _Line, heading: str) -> str:
    return line.address(heading)


def _field(line: _Line, heading: str, name: str, original: Row, problems: Problems) -> str:
    """The text of one field; the original's where the cell still shows that."""
    old = original.fields[name]
    text = _text(line, heading, shown(old), name, problems, original.kind)
    if text == shown(old):
        return old
    if is_cut(old):
        problems.add(
            line.address(heading),
            "文字過長，在此只顯示開頭，不可在此修改；請改用 `pshs review --out 檔名.json`。",
            "The text is too long for a cell and is not to be edited here: use `pshs review --out FILE.json`.",
        )
    return meant(text)


def _text(line: _Line, heading: str, before: str, name: str | None, problems: Problems, kind: Kind = Kind.LINE) -> str:
    """What a cell holds, as text. `before` is what it showed when it went out."""
    cell = line.cell(heading)
    value: object = None if cell is None else cell.value
    text = _text_of(value, cell, BY_NAME[name].type if name else ColumnType.TEXT, kind)
    if text is None:
        problems.add(line.address(heading), *_unusable(value, cell))
        return before
    # A spreadsheet that made a number of a text drops its zeros; nobody edited it.
    return before if not isinstance(value, str) and _same_number(text, before) else text


def _text_of(value: object, cell: Any, column: ColumnType, kind: Kind) -> str | None:
    """A value that a spreadsheet holds as the text that a person means; None where that cannot be told."""
    if value is None:
        return ""
    if isinstance(value, str):
        return None if cell.data_type in ("e", "f") else value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        if abs(value) < EXACT and value == int(value):
            return str(int(value))
        return repr(value) if column is ColumnType.DECIMAL and abs(value) < EXACT else None
    if isinstance(value, date) and column is ColumnType.DATE:
        return _day(value, kind)
    return None


def _day(value: date, kind: Kind) -> str | None:
    """A day as its row spells days: 1110901 where MOI's text is corrected, 2022-09-01 where a deal is."""
    if isinstance(value, datetime):
        if value.time() != time():
            return None
        value = value.date()
    return value.isoformat() if kind is Kind.DEAL else as_published(BY_NAME["transaction_date"], value.isoformat())


def _same_number(text: str, before: str) -> bool:
    try:
        return float(text) == float(before)
    except ValueError:
        return False


def _unusable(value: object, cell: Any) -> tuple[str, str]:
    if cell.data_type == "e":
        return f"儲存格是錯誤值 {brief(str(value))}，請改填文字。", "The cell holds an error: write a text."
    if cell.data_type == "f":
        return "儲存格內是公式，請改為文字。", "The cell holds a formula: write a text."
    if isinstance(value, date | time):
        return (
            "試算表把內容變成了日期，請將儲存格格式設為文字後重新輸入。",
            "The spreadsheet made a date of it: format the cell as text and write it again.",
        )
    return (
        "儲存格應為文字，請將儲存格格式設為文字後重新輸入。",
        "The cell should hold a text: format it as text and write it again.",
    )
