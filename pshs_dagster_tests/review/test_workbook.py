"""The workbook: what a person sees, and what comes back of what the person and the spreadsheet did."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.comparing import ReviewFile
from pshs_dagster.review.edits import Edit
from pshs_dagster.review.reading import read_bytes
from pshs_dagster.review.report import Result
from pshs_dagster.review.workbook_out import MAX_ROWS, workbook
from pshs_dagster_tests.review.made import (
    DEAL,
    LINE,
    REVIEW_PART,
    UNCUT,
    address,
    edited,
    parts_of,
    typed,
    with_shared_strings,
)

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def written() -> bytes:
    return workbook([LINE, DEAL, UNCUT])


def read(data: bytes) -> ReviewFile:
    return read_bytes("修正.xlsx", data)


def the_edit(data: bytes) -> Edit:
    (edit,) = read(data).edits
    return edit


def problems(data: bytes) -> str:
    with pytest.raises(ReviewFileError) as caught:
        read(data)
    return "\n".join(caught.value.problems)


def test_a_cell_that_begins_with_an_equals_sign_is_data_to_every_spreadsheet(written: bytes) -> None:
    parts = parts_of(written)
    texts: list[str] = []
    styles = ElementTree.fromstring(parts["xl/styles.xml"])
    formats = [style.get("numFmtId") for style in styles.iterfind(f"{NS}cellXfs/{NS}xf")]
    for name in [name for name in parts if name.startswith("xl/worksheets/")]:
        sheet = ElementTree.fromstring(parts[name])
        assert sheet.find(f".//{NS}f") is None
        for cell in sheet.iter(f"{NS}c"):
            assert cell.get("t") == "inlineStr"
            assert formats[int(cell.get("s", "0"))] == "49"  # built-in format "@": text
            texts.append("".join(cell.itertext()))
    assert "=HYPERLINK(備註)" in texts
    assert "@和風" in texts


def test_a_person_sees_headings_in_chinese_reasons_beside_the_row_and_faults_in_colour(written: bytes) -> None:
    book = load_workbook(io.BytesIO(written))
    sheet: Any = book["審查"]
    at = {cell.value: cell.column_letter for cell in sheet[1]}
    assert sheet.freeze_panes == "E2"
    assert sheet[f"{at['退件原因']}2"].value == (
        "・交易年月日不是有效日期 (the trade date is no date)\n・總價為零或負數 (the price is zero or less)"
    )
    fills = {heading: sheet[f"{at[heading]}2"].fill.fgColor.rgb for heading in ("交易年月日", "總價元", "鄉鎮市區")}
    assert fills == {"交易年月日": "00FFC7CE", "總價元": "00FFC7CE", "鄉鎮市區": "00000000"}
    assert [sheet[f"{at[heading]}2"].value for heading in ("發布", "檔案", "行號", "縣市", "原始內容")] == [
        LINE.release,
        LINE.file,
        str(LINE.line),
        LINE.city,
        LINE.raw,
    ]
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"修正,略過"', f"{at['處置']}2:{at['處置']}4")
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible", "visible", "hidden"]
    how_to = [cell for row in book["說明"].iter_rows(values_only=True) for cell in row]
    assert "如何修正" in how_to
    assert "How to correct" in how_to


def test_a_file_that_nobody_touched_changes_nothing(written: bytes) -> None:
    assert read(written) == ReviewFile((), (), 3)


def test_what_a_person_wrote_comes_back_with_reason_and_name(written: bytes) -> None:
    cells = {"交易年月日": "1110930", "總價元": "12500000", "修正理由": " 謄本\n如此 ", "編輯者": "王小明"}
    assert the_edit(typed(written, 2, cells)) == Edit(
        row_key=LINE.key,
        raw=LINE.raw,
        changes={"transaction_date": ("1110931", "1110930"), "price": ("0", "12500000")},
        dismiss=False,
        reason="謄本 如此",
        editor="王小明",
        where="第 2 列 (row 2)",
    )


def test_a_row_can_be_dismissed(written: bytes) -> None:
    edit = the_edit(typed(written, 4, {"處置": "略過", "編輯者": "王小明"}))
    assert (edit.row_key, edit.dismiss, edit.changes, edit.editor) == (UNCUT.key, True, {}, "王小明")


def test_a_row_cannot_be_dismissed_and_corrected_at_once(written: bytes) -> None:
    told = problems(typed(written, 2, {"處置": "略過", "總價元": "1"}))
    assert told.startswith(address(written, 2, "處置"))


def test_a_line_that_could_not_be_cut_comes_back_field_by_field(written: bytes) -> None:
    edit = the_edit(typed(written, 4, {"鄉鎮市區": "板橋區", "總價元": "100"}))
    assert (edit.raw, edit.changes) == (UNCUT.raw, {"district": ("", "板橋區"), "price": ("", "100")})


def test_a_reason_without_a_change_is_told_and_does_nothing(written: bytes) -> None:
    found = read(typed(written, 3, {"修正理由": "看過了"}))
    assert found.edits == ()
    assert [(outcome.where, outcome.result) for outcome in found.untouched] == [("第 3 列 (row 3)", Result.UNTOUCHED)]


def test_rows_may_be_deleted_sorted_and_spaced_and_columns_moved(written: bytes) -> None:
    def rearrange(sheet: Any, _: Callable[[int, str], str]) -> None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        sheet.delete_rows(1, sheet.max_row)
        head, line, deal, _uncut = [list(reversed(row)) for row in rows]
        for number, row in ((1, head), (3, deal), (6, line)):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value
                sheet.cell(number, column).data_type = "s"
        sheet.cell(6, head.index("總價元") + 1).value = "5"

    edit = the_edit(edited(written, rearrange))
    assert (edit.row_key, edit.changes, edit.where) == (LINE.key, {"price": ("0", "5")}, "第 6 列 (row 6)")


def test_shared_strings_of_excel_and_libreoffice_read_the_same(written: bytes) -> None:
    assert read(with_shared_strings(written)) == ReviewFile((), (), 3)
    edit = the_edit(with_shared_strings(typed(written, 2, {"總價元": "12 500"})))
    assert edit.changes == {"price": ("0", "12 500")}


def test_a_spreadsheet_that_makes_numbers_of_texts_edits_nothing(written: bytes) -> None:
    converted = {"交易年月日": 1110931, "土地移轉總面積平方公尺": 12.5, "移轉層次": 12, "總價元": 0, "行號": 7}
    assert read(typed(written, 2, converted)).edits == ()


def test_numbers_and_days_that_a_spreadsheet_made_are_taken_as_what_the_person_means(written: bytes) -> None:
    cells = {"交易年月日": 1110930, "總價元": 12500000.0, "土地移轉總面積平方公尺": 12.75, "編輯者": 7}
    edit = the_edit(typed(written, 2, cells))
    assert {name: new for name, (_, new) in edit.changes.items()} == {
        "transaction_date": "1110930",
        "price": "12500000",
        "land_total_area": "12.75",
    }
    assert edit.editor == "7"
    line, deal = (
        the_edit(typed(written, row, {"交易年月日": datetime(2022, 9, 30)})).changes["transaction_date"]  # noqa: DTZ001
        for row in (2, 3)
    )
    assert (line[1], deal[1]) == ("1110930", "2022-09-30")


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("備註", True),
        ("備註", 12.5),
        ("總價元", 10**17),
        ("備註", date(2022, 9, 30)),
        ("交易年月日", datetime(2022, 9, 30, 8, 30)),  # noqa: DTZ001
        ("總價元", "#REF!"),
        ("備註", "=1+1"),
        ("編輯者", "=1+1"),
        ("處置", "刪掉"),
        ("發布", "2022-10-01"),
        ("行號", 8),
        ("原始內容", "板橋區,,,,"),
        ("備註", "一\n二"),
        ("備註", "長" * 2001),
        ("修正理由", "長" * 501),
        ("識別碼", "r0"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_address(written: bytes, heading: str, value: object) -> None:
    told = problems(typed(written, 2, {heading: value}))
    assert told.startswith(address(written, 2, heading))
    assert "\n" not in told


def test_every_problem_is_told_at_once(written: bytes) -> None:
    data = typed(typed(written, 2, {"備註": True}), 3, {"處置": "?"})
    with pytest.raises(ReviewFileError) as caught:
        read(data)
    assert [problem.partition("「")[0] for problem in caught.value.problems] == [
        address(written, 2, "備註"),
        address(written, 3, "處置"),
    ]
    assert str(caught.value).startswith(caught.value.problems[0])
    assert "1 more" in str(caught.value)


def test_a_row_that_stands_twice_and_a_row_that_somebody_added_are_refused(written: bytes) -> None:
    def copy(sheet: Any, at: Callable[[int, str], str]) -> None:
        for cell in sheet[2]:
            sheet.cell(5, cell.column).value = cell.value
            sheet.cell(5, cell.column).data_type = "s"
        sheet[at(6, "備註")] = "新的一列"

    told = problems(edited(written, copy)).splitlines()
    assert [problem.partition("「")[0] for problem in told] == [
        address(written, 5, "識別碼"),
        address(written, 6, "識別碼"),
    ]


@pytest.mark.parametrize(("heading", "other"), [("總價元", "總價"), ("總價元", "備註"), ("總價元", None)])
def test_a_heading_that_is_unknown_missing_or_there_twice_is_told(
    written: bytes, heading: str, other: str | None
) -> None:
    told = problems(typed(written, 1, {heading: other}))
    assert "缺少標題「總價元」" in told
    # Of two of the same heading the address of both is told.
    assert (address(written, 1, heading).removeprefix("審查!") in told) == (other is not None)


@pytest.mark.parametrize("title", ["審查", "原值"])
def test_a_missing_sheet_is_told_by_name(written: bytes, title: str) -> None:
    def remove(sheet: Any, _: Callable[[int, str], str]) -> None:
        del sheet.parent[title]

    assert f"沒有工作表「{title}」" in problems(edited(written, remove))


def test_a_changed_hidden_sheet_is_told(written: bytes) -> None:
    def change(sheet: Any, _: Callable[[int, str], str]) -> None:
        sheet.parent["原值"]["B1"] = "{}"

    assert "「原值」已被更動" in problems(edited(written, change))


def test_a_row_of_another_file_is_not_taken_for_one_of_this(written: bytes) -> None:
    other = workbook([replace(LINE, release="111S3")])
    stranger = load_workbook(io.BytesIO(other))["審查"]

    def paste(sheet: Any, _: Callable[[int, str], str]) -> None:
        for cell in next(stranger.iter_rows(min_row=2, max_row=2)):
            sheet.cell(2, cell.column).value = cell.value
            sheet.cell(2, cell.column).data_type = "s"

    assert "不是本檔案產生的列" in problems(edited(written, paste))


def test_a_line_longer_than_a_cell_comes_back_whole_and_is_cut_for_the_eye() -> None:
    long = replace(UNCUT, raw="長,\x01😀" * 20_000)
    data = workbook([long])
    sheet = ElementTree.fromstring(parts_of(data)[REVIEW_PART])
    longest = max(len("".join(cell.itertext())) for cell in sheet.iter(f"{NS}c"))
    assert 16_000 <= longest < 32_767
    assert the_edit(typed(data, 2, {"總價元": "1"})).raw == long.raw


def test_a_field_that_was_cut_for_the_eye_is_not_corrected_by_accident() -> None:
    data = workbook([replace(LINE, fields=LINE.fields | {"note": "長" * 40_000})])
    assert read(data).edits == ()
    assert "文字過長" in problems(typed(data, 2, {"備註": "短"}))


def test_too_many_rows_are_not_written() -> None:
    with pytest.raises(ReviewFileError, match="name the releases"):
        workbook([LINE] * (MAX_ROWS + 1))
