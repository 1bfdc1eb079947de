"""Which release a zip is: what it says of itself, and what the trade dates of its rows say.

MOI serves the last issue where the new one is not out yet, and names no release in the file, so that
only the contents can tell. Nothing is fetched or opened here: a described window and days come in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from pshs_dagster.deals.frame import CsvFile
from pshs_dagster.deals.parse import Days, parse_roc_days
from pshs_dagster.deals.read import read_file
from pshs_dagster.releases import Release, Window


@dataclass(frozen=True)
class Identity:
    """What tells which release a zip is. `problem` is one sentence where it is not the one asked for."""

    release: Release
    described: Window | None
    rows: int
    in_window: int
    no_date: int
    looks_like: Release | None
    """The release of the same kind in whose window most of the dated rows lie."""
    problem: str | None

    @property
    def stray(self) -> int:
        """Rows with a date outside the window."""
        return self.rows - self.in_window - self.no_date


def trade_days(files: Iterable[CsvFile]) -> Days:
    """The trade day of every line of every CSV, NaT where there is none."""
    days = [np.array([], dtype="datetime64[D]")]
    for file in files:
        cells = read_file(file.name, file.letter, file.data).cells["交易年月日"]
        days.append(parse_roc_days(cells)[0])
    return np.concatenate(days)


def identify(release: Release, described: Window | None, days: Days) -> Identity:
    """Judge whether a zip with these trade days, that describes itself so, is `release`.

    An issue holds trades of its window only, so most of its rows must lie there. A season also holds many
    from outside (in early copies most), so its own words count, and some of its rows must agree.
    """
    dated = days[~np.isnat(days)]
    window = release.window
    in_window = int(((dated >= np.datetime64(window.first)) & (dated <= np.datetime64(window.last))).sum())
    looks_like = _most_frequent(release, dated)
    problem = _problem(release, described, len(days), in_window, looks_like)
    return Identity(release, described, len(days), in_window, len(days) - len(dated), looks_like, problem)


def _problem(
    release: Release, described: Window | None, rows: int, in_window: int, looks_like: Release | None
) -> str | None:
    if described is not None and described != release.window:
        return (
            f"asked for {release} (trades of {release.window}), but the zip says of itself that it holds "
            f"those of {described}{_name_of(described, release)}."
        )
    if rows == 0:
        return None if described else "the zip has no row and no description, so nothing tells which release it is."
    trusts_rows = release.is_issue or described is None
    if trusts_rows and looks_like != release:
        other = f"most lie in the window of {looks_like}" if looks_like else "none has a valid date"
        return f"asked for {release} (trades of {release.window}), but of {rows} rows {in_window} lie there; {other}."
    if in_window == 0:
        return f"asked for {release} (trades of {release.window}), but none of its {rows} rows lies there."
    return None


def _name_of(window: Window, release: Release) -> str:
    """The other release, where the window is exactly that of one."""
    other = _release_of(window.first, release)
    return f", which is {other}" if other.window == window else ""


def _release_of(day: date, release: Release) -> Release:
    """The release of the same kind as `release` whose window holds a day."""
    issue = Release.covering(day)
    return issue if release.is_issue else issue.covering_season()


def _most_frequent(release: Release, days: Days) -> Release | None:
    counts: dict[Release, int] = {}
    # Days far from any calendar of MOI's are dirt and would not make a release.
    sane = days[(days >= np.datetime64("1990-01-01")) & (days <= np.datetime64("2200-01-01"))]
    for day, count in zip(*np.unique(sane, return_counts=True), strict=True):
        found = _release_of(day.astype(object), release)
        counts[found] = counts.get(found, 0) + int(count)
    return max(counts, key=lambda found: (counts[found], found.published_on), default=None)
