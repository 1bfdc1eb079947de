"""What goes wrong in life: faults that the sandbox plays, by name, for every release or for one.

A fault is written `name`, `name:argument`, `name@release` or both, such as `truncated@2026-07-01` or
`twice:f@115S2`. Here is what a fault does to files and bytes; what it does to answers stands in `server.py`.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pshs_dagster.deals.columns import CITIES, STANDARD_HEADERS
from pshs_dagster.errors import SettingsError, UnknownRelease
from pshs_dagster.releases import Release


class FaultName(StrEnum):
    LATE = "late"
    """The issue is not out yet; pages and downloads still give the one before."""
    HTML = "html"
    """MOI's page 系統訊息 with status 200 in the place of a file."""
    TRUNCATED = "truncated"
    """The zip ends in the middle."""
    BAD_CRC = "bad-crc"
    """A file in the zip is not what its checksum says."""
    STALL = "stall"
    """Half of the file is sent, then nothing more."""
    ERRORS = "errors"
    """The first requests of each path are answered 500; `errors:3` says how many."""
    MISSING_CITY = "missing-city"
    """A city has no file; `missing-city:f` says which."""
    NO_PROJECTS = "no-projects"
    """The list of registered projects is not there: MOI's page in its place."""
    TWICE = "twice"
    """One serial stands twice in a file, identical, another twice with two prices; `twice:f` says in which."""


DEFAULT_ERRORS = 2
"""Few enough for a client that retries at all."""

DEFAULT_CITY = "f"
"""New Taipei, which has deals in every issue."""

PRICE_RISE = 10_000
"""NTD between the two prices of a serial that stands twice."""

_WRITTEN = re.compile(r"(?P<name>[a-z-]+)(?::(?P<argument>\w+))?(?:@(?P<release>[\w-]+))?")
_MAIN_FILE = re.compile(r"([a-z])_lvr_land_b\.csv", re.IGNORECASE)
_PRICE = STANDARD_HEADERS.index("總價元")
_CRC_IN_LOCAL_HEADER = 14
"""Where the CRC stands in a zip's header of a file, in bytes from its start."""


@dataclass(frozen=True)
class Fault:
    """One fault. `release` None means every release."""

    name: FaultName
    city: str = DEFAULT_CITY
    count: int = DEFAULT_ERRORS
    release: Release | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The fault that `text` names. Raises SettingsError where it names none."""
        written = _WRITTEN.fullmatch(text.strip())
        if written is None or written["name"] not in list(FaultName):
            raise _unknown(text, "there is none of that name")
        name = FaultName(written["name"])
        fault = cls(name, release=_release(text, written["release"]))
        argument = written["argument"]
        return fault if argument is None else fault._with_argument(text, argument)

    def _with_argument(self, text: str, argument: str) -> Self:
        if self.name is FaultName.ERRORS:
            if not (argument.isascii() and argument.isdigit() and int(argument) > 0):
                raise _unknown(text, f"'{argument}' is no number of requests")
            return type(self)(self.name, count=int(argument), release=self.release)
        if self.name in (FaultName.MISSING_CITY, FaultName.TWICE):
            if argument.lower() not in CITIES:
                raise _unknown(text, f"'{argument}' is no letter of a city")
            return type(self)(self.name, city=argument.lower(), release=self.release)
        raise _unknown(text, f"{self.name} takes nothing after a colon")

    def strikes(self, release: Release | None) -> bool:
        """Whether the fault concerns a request for `release`; None is a page, which faults of one release spare."""
        return self.release is None or self.release == release

    def in_files(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files of a release with the fault in them."""
        if self.name is FaultName.MISSING_CITY:
            start = f"{self.city}_lvr_land_"
            return {name: content for name, content in files.items() if not name.lower().startswith(start)}
        if self.name is FaultName.TWICE:
            return {
                name: _doubled(content) if _is_main_file(name, self.city) else content
                for name, content in files.items()
            }
        return dict(files)

    def in_zip(self, content: bytes) -> bytes:
        """The bytes of a zip with the fault in them."""
        if self.name is FaultName.TRUNCATED:
            return content[: len(content) // 2]
        if self.name is FaultName.BAD_CRC:
            return _with_wrong_crc(content)
        return content

    def __str__(self) -> str:
        argument = ""
        if self.name is FaultName.ERRORS:
            argument = f":{self.count}"
        elif self.name in (FaultName.MISSING_CITY, FaultName.TWICE):
            argument = f":{self.city}"
        return f"{self.name}{argument}{f'@{self.release}' if self.release else ''}"


def _release(text: str, name: str | None) -> Release | None:
    try:
        return Release.parse(name) if name else None
    except UnknownRelease as error:
        raise _unknown(text, f"'{name}' is no release") from error


def _unknown(text: str, why: str) -> SettingsError:
    known = ", ".join(FaultName)
    return SettingsError(
        f"'{text}' is no fault of the sandbox, since {why}: take one of {known}, "
        "if you like with an argument and a release, such as errors:3, twice:f@115S2 or truncated@2026-07-01."
    )


def _is_main_file(name: str, city: str) -> bool:
    match = _MAIN_FILE.fullmatch(name)
    return match is not None and match[1].lower() == city


def _doubled(content: bytes) -> bytes:
    """The file with its first sound deal once more, and its second once more at another price."""
    lines = content.split(b"\r\n")
    width = lines[0].count(b",")
    sound = [line for line in lines[2:] if line.count(b",") == width]
    if not sound:
        return content
    dearer = sound[min(1, len(sound) - 1)].split(b",")
    dearer[_PRICE] = str(int(dearer[_PRICE]) + PRICE_RISE).encode()
    return content + sound[0] + b"\r\n" + b",".join(dearer) + b"\r\n"


def _with_wrong_crc(content: bytes) -> bytes:
    """The zip with the checksum of its first file changed in both places where a zip keeps it."""
    spoilt = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.infolist()[0]
        wrong = struct.pack("<I", entry.CRC ^ 0xFFFFFFFF)
        directory = content.index(b"PK\x01\x02", archive.start_dir)
    in_directory = directory + 16
    in_header = entry.header_offset + _CRC_IN_LOCAL_HEADER
    for place in (in_directory, in_header):
        spoilt[place : place + 4] = wrong
    return bytes(spoilt)
