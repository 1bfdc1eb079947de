"""Releases of MOI: their names, the trade dates that they cover, and the calendar that they follow.

An issue 期 is published on the 1st, 11th and 21st of a month; a season 季 gathers a quarter.
This module knows the calendar only: neither the network, the archive nor the database.

Source: the dates that the ministry's own list of releases gives for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from pshs_dagster.errors import UnknownRelease

TAIPEI = ZoneInfo("Asia/Taipei")

ROC_OFFSET = 1911
"""Year 1 of the Republic of China is 1912."""

ISSUE_DAYS = (1, 11, 21)
"""The days of a month on which MOI publishes."""

ISSUE_HOUR = time(10, 0)
"""By ten in the morning, Taipei, a new issue is usually there; asking earlier only makes failed runs."""

SHORT_FOURTH_QUARTERS = range(102, 106)
"""In these ROC years the fourth season ended on 31 October, and the next began on 1 November."""

_DESCRIBED = re.compile(
    r"(\d{2,3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?\s*至\s*"
    r"(\d{2,3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?\s*之?[^，,；;。<]*?預售屋"
)
"""MOI's words for the pre-sale part, as on its pages and in the zip: zeros, spaces and 日 come and go."""

_ISSUE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_SEASON = re.compile(r"(\d{2,3})[Ss]([1-4])")


class ReleaseKind(StrEnum):
    """Which of MOI's two kinds of publication a release is."""

    ISSUE = "issue"
    SEASON = "season"


@dataclass(frozen=True)
class Window:
    """The trade dates that a release covers; both ends belong to it."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def covers(self, other: Window) -> bool:
        """Whether every day of `other` lies in this window."""
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"


@dataclass(frozen=True)
class Release:
    """One publication of MOI. `key` is its name everywhere: `2022-09-21` or `111S2`."""

    key: str
    kind: ReleaseKind
    published_on: date
    """An issue's date; for a season the day after its quarter, when its first copy appears."""
    window: Window

    @classmethod
    def parse(cls, text: str) -> Self:
        """The release that `text` names: `2022-09-21`, `20220921`, `111S2` or `111s2`.

        Raises UnknownRelease where it names none.
        """
        if match := _SEASON.fullmatch(text.strip()):
            return cls.season(int(match[1]), int(match[2]))
        if match := _ISSUE.fullmatch(text.strip()):
            try:
                return cls.issue(date(int(match[1]), int(match[2]), int(match[3])))
            except ValueError:
                pass
        raise UnknownRelease(
            f"'{text}' is no release: name an issue by its date, such as 2022-09-21 "
            "(the 1st, 11th or 21st of a month), or a season such as 111S2."
        )

    @classmethod
    def issue(cls, day: date) -> Self:
        """The issue that is published on `day`. Raises UnknownRelease for a day without one."""
        if day.day not in ISSUE_DAYS:
            raise UnknownRelease(f"{day} is no issue: MOI publishes on the 1st, 11th and 21st of a month.")
        return cls(day.isoformat(), ReleaseKind.ISSUE, day, _issue_window(day))

    @classmethod
    def season(cls, roc_year: int, quarter: int) -> Self:
        """Season `quarter` (1 to 4) of a year of the Republic of China."""
        year = roc_year + ROC_OFFSET
        published_on = date(year + 1, 1, 1) if quarter == 4 else date(year, quarter * 3 + 1, 1)
        return cls(f"{roc_year}S{quarter}", ReleaseKind.SEASON, published_on, _season_window(roc_year, quarter))

    @classmethod
    def covering(cls, day: date) -> Self:
        """The issue whose window holds the trade date `day`."""
        if day.day <= 10:
            return cls.issue(_months_later(day, 1).replace(day=21))
        return cls.issue(_months_later(day, 2).replace(day=1 if day.day <= 20 else 11))

    @property
    def is_issue(self) -> bool:
        return self.kind is ReleaseKind.ISSUE

    def as_of(self, fetched_at: datetime) -> datetime:
        """The moment whose knowledge the release carries, in Taipei.

        An issue is never rebuilt, so it knows what was known on its date; a season is rebuilt over the
        years, so it knows what was known when it was fetched.
        """
        if self.is_issue:
            return datetime.combine(self.published_on, time(), TAIPEI)
        return fetched_at.astimezone(TAIPEI)

    def following(self) -> Release:
        """The next release of the same kind."""
        if self.is_issue:
            day = self.published_on
            if day.day == ISSUE_DAYS[-1]:
                return Release.issue(_months_later(day, 1).replace(day=1))
            return Release.issue(day.replace(day=day.day + 10))
        year, quarter = self._year_and_quarter()
        return Release.season(year + 1, 1) if quarter == 4 else Release.season(year, quarter + 1)

    def preceding(self) -> Release:
        """The release of the same kind before this one."""
        if self.is_issue:
            day = self.published_on
            if day.day == 1:
                return Release.issue((day - timedelta(days=1)).replace(day=ISSUE_DAYS[-1]))
            return Release.issue(day.replace(day=day.day - 10))
        year, quarter = self._year_and_quarter()
        return Release.season(year - 1, 4) if quarter == 1 else Release.season(year, quarter - 1)

    def issues(self) -> Iterator[Release]:
        """The issues whose windows a season covers, in order; an issue gives itself."""
        issue = self if self.is_issue else Release.covering(self.window.first)
        while self.window.covers(issue.window):
            yield issue
            issue = issue.following()

    def covering_season(self) -> Release:
        """The season in which an issue is published again; a season gives itself."""
        if not self.is_issue:
            return self
        year = self.window.last.year - ROC_OFFSET
        season = Release.season(year, 1)
        while not season.window.covers(self.window):
            season = season.following()
        return season

    def is_due(self, now: datetime) -> bool:
        """Whether MOI should have published this by `now` (aware)."""
        return now >= datetime.combine(self.published_on, ISSUE_HOUR, TAIPEI)

    def _year_and_quarter(self) -> tuple[int, int]:
        year, quarter = self.key.split("S")
        return int(year), int(quarter)

    def __str__(self) -> str:
        return self.key


def newest_issue_due(now: datetime) -> Release:
    """The newest issue that MOI should have published by `now` (aware)."""
    today = now.astimezone(TAIPEI).date()
    issue = Release.issue(today.replace(day=max(day for day in ISSUE_DAYS if day <= today.day)))
    return issue if issue.is_due(now) else issue.preceding()


def described_window(text: str) -> Window | None:
    """The pre-sale window that a description by MOI names, as in `build.ttt` or beside a download.

    None where it names none, or one that is no span of dates.
    """
    match = _DESCRIBED.search(text)
    if match is None:
        return None
    y1, m1, d1, y2, m2, d2 = map(int, match.groups())
    try:
        window = Window(date(y1 + ROC_OFFSET, m1, d1), date(y2 + ROC_OFFSET, m2, d2))
    except ValueError:
        return None
    return window if window.first <= window.last else None


def _issue_window(day: date) -> Window:
    if day.day == 21:
        month = _months_later(day, -1)
        return Window(month.replace(day=1), month.replace(day=10))
    month = _months_later(day, -2)
    if day.day == 1:
        return Window(month.replace(day=11), month.replace(day=20))
    return Window(month.replace(day=21), _months_later(month, 1).replace(day=1) - timedelta(days=1))


def _season_window(roc_year: int, quarter: int) -> Window:
    year = roc_year + ROC_OFFSET
    first = date(year - 1, 11, 11) if quarter == 1 else date(year, quarter * 3 - 4, 11)
    last = date(year, quarter * 3 - 1, 10)
    if quarter == 1 and roc_year - 1 in SHORT_FOURTH_QUARTERS:
        first = first.replace(day=1)
    if quarter == 4 and roc_year in SHORT_FOURTH_QUARTERS:
        last = date(year, 10, 31)
    return Window(first, last)


def _months_later(day: date, months: int) -> date:
    """The first day of the month that lies `months` after that of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
