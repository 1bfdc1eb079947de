"""What a list of registered projects is: its registrations, and the lines that tell of none. Plain records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Registration:
    """One project that a builder registered: a line of the list."""

    city: str
    district: str
    number: str
    """MOI's 編號; where it gives none, one that is made from the line and begins with ~."""
    name: str
    homes: int | None
    """For sale; None where the list does not tell."""
    homes_text: str
    location: str
    builder: str
    main_use: str
    permit: str
    permitted_on: date | None
    declared_on: date | None
    selling_period: str
    completed_on: date | None
    """When the finished building was first registered: from then on it is no pre-sale project."""
    file: str
    line: int
    """Physical line, the heading being 1."""


@dataclass(frozen=True)
class UnreadableLine:
    """A line that tells of no project."""

    file: str
    line: int
    reason: str
    """In Chinese and English."""
    raw: str
    """As published, without its line end."""


@dataclass(frozen=True)
class ListFile:
    """What became of the data lines of one CSV."""

    name: str
    city: str
    """Blank where the file is of several cities."""
    lines: int
    registrations: int
    repeated: int
    """Lines whose registration stands in a later line too."""
    continued: int
    """Lines that continue the one before, where a cell has a line break within."""
    unreadable: int
    put_right: int
    """Of the registrations, those whose fields were too many or too few."""


@dataclass(frozen=True)
class Listing:
    """The whole list. For each file lines = registrations + repeated + continued + unreadable."""

    registrations: tuple[Registration, ...]
    unreadable: tuple[UnreadableLine, ...]
    files: tuple[ListFile, ...]

    @property
    def lines(self) -> int:
        """Data lines of all files."""
        return sum(file.lines for file in self.files)

    def total(self, name: str) -> int:
        """One of the numbers of the files, added up."""
        return sum(int(getattr(file, name)) for file in self.files)
