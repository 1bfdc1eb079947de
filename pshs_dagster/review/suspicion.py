"""What is refused before a workbook is opened, with the limits and their reasons.

Every part is walked through once by an XML parser that builds nothing, so that what opens the workbook later meets
nothing but cells of texts and numbers, of which there are not too many. What the cells say is not known here.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.parsers import expat

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.comparing import MAX_PROBLEMS
from pshs_dagster.review.visible import brief

MIB = 2**20

MAX_PARTS = 300
"""A workbook of three sheets has some 15 parts; pictures and remarks that a person adds need a few more."""

MAX_EXPANDED = 100 * MIB
"""All parts together: 10,000 rows of 30 cells and their originals make some 60 MB."""

MAX_ROWS = 30_000
"""Filled rows of one sheet: three times what is ever written."""

MAX_COLUMNS = 100
"""Three times what is ever written; a filled cell further out is no cell of ours."""

LAST_ROW = 1_048_576
"""Excel's last row. Spreadsheets write empty rows as far as that where a whole column was formatted."""

LAST_FILLED = 100_000
"""Number of the last row that may have something in it: a reader counts through the gap before it."""

MAX_ELEMENTS = 3_000_000
"""XML elements together, which are what memory goes to: a full file has half as many."""

MAX_DEPTH = 40
"""XML elements within one another; a workbook has some 10."""

_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_FOREIGN = {
    "vbaproject": ("巨集", "macros"),
    "macrosheets": ("巨集", "macros"),
    "externallinks": ("外部連結", "links to other files"),
    "connections": ("外部連線", "connections to other data"),
    "querytables": ("外部連線", "connections to other data"),
    "embeddings": ("內嵌物件", "embedded objects"),
    "activex": ("ActiveX 控制項", "ActiveX controls"),
}
"""Beginnings of part names, in lower case, that a file of corrections has no use for."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass
class _Facts:
    """What was seen in the parts of a workbook."""

    elements: int = 0
    sheets: dict[str, str] = field(default_factory=dict[str, str])
    """Name of the relation → title."""
    targets: dict[str, str] = field(default_factory=dict[str, str])
    """Name of the relation → name of the part."""
    last_filled: int = 1
    """The last row of any sheet that has something in it."""
    found: dict[str, list[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(list))
    """Part → what is refused in it: address, and a sentence in each language."""

    def title(self, part: str) -> str:
        """The title of the sheet that a part holds."""
        names = [name for name, target in self.targets.items() if target == PurePosixPath(part).name]
        return next((self.sheets[name] for name in names if name in self.sheets), part)

    def problems(self) -> list[str]:
        """What is refused in the sheets, each in a sentence with its address."""
        return [
            f"{brief(self.title(part))}!{brief(at, 20)}：{zh} {en}"
            for part, all_of in self.found.items()
            for at, zh, en in all_of
        ]


def refuse_hostility(name: str, data: bytes) -> int:
    """Look through a zip that should be a workbook → the last row of any sheet that has something in it.

    Raises ReviewFileError for anything but a harmless .xlsx.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            _refuse_by_contents(name, opened.infolist())
            _refuse_other_kinds(name, opened)
            facts = _Facts()
            for info in opened.infolist():
                _walk(name, opened, info, facts)
    except _DAMAGE as error:
        raise _refused(name, "檔案已損毀，請重新存檔。", "The file is damaged: save it again.") from error
    if problems := facts.problems():
        raise ReviewFileError(*problems[:MAX_PROBLEMS])
    return facts.last_filled


def _refused(name: str, zh: str, en: str) -> ReviewFileError:
    return ReviewFileError(f"{name}：{zh} {en}")


def _refuse_by_contents(name: str, infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > MAX_EXPANDED:
        raise _refused(
            name,
            "解壓縮後過大，不予開啟；請以 `pshs review` 分次產生較小的檔案。",
            "It would expand beyond all measure and is not opened: write smaller files with `pshs review`.",
        )
    if len({info.filename.lower() for info in infos}) != len(infos):
        raise _refused(name, "內部檔名重複，不予開啟。", "Parts of it have the same name; it is not opened.")
    if any(info.flag_bits & 0x1 for info in infos):
        raise _refused(name, "檔案有密碼，請移除密碼後再存檔。", "It is encrypted: save it without a password.")
    for info in infos:
        for part in PurePosixPath(info.filename.lower()).parts:
            for beginning, (zh, en) in _FOREIGN.items():
                if part.startswith(beginning):
                    raise _refused(
                        name, f"內含{zh}，不予開啟；請移除後另存為 .xlsx。", f"It holds {en}: save it as .xlsx without."
                    )


def _refuse_other_kinds(name: str, opened: zipfile.ZipFile) -> None:
    parts = set(opened.namelist())
    if "[Content_Types].xml" not in parts:
        raise _refused(
            name,
            "不是 Excel 活頁簿（.xlsx），請另存為 .xlsx。",
            "It is no Excel workbook (.xlsx): save it as .xlsx.",
        )
    types = opened.read("[Content_Types].xml").decode("utf-8", errors="replace")
    if _WORKBOOK_TYPE not in types or re.search("macroEnabled|sheet.binary", types):
        raise _refused(
            name,
            "不是一般的 .xlsx 活頁簿（.xlsm、.xlsb、.docx 等不收），請另存為 .xlsx。",
            "It is no plain .xlsx workbook (.xlsm, .xlsb, .docx and others are not taken): save it as .xlsx.",
        )


def _walk(name: str, opened: zipfile.ZipFile, info: zipfile.ZipInfo, facts: _Facts) -> None:
    """Let every element of a part be seen. Parts that are no XML, such as pictures, are never opened later."""
    parser = expat.ParserCreate()
    part = _Part(name, info.filename, facts)
    parser.StartElementHandler = part.start
    parser.EndElementHandler = part.end
    parser.StartDoctypeDeclHandler = part.doctype
    try:
        with opened.open(info) as member:
            parser.ParseFile(member)
    except expat.ExpatError as error:
        if info.filename.lower().endswith((".xml", ".rels")):
            raise _refused(
                name,
                f"檔案已損毀（{brief(info.filename)}），請重新存檔。",
                f"The file is damaged at {brief(info.filename)}: save it again.",
            ) from error


class _Part:
    """Sees the elements of one part go by."""

    def __init__(self, file: str, part: str, facts: _Facts) -> None:
        self._file, self._part, self._facts = file, part, facts
        self._depth = 0
        self._root = ""
        self._row = self._rows = self._column = 0
        self._row_filled = False
        self._cell = ""

    def doctype(self, *_: object) -> None:
        raise _refused(
            self._file,
            "內含文件型別宣告（DTD），不予開啟。",
            "It declares a document type (DTD), as no workbook does; it is not opened.",
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._depth += 1
        self._facts.elements += 1
        if self._depth > MAX_DEPTH or self._facts.elements > MAX_ELEMENTS:
            raise self._too_large()
        if self._depth == 1:
            self._root = tag
        elif self._root == "worksheet":
            self._in_sheet(tag, attributes)
        elif self._root == "workbook" and tag == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self._facts.sheets[relation] = attributes.get("name", "")
        elif self._root == "Relationships" and tag == "Relationship":
            self._relation(attributes)

    def end(self, _: str) -> None:
        self._depth -= 1

    def _too_large(self) -> ReviewFileError:
        return _refused(
            self._file,
            "內容過大，不予開啟；請以 `pshs review` 分次產生較小的檔案。",
            "It holds too much and is not opened: write smaller files with `pshs review`.",
        )

    def _relation(self, attributes: dict[str, str]) -> None:
        target, kind = attributes.get("Target", ""), attributes.get("Type", "")
        # A link under a text, which Excel makes of any mail address, is never followed.
        if attributes.get("TargetMode") == "External" and not kind.endswith("/hyperlink"):
            raise _refused(
                self._file,
                "內含外部連結，不予開啟；請移除後重新存檔。",
                "It holds links to other files: save it without.",
            )
        if self._part.lower() == "xl/_rels/workbook.xml.rels":
            self._facts.targets[attributes.get("Id", "")] = PurePosixPath(target).name

    def _in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "row":
                number = attributes.get("r", str(self._row + 1))
                if not re.fullmatch("[0-9]{1,7}", number) or int(number) > LAST_ROW:
                    raise self._too_large()
                self._row, self._column, self._row_filled = int(number), 0, False
            case "c":
                letters = re.match("[A-Z]{1,3}", attributes.get("r", ""))
                self._column = _column_number(letters[0]) if letters else self._column + 1
                self._cell = attributes.get("r") or f"第 {self._row} 列 (row {self._row})"
            case "v" | "is" | "f":
                self._filled()
                if tag == "f":
                    self._note(self._cell, "儲存格內是公式，請改為文字。", "The cell holds a formula: write a text.")
            case "mergeCell":
                self._note(
                    attributes.get("ref", ""), "儲存格已合併，請取消合併。", "The cells are merged: take them apart."
                )
            case _:
                pass

    def _filled(self) -> None:
        if not self._row_filled:
            self._row_filled = True
            self._rows += 1
        if self._rows > MAX_ROWS:
            raise self._too_large()
        self._facts.last_filled = max(self._row, self._facts.last_filled)
        if self._column > MAX_COLUMNS or self._row > LAST_FILLED:
            self._note(self._cell, "內容超出表格範圍，請刪除。", "This stands far outside the table: take it out.")

    def _note(self, at: str, zh: str, en: str) -> None:
        if len(self._facts.found[self._part]) < MAX_PROBLEMS:
            self._facts.found[self._part].append((at, zh, en))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
