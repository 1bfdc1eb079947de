"""A row as a record by headings: how both formats keep what a row was before anybody edited it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pshs_dagster.deals.columns import CITIES, city_of
from pshs_dagster.deals.frame import SERIAL_WITHIN
from pshs_dagster.deals.read import read_file
from pshs_dagster.errors import UnreadableFile
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster.review.headings import (
    CITY,
    FIELDS,
    FILE,
    KIND,
    KIND_OF,
    KINDS,
    LINE,
    NOT_KEPT,
    ORIGINAL,
    RAW,
    REASONS,
    RELEASE,
    SERIAL,
)


def record_of(row: Row) -> dict[str, Any]:
    """A row by headings, its fields under 原值."""
    return {
        KIND: KINDS[row.kind],
        RELEASE: row.release,
        FILE: row.file,
        LINE: row.line,
        CITY: row.city,
        SERIAL: row.serial_number,
        REASONS: [reason.zh for reason in row.reasons],
        ORIGINAL: {heading: row.fields[name] for heading, name in FIELDS.items()},
        RAW: row.raw,
    }


def row_of(record: Mapping[str, Any]) -> Row:
    """The row of a record, without its reasons. Raises KeyError, TypeError or ValueError where it is no such record."""
    original = record[ORIGINAL]
    return Row(
        kind=KIND_OF[record[KIND]],
        release=_text(record[RELEASE]),
        file=_text(record[FILE]),
        line=_number(record[LINE]),
        city=_text(record[CITY]),
        serial_number=_text(record[SERIAL]),
        raw=_text(record[RAW]),
        reasons=(),
        fields={name: _text(original[heading]) for heading, name in FIELDS.items()},
    )


def row_of_published(record: Mapping[str, Any]) -> Row:
    """The row of a record as the archive keeps rejected lines: without 原值, so that the line itself must tell.

    Raises KeyError, TypeError or ValueError where it is no such record.
    """
    file, raw = _text(record[FILE]), _text(record[RAW])
    headings = [heading for heading in record if heading in FIELDS or heading in NOT_KEPT]
    fields = _cut(file, headings, raw)
    serial = fields.get("編號", "")
    if not re.fullmatch(SERIAL_WITHIN, serial):
        within = re.search(SERIAL_WITHIN, raw)
        serial = within["serial"] if within else ""
    return Row(
        kind=Kind.LINE,
        release=_text(record[RELEASE]),
        file=file,
        line=_number(record[LINE]),
        city=_text(record[CITY]),
        serial_number=serial,
        raw=raw,
        reasons=(),
        fields={name: fields.get(heading, "") for heading, name in FIELDS.items()},
    )


def published_cells(record: Mapping[str, Any]) -> dict[str, str]:
    """What the archive's file shows of a line that could not be cut: whatever stands at each heading's position."""
    headings = [heading for heading in record if heading in FIELDS or heading in NOT_KEPT]
    return _cut(_text(record[FILE]), headings, _text(record[RAW]), whole=False)


def _cut(file: str, headings: list[str], raw: str, *, whole: bool = True) -> dict[str, str]:
    """The cells of a line by heading; none where it has not as many as there are headings, unless not `whole`."""
    letter = file[:1].lower()
    if "\n" in raw or letter not in CITIES or city_of(file) == file:
        raise ValueError(f"{file} is no file of MOI's, or the line is no line")
    try:
        # The line is read as any other, so that it is cut here as it was when it was rejected.
        read = read_file(file, letter, "\n".join([",".join(headings), raw]).encode())
    except UnreadableFile as error:
        raise ValueError(str(error)) from error
    if read.data_lines != 1:
        raise ValueError("the line holds nothing")
    if whole and read.misfit[0]:
        return {}
    return {heading: read.cells[heading][0].as_py() for heading in read.cells.column_names}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()  # half a surrogate pair, which JSON can spell, is no character: that is a ValueError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise TypeError(f"{value!r} is no line number")
    return value
