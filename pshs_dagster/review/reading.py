"""Files for people on disk: written by the name that was asked for, read by what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.comparing import ReviewFile
from pshs_dagster.review.document import document, read_document
from pshs_dagster.review.edits import Row
from pshs_dagster.review.suspicion import MIB
from pshs_dagster.review.visible import brief
from pshs_dagster.review.workbook_in import read_workbook
from pshs_dagster.review.workbook_out import workbook

MAX_BYTES = 20 * MIB
"""Size of a file that is taken: some ten times what 10,000 rows weigh as a workbook."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What .xls begins with, and every workbook with a password."""


def write_review(path: Path, rows: Sequence[Row]) -> None:
    """Write rows for a person, as a workbook or as JSON by the ending of `path`.

    Raises ReviewFileError for another ending, too many rows, or where the file exists: corrections may be in it.
    """
    match path.suffix.lower():
        case ".xlsx":
            data = workbook(rows)
        case ".json":
            data = document(rows).encode()
        case ending:
            raise ReviewFileError(
                f"{path.name}：只能產生 .xlsx 或 .json，不能是「{ending}」。 Name the file .xlsx or .json."
            )
    if len(data) > MAX_BYTES:
        raise ReviewFileError(
            f"{path.name}：檔案將超過 {MAX_BYTES // MIB} MB，請指定發布期別分次產生。 "
            f"The file would be larger than {MAX_BYTES // MIB} MB: name the releases to write fewer rows."
        )
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise ReviewFileError(
            f"{path}：檔案已存在，其中可能有尚未交回的修正；請另取檔名。 "
            "The file exists and may hold corrections that were not handed in yet: choose another name."
        ) from None
    except OSError as error:
        raise ReviewFileError(
            f"{path}：無法寫入（{error.strerror}）。 The file cannot be written ({error.strerror})."
        ) from error


def read_review(path: Path) -> ReviewFile:
    """What a person decided in the file at `path`. Raises ReviewFileError where it cannot be used as it is."""
    return read_bytes(path.name, read_file(path))


def read_file(path: Path) -> bytes:
    """The bytes of a file, of a large one no more than `read_bytes` refuses. Raises ReviewFileError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReviewFileError(
            f"{path}：無法讀取（{error.strerror}）。 The file cannot be read ({error.strerror})."
        ) from error


def read_bytes(name: str, data: bytes) -> ReviewFile:
    """What a person decided in a file of these bytes; `name` is for messages, and tells nothing of the format.

    Raises ReviewFileError where it cannot be used as it is: every problem in one sentence, with its address.
    """
    name = brief(name, 100)
    if len(data) > MAX_BYTES:
        raise ReviewFileError(
            f"{name}：超過 {MAX_BYTES // MIB} MB，請分次交回較小的檔案。 "
            f"It is larger than {MAX_BYTES // MIB} MB: hand in smaller files."
        )
    if data.startswith(b"PK"):
        return read_workbook(name, data)
    if data.startswith(_OLE):
        raise ReviewFileError(
            f"{name}：是舊式 .xls 或有密碼的檔案，請移除密碼並另存為 .xlsx。 "
            "It is an old .xls or has a password: save it as .xlsx without a password."
        )
    if _begins_like_json(data):
        return read_document(name, data)
    raise ReviewFileError(
        f"{name}：不是 .xlsx 活頁簿，也不是 .json 修正檔（CSV 等格式不收），請以 `pshs review` 產生。 "
        "It is neither an .xlsx workbook nor a .json file of corrections (CSV and others are not taken): "
        "write one with `pshs review`."
    )


def _begins_like_json(data: bytes) -> bool:
    # UTF-16 has a zero beside each of these, and both may have a byte order mark.
    beginning = data[:200].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf")
    return beginning.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip().startswith((b"[", b"{"))
