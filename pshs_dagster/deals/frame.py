"""The CSVs of one release → one frame in which every data line stands, sound or rejected.

This is where the rooms of `deals/` come together: read, parse, judge. What only shows where all lines of a
release stand together, a serial that repeats, is judged here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pshs_dagster.deals.cells import Mask
from pshs_dagster.deals.columns import COLUMNS
from pshs_dagster.deals.parse import as_arrow, as_text, parse_lines
from pshs_dagster.deals.read import RawFile, RawLines, count_data_lines, gather, read_file
from pshs_dagster.deals.rules import SERIAL_REPEATED, Context, judge
from pshs_dagster.releases import Release

OWN_COLUMNS = ("file", "reasons", "raw", "published")
"""What the frame has beside COLUMNS: the CSV's name, and for rejected lines why, the line as published, and its
fields by MOI's headings as JSON; these three are blank for sound lines."""

SERIAL_WITHIN = r"(?P<serial>[0-9A-Z]{19})"
"""A serial somewhere in a line whose fields have shifted."""


class CsvFile(Protocol):
    """One pre-sale CSV of a release."""

    @property
    def name(self) -> str: ...
    @property
    def letter(self) -> str: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True)
class FileSummary:
    """What one CSV held. `data_lines` is counted from the bytes, apart from reading."""

    name: str
    city: str
    data_lines: int
    sound: int
    rejected: int
    blank_lines: int

    @property
    def adds_up(self) -> bool:
        return self.data_lines == self.sound + self.rejected


@dataclass(frozen=True)
class ParsedRelease:
    """Every line of a release. `lines` has OWN_COLUMNS and COLUMNS; rejected lines have `reasons`."""

    release: Release
    lines: pd.DataFrame
    files: tuple[FileSummary, ...]

    @property
    def deals(self) -> pd.DataFrame:
        """The sound lines."""
        return self.lines[self.lines["reasons"] == ""].reset_index(drop=True)

    @property
    def rejects(self) -> pd.DataFrame:
        """The rejected lines."""
        return self.lines[self.lines["reasons"] != ""].reset_index(drop=True)


def parse_release(release: Release, files: Iterable[CsvFile], known_on: date) -> ParsedRelease:
    """Read, parse and judge the CSVs of a release, whose knowledge is of the day `known_on`.

    Raises UnreadableFile where a file's heading or city is none of MOI's; never for what stands in a line.
    """
    context = Context(release.window, known_on)
    raws: list[RawFile] = []
    counted: list[int] = []
    for file in files:
        raws.append(read_file(file.name, file.letter, file.data))
        counted.append(count_data_lines(file.data))
    lines = _tell_rejects(_mark_repeated(_judged_lines(gather(raws), context)), raws)
    rejected = lines.loc[lines["reasons"] != "", "file"].value_counts()
    present = lines["file"].value_counts()
    summaries = tuple(
        FileSummary(
            raw.name,
            raw.city,
            data_lines,
            int(present.get(raw.name, 0)) - int(rejected.get(raw.name, 0)),
            int(rejected.get(raw.name, 0)),
            raw.blank_lines,
        )
        for raw, data_lines in zip(raws, counted, strict=True)
    )
    return ParsedRelease(release, lines, summaries)


def _judged_lines(raw: RawLines, context: Context) -> pd.DataFrame:
    parsed = parse_lines(raw)
    reasons, flags = judge(parsed, context)
    frame = parsed.values.assign(
        file=as_text(raw.files),
        flags=as_text(flags),
        reasons=as_text(reasons),
        raw=as_text(raw.lines),
        published=as_text(pa.repeat(pa.scalar("", pa.string()), len(raw))),
    )
    return frame[_frame_columns()]


def _mark_repeated(lines: pd.DataFrame) -> pd.DataFrame:
    """Reject serials that stand more than once in a release.

    Of lines that are the same to the letter the first is kept. Where they differ nobody knows which is
    right, so all of them go to a person.
    """
    key = ["city", "serial_number"]
    named = lines["serial_number"] != ""
    if not _any_twice(as_arrow(lines["city"]), as_arrow(lines["serial_number"])):
        return lines
    again = named & lines.duplicated([*key, "raw"])
    differing = named & ~again & lines[~again].duplicated(key, keep=False).reindex(lines.index, fill_value=False)
    repeated = (again | differing).to_numpy(dtype=np.bool_)
    if not repeated.any():
        return lines
    before = as_arrow(lines["reasons"])
    reason = f"{SERIAL_REPEATED}:serial_number"
    more = pc.if_else(pc.equal(before, ""), reason, pc.binary_join_element_wise(before, reason, ","))
    return lines.assign(reasons=as_text(pc.if_else(pa.array(repeated), more, before)))


def _tell_rejects(lines: pd.DataFrame, raws: Sequence[RawFile]) -> pd.DataFrame:
    """Give rejected lines what a person needs to correct them: the line, its fields by heading, its serial.

    Sound lines lose the line as published, which only told repeated serials apart.
    """
    rejected = pc.not_equal(as_arrow(lines["reasons"]), "")
    told = _published_fields(raws, np.asarray(rejected))
    raw, serial = as_arrow(lines["raw"]), as_arrow(lines["serial_number"])
    malformed = pc.and_(rejected, pc.match_substring(as_arrow(lines["reasons"]), "serial_malformed"))
    within = pc.fill_null(pc.extract_regex(raw.filter(malformed), SERIAL_WITHIN).field("serial"), "")
    return lines.assign(
        raw=as_text(pc.if_else(rejected, raw, "")),
        published=as_text(pc.replace_with_mask(as_arrow(lines["published"]), rejected, pa.array(told, pa.string()))),
        serial_number=as_text(pc.replace_with_mask(serial, malformed, within)),
    )


def _any_twice(cities: pa.Array, serials: pa.Array) -> bool:
    """Whether any serial stands more than once in its city."""
    named = pc.not_equal(serials, "")
    keys = pc.binary_join_element_wise(cities, serials, "").filter(named)
    return pc.count_distinct(keys).as_py() < len(keys)


def _published_fields(raws: Sequence[RawFile], rejected: Mask) -> list[str]:
    """The fields of the rejected lines by MOI's headings, each as JSON; lines stand file after file."""
    told: list[str] = []
    start = 0
    for raw in raws:
        mine = np.flatnonzero(rejected[start : start + raw.data_lines])
        if len(mine):
            told += [json.dumps(fields, ensure_ascii=False) for fields in raw.cells.records(mine)]
        start += raw.data_lines
    return told


def _frame_columns() -> list[str]:
    return [OWN_COLUMNS[0], *(column.name for column in COLUMNS), *OWN_COLUMNS[1:]]
