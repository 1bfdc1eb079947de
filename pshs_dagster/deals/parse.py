"""Raw text by columns → typed values, with every cell that is not of its column's type marked.

Here text becomes text without control characters, numbers, days and digits. Whether a value is acceptable
is judged in `rules.py`; how lines become fields is known in `read.py`.

Areas in m², prices in NTD; ROC dates become days, which are days in Asia/Taipei.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pshs_dagster.deals.cells import Mask
from pshs_dagster.deals.columns import COLUMNS, PUBLISHED, ColumnType
from pshs_dagster.deals.districts import district_of, normalise_district
from pshs_dagster.deals.read import RawLines
from pshs_dagster.releases import ROC_OFFSET

Days = npt.NDArray[np.datetime64]

CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
"""Unicode's category Cc; U+2028 and the like are text."""

ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
"""Only with its semicolon: names such as `樂活26街&大學路` are no entities."""

_CONTROL, _ENTITY = re.compile(CONTROL.replace(r"\x{9f}", r"\x9f")), re.compile(ENTITY)
"""The same for Python, which spells a code point in another way."""

_BEGINS_DIRT = np.zeros(256, np.bool_)
"""Bytes that CONTROL or ENTITY may begin with in UTF-8; 0xC2 leads U+0080 to U+00BF."""
_BEGINS_DIRT[[*range(0x20), 0x26, 0x7F, 0xC2]] = True

INTEGER = r"^-?[0-9]{1,18}(\.0+)?$"
"""Eighteen digits fit a BIGINT; MOI writes prices as integers."""

DECIMAL = r"^-?[0-9]{1,15}(\.[0-9]+)?$"
"""Fifteen digits is what a double holds exactly."""

DIGIT = r"^0*[0-9]$"

ROC_DAY = r"^[0-9]{6,7}$"
"""`1110713`, and `991113` before year 100."""

TERMINATION_DAY = re.compile(r"(?<!\d)(\d{6,7})(?!\d)|(?<!\d)(\d{2,3})年(\d{1,2})月(\d{1,2})日")
"""A day before or behind the words, as `1121113全部解約` or `112年11月13日`."""

FIRST_NS, LAST_NS = np.datetime64("1678-01-01"), np.datetime64("2262-01-01")
"""What pandas' nanoseconds can hold; days outside are rejected anyway."""


@dataclass(frozen=True)
class ParsedLines:
    """Lines as typed values, row for row as in `raw`."""

    raw: RawLines
    values: pd.DataFrame
    """A column for each of COLUMNS but `flags`; where a cell is unparsed, its value is blank."""
    days: Days
    """Trade days as numpy days, NaT where there is none; unlike the frame's they hold any year."""
    unparsed: Mapping[str, Mask]
    """By column: the cells that are not of the column's type."""
    cleaned: Mask
    """Lines in which control characters were dropped or HTML entities decoded."""
    district_recovered: Mask
    """Lines whose blank district was read from the address."""


def parse_lines(raw: RawLines) -> ParsedLines:
    """Type every published column. Never fails on a value: see `unparsed`."""
    texts, cleaned = _clean_texts(raw)
    days, no_day = parse_roc_days(texts["transaction_date"])
    district, recovered = _districts(texts["district"], texts["location"], raw.cities)
    values: dict[str, object] = {}
    unparsed: dict[str, Mask] = {"transaction_date": no_day}
    for column in PUBLISHED:
        if parser := _PARSERS.get(column.type):
            values[column.name], unparsed[column.name] = parser(texts[column.name])
        else:
            values[column.name] = as_text(texts[column.name])
    values["transaction_date"] = _nanoseconds(days)
    values["district"] = as_text(district)
    values["city"] = as_text(raw.cities)
    values["cancelled_on"] = _nanoseconds(first_cancellation(texts["termination"]))
    values["source_line"] = raw.line_numbers
    names = [column.name for column in COLUMNS if column.name in values]
    frame = pd.DataFrame({name: values[name] for name in names})
    return ParsedLines(raw, frame, days, unparsed, cleaned, recovered)


def as_text(array: pa.Array | pa.ChunkedArray) -> pd.Series:
    """An Arrow array → a pandas column of the same strings, without a copy into Python objects."""
    chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    return pd.Series(pd.arrays.ArrowStringArray(chunked.cast(pa.large_string())))


def as_arrow(text: pd.Series) -> pa.Array:
    """A pandas column of strings → one Arrow array."""
    array = pa.array(text)
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return array.cast(pa.string())  # Arrow's functions do not mix it with the large strings of pandas


def parse_integers(text: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Whole numbers, blank being 0 → values, and which cells are no such number (their value is 0)."""
    digits, bad = _numeric(text, INTEGER)
    whole = pc.replace_substring_regex(digits, r"\.0+$", "")
    return np.asarray(whole.cast(pa.int64())), bad


def parse_decimals(text: pa.Array) -> tuple[npt.NDArray[np.float64], Mask]:
    """Decimals, blank being 0 → values, and which cells are no such number (their value is 0)."""
    digits, bad = _numeric(text, DECIMAL)
    return np.asarray(digits.cast(pa.float64())), bad


def parse_digits(text: pa.Array) -> tuple[pd.Series, Mask]:
    """A number from 0 to 9, blank being 0 → one digit as text, and which cells are no such number."""
    digits, bad = _numeric(text, DIGIT)
    return as_text(pc.utf8_slice_codeunits(digits, start=-1)), bad


def parse_roc_days(text: pa.Array) -> tuple[Days, Mask]:
    """`1110713` → 2022-07-13 → days with NaT, and which cells are no day of the calendar."""
    stripped = pc.utf8_trim_whitespace(text)
    shaped = np.asarray(pc.match_substring_regex(stripped, ROC_DAY))
    number = np.asarray(pc.if_else(pa.array(shaped), stripped, "0").cast(pa.int64()))
    days, exists = days_of(number // 10000, number // 100 % 100, number % 100)
    exists &= shaped
    days[~exists] = np.datetime64("NaT")
    return days, ~exists


def days_of(
    roc_year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> tuple[Days, Mask]:
    """Years of the Republic of China, months, days → days, and which of them the calendar has."""
    year = roc_year + ROC_OFFSET
    exists = (roc_year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = ((year - 1970) * 12 + np.where(exists, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(exists, day - 1, 0)
    exists &= days.astype("datetime64[M]") == months  # 31 April would be in May
    return days, exists


def first_cancellation(text: pa.Array) -> Days:
    """The first day that stands in each 解約情形, NaT where none does."""
    days = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[D]")
    rows = np.flatnonzero(np.asarray(pc.not_equal(text, "")))
    if len(rows) == 0:
        return days
    told = pd.Series(text.take(pa.array(rows)).to_pylist(), index=rows, dtype=object)
    found = told.str.extractall(TERMINATION_DAY)
    digits = found[0].fillna(found[1] + found[2].str.zfill(2) + found[3].str.zfill(2))
    each, bad = parse_roc_days(pa.array(digits, pa.string()))
    first = pd.Series(each, index=found.index.get_level_values(0))[~bad].groupby(level=0).first()
    days[first.index.to_numpy(dtype=np.intp)] = first.to_numpy().astype("datetime64[D]")
    return days


def _numeric(text: pa.Array, pattern: str) -> tuple[pa.Array, Mask]:
    stripped = pc.utf8_trim_whitespace(text)
    blank = pc.equal(stripped, "")
    good = pc.match_substring_regex(stripped, pattern)
    return pc.if_else(good, stripped, "0"), np.asarray(pc.invert(pc.or_(good, blank)))


_PARSERS: Mapping[ColumnType, Callable[[pa.Array], tuple[object, Mask]]] = {
    ColumnType.INTEGER: parse_integers,
    ColumnType.DECIMAL: parse_decimals,
    ColumnType.DIGIT: parse_digits,
}


def _clean_texts(raw: RawLines) -> tuple[dict[str, pa.Array], Mask]:
    """The published columns without control characters and entities, and the lines where that changed something."""
    texts = {column.name: raw.cells[column.header or ""].chunk(0) for column in PUBLISHED}
    changed = np.zeros(len(raw), dtype=np.bool_)
    rows = _dirty(raw.lines)
    if len(rows) == 0:
        return texts, changed
    dirty = np.zeros(len(raw), dtype=np.bool_)
    dirty[rows] = True
    for name, text in texts.items():
        before: list[str] = text.take(pa.array(rows)).to_pylist()
        after = [_cleaned(each) for each in before]
        if before == after:
            continue
        changed[rows] |= np.array([one != other for one, other in zip(before, after, strict=True)])
        texts[name] = pc.replace_with_mask(text, pa.array(dirty), pa.array(after, pa.string()))
    return texts, changed


def _cleaned(text: str) -> str:
    return _CONTROL.sub("", _ENTITY.sub(lambda match: html.unescape(match[0]), text))


def _dirty(lines: pa.Array) -> npt.NDArray[np.intp]:
    """The lines with a control character or an entity."""
    # The pattern is costly, so only lines with a byte that such a thing begins with are held against it.
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    content = np.frombuffer(lines.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    at = np.flatnonzero(_BEGINS_DIRT[content]) + offsets[0]
    rows = np.unique(np.searchsorted(offsets, at, side="right") - 1)
    found = pc.match_substring_regex(lines.take(pa.array(rows)), f"{CONTROL}|{ENTITY}")
    return rows[np.asarray(found)]


def _districts(district: pa.Array, location: pa.Array, cities: pa.Array) -> tuple[pa.Array, Mask]:
    """Districts as they should be written; a blank one is read from the address, if it stands there."""
    normal = normalise_district(district)
    blank = pc.equal(normal, "")
    found = normal
    for city in pc.unique(cities.filter(blank)).to_pylist():
        of_city = pc.and_(blank, pc.equal(cities, city))
        found = pc.replace_with_mask(found, of_city, district_of(location.filter(of_city), city))
    return found, np.asarray(pc.not_equal(found, normal))


def _nanoseconds(days: Days) -> npt.NDArray[np.datetime64]:
    held = np.where((days >= FIRST_NS) & (days < LAST_NS), days, np.datetime64("NaT"))
    return held.astype("datetime64[ns]")
