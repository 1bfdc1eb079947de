"""Releases as bytes: the files of a release, and the zip around them, as MOI would serve them on a day.

Pure functions; benchmarks call them without HTTP. Broken zips belong to `faults.py`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import details, history, layouts
from pshs_dagster.sandbox.draw import Texts, keys, unit

BOM = "\ufeff"
END = "\r\n"

HIGHEST_SCALE = 50.0
"""Beyond it the running numbers within the serials could need more than four digits."""

UPPER_CASE = 0.1
"""Releases whose files are named in upper case, `F_lvr_land_B.csv`."""

DOUBLE_BOM = 0.1
"""Files of issues that begin with two byte order marks: one of the eight of 2022."""

_LEVEL = 6
"""Of compression; what zip programs use unless told otherwise."""


def release_zip(
    release: Release, *, today: date, seed: int = 1, scale: float = 1.0, cities: Collection[str] | None = None
) -> bytes:
    """The zip of a release as served on `today`. `cities` are letters, all unless given."""
    return zipped(release_files(release, today=today, seed=seed, scale=scale, cities=cities), _dated(release, today))


def release_files(
    release: Release, *, today: date, seed: int = 1, scale: float = 1.0, cities: Collection[str] | None = None
) -> dict[str, bytes]:
    """The files in the zip of a release, in its order. Raises SettingsError for a scale or city that cannot be."""
    check_settings(scale, cities)
    frame = history.deals_of(release, today=today, seed=seed, scale=scale)
    if cities is not None:
        frame = frame[frame["_city"].isin([letter.lower() for letter in cities])].reset_index(drop=True)
    era = layouts.era_of(release, today)
    tables = [
        _Table("", era.headers, layouts.ENGLISH_ROW[: era.columns], _main_lines(frame, era), frame["_city"].to_numpy()),
        _Table(
            "_land",
            era.land_headers,
            layouts.LAND_ENGLISH[: era.land_columns],
            details.land_lines(frame, era),
            details.owners(frame, "_parcels"),
        ),
        _Table(
            "_park",
            layouts.PARK_HEADERS[: era.park_columns],
            layouts.PARK_ENGLISH[: era.park_columns],
            details.park_lines(frame, era),
            details.owners(frame, "_spaces"),
        ),
    ]
    files: dict[str, bytes] = {}
    manifest: list[tuple[str, ...]] = [("name", "schema", "description")]
    for letter in CITIES:
        for table in tables:
            lines = table.lines_of(letter)
            if lines:
                files[file_name(release, letter, table.suffix, seed)] = _csv(
                    [",".join(table.header), ",".join(table.english), *lines],
                    doubled=release.is_issue
                    and not table.suffix
                    and _chance(seed, f"BOM {release} {letter}", DOUBLE_BOM),
                )
                manifest.append(layouts.manifest_row(letter, table.suffix))
    files["manifest.csv"] = _csv([",".join(row) for row in manifest])
    for name, titles in layouts.schemas(era, release).items():
        files[name] = _csv(["name,title", *(f"{title},{title}" for title in titles)])
    files.update(_own_words(release, era))
    return files


def check_settings(scale: float, cities: Collection[str] | None) -> None:
    """Raises SettingsError for a scale that cannot be made up or a letter of no city."""
    if not 0 < scale <= HIGHEST_SCALE:
        raise SettingsError(f"A scale of {scale} cannot be made up: choose one above 0 and up to {HIGHEST_SCALE:g}.")
    for letter in cities or ():
        if letter.lower() not in CITIES:
            raise SettingsError(f"'{letter}' is no letter of a city: take some of {' '.join(CITIES)}.")


def file_name(release: Release, letter: str, suffix: str, seed: int) -> str:
    """The name of a file within the zip: in some releases partly in upper case."""
    if _chance(seed, f"case {release}", UPPER_CASE):
        return f"{letter.upper()}_lvr_land_B{suffix}.csv"
    return f"{letter}_lvr_land_b{suffix}.csv"


def zipped(files: Mapping[str, bytes], dated: date) -> bytes:
    """A zip of these files, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (dated.year, dated.month, dated.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


class _Table:
    """The lines of one kind of file, of all cities in order."""

    def __init__(
        self, suffix: str, header: Sequence[str], english: Sequence[str], lines: list[str], city: Texts
    ) -> None:
        self.suffix, self.header, self.english = suffix, header, english
        self._lines, self._city = lines, city.astype("U1")

    def lines_of(self, letter: str) -> list[str]:
        first, after = np.searchsorted(self._city, [letter, chr(ord(letter) + 1)])
        return self._lines[first:after]


def _main_lines(frame: pd.DataFrame, era: layouts.Era) -> list[str]:
    columns = [frame[header].to_numpy(dtype=object) for header in layouts.STANDARD_HEADERS[: era.columns]]
    if era.columns == layouts.BASE_COLUMNS:
        # Without a column for it, people wrote the unit into the address.
        place = columns[2]
        parcel = frame["土地位置建物門牌"].str.contains("地號", regex=False).to_numpy(dtype=bool)
        columns[2] = np.where(parcel, place, place + frame["_spot"].to_numpy(dtype=object))
    return details.joined(columns)


def _csv(lines: list[str], *, doubled: bool = False) -> bytes:
    return ((BOM * 2 if doubled else BOM) + END.join(lines) + END).encode()


def _own_words(release: Release, era: layouts.Era) -> dict[str, bytes]:
    words = layouts.description(release)
    if not era.xml:
        return {"build.ttt": words.encode("big5")}
    xml = f'<?xml version="1.0" encoding="UTF-8"?>{END}<lvr><lvr_time>{words}</lvr_time></lvr>{END}'
    return {"build_time.xml": xml.encode()}


def _chance(seed: int, name: str, share: float) -> bool:
    return bool(unit(keys(seed, name, 1), "chance")[0] < share)


def _dated(release: Release, today: date) -> date:
    return release.published_on if release.is_issue else today
