"""Texts as cells of a spreadsheet can hold them, and back, to the letter; and as messages can.

A spreadsheet holds no control characters, takes `_x0041_` for an A, and ends at 32,767 characters. What it cannot
hold is written visibly, as `⟦U+0001⟧`, so that a person sees it and may take it out.
"""

from __future__ import annotations

import re

MAX_CELL = 32_767
"""What a cell of Excel holds, in units of UTF-16."""

CUT_AT = 16_000
"""Characters that are left of a longer text: no more than 32,000 units of UTF-16, and room for the note."""

CUT_NOTE = "…⟦已截斷，全文 {length} 字，不可在此修改；cut, {length} characters, not to be edited here⟧"

_OPENING = "⟦"

_UNHOLDABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff⟦]"
    # Spreadsheets write a character that XML has not as `_x0001_`; a text that looks so would be taken for one,
    "|_(?=x[0-9A-Fa-f]{4}_)"
    # and openpyxl drops this sign of an escaped underline wherever it stands.
    "|x(?=005F_)"
)
_WRITTEN = re.compile(r"⟦U\+([0-9A-F]{4})⟧")
_SPREADSHEET_CODE = re.compile("_x([0-9A-Fa-f]{4})_")


def shown(text: str) -> str:
    """A text as a cell shows it; a text too long for a cell ends in a note, and cannot be got back from it."""
    written = written_out(text)
    if len(written.encode("utf-16-le")) // 2 <= MAX_CELL:
        return written
    return written[:CUT_AT] + CUT_NOTE.format(length=f"{len(text):,}")


def is_cut(text: str) -> bool:
    """Whether a text is too long for a cell."""
    return shown(text) != written_out(text)


def written_out(text: str) -> str:
    """A text of any length with what a cell cannot hold written visibly."""
    return _UNHOLDABLE.sub(lambda found: f"{_OPENING}U+{ord(found[0]):04X}⟧", text)


def brief(text: str, length: int = 40) -> str:
    """A text out of a file, fit for a message: short, on one line, nothing invisible in it."""
    seen = "".join(each if each.isprintable() else f"{_OPENING}U+{ord(each):04X}⟧" for each in text[:length])
    return seen if len(text) <= length else seen + "…"


def meant(cell: str) -> str:
    """The text that a cell stands for: undoes `written_out`, and what spreadsheets do to line ends."""
    decoded = _SPREADSHEET_CODE.sub(lambda found: chr(int(found[1], 16)), cell)
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), decoded.replace("\r\n", "\n"))
