"""A row as it came back, held against the row as it went out → what the person decided.

Both formats come here with texts; how texts are got out of a file is known there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.edits import MAX_EDITOR, MAX_REASON, MAX_VALUE, Edit, Row
from pshs_dagster.review.headings import DECISION, DECISIONS, DISMISS, EDITOR, HEADING_OF, REASON
from pshs_dagster.review.report import Outcome, Result

MAX_PROBLEMS = 50
"""Problems that are told of one file; a person who sees so many will not read on."""

_UNUSUAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and what is no character at all."""


@dataclass(frozen=True)
class ReviewFile:
    """What a file that came back says."""

    edits: tuple[Edit, ...]
    untouched: tuple[Outcome, ...]
    """Rows whose person wrote a reason or a decision and changed no field: told, since they may have meant to."""
    rows: int
    """Rows in the file, touched or not."""


@dataclass
class Problems:
    """What is wrong with a file, sentence by sentence."""

    sentences: list[str] = field(default_factory=list[str])

    def add(self, address: str, zh: str, en: str) -> None:
        """Note a problem. Raises ReviewFileError with all of them when there are too many to go on."""
        self.sentences.append(f"{address}：{zh} {en}")
        if len(self.sentences) >= MAX_PROBLEMS:
            self.refuse_if_any()

    def refuse_if_any(self) -> None:
        """Raise ReviewFileError where anything is wrong."""
        if self.sentences:
            raise ReviewFileError(*self.sentences)


@dataclass(frozen=True)
class Returned:
    """One row as it came back."""

    original: Row
    texts: Mapping[str, str]
    """Our name of a column → its text, for the columns that differ from the original or may."""
    decision: str
    reason: str
    editor: str
    where: str
    address: Callable[[str], str]
    """Heading → where its cell is, for messages."""


@dataclass
class Comparison:
    """Collects the decisions of a file, row by row."""

    problems: Problems
    edits: list[Edit] = field(default_factory=list[Edit])
    untouched: list[Outcome] = field(default_factory=list[Outcome])
    rows: int = 0

    def add(self, row: Returned) -> None:
        """Take what was decided for one row, or note what is wrong with it."""
        self.rows += 1
        before = len(self.problems.sentences)
        changes = _changes(row, self.problems)
        decision = _decision(row, self.problems)
        reason = _remark(row.reason, MAX_REASON, row.address(REASON), self.problems)
        editor = _remark(row.editor, MAX_EDITOR, row.address(EDITOR), self.problems)
        if decision == DISMISS and changes:
            self.problems.add(
                row.address(DECISION),
                "此列標示略過，欄位卻有更動，請二者擇一。",
                "The row is to be dismissed and its fields were changed: decide for one.",
            )
        if len(self.problems.sentences) > before:
            return
        if changes or decision == DISMISS:
            original = row.original
            self.edits.append(Edit(original.key, original.raw, changes, decision == DISMISS, reason, editor, row.where))
        elif reason or decision:
            self.untouched.append(_untouched(row))

    def result(self) -> ReviewFile:
        """What the file says. Raises ReviewFileError with every problem that was noted."""
        self.problems.refuse_if_any()
        return ReviewFile(tuple(self.edits), tuple(self.untouched), self.rows)


def _changes(row: Returned, problems: Problems) -> dict[str, tuple[str, str]]:
    changes: dict[str, tuple[str, str]] = {}
    for name, new in row.texts.items():
        old = row.original.fields[name]
        if new == old:
            continue
        address = row.address(HEADING_OF[name])
        if len(new) > MAX_VALUE:
            problems.add(
                address,
                f"文字有 {len(new):,} 字，最多 {MAX_VALUE:,} 字。",
                f"The text has {len(new):,} characters; at most {MAX_VALUE:,} are taken.",
            )
        elif unusual := set(_UNUSUAL.findall(new)) - set(old) - set(row.original.raw):
            code = f"U+{ord(min(unusual)):04X}"
            problems.add(
                address,
                f"含有換行或控制字元（{code}），請寫成一行文字。",
                f"It holds a line break or a control character ({code}): write one line of text.",
            )
        else:
            changes[name] = (old, new)
    return changes


def _decision(row: Returned, problems: Problems) -> str:
    decision = DECISIONS.get(row.decision.strip().lower())
    if decision is None:
        problems.add(
            row.address(DECISION),
            "處置只能是「修正」、「略過」或空白。",
            "Only 修正 (correct), 略過 (dismiss) or nothing may stand here.",
        )
    return decision or ""


def _remark(text: str, limit: int, address: str, problems: Problems) -> str:
    """A person's words on one line."""
    one_line = _UNUSUAL.sub("", " ".join(text.split()))
    if len(one_line) > limit:
        problems.add(
            address,
            f"文字有 {len(one_line):,} 字，最多 {limit} 字。",
            f"The text has {len(one_line):,} characters; at most {limit} are taken.",
        )
    return one_line


def _untouched(row: Returned) -> Outcome:
    return Outcome(
        row.where,
        row.original.city,
        row.original.serial_number,
        Result.UNTOUCHED,
        "寫有處置或理由，但沒有更動任何欄位，因此未做任何事。",
        "A decision or a reason was written, but no field was changed: nothing was done.",
    )
