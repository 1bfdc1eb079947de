"""What the database is told of an archived zip and of what was parsed from it: one way for an issue and the history.

How it is loaded stands in `database/loading/load.py`.
"""

from __future__ import annotations

import pandas as pd

from pshs_dagster.archive import ArchivedZip
from pshs_dagster.database.loading.load import FileLines, ReleaseRecord
from pshs_dagster.deals.frame import OWN_COLUMNS, ParsedRelease


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
