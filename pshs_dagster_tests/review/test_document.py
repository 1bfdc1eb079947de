"""The JSON file: the format of the archive's reject files, given back by a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from pshs_dagster.deals.corrections import rejects_document
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.errors import ReviewFileError
from pshs_dagster.releases import Release
from pshs_dagster.review.comparing import ReviewFile
from pshs_dagster.review.document import document
from pshs_dagster.review.edits import Edit, Kind, RowKey
from pshs_dagster.review.reading import read_bytes
from pshs_dagster_tests.deals.lines import Csv, csv, line
from pshs_dagster_tests.review.made import DEAL, LINE, UNCUT

Entries = list[dict[str, Any]]


def written() -> Entries:
    return json.loads(document([LINE, DEAL, UNCUT]))


def read(entries: object) -> ReviewFile:
    return read_bytes("修正.json", json.dumps(entries, ensure_ascii=False).encode())


def problems(entries: object) -> str:
    with pytest.raises(ReviewFileError) as caught:
        read(entries)
    return "\n".join(caught.value.problems)


def test_an_entry_has_the_keys_of_the_archives_files_and_room_for_a_persons_words() -> None:
    entry = written()[0]
    assert {key: entry[key] for key in ("發布", "檔案", "行號", "縣市", "退件原因", "總價元", "原始內容")} == {
        "發布": LINE.release,
        "檔案": LINE.file,
        "行號": LINE.line,
        "縣市": LINE.city,
        "退件原因": ["交易年月日不是有效日期", "總價為零或負數"],
        "總價元": "0",
        "原始內容": LINE.raw,
    }
    assert [entry[key] for key in ("處置", "修正理由", "編輯者")] == ["", "", ""]


def test_a_file_that_nobody_touched_changes_nothing() -> None:
    assert read(written()) == ReviewFile((), (), 3)
    assert read([]) == ReviewFile((), (), 0)


def test_what_a_person_wrote_comes_back_with_reason_and_name() -> None:
    entries = written()
    entries[0] |= {"總價元": 12500000, "修正理由": "謄本", "編輯者": "王小明"}
    entries[2] |= {"處置": "dismiss"}
    first, second = read(entries).edits
    assert first == Edit(LINE.key, LINE.raw, {"price": ("0", "12500000")}, False, "謄本", "王小明", "第 1 筆 (entry 1)")
    assert (second.row_key, second.dismiss, second.where) == (UNCUT.key, True, "第 3 筆 (entry 3)")


def rejected_in_the_archive(*lines: str) -> Entries:
    release = Release.parse("2022-09-21")
    parsed = parse_release(release, [Csv(csv(lines))], date(2022, 9, 21))
    return json.loads(rejects_document(str(release), parsed.rejects))


def test_a_reject_file_of_the_archive_can_be_edited_and_given_back() -> None:
    entries = rejected_in_the_archive(line(總價元="0", 編號="RPXNMLTKJHOGFAB18CA"))
    assert read(entries) == ReviewFile((), (), 1)
    entries[0]["總價元"] = "12500000"
    (edit,) = read(entries).edits
    assert edit.changes == {"price": ("0", "12500000")}
    assert edit.row_key == RowKey(Kind.LINE, "2022-09-21", "f_lvr_land_b.csv", 3, "新北市", "RPXNMLTKJHOGFAB18CA")
    assert edit.raw == entries[0]["原始內容"]


def test_an_uncut_line_of_the_archive_is_corrected_as_a_whole() -> None:
    entries = rejected_in_the_archive(line(編號="RPXNMLTKJHOGFAB18CA").rpartition(",")[0])
    assert read(entries) == ReviewFile((), (), 1)
    shown = entries[0]["鄉鎮市區"]
    entries[0]["總價元"] = "12500000"
    (edit,) = read(entries).edits
    assert edit.changes["price"] == ("", "12500000")
    assert edit.changes["district"] == ("", shown)
    assert edit.row_key.serial_number == "RPXNMLTKJHOGFAB18CA"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_editors_do_to_the_encoding_does_no_harm(encoding: str) -> None:
    assert read_bytes("修正.json", document([LINE]).encode(encoding)) == ReviewFile((), (), 1)


def changed(**keys: object) -> Callable[[Entries], object]:
    return lambda entries: [{**entries[0], **keys}, *entries[1:]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed(總價元=True), "第 1 筆 (entry 1)「總價元」：應為加引號的文字"),
        (changed(總價元=["1"]), "第 1 筆 (entry 1)「總價元」：應為加引號的文字"),
        (changed(備註=1.5), "第 1 筆 (entry 1)「備註」：應為加引號的文字"),
        (changed(備註="\ud800"), "第 1 筆 (entry 1)「備註」：含有換行或控制字元（U+D800）"),
        (changed(處置="刪"), "第 1 筆 (entry 1)「處置」：處置只能是"),
        (changed(單價="1"), "第 1 筆 (entry 1)：不認得的鍵「單價」"),
        (lambda entries: [{**entries[0], "\ud800\n": ""}], "不認得的鍵「⟦U+D800⟧⟦U+000A⟧」"),
        (changed(發布="\ud800"), "第 1 筆 (entry 1)：「發布」"),
        (changed(行號="七"), "第 1 筆 (entry 1)：「發布」"),
        (changed(原值={}), "第 1 筆 (entry 1)：「發布」"),
        (lambda entries: [*entries, entries[0]], "第 4 筆 (entry 4)：與第 1 筆是同一列"),
        (lambda entries: [{k: v for k, v in entries[0].items() if k != "檔案"}], "缺少「檔案」"),
        (lambda entries: [{k: v for k, v in entries[0].items() if k != "總價元"}], "缺少「總價元」"),
        (lambda entries: [entries[0], 7], "第 2 筆 (entry 2)：不是物件"),
        (lambda entries: entries[0], "應為 JSON 陣列"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_place(change: Callable[[Entries], object], told: str) -> None:
    data = json.dumps(change(written())).encode()
    with pytest.raises(ReviewFileError) as caught:
        read_bytes("修正.json", data)
    assert told in caught.value.problems[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'[{"a": 1, "a": 2}]', "鍵「a」在同一筆中重複"),
        (b'[\n{"a" 1}]', "第 2 行第 6 字"),
        (b"[" * 100_000, "修正.json"),
        (b"[" + b"9" * 5000 + b"]", "內容不是修正檔"),
        ('["臺"]'.encode("cp950"), "不是 UTF-8"),
    ],
)
def test_a_damaged_or_hostile_document_is_one_clear_sentence(data: bytes, told: str) -> None:
    with pytest.raises(ReviewFileError, match=told) as caught:
        read_bytes("修正.json", data)
    assert "\n" not in str(caught.value)
