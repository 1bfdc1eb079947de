"""Lines of a CSV → cells, and cells → columns. Commas, quotes, surplus fields; what a cell means is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

SERIAL_PATTERN = r"^[0-9A-Z]{19}$"
"""A serial is 19 capital letters and digits in every file of every year."""

FREE_TEXT_TAIL = ("棟及號", "建案名稱")
"""The columns behind the serial in which a comma is part of the text; surplus fields go to the first present."""

SEPARATOR = "\x1f"
"""Unit separator: stands for the comma between fields where a comma may also stand within quotes."""


@dataclass(frozen=True)
class Cells:
    """The cells of one CSV, a row for each data line. A column is brought together only when it is asked for."""

    headers: tuple[str, ...]
    flat: pa.Array
    """Every cell, one behind the other."""
    starts: Places
    """Where the first cell of each row stands."""
    strides: Places
    """How far behind one cell of the row the next one stands."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def column_names(self) -> list[str]:
        return list(self.headers)

    def places(self, header: str) -> Places:
        """Where the cells of a column stand in `flat`."""
        return self.starts + self.headers.index(header) * self.strides

    def __getitem__(self, header: str) -> pa.Array:
        return self.flat.take(pa.array(self.places(header)))

    def records(self, rows: npt.NDArray[Any]) -> list[dict[str, str]]:
        """Some rows, each by heading."""
        columns = [self.flat.take(pa.array(self.places(header)[rows])).to_pylist() for header in self.headers]
        return [dict(zip(self.headers, values, strict=True)) for values in zip(*columns, strict=True)]


def gathered(files: Sequence[Cells], headers: Sequence[str]) -> pa.Table:
    """The rows of several CSVs, one behind the other, under these headings; blank where a file has not the heading."""
    flat = pa.concat_arrays([pa.array([""], pa.string()), *(cells.flat for cells in files)])
    begins = 1 + np.concatenate([[0], np.cumsum([len(cells.flat) for cells in files])]).astype(np.int64)

    def column(header: str) -> pa.Array:
        places = [
            begin + cells.places(header) if header in cells.headers else np.zeros(len(cells), np.int64)
            for begin, cells in zip(begins, files, strict=False)
        ]
        return flat.take(pa.array(np.concatenate([np.empty(0, np.int64), *places])))

    return pa.table({header: column(header) for header in headers})


def split(lines: pa.Array, headers: tuple[str, ...], quoted: bool) -> tuple[Cells, Mask, Mask]:
    """Lines → their cells, the lines that were put right, the lines that cannot be."""
    separator = ","
    if quoted:
        lines, separator = _unquote(lines), SEPARATOR
    counts = np.asarray(pc.count_substring(lines, separator)).astype(np.int64) + 1
    flats = [pc.split_pattern(lines, separator).flatten()]
    starts, strides = np.cumsum(counts) - counts, np.ones(len(lines), np.int64)
    rejoined, misfit = np.zeros(len(lines), np.bool_), np.zeros(len(lines), np.bool_)
    end = len(flats[0])
    for count in np.unique(counts[counts != len(headers)]):
        rows = np.flatnonzero(counts == count)
        fields = [flats[0].take(pa.array(starts[rows] + i)) for i in range(count)]
        fitted, fits = _fit(fields, headers)
        rejoined[rows] = fits & (count > len(headers))
        misfit[rows] = ~fits
        # Column by column, so that the next cell of a row is as far away as there are rows.
        flats += fitted
        starts[rows], strides[rows] = end + np.arange(len(rows)), len(rows)
        end += len(rows) * len(headers)
    return Cells(headers, pa.concat_arrays(flats), starts, strides), rejoined, misfit


def _fit(fields: list[pa.Array], headers: tuple[str, ...]) -> tuple[list[pa.Array], Mask]:
    """Fields of lines with one field count → one array a heading, and for which lines that is right.

    Surplus fields are commas of the free text behind the serial, where the serial stands in its place.
    Where it does not, and where fields are missing, each heading gets what stands at its position.
    """
    rows, surplus = len(fields[0]), len(fields) - len(headers)
    if surplus < 0:
        return [*fields, *([pa.array([""] * rows, pa.string())] * -surplus)], np.zeros(rows, dtype=np.bool_)
    tail = next((header for header in FREE_TEXT_TAIL if header in headers), None)
    if tail is None:
        return fields[: len(headers)], np.zeros(rows, dtype=np.bool_)
    at = headers.index(tail)
    fits = pc.match_substring_regex(fields[headers.index("編號")], SERIAL_PATTERN)
    joined = pc.binary_join_element_wise(*fields[at : at + surplus + 1], ",")
    put_right = [*fields[:at], joined, *fields[at + surplus + 1 :]]
    fitted = [pc.if_else(fits, right, fields[i]) for i, right in enumerate(put_right)]
    return fitted, np.asarray(fits)


def _unquote(lines: pa.Array) -> pa.Array:
    """Commas outside quotes become separators, quotes around a field go, doubled quotes become one."""
    # A comma behind each line makes every field end with one, so that the last is found like the others.
    closed = pc.binary_join_element_wise(lines, ",", "")
    # What is no well-formed quoted field is taken as it stands: a lone quote stays a character of its field.
    marked = pc.replace_substring_regex(closed, r'"((?:[^"]|"")*)",|([^,]*),', rf"\1\2{SEPARATOR}")
    undoubled = pc.replace_substring(marked, '""', '"')
    return pc.replace_substring_regex(undoubled, f"{SEPARATOR}$", "")
