"""What the database is told of an archived zip and of what was parsed from it: one way for an issue and the history.

How it is loaded stands in `database/loading/load.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import pandas as pd

from pshs_dagster.archive import ArchivedZip
from pshs_dagster.database.loading.load import FileLines, ReleaseRecord
from pshs_dagster.deals.frame import OWN_COLUMNS, ParsedRelease
from pshs_dagster.deals.overlay import Overlay


def record_of(copy: ArchivedZip) -> ReleaseRecord:
    """What the table `releases` tells of an archived zip."""
    return ReleaseRecord(
        release=copy.release,
        as_of=copy.release.as_of(copy.fetched_at),
        sha256=copy.sha256,
        size=copy.size,
        source_url=copy.source_url,
        fetched_at=copy.fetched_at,
    )


def sound_deals(parsed: ParsedRelease) -> pd.DataFrame:
    """The deals of a release as the database takes them."""
    return parsed.deals.drop(columns=[name for name in OWN_COLUMNS if name != "file"])


def file_lines(parsed: ParsedRelease) -> tuple[FileLines, ...]:
    """How many lines each CSV had, and how many of them were rejected."""
    return tuple(FileLines(file.name, file.data_lines, file.rejected) for file in parsed.files)


def rejected_serials(rejects: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """City and serial of the rejected lines that name one: those deals are in the release, though without a value."""
    named = rejects[rejects["serial_number"] != ""]
    return frozenset(zip(named["city"], named["serial_number"], strict=True))


@dataclass(frozen=True)
class HandOver:
    """A parsed release with what people decided about its lines, as `load_release` takes it."""

    deals: pd.DataFrame
    lines: tuple[FileLines, ...]
    rejected: frozenset[tuple[str, str]]
    overlay: Overlay


def hand_over(parsed: ParsedRelease, overlay: Overlay) -> HandOver:
    """The lines that people made sound are deals like any other, and rejected no more."""
    deals, lines, rejects = sound_deals(parsed), file_lines(parsed), parsed.rejects
    if overlay.deals is not None:
        deals = pd.concat([deals, overlay.deals], ignore_index=True)
        by_file = Counter(file for file, _ in overlay.places)
        lines = tuple(replace(file, rejected_lines=file.rejected_lines - by_file[file.file]) for file in lines)
        places = zip(rejects["file"], rejects["source_line"], strict=True)
        rejects = rejects[[(file, int(line)) not in overlay.places for file, line in places]]
    return HandOver(deals, lines, rejected_serials(rejects), overlay)
