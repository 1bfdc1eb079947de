"""An independent reading of the sandbox's bytes, as a stranger would do it; shared by its tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from pshs_dagster.releases import Release, Window

DATE, PRICE, SERIAL, NAME, UNIT, TERMINATION = 7, 21, 27, 28, 29, 30


def files_in(content: bytes) -> dict[str, bytes]:
    """The files of a zip, by their names in lower case; fails where a checksum is wrong."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.lower(): archive.read(name) for name in archive.namelist()}


def lines_of(content: bytes) -> list[str]:
    """The physical lines of a CSV, header and English row included."""
    text = content.decode()
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return text.lstrip("\ufeff").removesuffix("\r\n").split("\r\n")


def deals_in(files: Mapping[str, bytes]) -> list[tuple[str, list[str]]]:
    """City and fields of every deal of a release."""
    return [
        (name[0].lower(), line.split(","))
        for name, content in files.items()
        if name.lower().endswith("_lvr_land_b.csv")
        for line in lines_of(content)[2:]
    ]


def by_serial(files: Mapping[str, bytes]) -> dict[tuple[str, str], list[str]]:
    """The fields of every deal, by city and serial."""
    return {(city, fields[SERIAL]): fields for city, fields in deals_in(files)}


def stray_dates(files: Mapping[str, bytes], release: Release) -> int:
    """Deals whose trade date, as written, lies outside the release's window."""
    window: Window = release.window
    low, high = (f"{day.year - 1911}{day:%m%d}" for day in (window.first, window.last))
    return sum(not low <= fields[DATE] <= high for _, fields in deals_in(files))
