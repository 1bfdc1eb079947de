"""What became of each row of a file that a person gave back, told in both languages as Markdown.

Which outcome a row has is decided elsewhere; here it is only written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.releases import TAIPEI


class Result(StrEnum):
    """What became of a row."""

    CORRECTED = "corrected"
    DISMISSED = "dismissed"
    STILL_WRONG = "still wrong"
    """The rules reject it as corrected too."""
    NOT_OPEN = "not open"
    """Nothing waits there any more: it was corrected, dismissed, or mended by MOI."""
    OUTDATED = "outdated"
    """What the file was written from is no longer what is known."""
    DONE_ALREADY = "done already"
    UNTOUCHED = "untouched"
    """The person wrote a reason or a decision, but changed no field."""


RESULT_ZH = {
    Result.CORRECTED: "已修正",
    Result.DISMISSED: "已略過",
    Result.STILL_WRONG: "仍有問題",
    Result.NOT_OPEN: "已不待處理",
    Result.OUTDATED: "資料已更新",
    Result.DONE_ALREADY: "先前已完成",
    Result.UNTOUCHED: "未更動",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one row, with a sentence in each language."""

    where: str
    """Place in the file, as `Edit.where`."""
    city: str
    serial_number: str
    result: Result
    zh: str
    en: str


def report(name: str, outcomes: Sequence[Outcome], now: datetime) -> str:
    """The report on a file that was carried out, as Markdown. `now` is aware."""
    counts = Counter(outcome.result for outcome in outcomes)
    summary = [f"- {RESULT_ZH[result]} ({result}): {counts[result]}" for result in Result if counts[result]]
    table = [
        _row("位置 Where", "縣市 City", "編號 Serial", "結果 Result", "說明 What it means"),
        _row(*["---"] * 5),
        *(_outcome_row(outcome) for outcome in outcomes),
    ]
    nothing = ["檔案中沒有任何更動。The file changes nothing."]
    return "\n".join([*_title(name, now), *(summary or nothing), "", *(table if outcomes else [])]).rstrip() + "\n"


def refusal(name: str, error: ReviewFileError, now: datetime) -> str:
    """The report on a file that could not be read: nothing was changed, and each problem with its place."""
    return "\n".join(
        [
            *_title(name, now),
            "檔案無法採用，未做任何更動。The file was not used; nothing was changed.",
            "",
            *(f"- {_plain(problem)}" for problem in error.problems),
            "",
        ]
    )


def _title(name: str, now: datetime) -> list[str]:
    day = now.astimezone(TAIPEI)
    return [f"# 修正結果 What became of {_plain(name)}", "", f"{day:%Y-%m-%d %H:%M} (Asia/Taipei)", ""]


def _outcome_row(outcome: Outcome) -> str:
    result = f"{RESULT_ZH[outcome.result]} ({outcome.result})"
    return _row(outcome.where, outcome.city, outcome.serial_number, result, f"{outcome.zh} {outcome.en}")


def _row(*cells: str) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """A text out of a file, so that it stays within its cell and line, and is no mark-up."""
    one_line = "".join(character if character.isprintable() else " " for character in text)
    for character in "\\`*_[]<>|#":
        one_line = one_line.replace(character, "\\" + character)
    return one_line
