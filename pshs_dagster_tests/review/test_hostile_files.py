"""Files that are no files of corrections, and files that would do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.document import document
from pshs_dagster.review.edits import MAX_VALUE
from pshs_dagster.review.reading import MAX_BYTES, read_bytes, read_review, write_review
from pshs_dagster.review.suspicion import MAX_DEPTH, MAX_EXPANDED, MAX_PARTS
from pshs_dagster.review.workbook_out import workbook
from pshs_dagster_tests.review.made import (
    LINE,
    REVIEW_PART,
    edited,
    parts_of,
    sheet_xml,
    text_cell,
    with_part,
    zipped,
)

Change = Callable[[bytes], bytes]

TYPES, WORKBOOK = "[Content_Types].xml", "xl/workbook.xml"


@pytest.fixture(scope="module")
def written() -> bytes:
    return workbook([LINE])


def refusal(data: bytes) -> str:
    with pytest.raises(ReviewFileError) as caught:
        read_bytes("修正.xlsx", data)
    assert "\n" not in str(caught.value)
    return "\n".join(caught.value.problems)


def part(name: str, content: bytes = b"<x/>") -> Change:
    return lambda data: zipped({**parts_of(data), name: content})


def replaced(name: str, old: str, new: str) -> Change:
    def change(data: bytes) -> bytes:
        assert old in parts_of(data)[name].decode()
        return with_part(data, name, lambda xml: xml.replace(old, new))

    return change


def the_sheet(rows: str) -> Change:
    return lambda data: with_part(data, REVIEW_PART, lambda _: sheet_xml(rows))


ENTITY = '<!DOCTYPE x [<!ENTITY a "1">]>'
LAUGHS = "<!DOCTYPE x [" + '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">' + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LINK = '<Relationship Id="r9" Type="http://x/externalLinkPath" Target="http://x/" TargetMode="External"/>'
MERGE = '<mergeCells count="1"><mergeCell ref="B2:C2"/></mergeCells>'


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (part("xl/vbaProject.bin"), "macros"),
        (part("xl/macrosheets/sheet1.xml"), "macros"),
        (replaced(TYPES, "sheet.main+xml", "sheet.macroEnabled.main+xml"), "no plain .xlsx"),
        (replaced(TYPES, "sheet.main+xml", "sheet.binary.macroEnabled.main"), "no plain .xlsx"),
        (part("xl/externalLinks/externalLink1.xml"), "links to other files"),
        (part("xl/worksheets/_rels/sheet1.xml.rels", f"<Relationships>{LINK}</Relationships>".encode()), "links to"),
        (part("xl/connections.xml"), "connections to other data"),
        (part("xl/embeddings/oleObject1.bin"), "embedded objects"),
        (part("xl/activeX/activeX1.xml"), "ActiveX"),
        (replaced(WORKBOOK, "<workbook", ENTITY + "<workbook"), "document type"),
        (replaced(REVIEW_PART, "<worksheet", LAUGHS + "<worksheet"), "document type"),
        (part("docProps/custom.xml", f"{OUTSIDE}<x>&a;</x>".encode()), "document type"),
        (part("xl/media/image1.png", f"{ENTITY}<x/>".encode("utf-16")), "document type"),
        (replaced(REVIEW_PART, "<is><t>發布</t></is>", "<f>1+1</f><v>2</v>"), "審查!A1：儲存格內是公式"),
        (replaced(REVIEW_PART, "<autoFilter", f"{MERGE}<autoFilter"), "審查!B2:C2：儲存格已合併"),
        (the_sheet('<row r="1048577"/>'), "holds too much"),
        (the_sheet('<row r="1e300"/>'), "holds too much"),
        (the_sheet(f'<row r="100001">{text_cell("A100001", "x")}</row>'), "審查!A100001：內容超出表格範圍"),
        (the_sheet(f'<row r="1">{text_cell("ZZ1", "x")}</row>'), "審查!ZZ1：內容超出表格範圍"),
        (the_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'), "cannot be read"),
        (the_sheet('<row r="1"><c r="A1" s="999"><v>x</v></c></row>'), "cannot be read"),
        (the_sheet('<row r="1"><c r="A1"><v>' + "9" * 5000 + "</v></c></row>"), "cannot be read"),
        (the_sheet("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH), "holds too much"),
        (the_sheet("<row>"), "damaged"),
        (the_sheet("".join(f"<row>{text_cell('', 'x')}</row>" for _ in range(30_001))), "holds too much"),
        (lambda data: zipped({**parts_of(data), **{f"xl/{n}.xml": b"<x/>" for n in range(MAX_PARTS)}}), "expand"),
        (part("xl/media/image1.png", bytes(MAX_EXPANDED)), "expand beyond all measure"),
        (part("XL/WORKBOOK.XML"), "same name"),
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda data: data[:200] + bytes(50) + data[250:], "damaged"),
        (
            lambda data: zipped({name: xml for name, xml in parts_of(data).items() if name != WORKBOOK}),
            "cannot be read",
        ),
        (lambda _: zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "no Excel workbook"),
    ],
)
def test_a_hostile_or_damaged_workbook_is_refused_in_one_clear_sentence(
    written: bytes, change: Change, told: str
) -> None:
    assert told in refusal(change(written))


def test_more_than_the_zip_declares_is_never_expanded(written: bytes) -> None:
    # The size in the table of contents is what limits are held against; here it lies.
    name = b"xl/worksheets/sheet1.xml"
    at = written.rindex(name) - 46
    size = at + 24
    assert written[at : at + 4] == b"PK\x01\x02"
    assert "damaged" in refusal(written[:size] + (10).to_bytes(4, "little") + written[size + 4 :])


def test_a_locked_part_is_refused(written: bytes) -> None:
    at = written.rindex(b"xl/worksheets/sheet1.xml") - 46
    locked = bytearray(written)
    locked[at + 8] |= 1
    assert "password" in refusal(bytes(locked))


def test_formulas_of_any_kind_and_sheet_are_told_with_their_address(written: bytes) -> None:
    def add(sheet: Any, _: Callable[[int, str], str]) -> None:
        sheet["K2"] = "=cmd|'/c calc'!A1"
        sheet.parent.create_sheet("筆記")["B3"] = "=SUM(A1:A2)"

    told = refusal(edited(written, add))
    assert "審查!K2：儲存格內是公式" in told
    assert "筆記!B3：儲存格內是公式" in told


def test_a_mail_address_that_excel_underlined_is_no_external_link(written: bytes) -> None:
    def link(sheet: Any, at: Callable[[int, str], str]) -> None:
        sheet[at(2, "編輯者")] = "wang@example.tw"
        sheet[at(2, "編輯者")].hyperlink = "mailto:wang@example.tw"
        sheet[at(2, "總價元")] = "5"

    (edit,) = read_bytes("修正.xlsx", edited(written, link)).edits
    assert edit.editor == "wang@example.tw"


def test_a_size_that_the_sheet_declares_is_not_believed(written: bytes) -> None:
    huge = replaced(REVIEW_PART, "<sheetViews>", '<dimension ref="A1:XFD1048576"/><sheetViews>')(written)
    tiny = replaced(REVIEW_PART, "<sheetViews>", '<dimension ref="A1"/><sheetViews>')(written)
    far = replaced(REVIEW_PART, "</sheetData>", '<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>')(written)
    assert [read_bytes("修正.xlsx", data).rows for data in (huge, tiny, far)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "neither"),
        ("鄉鎮市區,總價元\n板橋區,1\n".encode(), "CSV"),
        (b"%PDF-1.7", "neither"),
        (b"<html></html>", "neither"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "password"),
        (b"[" + b" " * MAX_BYTES, "larger than 20 MB"),
    ],
)
def test_what_is_no_file_of_corrections_is_told_by_its_contents(data: bytes, told: str) -> None:
    assert told in refusal(data)


def test_the_contents_tell_the_format_and_not_the_name(tmp_path: Path, written: bytes) -> None:
    for name, data in (("a.json", written), ("b.xlsx", document([LINE]).encode())):
        (tmp_path / name).write_bytes(data)
        assert read_review(tmp_path / name).rows == 1


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReviewFileError, match="cannot be read"):
        read_review(tmp_path / "none.xlsx")


def test_a_file_is_written_by_the_ending_that_was_asked_for(tmp_path: Path) -> None:
    write_review(tmp_path / "a.XLSX", [LINE])
    write_review(tmp_path / "a.json", [LINE])
    assert zipfile.is_zipfile(io.BytesIO((tmp_path / "a.XLSX").read_bytes()))
    assert (tmp_path / "a.json").read_text("utf-8") == document([LINE])
    with pytest.raises(ReviewFileError, match=r"\.xlsx or \.json"):
        write_review(tmp_path / "a.csv", [LINE])


def test_corrections_that_were_not_handed_in_are_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("hours of work")
    with pytest.raises(ReviewFileError, match="choose another name"):
        write_review(path, [LINE])
    assert path.read_text() == "hours of work"


def test_a_value_may_be_as_long_as_any_of_mois() -> None:
    assert MAX_VALUE > 206
