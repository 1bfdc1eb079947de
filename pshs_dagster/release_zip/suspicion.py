"""What is refused before a member of a zip is read, with the limits and their reasons.

Only names, sizes and flags are judged here, as the zip declares them; `contents` holds it to its word.
"""

from __future__ import annotations

import codecs
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pshs_dagster.errors import BrokenZip, HostileZip, NotAZip

MIB = 2**20

MAX_MEMBERS = 5_000
"""22 cities, 11 tables and three formats make some 730 files in a release; room for several times that."""

MAX_DIRECTORY = 2 * MIB
"""Bytes of the table of contents, which is read into memory whole: 5,000 members need a quarter of it."""

MAX_EXPANDED = 6 * 1024 * MIB
"""All members together. Seasons have been seen to weigh 110 MB, and XML expands 20 to 30 times."""

MAX_MEMBER = 1024 * MIB
"""One member with a name of MOI's. The sales of one city in a season, as XML, are the largest."""

MAX_DEAL_FILE = 128 * MIB
"""A pre-sale CSV, which is read into memory whole. The largest seen has 5 MB, the largest CSV of all some 30 MB."""

MAX_UNKNOWN = 16 * MIB
"""A member whose name says nothing to us: MOI may add a read-me, hardly more."""

MAX_RATIO = 200
"""Times that a member may expand. MOI's CSVs expand 5 to 13 times, XML some 30; bombs up to 1,032."""

RATIO_FREE = 4 * MIB
"""Below this size a ratio proves nothing: a small file of blanks is no bomb."""

DEAL_FILE = re.compile(r"([a-z])_lvr_land_b\.csv", re.IGNORECASE)
"""The pre-sale main file of a city; the group is the city's letter."""

_KNOWN = re.compile(
    r"[a-z]_lvr_land_[abc](_(build|land|park))?\.(csv|txt|xml|xls|xlsx|ods)"
    r"|(manifest|schema[-\w]*)\.(csv|txt|xml)|build\.ttt|build_time\.xml",
    re.IGNORECASE,
)
_END_OF_DIRECTORY = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _COMMENT_SIZE = 22, 20, 0xFFFF
_PLAIN_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40


def refuse_what_is_no_zip(path: Path, zip_name: str) -> None:
    """Raise NotAZip unless the file begins as zips do."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK"):
        return
    if not head:
        raise NotAZip(f"{zip_name} is empty, no zip: fetch it again.")
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise NotAZip(f"{zip_name} is a web page, no zip: MOI answers so for a release that it does not have.")
    raise NotAZip(f"{zip_name} is no zip: it does not begin with PK. Fetch it again.")


def refuse_a_gigantic_directory(path: Path, zip_name: str) -> None:
    """Look at the end of the zip before `zipfile` reads the whole table of contents into memory.

    Raises BrokenZip where the end is missing, HostileZip where the table is larger than MAX_DIRECTORY.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _COMMENT_SIZE - _END_SIZE - _LOCATOR_SIZE))
        tail = file.read()
    if (end := tail.rfind(_END_OF_DIRECTORY)) < 0 or len(tail) - end < _END_SIZE:
        raise BrokenZip(f"{zip_name} is cut off: its end is missing. Fetch it again.")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    # The 64-bit form, which would overrule that number, is only for zips far beyond our limits.
    if directory > MAX_DIRECTORY or tail[max(0, end - _LOCATOR_SIZE) : end].startswith(_ZIP64_LOCATOR):
        raise HostileZip(f"{zip_name} is not used: its table of contents is larger than any release needs.")


def refuse_hostility(zip_name: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Judge the table of contents. Raises HostileZip, or BrokenZip where nothing can be read."""
    files = [info for info in infos if not info.is_dir()]
    if not files:
        raise BrokenZip(f"{zip_name} is a zip that holds no file: fetch it again.")
    if why := _too_many(infos) or _bad_name(infos) or _twins(files) or _too_large(files):
        raise HostileZip(f"{zip_name} is not used: {why}. If MOI made it so, its limits need another look.")
    for info in files:
        if info.flag_bits & _ENCRYPTED:
            raise BrokenZip(f"{zip_name} cannot be read: {shown(info.filename)} is encrypted. Fetch it again.")
        if info.compress_type not in _PLAIN_COMPRESSIONS:
            raise BrokenZip(
                f"{zip_name} cannot be read: {shown(info.filename)} is compressed by the unsupported "
                f"method {info.compress_type}. Fetch it again."
            )


def base_name(info: zipfile.ZipInfo) -> str:
    """The member's name without its folder."""
    return info.filename.rsplit("/", 1)[-1]


def shown(text: str) -> str:
    """A text out of a zip, fit for a message: in quotes, short, without control characters."""
    return repr(text if len(text) <= 80 else text[:80] + "…")


def _too_many(infos: Sequence[zipfile.ZipInfo]) -> str | None:
    if len(infos) > MAX_MEMBERS:
        return f"it holds {len(infos):,} files, a release has at most {MAX_MEMBERS:,}"
    return None


def _bad_name(infos: Sequence[zipfile.ZipInfo]) -> str | None:
    for info in infos:
        # `filename` is already tidied up by zipfile; what was written in the zip is `orig_filename`.
        name = info.orig_filename
        drive = re.match(r"[A-Za-z]:", name)
        if name.startswith("/") or ".." in name.split("/") or "\\" in name or drive or not name.isprintable():
            return f"the name {shown(name)} leads out of its folder"
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return f"{shown(name)} is a link or a device, no file"
    return None


def _twins(files: Sequence[zipfile.ZipInfo]) -> str | None:
    whole = Counter(info.filename.casefold() for info in files)
    deals = Counter(base_name(info).casefold() for info in files if DEAL_FILE.fullmatch(base_name(info)))
    for name, count in (whole | deals).items():
        if count > 1:
            return f"{shown(name)} stands in it {count} times"
    return None


def _too_large(files: Sequence[zipfile.ZipInfo]) -> str | None:
    for info in files:
        if info.file_size > (limit := _limit(base_name(info))):
            return f"{shown(info.filename)} has {info.file_size:,} bytes, at most {limit:,} are taken"
        if info.file_size > RATIO_FREE and info.file_size > MAX_RATIO * info.compress_size:
            return f"{shown(info.filename)} would expand more than {MAX_RATIO} times"
    if (total := sum(info.file_size for info in files)) > MAX_EXPANDED:
        return f"it would expand to {total:,} bytes, at most {MAX_EXPANDED:,} are taken"
    return None


def _limit(name: str) -> int:
    if DEAL_FILE.fullmatch(name):
        return MAX_DEAL_FILE
    return MAX_MEMBER if _KNOWN.fullmatch(name) else MAX_UNKNOWN
