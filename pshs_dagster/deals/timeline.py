"""The life of a deal: from the copies of releases that held it, and those that should have, to what happened to it.

The single authority for events. It knows neither tables nor frames: who holds what is passed in, and the outcome
depends on the set of copies alone, never on the order in which they were loaded.

Moments are wall time in Asia/Taipei, naive, in whole seconds, as the tables hold them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Self

from pshs_dagster.deals.columns import COMPARED
from pshs_dagster.releases import Release

Values = Mapping[str, Any]
"""Values of a deal at one copy by column of KEPT, as `told` spells them."""

Changes = dict[str, Any]

KEPT = (*COMPARED, "cancelled_on")
"""The columns whose values at every copy are known, from the newest ones and the events."""

UNCANCELLED: Values = {"termination": "", "cancelled_on": None}
"""What a deal is before it is first seen, so that one which is new and cancelled has an event as well."""

TOKEN_MOMENT = "%Y%m%d%H%M%S"


class Event(StrEnum):
    """What can happen to a deal after it was new, as far as copies tell of it."""

    CHANGED = "changed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"


OF_VALUES = (Event.CHANGED, Event.CANCELLED)
OF_PRESENCE = (Event.WITHDRAWN, Event.REINSTATED)


@dataclass(frozen=True)
class Copy:
    """One set of bytes of a release, known as of a moment. An issue has one, a season one a rebuilding."""

    release: Release
    as_of: datetime

    @classmethod
    def named(cls, token: str) -> Self:
        """The copy that a token names. Raises UnknownRelease where it names none."""
        key, _, moment = token.partition("@")
        release = Release.parse(key)
        if moment:
            return cls(release, datetime.strptime(moment, TOKEN_MOMENT))  # noqa: DTZ007 - wall time, as in the tables
        return cls(release, datetime.combine(release.published_on, time()))

    @cached_property
    def token(self) -> str:
        """Its name in `earlier_sightings`: `2022-07-01` or `111S1@20220520120000`."""
        key = self.release.key
        return key if self.release.is_issue else f"{key}@{self.as_of.strftime(TOKEN_MOMENT)}"

    @cached_property
    def order(self) -> tuple[datetime, bool, str]:
        """By knowledge; at the same moment issues come before seasons, and then by name."""
        return self.as_of, not self.release.is_issue, self.release.key


@lru_cache(maxsize=4_096)
def copy_named(token: str) -> Copy:
    """`Copy.named`, kept: the same few hundred copies are named by every deal."""
    return Copy.named(token)


@dataclass(frozen=True)
class SeasonCopy(Copy):
    """A copy of a season, with what it says by not saying it."""

    cities: frozenset[str] = frozenset()
    """Cities that have a file in it: of others it tells nothing."""
    rejected: frozenset[tuple[str, str]] = frozenset()
    """City and serial of lines that were rejected: such a deal is in the copy, though without a value."""

    def judges(self, release: Release) -> bool:
        """Whether a deal that was last seen in `release` should be in this copy."""
        if release.is_issue:
            return self.release.window.covers(release.window)
        return release.key == self.release.key

    def lacks(self, city: str, serial: str) -> bool:
        """Whether a deal that has no sound line in it is not in it at all."""
        return city in self.cities and (city, serial) not in self.rejected


@dataclass(frozen=True)
class Happening:
    """An event of a deal, at the copy that brought it."""

    event: Event
    copy: Copy
    changes: Changes = field(default_factory=dict[str, Any])


class Judges:
    """The loaded season copies, asked which of them judge a deal that was last seen in a release."""

    def __init__(self, seasons: Iterable[SeasonCopy]) -> None:
        self._seasons = sorted(seasons, key=lambda season: season.order)
        self._of: dict[str, tuple[list[SeasonCopy], list[Any]]] = {}

    def after(self, copy: Copy) -> list[SeasonCopy]:
        """The copies that know more than `copy` and judge what was last seen in it, in order."""
        key = copy.release.key
        if key not in self._of:
            seasons = [season for season in self._seasons if season.judges(copy.release)]
            self._of[key] = seasons, [season.order for season in seasons]
        seasons, orders = self._of[key]
        return seasons[bisect_right(orders, copy.order) :]

    def withdrawal(self, city: str, serial: str, last: Copy, following: Copy | None) -> SeasonCopy | None:
        """The first copy after `last` that withdraws the deal, `following` being the next one that holds it."""
        for season in self.after(last):
            if following is not None and season.order >= following.order:
                return None
            if season.lacks(city, serial):
                return season
        return None


@dataclass(frozen=True)
class Presence:
    """When a deal was there: its withdrawals and reinstatements in order, and who withdrew it in the end."""

    happenings: tuple[Happening, ...]
    withdrawn_by: SeasonCopy | None


def presence(city: str, serial: str, sightings: Sequence[Copy], judges: Judges) -> Presence:
    """What became of a deal that was in these copies (in order, at least one) and in no other."""
    happenings: list[Happening] = []
    absent: SeasonCopy | None = None
    for copy, following in zip(sightings, (*sightings[1:], None), strict=True):
        if absent is not None:
            happenings.append(Happening(Event.REINSTATED, copy))
        absent = judges.withdrawal(city, serial, copy, following)
        if absent is not None:
            happenings.append(Happening(Event.WITHDRAWN, absent))
    return Presence(tuple(happenings), absent)


def withdrawn(outside_window: bool, replaced_by: str | None) -> Changes:
    """What the event of a withdrawal tells: that the trade lies outside the season, and what took its place."""
    return {
        **({"outside_window": True} if outside_window else {}),
        **({"replaced_by": [None, replaced_by]} if replaced_by else {}),
    }


Seen = tuple[Copy, Values]
"""A sighting: the copy, and the values that the deal had in it."""


def happenings_of_values(seen: Sequence[Seen]) -> list[Happening]:
    """What happened to the values of a deal, from its sightings in order."""
    before: Values = UNCANCELLED
    happenings: list[Happening] = []
    for copy, values in seen:
        happenings += between(before, values, copy)
        before = values
    return happenings


def between(before: Values, values: Values, copy: Copy) -> list[Happening]:
    """What happened to a deal whose values were `before` and are others in `copy`.

    Columns that `before` does not know do not count: give UNCANCELLED for a deal that is new.
    """
    differ = {name: [before[name], values[name]] for name in KEPT if name in before and before[name] != values[name]}
    if "termination" not in differ:
        differ.pop("cancelled_on", None)  # it derives from the words, and is no change by itself
    happenings: list[Happening] = []
    if "termination" in differ and values["termination"]:
        cancelled = {name: differ.pop(name) for name in ("termination", "cancelled_on") if name in differ}
        happenings.append(Happening(Event.CANCELLED, copy, cancelled))
    if differ:
        happenings.append(Happening(Event.CHANGED, copy, differ))
    return happenings


def walked_back(newest: Values, sightings: Sequence[Copy], happenings: Iterable[Happening]) -> list[Seen]:
    """The values at each sighting, from those at the newest and what happened on the way there."""
    changes: dict[tuple[Any, ...], Changes] = {}
    for happening in happenings:
        if happening.event in OF_VALUES:
            changes.setdefault(happening.copy.order, {}).update(happening.changes)
    values = dict(newest)
    seen: list[Seen] = []
    for copy in reversed(sightings):
        seen.append((copy, dict(values)))
        values.update({name: pair[0] for name, pair in changes.get(copy.order, {}).items()})
    return seen[::-1]


def with_sighting(seen: Sequence[Seen], copy: Copy, values: Values) -> list[Seen]:
    """The sightings with one more; where the copy is among them its values are replaced."""
    others = [sighting for sighting in seen if sighting[0].order != copy.order]
    return sorted([*others, (copy, values)], key=lambda sighting: sighting[0].order)


def told(value: Any) -> Any:
    """A value as events spell it, which JSON can hold: dates as ISO, a blank one as None, numbers as numbers."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
