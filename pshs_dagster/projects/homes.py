"""The number of homes for sale, wherever a cell of the list tells it: `210`, `210戶`, `3棟,銷售戶數共 210 戶`."""

from __future__ import annotations

import re
import unicodedata

MOST = 20_000
"""More homes than any project has; what is larger is a date or a price that slipped into the column."""

_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BRACKETS = re.compile(r"\([^()]*\)")
_TOTAL = re.compile(r"(?:共計|總計|合計|共|總戶數|銷售戶數|計)(?:為|:)?\s*(\d+)\s*戶?")
_EACH = re.compile(r"(\d+)\s*戶")


def homes_of(text: str) -> int | None:
    """The number of homes that a cell tells; None where it tells none, or one that cannot be.

    A total counts as such. Without one, the parts of a cell that has several (58戶住宅、2戶店鋪) are added; what
    stands in brackets is a part of what stands before them.
    """
    told = _GROUPED.sub("", unicodedata.normalize("NFKC", text)).strip()
    for words in (_BRACKETS.sub("", told), told):
        number = _number(words)
        if number is not None:
            return number if 0 < number <= MOST else None
    return None


def _number(words: str) -> int | None:
    words = words.strip()
    if words.isdecimal():
        return int(words)
    if re.fullmatch(r"\d+\.0+", words):
        return int(words.partition(".")[0])
    if "戶" not in words:
        return None
    if totals := _TOTAL.findall(words):
        return int(totals[-1])
    parts = [int(number) for number in _EACH.findall(words)]
    return sum(parts) if parts else None
