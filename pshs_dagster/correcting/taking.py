"""One file of corrections: from the archive's `corrected/` into the ledger, and on to `done/` or `refused/`.

corrected/<file>                        dropped by a person, or by another program
corrected/by-command/<moment>_<file>    handed in by `pshs correct`
corrected/done/<moment>_<file>          recorded; `….md` beside it tells what became of each row
corrected/refused/<moment>_<file>       not a file that can be used; `….md` tells why, and nothing was changed
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from pshs_dagster.archive import Archive
from pshs_dagster.database.correcting.carry_out import carry_out
from pshs_dagster.database.correcting.plan import plan
from pshs_dagster.errors import ReviewFileError
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.review.reading import MAX_BYTES, read_bytes
from pshs_dagster.review.report import Outcome, refusal, report

FOLDER, DONE, REFUSED, BY_COMMAND = "corrected", "corrected/done", "corrected/refused", "corrected/by-command"

OPEN_IN_EXCEL = f"{FOLDER}/~$"
"""What Excel puts beside a workbook that somebody has open: no file of anybody's."""


@dataclass(frozen=True)
class Taken:
    """What became of a file. `refused` says why it could not be used, blank where it was."""

    outcomes: tuple[Outcome, ...]
    touched: tuple[Release, ...]
    """Releases that have to be loaded again from the archive."""
    report: str
    """The key of the report."""
    refused: str = ""


def dropped(archive: Archive) -> dict[str, str]:
    """The files that wait in `corrected/`, each with what tells its bytes from others. Raises ArchiveError."""
    keys = [key for key in archive.documents(FOLDER) if key.count("/") == 1 and not key.startswith(OPEN_IN_EXCEL)]
    return {key: sha256(archive.document_bytes(key, MAX_BYTES)).hexdigest() for key in keys}


def hand_in(archive: Archive, name: str, data: bytes, now: datetime) -> str:
    """Put a file into the archive for `take`; gives its key."""
    key = f"{BY_COMMAND}/{_stamped(name, now)}"
    archive.write_bytes(key, data)
    return key


def take(archive: Archive, engine: sa.Engine, key: str, clock: Callable[[], datetime]) -> Taken:
    """Record what a file of the archive says, report on it, and put it away. Raises ArchiveError, DatabaseError.

    Interrupted at any moment, it is taken once more: what is recorded already is told as such.
    """
    name = _name_of(key)
    data = archive.document_bytes(key, MAX_BYTES)
    now = clock()
    try:
        returned = read_bytes(name, data)
    except ReviewFileError as error:
        told = _put_away(archive, key, REFUSED, refusal(name, error, now), now)
        return Taken((), (), told, str(error))
    done = carry_out(engine, plan(engine, returned.edits), now, document=name)
    outcomes = (*done.outcomes, *returned.untouched)
    told = _put_away(archive, key, DONE, report(name, outcomes, now), now)
    return Taken(outcomes, done.touched, told)


def _put_away(archive: Archive, key: str, folder: str, told: str, now: datetime) -> str:
    """Move a file with its report beside it; gives the key of the report."""
    target = f"{folder}/{_stamped(_name_of(key), now)}"
    report_key = f"{target}.md"
    archive.write_document(report_key, told)
    archive.move_document(key, target)
    return report_key


def _name_of(key: str) -> str:
    """What the person has called the file."""
    name = key.rsplit("/", 1)[-1]
    return name.partition("_")[2] if key.startswith(BY_COMMAND) else name


def _stamped(name: str, now: datetime) -> str:
    return f"{now.astimezone(TAIPEI):%Y%m%dT%H%M%S}_{name}"
