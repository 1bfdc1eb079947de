"""MOI's dirt at about its real rates, put on clean deals.

Rates are counts from the real files: those of whole histories over 241,000 lines, the others over the seasons
110S4 to 112S1. What a project's name has lost (`?`) is drawn with the name, in `projects.py`; deals that come twice
or in the wrong release are no dirt but history or faults.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pshs_dagster.sandbox.draw import Keys, Mask, below, unit

_LINES = 241_000

UNIT, DATE, LEVEL, FLOORS, DISTRICT, PLACE = (
    "棟及號",
    "交易年月日",
    "移轉層次",
    "總樓層數",
    "鄉鎮市區",
    "土地位置建物門牌",
)
ROOM, BATH = "建物現況格局-房", "建物現況格局-衛"

ODD_DATES = ("991113", "00001", "1040000", "1090040", "1600826")
SLIPPED_ROOMS = ("3333", "10", "17", "22")
SLIPPED_BATHS = ("11080414", "121", "21", "212")
ODD_LEVELS = (
    "",
    "地下四層",
    "地下三層",
    "地上001層、夾層001層",
    "一層，二層",
    "一樓+夾層",
    "全部",
    "見使用執照",
    "一至四層",
    "1-2層",
)

LONG_PLACE = "地號等22筆土地"
"""What the longest addresses end with: some list every parcel, up to 206 characters."""


def _inserted(character: str) -> Callable[[str], str]:
    def inserted(text: str) -> str:
        middle = len(text) // 2
        return text[:middle] + character + text[middle:]

    return inserted


def _long_place(text: str) -> str:
    return text[:6] + "大社段2112、" + "、".join(f"2112-{number}" for number in range(9, 30)) + LONG_PLACE


KINDS: dict[str, tuple[float, str, Callable[[str], str]]] = {
    # name: share of the deals, column, what becomes of the text
    "quote": (13 / _LINES, UNIT, lambda text: text.replace("棟", '"棟', 1) if "棟" in text else text + '"'),
    "comma": (17 / _LINES, UNIT, lambda text: f"{text.removesuffix('號')},{text[:1] or 'B'}2號"),
    "NUL": (19 / _LINES, UNIT, _inserted("\x00")),
    "control": (191 / _LINES, UNIT, _inserted("\x13")),
    "tab": (13 / _LINES, UNIT, _inserted("\t")),
    "lost": (103 / _LINES, UNIT, lambda text: "\ufffd" + text[1:]),
    "entity": (40 / _LINES, UNIT, lambda text: "&#151;" + text[1:]),
    "lost entity": (8 / _LINES, UNIT, lambda text: "&#65533;" + text),
    "no district": (222 / _LINES, DISTRICT, lambda _: ""),
    "odd 市": (60 / _LINES, DISTRICT, lambda text: text.replace("市", "\u5dff")),
    "no unit price": (0.0012, "單價元平方公尺", lambda _: ""),
    "no floors": (0.00013, FLOORS, lambda _: "0"),
    "numeral floors": (0.002, FLOORS, lambda text: _chinese(int(text))),
    "long place": (8 / _LINES, PLACE, _long_place),
}
"""Each of these changes one text of a deal."""

CHOICES: dict[str, tuple[float, str, tuple[str, ...]]] = {
    # name: share of the deals, column, one of which becomes its text
    "odd date": (8 / _LINES, DATE, ODD_DATES),
    "odd level": (0.004, LEVEL, ODD_LEVELS),
    "slipped room": (0.0008, ROOM, SLIPPED_ROOMS),
    "slipped hall": (0.0002, "建物現況格局-廳", SLIPPED_ROOMS[1:]),
    "slipped bath": (0.0004, BATH, SLIPPED_BATHS),
}
"""Each of these puts another text in the place of a deal's."""


def soiled(frame: pd.DataFrame) -> pd.DataFrame:
    """The deals with some of them spoilt, each by chances drawn from its own key."""
    frame = frame.copy(deep=False)
    key: Keys = frame["_key"].to_numpy(dtype=np.uint64)
    for name, (share, column, change) in KINDS.items():
        struck = np.flatnonzero(unit(key, name) < share)
        _set(frame, column, struck, [change(text) for text in frame[column].to_numpy(dtype=object)[struck]])
    for name, (share, column, choices) in CHOICES.items():
        struck = np.flatnonzero(unit(key, name) < share)
        drawn = below(key[struck], name + " which", len(choices))
        _set(frame, column, struck, [choices[number] for number in drawn])
    return frame


def slipped(frame: pd.DataFrame, spoilt: Mask) -> pd.DataFrame:
    """The deals with some of them spoilt so that no one can load them: four digits for their rooms."""
    frame = frame.copy(deep=False)
    rows = np.flatnonzero(spoilt)
    _set(frame, ROOM, rows, [SLIPPED_ROOMS[0]] * len(rows))
    return frame


def _set(frame: pd.DataFrame, column: str, rows: np.ndarray, values: list[str]) -> None:
    if len(rows):
        changed = frame[column].to_numpy(dtype=object).copy()
        changed[rows] = values
        frame[column] = changed


def _chinese(number: int) -> str:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (
        digits[ones] if ones or not tens else ""
    )
