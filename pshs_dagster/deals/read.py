"""Bytes of one CSV of MOI → raw text by columns, with every physical line accounted for.

Here lives what is known of the files as files: encodings, line ends, headings. How lines become cells stands in
`cells.py`. What a field means is not judged here (`parse.py`, `rules.py`), and nothing is opened: bytes come in.

MOI quotes nothing and escapes nothing since it re-issued its files, so a quotation mark is a character like
any other and a comma always separates. A reader that honours quotes swallows lines by the thousand. Only the
files of 2012–2016 as then published are quoted, and are read so line by line: a quote never spans lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pshs_dagster.deals.cells import Cells, Mask, gathered, split
from pshs_dagster.deals.columns import CITIES, HEADER_ALIASES, PUBLISHED, STANDARD_HEADERS
from pshs_dagster.errors import UnreadableFile

BOM = b"\xef\xbb\xbf"

OLD_ENCODING = "cp950"
"""What MOI wrote in before it turned to UTF-8: Big5 as Windows has it."""

REQUIRED_HEADERS = STANDARD_HEADERS[:28]
"""Every file has these; the later ones came with 110S3 (建案名稱), 棟及號 soon after, 解約情形 with 112S3."""

BLANK = r"^[ \t\r\x0b\x0c]*$"
"""White space as Python's bytes know it, so that the count from the bytes agrees."""


@dataclass(frozen=True)
class RawFile:
    """One CSV as text. `cells` has a row for each data line, in the file's order, a column for each heading."""

    name: str
    city: str
    cells: Cells
    lines: pa.Array
    """The data lines as published, without line ends."""
    line_numbers: npt.NDArray[np.int64]
    """Physical line of each, the header being 1."""
    rejoined: Mask
    """Lines that had surplus commas and were put right."""
    misfit: Mask
    """Lines whose field count cannot be put right; their cells are what stands at each position."""
    blank_lines: int
    """Lines of nothing but white space; they hold no data and are not counted as data lines."""

    @property
    def data_lines(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class RawLines:
    """The data lines of all CSVs of a release as text, file after file; of the columns those that we keep."""

    files: pa.Array
    cities: pa.Array
    cells: pa.Table
    lines: pa.Array
    line_numbers: npt.NDArray[np.int64]
    rejoined: Mask
    misfit: Mask

    def __len__(self) -> int:
        return len(self.lines)


def gather(raws: Sequence[RawFile]) -> RawLines:
    """The lines of several CSVs as one: columns are parsed at once, and few lines cost what many do.

    A column that files of a year do not have is blank for their lines.
    """
    headers = [column.header for column in PUBLISHED if column.header]
    return RawLines(
        files=_repeated([(raw.name, raw.data_lines) for raw in raws]),
        cities=_repeated([(raw.city, raw.data_lines) for raw in raws]),
        cells=gathered([raw.cells for raw in raws], headers),
        lines=_joined([raw.lines for raw in raws]),
        line_numbers=np.concatenate([np.array([], np.int64), *(raw.line_numbers for raw in raws)]),
        rejoined=np.concatenate([np.array([], np.bool_), *(raw.rejoined for raw in raws)]),
        misfit=np.concatenate([np.array([], np.bool_), *(raw.misfit for raw in raws)]),
    )


def read_file(name: str, letter: str, data: bytes) -> RawFile:
    """Read one pre-sale CSV. `letter` is MOI's letter of the city, lower case.

    Raises UnreadableFile where the city or the heading is none of MOI's.
    """
    if letter not in CITIES:
        raise UnreadableFile(f"{name}: '{letter}' is no city of MOI's; known letters are {', '.join(CITIES)}.")
    text, is_old = _decode(data)
    physical = _physical_lines(text)
    quoted = is_old or _is_quoted(physical, text)
    headers = _headers(name, physical)
    numbers = np.arange(1, len(physical) + 1)
    is_data = np.asarray(pc.invert(pc.match_substring_regex(physical, BLANK)))
    blank_lines = int((~is_data[1:]).sum())
    is_data[0] = False
    if len(physical) > 1 and _is_english_heading(physical[1].as_py()):
        is_data[1] = False
    lines = physical.filter(pa.array(is_data))
    cells, rejoined, misfit = split(lines, headers, quoted)
    return RawFile(name, CITIES[letter], cells, lines, numbers[is_data], rejoined, misfit, blank_lines)


def count_data_lines(data: bytes) -> int:
    """Data lines of a CSV, counted from the bytes alone: an independent witness for `read_file`.

    Everything between line feeds that is not blank counts, but for the heading and MOI's English row.
    """
    lines = [line for line in data.removeprefix(BOM).split(b"\n") if line.strip()]
    english = len(lines) > 1 and b"serial number" in lines[1].lower()
    return max(0, len(lines) - 1 - english)


def _joined(arrays: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(arrays) if arrays else pa.array([], pa.string())


def _repeated(texts: Sequence[tuple[str, int]]) -> pa.Array:
    """Each text as often as told."""
    return _joined([pa.repeat(pa.scalar(text, pa.string()), count) for text, count in texts])


def _decode(data: bytes) -> tuple[str, bool]:
    """The text, and whether it is in the encoding that MOI gave up; what cannot be decoded becomes U+FFFD."""
    if data.startswith(BOM):
        return data[len(BOM) :].decode("utf-8", errors="replace"), False
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return data.decode(OLD_ENCODING, errors="replace"), True


def _physical_lines(text: str) -> pa.Array:
    """Lines end with a line feed and with nothing else: not at 0x0B, 0x85 or U+2028, as `splitlines` has it."""
    lines = pc.split_pattern(pa.array([text], pa.string()), "\n").flatten()
    if len(lines) > 1 and text.endswith("\n"):
        lines = lines.slice(0, len(lines) - 1)
    return pc.ascii_rtrim(lines, characters="\r") if "\r" in text else lines


def _is_quoted(lines: pa.Array, text: str) -> bool:
    """Whether at least half of the lines have several quotes beside commas, as only the oldest files do."""
    sample = lines.slice(1, 1000)
    if text.count('"') < 2 * len(sample):
        return False  # not even half of them can have four
    quotes = np.asarray(pc.count_substring(sample, '"'))
    beside = np.asarray(pc.match_substring_regex(sample, r'(^|,)"|"(,|$)'))
    return len(sample) > 0 and bool(np.mean(beside & (quotes >= 4)) >= 0.5)


def _headers(name: str, lines: pa.Array) -> tuple[str, ...]:
    first = lines[0].as_py().lstrip("\ufeff")
    found: list[str] = [cell.strip().strip('"').strip() for cell in first.split(",")]
    headers = tuple(HEADER_ALIASES.get(cell, cell) for cell in found)
    missing = [header for header in REQUIRED_HEADERS if header not in headers]
    if missing or len(set(headers)) != len(headers):
        what = f"lacks {'、'.join(missing[:5])}" if missing else "names a column twice"
        raise UnreadableFile(
            f"{name}: the heading {what}, so the file cannot be read; compare its first line with columns.py "
            "and add MOI's new name there as an alias."
        )
    return headers


def _is_english_heading(line: str) -> bool:
    """MOI's second row repeats the headings in English; a deal always has Chinese in it."""
    return line.isascii() and "serial number" in line.lower()
