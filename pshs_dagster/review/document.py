"""The JSON file for people, written and read: the format of the archive's reject files, one object a row.

Beside what those hold, a row has its original texts under 原值 and room for a person's words. A reject file out of
the archive is taken too: its lines tell what was in the fields before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from pshs_dagster.deals.columns import BY_NAME, ColumnType
from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.comparing import Comparison, Problems, Returned, ReviewFile
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster.review.headings import (
    CITY,
    DECISION,
    EDITOR,
    FIELDS,
    FILE,
    KIND,
    LINE,
    NOT_KEPT,
    ORIGINAL,
    RAW,
    REASON,
    REASONS,
    RELEASE,
    SERIAL,
)
from pshs_dagster.review.records import published_cells, record_of, row_of, row_of_published
from pshs_dagster.review.visible import brief

OWN = (KIND, RELEASE, FILE, LINE, CITY, SERIAL, REASONS, RAW, ORIGINAL, DECISION, REASON, EDITOR)


def document(rows: Sequence[Row]) -> str:
    """Rows → JSON for a person: a list of objects, empty where nothing waits."""
    return json.dumps([_entry(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def read_document(name: str, data: bytes) -> ReviewFile:
    """What a person decided in a JSON file. Raises ReviewFileError for one that cannot be used as it is."""
    entries = _entries(name, data)
    comparison = Comparison(Problems())
    seen: dict[tuple[object, ...], int] = {}
    for number, entry in enumerate(entries, 1):
        place = f"第 {number} 筆 (entry {number})"
        if row := _returned(entry, place, comparison.problems):
            first = seen.setdefault(_identity(row.original), number)
            if first != number:
                comparison.problems.add(
                    place, f"與第 {first} 筆是同一列，請只留一筆。", f"It is the same row as entry {first}: keep one."
                )
                continue
            comparison.add(row)
    return comparison.result()


def _entry(row: Row) -> dict[str, Any]:
    record = record_of(row)
    fields, raw = record.pop(ORIGINAL), record.pop(RAW)
    return {**record, **fields, RAW: raw, ORIGINAL: fields, DECISION: "", REASON: "", EDITOR: ""}


def _identity(row: Row) -> tuple[object, ...]:
    if row.kind is Kind.DEAL:
        return row.kind, row.city, row.serial_number
    return row.kind, row.release, row.file, row.line


class _Twice(Exception):
    """A key stands twice in one object; JSON itself would silently take the last."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for key in keys if keys.count(key) > 1))
    return found


def _entries(name: str, data: bytes) -> list[Any]:
    try:
        # Told the bytes, json knows UTF-8 from UTF-16, and takes a byte order mark where text would not do.
        found: object = json.loads(data, object_pairs_hook=_object)
    except _Twice as twice:
        raise ReviewFileError(
            f"{name}：鍵「{brief(str(twice))}」在同一筆中重複出現，請只留一個。 "
            f"The key {brief(str(twice))} stands twice in one entry: keep one."
        ) from None
    except json.JSONDecodeError as error:
        raise ReviewFileError(
            f"{name} 第 {error.lineno} 行第 {error.colno} 字：不是正確的 JSON，請檢查引號與逗號。 "
            f"Line {error.lineno}, character {error.colno} is no proper JSON: look at quotation marks and commas there."
        ) from None
    except UnicodeDecodeError:
        raise ReviewFileError(
            f"{name}：文字編碼不是 UTF-8，請以 UTF-8 另存。 The text is not in UTF-8: save it as UTF-8."
        ) from None
    except (RecursionError, ValueError):
        # A number of thousands of digits, or brackets within brackets without end.
        raise ReviewFileError(
            f"{name}：內容不是修正檔，請以 `pshs review` 重新產生。 "
            "This is no file of corrections: write one anew with `pshs review`."
        ) from None
    if not isinstance(found, list):
        raise ReviewFileError(
            f"{name}：應為 JSON 陣列，每筆一列，請以 `pshs review` 重新產生。 "
            "A list of entries was expected: write the file anew with `pshs review`."
        )
    return cast("list[Any]", found)


def _returned(entry: object, place: str, problems: Problems) -> Returned | None:
    if not isinstance(entry, dict):
        problems.add(place, "不是物件（{…}）。", "It is no object ({…}).")
        return None
    record = cast("dict[str, Any]", entry)
    unknown = [key for key in record if key not in FIELDS and key not in NOT_KEPT and key not in OWN]
    if unknown:
        problems.add(
            place,
            f"不認得的鍵「{brief(unknown[0])}」，請刪除或更正。",
            f"The key {brief(unknown[0])} is unknown: take it out or mend it.",
        )
        return None
    published = ORIGINAL not in record
    required = (*(OWN[1:5] if published else OWN[:9]), RAW, *([] if published else FIELDS))
    if missing := [key for key in required if key not in record]:
        problems.add(
            place,
            f"缺少「{'、'.join(missing[:5])}」，請以 `pshs review` 重新產生。",
            f"It lacks {', '.join(missing[:5])}: write the file anew with `pshs review`.",
        )
        return None
    try:
        original = row_of_published(record) if published else row_of(record)
        shown = published_cells(record) if published else {}
    except (KeyError, TypeError, ValueError):
        problems.add(
            place,
            f"「{RELEASE}」「{FILE}」「{LINE}」「{RAW}」「{ORIGINAL}」等欄已被更動，請以 `pshs review` 重新產生。",
            "What tells the row was changed: write the file anew with `pshs review`.",
        )
        return None
    return _row(record, original, shown, place, problems)


def _row(
    record: Mapping[str, Any], original: Row, shown: Mapping[str, str], place: str, problems: Problems
) -> Returned | None:
    address = partial(_address, place)
    before = len(problems.sentences)
    given = {
        heading: _text(record.get(heading, ""), name, address(heading), problems)
        for heading, name in FIELDS.items()
        if heading in record
    }
    words = [_text(record.get(heading, ""), "", address(heading), problems) for heading in (DECISION, REASON, EDITOR)]
    if len(problems.sentences) > before:
        return None
    # A line that could not be cut is shown cell by cell all the same; left so, nothing was said about it.
    untouched = shown and all(text == shown.get(heading, "") for heading, text in given.items())
    texts = {} if untouched else {FIELDS[heading]: text for heading, text in given.items()}
    decision, reason, editor = words
    return Returned(original, texts, decision, reason, editor, place, address)


def _address(place: str, heading: str) -> str:
    return f"{place}「{heading}」"


def _text(value: object, name: str, address: str, problems: Problems) -> str:
    """A value as text: texts, whole numbers, decimals where the column holds them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    decimal = bool(name) and BY_NAME[name].type is ColumnType.DECIMAL
    if (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and decimal):
        return str(value)
    problems.add(address, "應為加引號的文字。", "A text in quotation marks was expected.")
    return ""
