"""Names of projects as keys: two spellings of one name give one key, two projects give two.

Phases of a project (一期, 二期, A區) are projects of their own, so nothing that tells them apart is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LOST = "?"
"""Stands in a key for a character that MOI could not write."""

VARIANTS = str.maketrans(
    {
        "台": "臺",
        "巿": "市",  # U+5DFF, which looks like 市
        "峯": "峰",
        "羣": "群",
        "裏": "裡",
        "恒": "恆",
        "温": "溫",
        "舘": "館",
        "滙": "匯",
        "荘": "莊",
        "双": "雙",
        "寳": "寶",
        "啓": "啟",
        "綉": "繡",
    }
)
"""Two ways to write one character, of which builders use both for one project."""

KEPT = "LNM"
"""Letters, numbers and marks; blanks, punctuation and brackets are what spellings differ in."""

KEPT_SYMBOLS = "+"
"""`MOMA` and `MOMA+` may be two projects."""

CHINESE_DIGITS = "一二三四五六七八九"

_PHASE = re.compile(r"第?([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]|\d{1,2})期")

GENERIC = re.compile(r"(新建工程|新建案|預售案|預售屋|建案|集合住宅|社區)$")
"""What the list, or a deal, adds to a name and the other does not."""


@lru_cache(maxsize=65_536)
def normalised(name: str) -> str:
    """The key of a name: NFKC, one case, without blanks and punctuation; `?` for each character that is lost.

    The key of a key is itself. A name of nothing but punctuation is its own key.
    """
    key = name
    while (again := _once(key)) != key:
        key = again
    return key or name.strip()


@lru_cache(maxsize=65_536)
def phase_key(key: str) -> str:
    """The key with phases written one way: 第二期, 二期 and 2期 are all `2期`."""
    return _PHASE.sub(lambda found: f"{_number(found[1])}期", key)


def plain_key(key: str) -> str:
    """The key without a generic word at its end; the key itself where nothing else would be left."""
    return GENERIC.sub("", key) or key


def _one_case(text: str) -> str:
    """NFKC with one case, until neither changes anything."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _once(text: str) -> str:
    return "".join(_kept(char) for char in _one_case(text).translate(VARIANTS))


def _kept(char: str) -> str:
    if char == LOST or char == "\ufffd":
        return LOST
    category = unicodedata.category(char)
    if category == "Co":
        return LOST  # of the private use area: what it shows depends on the font of whoever typed it
    return char if category[0] in KEPT or char in KEPT_SYMBOLS else ""


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return CHINESE_DIGITS.index(text) + 1
    return (CHINESE_DIGITS.index(tens) + 1 if tens else 1) * 10 + (CHINESE_DIGITS.index(ones) + 1 if ones else 0)
