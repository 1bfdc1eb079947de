"""The bytes of the list's CSVs → registrations; every physical line is accounted for.

Like the files of deals they are UTF-8 with a BOM and CRLF, have a second heading in English, and quotes in them mean
nothing certain. Columns are found by heading. How a ragged row is put right is told in `ragged`.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.deals.districts import TAITUNG, UNDIVIDED
from pshs_dagster.errors import UnreadableFile
from pshs_dagster.projects.headings import DISTRICT, REQUIRED, Heading, heading_of
from pshs_dagster.projects.homes import homes_of
from pshs_dagster.projects.listing import ListFile, Listing, Registration, UnreadableLine
from pshs_dagster.projects.names import normalised
from pshs_dagster.projects.ragged import laid
from pshs_dagster.releases import ROC_OFFSET

LIST_FILE = re.compile(r"(?:([a-z])_)?lvr_?buildcase\w*\.csv", re.IGNORECASE)
"""The list of one city, the group being its letter, or of all."""

OLD_ENCODING = "cp950"
LONGEST = {"name": 128, "district": 8, "number": 64}
LONGEST_TEXT = 16_000
"""Characters that a table holds. What is longer is not what it should be: 41 is the longest name seen."""

CITY_NAMES = {city.replace("臺", "台"): city for city in CITIES.values()}

MOST_BREAKS = 5
"""Line breaks within one cell."""

NO_CITY = "不知屬於哪個縣市 the city is not known"
NO_DISTRICT = "沒有鄉鎮市區 no district"
NO_NAME = "沒有建案名稱 no name of a project"
TOO_LONG = "欄位過長 a cell that is too long"
RAGGED = "欄數不符，無法復原 the number of fields does not fit, and nothing tells which are which"

_ENTITY = re.compile(r"&#x?[0-9a-f]{1,6};|&[a-z]{2,8};", re.IGNORECASE)
_FIELD = re.compile(r'"((?:[^"]|"")*)",|([^,]*),')
_DAY = re.compile(r"(\d{2,3})[年/.-]?(\d{1,2})[月/.-]?(\d{1,2})日?")


@dataclass(frozen=True)
class _Row:
    """A data line, or several that are one."""

    line: int
    raw: str
    joined: int = 0
    """Further lines that belong to it."""


def is_wanted(name: str, letters: Collection[str]) -> bool:
    """Whether a CSV of the list is of one of these cities, given by MOI's letters, or of all."""
    match = LIST_FILE.fullmatch(name.rsplit("/", 1)[-1])
    return match is not None and (match[1] is None or match[1].lower() in letters)


def read_list(files: Iterable[tuple[str, bytes]]) -> Listing:
    """Read the CSVs of the list, each with its name. Raises UnreadableFile where there is none, or none of MOI's."""
    registrations: dict[tuple[str, str], Registration] = {}
    unreadable: list[UnreadableLine] = []
    counts: list[ListFile] = []
    for name, data in files:
        counted, lines = _read_file(name, data, registrations)
        counts.append(counted)
        unreadable += lines
    if not counts:
        raise UnreadableFile("The list of projects holds no CSV named like a_lvr_buildcase.csv: see what MOI changed.")
    if not registrations:
        raise UnreadableFile(
            f"The list of projects holds no project in {sum(file.lines for file in counts)} lines: fetch it again, or "
            "see what MOI changed."
        )
    # What stands in two lines counts once, as the later one has it; the earlier one is a repetition.
    found = tuple(registrations.values())
    kept = {file.name: sum(each.file == file.name for each in found) for file in counts}
    settled = [
        replace(file, registrations=kept[file.name], repeated=file.registrations - kept[file.name]) for file in counts
    ]
    return Listing(found, tuple(unreadable), tuple(settled))


def count_lines(data: bytes) -> int:
    """Data lines of a CSV, counted from the bytes alone: an independent witness for `read_list`."""
    lines = [line for line in data.split(b"\n") if line.strip(b" \t\r\xef\xbb\xbf")]
    english = len(lines) > 1 and lines[1].isascii()
    return max(0, len(lines) - 1 - english)


def _read_file(
    name: str, data: bytes, registrations: dict[tuple[str, str], Registration]
) -> tuple[ListFile, list[UnreadableLine]]:
    match = LIST_FILE.fullmatch(name.rsplit("/", 1)[-1])
    letter = (match[1] or "").lower() if match else ""
    physical = [line.rstrip("\r") for line in _decoded(data).split("\n")]
    lines = [(number, line) for number, line in enumerate(physical, 1) if line.strip()]
    if not lines:
        raise UnreadableFile(f"{name} is empty: fetch the list of projects again.")
    headings = _headings(name, lines[0][1])
    body = lines[1:]
    if body and body[0][1].isascii():
        body = body[1:]  # the English heading; a line that tells of a project has Chinese in it
    unreadable: list[UnreadableLine] = []
    sound = right = continued = 0
    for row in _rows(body, headings):
        registration, reason, ragged = _registration(row, headings, CITIES.get(letter, ""), name)
        if registration is None:
            unreadable.append(UnreadableLine(name, row.line, reason, row.raw))
        else:
            registration = _told_apart(registration, registrations)
            registrations[registration.city, registration.number] = registration
            sound, right = sound + 1, right + ragged
        continued += row.joined
    counted = ListFile(name, CITIES.get(letter, ""), len(body), sound, 0, continued, len(unreadable), right)
    return counted, unreadable


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").lstrip("\ufeff")
    except UnicodeDecodeError:
        if data.startswith(b"\xef\xbb\xbf"):
            return data.decode("utf-8-sig", errors="replace")
        return data.decode(OLD_ENCODING, errors="replace")


def _headings(name: str, line: str) -> tuple[Heading, ...]:
    headings = tuple(heading_of(cell) for cell in line.split(","))
    fields = [heading.field for heading in headings if heading.field]
    missing = [field for field in REQUIRED if field not in fields]
    if missing or len(set(fields)) != len(fields):
        what = "lacks 鄉鎮市區 or 建案名稱" if missing else "names a column twice"
        raise UnreadableFile(
            f"{name}: the heading {what}, so the list cannot be read; compare its first line with "
            "projects/headings.py and add MOI's new name there."
        )
    return headings


def _fields(line: str, count: int) -> list[str]:
    """The cells of a line. Quotes count where only then there are `count` cells; any other is a character."""
    plain = line.split(",")
    if '"' not in line:
        return plain
    if len(plain) != count:
        quoted = [inner.replace('""', '"') or outer for inner, outer in _FIELD.findall(line + ",")]
        if len(quoted) == count:
            return quoted
    return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in plain]


def _rows(lines: Sequence[tuple[int, str]], headings: Sequence[Heading]) -> Iterable[_Row]:
    """The lines, a short one together with those after it that it takes to be whole."""
    at = 0
    while at < len(lines):
        number, raw = lines[at]
        joined = _continuation(lines[at:], headings)
        yield _Row(number, "".join([raw, *(line for _, line in lines[at + 1 : at + 1 + joined])]), joined)
        at += 1 + joined


def _continuation(lines: Sequence[tuple[int, str]], headings: Sequence[Heading]) -> int:
    """How many of the following lines continue the first: they are short too, and together they are a row."""
    count = len(headings)
    width = len(_fields(lines[0][1], count))
    if width >= count:
        return 0
    for joined, (_, line) in enumerate(lines[1 : 1 + MOST_BREAKS], 1):
        fields = _fields(line, count)
        width += len(fields) - 1
        if len(fields) >= count or re.fullmatch(DISTRICT, fields[0].strip()):
            return 0  # a row of its own
        if width == count:
            return joined
        if width > count:
            whole = _fields("".join(line for _, line in lines[: 1 + joined]), count)
            cells = laid(whole, headings)
            return joined if cells is not None and all(cells[at].strip() for at in _ends(headings)) else 0
    return 0


def _ends(headings: Sequence[Heading]) -> tuple[int, ...]:
    """The cells by which a row shows that it is whole: its first, and its number."""
    return (0, *(at for at, heading in enumerate(headings) if heading.field == "number"))


def _registration(
    row: _Row, headings: Sequence[Heading], city: str, file: str
) -> tuple[Registration | None, str, bool]:
    """The registration, or why there is none; and whether its fields had to be put right."""
    fields: Sequence[str] = _fields(row.raw, len(headings))
    ragged = len(fields) != len(headings)
    if ragged:
        right = laid(fields, headings)
        if right is None:
            return None, RAGGED, False
        fields = right
    cells = {heading.field: _cleaned(cell) for heading, cell in zip(headings, fields, strict=True) if heading.field}
    made = _made(cells, city, file, row.line)
    if isinstance(made, str):
        return None, made, False
    return made, "", ragged


def _made(cells: dict[str, str], city: str, file: str, line: int) -> Registration | str:
    """The registration of a row by our fields, or the reason that it is none."""
    name = cells["name"]
    city = city or CITY_NAMES.get(cells.get("city", "").replace("臺", "台"), "")
    district = _district(city, cells["district"])
    if not city:
        return NO_CITY
    if not re.fullmatch(DISTRICT, district):
        return NO_DISTRICT
    if not name:
        return NO_NAME
    number = cells.get("number", "")
    if any(len(text) > LONGEST.get(field, LONGEST_TEXT) for field, text in cells.items()):
        return TOO_LONG

    def text(field: str) -> str:
        return cells.get(field, "")

    return Registration(
        city,
        district,
        number or _number_from(city, district, name, text("permit"), text("location")),
        name,
        homes_of(text("homes_text")),
        text("homes_text"),
        text("location"),
        text("builder"),
        text("main_use"),
        text("permit"),
        day_of(text("permitted_on")),
        day_of(text("declared_on")),
        text("selling_period"),
        day_of(text("completed_on")),
        file,
        line,
    )


def _district(city: str, text: str) -> str:
    """As deals have it: some cities are one district, and two names are spelt in one way."""
    district = text.replace("巿", "市")
    if city in UNDIVIDED:
        return city
    return TAITUNG[1] if district == TAITUNG[0] else district


def day_of(text: str) -> date | None:
    """The first day that a cell names, by the year of the Republic; None where it names none that exists."""
    match = _DAY.match(text) if not text.isdecimal() else re.fullmatch(r"(\d{2,3})(\d\d)(\d\d)", text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year + ROC_OFFSET, month, day)
    except ValueError:
        return None


def _number_from(*texts: str) -> str:
    return "~" + hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _told_apart(new: Registration, known: dict[tuple[str, str], Registration]) -> Registration:
    """With a number of its own where MOI's belongs to another project already."""
    there = known.get((new.city, new.number))
    if there is None or _project(there) == _project(new):
        return new
    return replace(new, number=_number_from(new.number, *_project(new), new.permit, new.location))


def _project(registration: Registration) -> tuple[str, str]:
    return registration.district, normalised(registration.name)


def _cleaned(text: str) -> str:
    """Without entities, control characters and blanks around."""
    plain = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return "".join(char for char in plain if unicodedata.category(char) != "Cc").strip()
