"""Headings and words of the files for people, the same in every format; MOI's own headings are in `deals.columns`."""

from __future__ import annotations

from pshs_dagster.deals.columns import HEADER_ALIASES, PUBLISHED, STANDARD_HEADERS
from pshs_dagster.deals.corrections import CITY, FILE, LINE, RAW, REASONS, RELEASE
from pshs_dagster.review.edits import Kind

KIND, SERIAL, ORIGINAL, KEY = "類別", "案件編號", "原值", "識別碼"
"""What a row is, the serial that it is known by, its texts before anybody edited them, its name in the file."""

REASON, EDITOR, DECISION = "修正理由", "編輯者", "處置"
"""What a person may write beside the fields."""

CORRECT, DISMISS = "修正", "略過"

DECISIONS = {"": "", CORRECT: CORRECT, "correct": CORRECT, DISMISS: DISMISS, "dismiss": DISMISS}
"""What may stand under 處置, in lower case → what it means; blank leaves it to the fields."""

KINDS = {Kind.LINE: "退件", Kind.DEAL: "存疑"}
KIND_OF = {zh: kind for kind, zh in KINDS.items()}

FIELDS = {column.header or "": column.name for column in PUBLISHED}
"""MOI's heading → our name, in MOI's order; these are what a person may correct."""

HEADING_OF = {name: heading for heading, name in FIELDS.items()}

NOT_KEPT = frozenset({*STANDARD_HEADERS, *HEADER_ALIASES} - set(FIELDS))
"""Headings of MOI's that the archive's files have and deals have not."""

FIXED = (RELEASE, CITY, LINE, KIND, FILE, RAW, SERIAL)
"""What tells a row from others; a person reads it and does not change it."""

__all__ = [
    "CITY",
    "CORRECT",
    "DECISION",
    "DECISIONS",
    "DISMISS",
    "EDITOR",
    "FIELDS",
    "FILE",
    "FIXED",
    "HEADING_OF",
    "KEY",
    "KIND",
    "KINDS",
    "KIND_OF",
    "LINE",
    "NOT_KEPT",
    "ORIGINAL",
    "RAW",
    "REASON",
    "REASONS",
    "RELEASE",
    "SERIAL",
]
