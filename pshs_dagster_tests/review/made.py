"""Rows for the files, and what a person, a spreadsheet or a villain does to the files afterwards."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import load_workbook

from pshs_dagster.deals.columns import PUBLISHED
from pshs_dagster.deals.rules import explain
from pshs_dagster.review.edits import Kind, Row

FIELDS = dict.fromkeys((column.name for column in PUBLISHED), "") | {
    "district": "板橋區",
    "object_of_transaction": "房地(土地+建物)+車位",
    "location": "江翠段１地號",
    "land_total_area": "12.50",
    "transaction_date": "1110931",
    "level": "0012",
    "price": "0",
    "note": "=HYPERLINK(備註)",
    "serial_number": "RPXNMLTKJHOGFAB18CA",
    "build_name": "@和風",
    "buildings": "A棟,12樓",
}

LINE = Row(
    kind=Kind.LINE,
    release="2022-09-21",
    file="f_lvr_land_b.csv",
    line=7,
    city="新北市",
    serial_number="RPXNMLTKJHOGFAB18CA",
    raw="板橋區,房地(土地+建物)+車位,江翠段１地號,12.50,1110931",
    reasons=tuple(explain("date_invalid:transaction_date,price_not_positive:price")),
    fields=FIELDS,
)

DEAL = replace(
    LINE,
    kind=Kind.DEAL,
    line=9,
    serial_number="RPZZMLTKJHOGFAB18CB",
    raw="",
    reasons=tuple(explain("special_relation")),
    fields=FIELDS | {"transaction_date": "2022-09-01", "serial_number": "RPZZMLTKJHOGFAB18CB", "price": "9000000"},
)

UNCUT = replace(
    LINE,
    line=11,
    serial_number="",
    raw='板橋區,"江翠段',
    reasons=tuple(explain("field_count")),
    fields=dict.fromkeys(FIELDS, ""),
)

REVIEW_PART, ORIGINAL_PART = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet3.xml"


def edited(data: bytes, edit: Callable[[Any, Callable[[int, str], str]], None]) -> bytes:
    """The workbook as a person saves it. `edit` gets the sheet, and what names a cell by row and heading."""
    book = load_workbook(io.BytesIO(data))
    sheet: Any = book["審查"]
    headings = {cell.value: cell.column_letter for cell in sheet[1]}
    edit(sheet, lambda row, heading: f"{headings[heading]}{row}")
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def typed(data: bytes, row: int, cells: Mapping[str, object]) -> bytes:
    """The workbook after a person wrote into cells of a row, by heading."""

    def edit(sheet: Any, at: Callable[[int, str], str]) -> None:
        for heading, value in cells.items():
            sheet[at(row, heading)] = value

    return edited(data, edit)


def address(data: bytes, row: int, heading: str) -> str:
    """Where a cell is, as a spreadsheet says it."""
    found: list[str] = []
    edited(data, lambda _, at: found.append(at(row, heading)))
    return f"審查!{found[0]}"


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def with_part(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """The workbook with the XML of one part changed; a part that it has not begins empty."""
    parts = parts_of(data)
    return zipped({**parts, name: change(parts.get(name, b"").decode()).encode()})


def with_shared_strings(data: bytes) -> bytes:
    """The workbook as Excel and LibreOffice save it: texts in a table of their own, no size declared."""
    parts = parts_of(data)
    texts: list[str] = []

    def share(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f't="s"><v>{len(texts) - 1}</v></c>'

    inline = re.compile(r't="inlineStr"><is>(<t.*?</t>|<t[^>]*/>)</is></c>', re.DOTALL)
    for name in [name for name in parts if name.startswith("xl/worksheets/")]:
        parts[name] = inline.sub(share, parts[name].decode()).encode()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    table = "".join(f"<si>{text}</si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{main}">{table}</sst>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].decode().replace("</Types>", override).encode()
    assert texts
    return zipped(parts)


def sheet_xml(rows: str) -> str:
    """A worksheet that somebody wrote by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'


def text_cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
