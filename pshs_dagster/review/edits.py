"""What goes out to a person, `Row`, and what comes back, `Edit`; the same for every format of file.

Files are written and read elsewhere in this room; which edits are right is not judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pshs_dagster.deals.rules import Reason

MAX_VALUE = 2_000
"""Characters of a corrected text; the longest that MOI ever published has 206."""

MAX_REASON = 500
"""Characters of the reason that a person gives."""

MAX_EDITOR = 64
"""Characters of a person's name."""


class Kind(StrEnum):
    """What a row is about."""

    LINE = "line"
    """A rejected line, which is no deal yet. Its texts are as published."""
    DEAL = "deal"
    """A deal in `deals`, as a rule one that carries flags. Its texts are dates in ISO form and plain numbers."""


@dataclass(frozen=True)
class RowKey:
    """Which row it is. `serial_number` is as the line or the deal gave it, blank where it gave none."""

    kind: Kind
    release: str
    file: str
    line: int
    """Physical line in the CSV, the header being 1."""
    city: str
    serial_number: str


@dataclass(frozen=True)
class Row:
    """A rejected line or a deal, as it is shown to a person."""

    kind: Kind
    release: str
    file: str
    line: int
    city: str
    serial_number: str
    raw: str
    """The line as published; blank for a deal."""
    reasons: tuple[Reason, ...]
    """Why it was rejected or flagged; a reason names its column, blank where the row as a whole is at fault."""
    fields: dict[str, str]
    """Our name of a column → its text, for every column of `deals.columns.PUBLISHED`; blank where unknown."""

    @property
    def key(self) -> RowKey:
        return RowKey(self.kind, self.release, self.file, self.line, self.city, self.serial_number)


@dataclass(frozen=True)
class Edit:
    """What a person decided for one row: other texts for some of its fields, or that it is to be let go."""

    row_key: RowKey
    raw: str
    """The line as published, as it came back; for the reader of edits to hold against what is known."""
    changes: dict[str, tuple[str, str]]
    """Our name of a column → (old text, new text), only where they differ; empty where the row is dismissed."""
    dismiss: bool
    reason: str
    editor: str
    where: str
    """Place in the file, for messages, as `第 5 列 (row 5)`."""
