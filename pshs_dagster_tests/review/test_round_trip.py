"""Laws of the files: any text goes out and comes back to the letter, and one change comes back as this change."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pshs_dagster.deals.columns import PUBLISHED
from pshs_dagster.deals.rules import RULES, Reason
from pshs_dagster.review.document import document
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster.review.reading import read_bytes
from pshs_dagster.review.visible import meant, written_out
from pshs_dagster.review.workbook_out import HEADINGS, workbook
from pshs_dagster_tests.review.made import with_shared_strings

pytestmark = pytest.mark.slow

NAMES = [column.name for column in PUBLISHED]
HEADING = {column.name: column.header for column in PUBLISHED}

FORMULAS = ["=", "+", "-", "@", "'", "#REF!", "TRUE", "1e5", "0012"]
CODES = ["_x0041_", "_x005F_", "x005F_", "_x000D_", "⟦U+0001⟧", "⟦", "⟧", "<b>&amp;"]
CHARACTERS = ["\x00", "\x01", "\r\n", "\r", "\n", "\t", " ", "\x85", "\u2028", "\ufffe", "\uffff", "😀"]
PIECES = st.sampled_from([*FORMULAS, *CODES, *CHARACTERS])
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=6).map("".join)
PLAIN = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20)
REASONS = st.lists(
    st.builds(
        Reason,
        rule=st.sampled_from([rule.name for rule in RULES]),
        column=st.sampled_from(["", *NAMES]),
        zh=PLAIN,
        en=PLAIN,
    ),
    max_size=2,
).map(tuple)
ROWS = st.builds(
    Row,
    kind=st.sampled_from(list(Kind)),
    release=st.sampled_from(["2022-09-21", "111S2"]),
    file=st.sampled_from(["f_lvr_land_b.csv", "a_lvr_land_b.csv", ""]),
    line=st.integers(0, 2**31 - 1),
    city=st.sampled_from(["新北市", "臺北市"]),
    serial_number=TEXTS,
    raw=TEXTS,
    reasons=REASONS,
    fields=st.fixed_dictionaries(dict.fromkeys(NAMES, TEXTS)),
)
FILES = st.lists(
    ROWS,
    min_size=1,
    max_size=2,
    unique_by=(lambda row: (row.release, row.file, row.line), lambda row: (row.city, row.serial_number)),
)


@dataclass(frozen=True)
class Format:
    """One format: rows go out, and a person writes one text into a cell."""

    write: Callable[[list[Row]], bytes]
    type_in: Callable[[bytes, int, str, str], bytes]


def _into_workbook(data: bytes, row: int, heading: str, text: str) -> bytes:
    book = load_workbook(io.BytesIO(data))
    cell: Any = book["審查"].cell(row + 2, HEADINGS.index(heading) + 1)
    cell.value = written_out(text)
    cell.data_type = "s"
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _into_document(data: bytes, row: int, heading: str, text: str) -> bytes:
    entries = json.loads(data)
    entries[row][heading] = text
    return json.dumps(entries).encode()


FORMATS = {
    "xlsx": Format(workbook, _into_workbook),
    "json": Format(lambda rows: document(rows).encode(), _into_document),
    "xlsx with shared strings": Format(
        lambda rows: with_shared_strings(workbook(rows)),
        lambda data, row, heading, text: with_shared_strings(_into_workbook(data, row, heading, text)),
    ),
}

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Each example writes and reads whole files."""


@pytest.mark.parametrize("name", FORMATS)
@FEW
@given(rows=FILES)
def test_whatever_goes_out_untouched_comes_back_untouched(name: str, rows: list[Row]) -> None:
    found = read_bytes("修正", FORMATS[name].write(rows))
    assert (found.edits, found.untouched, found.rows) == ((), (), len(rows))


@pytest.mark.parametrize("name", FORMATS)
@FEW
@given(rows=FILES, pick=st.randoms(use_true_random=False), text=PLAIN)
def test_one_change_comes_back_as_this_change(name: str, rows: list[Row], pick: Any, text: str) -> None:
    form = FORMATS[name]
    place, column = pick.randrange(len(rows)), pick.choice(NAMES)
    row = rows[place]
    found = read_bytes("修正", form.type_in(form.write(rows), place, HEADING[column] or "", text))
    if text == row.fields[column]:
        assert found.edits == ()
    else:
        (edit,) = found.edits
        assert (edit.row_key, edit.raw, edit.dismiss) == (row.key, row.raw, False)
        assert edit.changes == {column: (row.fields[column], text)}


@given(text=TEXTS | st.text(st.characters()))
def test_any_text_can_be_written_out_and_meant(text: str) -> None:
    written = written_out(text)
    assert meant(written) == text
    assert all(character.isprintable() or ord(character) > 0x9F for character in written)
