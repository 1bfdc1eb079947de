"""The members of a zip, held to what its table of contents declares."""

from __future__ import annotations

import codecs
import copy
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import BadZip, BrokenZip, HostileZip
from pshs_dagster.release_zip.suspicion import (
    DEAL_FILE,
    MIB,
    base_name,
    refuse_a_gigantic_directory,
    refuse_hostility,
    refuse_what_is_no_zip,
    shown,
)
from pshs_dagster.releases import Window, described_window

MAX_DESCRIPTION = 16 * 1024
"""Bytes of a description that are read; real ones have some 300."""

CHUNK = MIB
"""Bytes that are expanded at a time."""

_DESCRIPTIONS = ("build.ttt", "build_time.xml")
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,  # UnicodeDecodeError of a member's name too
    OverflowError,
    OSError,
)
"""What `zipfile` raises for bytes that are no sound zip."""


@dataclass(frozen=True)
class DealFile:
    """The pre-sale main file of one city."""

    name: str
    """Its name in the zip, without a folder."""
    letter: str
    """MOI's letter of the city, lower case; a key of `CITIES`."""
    data: bytes
    """The file as published."""


class ReleaseZip:
    """A zip that passed the checks which need no reading of members. Close it, or use it as a context."""

    def __init__(self, name: str, opened: zipfile.ZipFile) -> None:
        self.name = name
        self._zip = opened
        self._files = [info for info in opened.infolist() if not info.is_dir()]

    @classmethod
    def open(cls, path: Path, *, name: str | None = None) -> Self:
        """The zip at `path`, after a look at its table of contents; messages call it `name`.

        Raises NotAZip, BrokenZip (cut off, encrypted, unsupported compression) and HostileZip.
        """
        name = name or path.name
        refuse_what_is_no_zip(path, name)
        refuse_a_gigantic_directory(path, name)
        try:
            opened = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise BrokenZip(f"{name} is cut off or damaged ({_words(error)}): fetch it again.") from error
        try:
            refuse_hostility(name, opened.infolist())
        except BaseException:
            opened.close()
            raise
        return cls(name, opened)

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the files in the zip, with their folders, in the zip's order."""
        return tuple(info.filename for info in self._files)

    def verify(self) -> None:
        """Read every member against its size and checksum.

        Raises BrokenZip naming the first member that differs, HostileZip for one that holds more than it declares.
        """
        for info in self._files:
            for _ in self._chunks(info):
                pass

    def deal_files(self) -> Iterator[DealFile]:
        """The pre-sale main files in the order of their letters, one in memory at a time.

        Raises BadZip at once for a letter that is no city we know; BrokenZip or HostileZip while reading.
        """
        found: list[tuple[str, zipfile.ZipInfo]] = []
        for info in self._files:
            if match := DEAL_FILE.fullmatch(base_name(info)):
                letter = match[1].lower()
                if letter not in CITIES:
                    raise BadZip(
                        f"{self.name} holds {shown(info.filename)}, but no city has the letter '{letter}': "
                        "if MOI added a city, add it to the table of cities."
                    )
                found.append((letter, info))
        found.sort(key=lambda each: each[0])
        return (DealFile(base_name(info), letter, b"".join(self._chunks(info))) for letter, info in found)

    def files(self, names: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each file whose name, without its folder, is one of `names`, one in memory at a time.

        Raises BrokenZip or HostileZip while reading.
        """
        return (
            (info.filename, b"".join(self._chunks(info))) for info in self._files if names.fullmatch(base_name(info))
        )

    def description(self) -> str | None:
        """What the zip says that it contains, as plain text of MOI's; None where it says nothing."""
        for name in _DESCRIPTIONS:
            for info in self._files:
                if base_name(info).lower() == name and (text := self._text(info)):
                    return text
        return None

    def described_window(self) -> Window | None:
        """The pre-sale window that the zip's own description names; None where it names none."""
        text = self.description()
        return described_window(text) if text else None

    def _text(self, info: zipfile.ZipInfo) -> str:
        if info.file_size > MAX_DESCRIPTION:
            return ""
        text = _decoded(b"".join(self._chunks(info)))
        # Tags are cut out rather than parsed, so that no entity is ever resolved.
        return " ".join(_TAG.sub(" ", _CDATA.sub(r"\1", text)).split())

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of a member; raises unless they are exactly as many as declared, with the right checksum."""
        # Asked for the declared size, zipfile stops there and never tells that more follows; so ask for more.
        generous = copy.copy(info)
        generous.file_size = info.file_size + 2 * CHUNK
        done = 0
        try:
            with self._zip.open(generous) as member:
                while chunk := member.read(CHUNK):
                    done += len(chunk)
                    if done > info.file_size:
                        raise HostileZip(
                            f"{self.name} is not used: {shown(info.filename)} expands to more "
                            f"than the {info.file_size:,} bytes that it declares."
                        )
                    yield chunk
        except _DAMAGE as error:
            raise self._broken(info, _words(error)) from error
        if done != info.file_size:
            raise self._broken(info, f"{done:,} bytes instead of {info.file_size:,}")

    def _broken(self, info: zipfile.ZipInfo, why: str) -> BrokenZip:
        return BrokenZip(f"{self.name} is damaged at {shown(info.filename)} ({why}): fetch it again.")


def _decoded(data: bytes) -> str:
    """MOI writes Big5 (cp950) or UTF-8; Chinese in Big5 is hardly ever valid UTF-8, so trying settles it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp950", errors="replace")


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:160] + "…"
