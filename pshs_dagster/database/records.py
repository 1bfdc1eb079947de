"""What is told about a release: where it came from, and what loading it did. Plain records, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pshs_dagster.releases import TAIPEI, Release


@dataclass(frozen=True)
class ReleaseRecord:
    """One copy of a release. Moments are aware; `size` is that of the zip in bytes."""

    release: Release
    as_of: datetime
    sha256: str
    size: int
    source_url: str
    fetched_at: datetime


@dataclass(frozen=True)
class FileLines:
    """How many physical data lines a CSV has, and how many of them were rejected."""

    file: str
    data_lines: int
    rejected_lines: int


@dataclass(frozen=True)
class FileCounts:
    """What became of the data lines of a CSV. Withdrawn deals are none of its lines."""

    file: str
    data_lines: int
    new_deals: int
    changed_deals: int
    unchanged_deals: int
    rejected_lines: int
    withdrawn_deals: int = 0
    """Withdrawn trades of this file's city from inside the window of the season that withdrew them."""
    withdrawn_outside: int = 0
    """Those from outside it: MOI drops them by the thousand."""
    cancelled_deals: int = 0
    """Lines whose 解約情形 is new to a deal, or another than before."""
    reinstated_deals: int = 0
    """Lines of deals that had been withdrawn and stand in `deals` again."""

    @property
    def is_conserved(self) -> bool:
        """Whether every line is accounted for: law 1."""
        return self.data_lines == (self.new_deals + self.changed_deals + self.unchanged_deals + self.rejected_lines)


@dataclass(frozen=True)
class LoadReport:
    """What a load did, file by file; `method` tells how the rows went to the database."""

    files: tuple[FileCounts, ...]
    method: str

    @property
    def data_lines(self) -> int:
        return sum(counts.data_lines for counts in self.files)

    @property
    def new_deals(self) -> int:
        return sum(counts.new_deals for counts in self.files)

    @property
    def changed_deals(self) -> int:
        return sum(counts.changed_deals for counts in self.files)

    @property
    def unchanged_deals(self) -> int:
        return sum(counts.unchanged_deals for counts in self.files)

    @property
    def rejected_lines(self) -> int:
        return sum(counts.rejected_lines for counts in self.files)

    @property
    def withdrawn_deals(self) -> int:
        return sum(counts.withdrawn_deals for counts in self.files)

    @property
    def withdrawn_outside(self) -> int:
        return sum(counts.withdrawn_outside for counts in self.files)

    @property
    def cancelled_deals(self) -> int:
        return sum(counts.cancelled_deals for counts in self.files)

    @property
    def reinstated_deals(self) -> int:
        return sum(counts.reinstated_deals for counts in self.files)


def wall_time(moment: datetime) -> datetime:
    """An aware moment as the tables hold it: Taipei's wall time in whole seconds, naive."""
    return moment.astimezone(TAIPEI).replace(microsecond=0, tzinfo=None)


def moment(wall: datetime) -> datetime:
    """The aware moment that a DATETIME of the tables means."""
    return wall.replace(tzinfo=TAIPEI)
