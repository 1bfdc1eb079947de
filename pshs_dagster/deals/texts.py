"""Values of a deal as texts, and lines that are given as texts: what the ledger of corrections and people spell.

Two spellings: `plain` is that of the ledger (ISO dates, plain numbers), and a line of MOI's has its own (dates by the
year of the Republic). Which texts are right is judged by the rules, here as anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pshs_dagster.deals.columns import BY_NAME, COLUMNS, PUBLISHED, Column, ColumnType
from pshs_dagster.deals.parse import ParsedLines, as_text, first_cancellation, parse_lines
from pshs_dagster.deals.read import RawLines
from pshs_dagster.deals.rules import RULE_BY_NAME, Context, judge
from pshs_dagster.releases import ROC_OFFSET, Release

Texts = Mapping[str, str]
"""Our name of a column → its text."""

ISO_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")

OF_LINES = frozenset({"cleaned_text", "rejoined_fields", "district_recovered"})
"""Soft rules about the line as it was written; values do not tell whether they fired."""


@dataclass(frozen=True)
class GivenLine:
    """A line by the texts of its cells, with the place that it has."""

    file: str
    city: str
    line: int
    texts: Texts
    rejoined: bool = False
    """Whether surplus commas had been put back when the line was read."""


@dataclass(frozen=True)
class JudgedLines:
    """What the rules say of given lines, row for row."""

    parsed: ParsedLines
    values: pd.DataFrame
    """`file` and COLUMNS, typed as parsing types them."""
    reasons: tuple[str, ...]
    """Hard rules that a line breaks, comma-joined; blank where it is sound."""


def judged(lines: Sequence[GivenLine], context: Context) -> JudgedLines:
    """Parse and judge lines like any of MOI's. A text that a line does not have is blank."""
    parsed = parse_lines(_as_raw(lines))
    reasons, flags = judge(parsed, context)
    frame = parsed.values.assign(file=as_text(parsed.raw.files), flags=as_text(flags))
    names = ["file", *(column.name for column in COLUMNS)]
    return JudgedLines(parsed, frame[names], tuple(reasons.to_pylist()))


def texts_of(published: Texts) -> dict[str, str]:
    """The fields of a line by MOI's headings → by our names; blank where the file has no such column."""
    return {column.name: published.get(column.header or "", "") for column in PUBLISHED}


def plain(column: Column, value: Any) -> str:
    """A value as the ledger spells it; blank for none."""
    if value is None or value is pd.NaT:
        return ""
    match column.type:
        case ColumnType.DATE:
            return date.isoformat(value)[:10]
        case ColumnType.INTEGER:
            return str(int(value))
        case ColumnType.DECIMAL:
            return repr(float(value)).removesuffix(".0")
        case _:
            return str(value)


def typed(column: Column, text: str) -> Any:
    """The value that the ledger spells so. Raises ValueError where it spells none."""
    match column.type:
        case ColumnType.DATE:
            return date.fromisoformat(text) if text else None
        case ColumnType.INTEGER:
            return int(text)
        case ColumnType.DECIMAL:
            return float(text)
        case _:
            return text


def as_published(column: Column, text: str) -> str:
    """A plain text as MOI would write it. What is no day stays as it is, for the rules to judge."""
    day = ISO_DAY.fullmatch(text.strip()) if column.type is ColumnType.DATE else None
    if day is None:
        return text
    year, month, of_month = (int(part) for part in day.groups())
    return f"{year - ROC_OFFSET:03d}{month:02d}{of_month:02d}"


def published_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """The values of a deal as the texts of a line."""
    return {column.name: as_published(column, plain(column, values[column.name])) for column in PUBLISHED}


def cancelled_on(termination: str) -> date | None:
    """The day of cancellation that 解約情形 names."""
    (day,) = first_cancellation(pa.array([termination], pa.string()))
    return None if np.isnat(day) else day.astype(object)


def flags_after(
    flags: Sequence[str],
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    releases: Sequence[str],
) -> list[str]:
    """The flags of deals whose values were `before` and become those `after`, by what the rules say of both.

    `releases` tell the windows. Flags that the change does not touch stay, also those that no rule knows.
    """
    if not flags:
        return []
    raised = _soft([*before, *after], [*releases, *releases])
    changed = zip(flags, raised[: len(flags)], raised[len(flags) :], strict=True)
    return [_joined((set(_split(had)) - (old - new)) | (new - old)) for had, old, new in changed]


def _soft(values: Sequence[Mapping[str, Any]], releases: Sequence[str]) -> list[set[str]]:
    """The soft rules that fire for these values."""
    # One pass for all deals: only one rule looks at the window, and is asked by itself.
    context = Context(Release.parse(releases[0]).window, date.max)
    lines = [GivenLine("", row["city"], 0, published_texts(row)) for row in values]
    flags = judged(lines, context).values["flags"]
    raised = [{*_split(told)} - OF_LINES - {"outside_window"} for told in flags]
    for names, row, release in zip(raised, values, releases, strict=True):
        if row["transaction_date"] not in Release.parse(release).window:
            names.add("outside_window")
    return raised


def _split(flags: str) -> list[str]:
    return [flag for flag in flags.split(",") if flag]


def _joined(flags: set[str]) -> str:
    """In the order of the rules, as judging joins them; what no rule knows comes last."""
    order = {name: place for place, name in enumerate(RULE_BY_NAME)}
    return ",".join(sorted(flags, key=lambda flag: (order.get(flag, len(order)), flag)))


def _as_raw(lines: Sequence[GivenLine]) -> RawLines:
    def column(texts: Sequence[str]) -> pa.Array:
        return pa.array(texts, pa.string())

    names = [column.name for column in PUBLISHED]
    headers = [BY_NAME[name].header or "" for name in names]
    cells = [column([line.texts.get(name, "") for line in lines]) for name in names]
    return RawLines(
        files=column([line.file for line in lines]),
        cities=column([line.city for line in lines]),
        cells=pa.table(cells, names=headers),
        lines=column([",".join(line.texts.get(name, "") for name in names) for line in lines]),
        line_numbers=np.array([line.line for line in lines], np.int64),
        rejoined=np.array([line.rejoined for line in lines], np.bool_),
        misfit=np.zeros(len(lines), np.bool_),
    )
