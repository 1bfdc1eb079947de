"""The life of one deal in words of both languages: the copies that had it, what they changed, how it went and came.

Only tells; what the tables hold, and how they came to it, is decided where releases are loaded. How it looks on a
screen is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.records import moment
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import deal_events, deals, rejected_deals, withdrawn_deals
from pshs_dagster.deals.columns import BY_NAME
from pshs_dagster.deals.timeline import Copy, copy_named
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release


class What(StrEnum):
    """What a moment in the life of a deal brought."""

    FIRST_SEEN = "first seen"
    SEEN = "seen"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"
    CORRECTED = "corrected"
    REPLACES = "replaces"


WORDS = {
    What.FIRST_SEEN: ("首次發布", "first published"),
    What.SEEN: ("再次發布，內容相同", "published again, the same"),
    What.CHANGED: ("內容變更", "changed"),
    What.CANCELLED: ("解約", "cancelled"),
    What.WITHDRAWN: ("撤下", "withdrawn: published no more"),
    What.REINSTATED: ("重新出現", "reinstated: published again"),
    What.CORRECTED: ("人工更正", "corrected by a person"),
    What.REPLACES: ("取代已撤下的編號", "replaces a withdrawn serial"),
}
"""Each in Traditional Chinese and in English."""

OUTSIDE = ("交易日不在該季的期間內", "traded outside the window of the season")
REPLACED_BY = ("由新編號取代", "replaced by")
OLD_SERIAL = ("原編號", "withdrawn serial")

_ORDER = {what: place for place, what in enumerate(What)}
"""In which order that is told which one copy brought; the coming back, though, comes before what it changed."""


@dataclass(frozen=True)
class Change:
    """One thing that became another. Values as texts, blank for none; `zh` and `en` name what it is."""

    zh: str
    en: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One moment in the life of a deal: the copy of a release that brought it, and the moment it knows of (aware)."""

    release: str
    as_of: datetime
    what: What
    changes: tuple[Change, ...] = ()

    @property
    def zh(self) -> str:
        return WORDS[self.what][0]

    @property
    def en(self) -> str:
        return WORDS[self.what][1]


@dataclass(frozen=True)
class Life:
    """A deal and what became of it, oldest first. `values` are the newest that are known, by English column name."""

    city: str
    serial_number: str
    values: Mapping[str, Any]
    entries: tuple[Entry, ...]
    withdrawn_by: str = ""
    """The release whose copy has it no more; blank where the deal stands in `deals`."""

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.withdrawn_by)

    @property
    def is_cancelled(self) -> bool:
        return bool(self.values["termination"])

    @property
    def state(self) -> tuple[str, str]:
        """Where it stands now, in Traditional Chinese and in English."""
        zh, en = ("已撤下", "withdrawn") if self.is_withdrawn else ("現存", "present")
        return (f"{zh}、已解約", f"{en}, cancelled") if self.is_cancelled else (zh, en)


def biography(engine: sa.Engine, serial: str, city: str | None = None) -> list[Life]:
    """The life of the deal with this serial, for each city that has one (or only of `city`, such as `新北市`).

    Raises PshsError where there is none, DatabaseError where the database cannot tell.
    """
    serial = serial.strip()
    wanted = (serial, serial.upper())  # MOI's are upper case; what somebody typed may not be
    with snapshot(engine, f"tell the life of {serial}") as connection:
        found = [
            (row, table is withdrawn_deals)
            for table in (deals, withdrawn_deals)
            for row in _of(connection, table, wanted, city)
        ]
        if not found:
            raise PshsError(_unknown(connection, serial, wanted, city))
        return [
            _life(connection, row, withdrawn) for row, withdrawn in sorted(found, key=lambda pair: str(pair[0]["city"]))
        ]


def _of(
    connection: sa.Connection, table: sa.Table, serials: Sequence[str], city: str | None
) -> Sequence[sa.RowMapping]:
    query = sa.select(table).where(table.c.serial_number.in_(serials))
    if city is not None:
        query = query.where(table.c.city == city)
    return connection.execute(query).mappings().all()


def _unknown(connection: sa.Connection, serial: str, wanted: Sequence[str], city: str | None) -> str:
    where = f" in {city}" if city else ""
    rejected = _of(connection, rejected_deals, wanted, city)
    if rejected:
        lines = ", ".join(sorted({f"{row['file']} of {row['release']}" for row in rejected}))
        return f"The deal {serial}{where} was never loaded: its line was rejected in {lines}; see `rejected_deals`."
    return (
        f"No deal {serial}{where} is known: look for a slip in the serial (編號, 19 characters), "
        "or load the release that has it."
    )


def _life(connection: sa.Connection, row: sa.RowMapping, withdrawn: bool) -> Life:
    city, serial = str(row["city"]), str(row["serial_number"])
    events = _of(connection, deal_events, [serial], city)
    earlier = str(row["earlier_sightings"] or "")
    seen = [*map(copy_named, earlier.split(",") if earlier else ()), _copy(row["last_release"], row["as_of"])]
    entries = [
        _entry(_copy(event["release"], event["as_of"]), What(event["event"]), event["changes"]) for event in events
    ]
    told = {(entry.release, entry.as_of) for entry in entries}
    for place, copy in enumerate(seen):
        # A copy that changed the deal had it, which need not be told apart.
        if place == 0:
            entries.append(_entry(copy, What.FIRST_SEEN, {}))
        elif (copy.release.key, moment(copy.as_of)) not in told:
            entries.append(_entry(copy, What.SEEN, {}))
    entries += _replaced(connection, city, serial)
    return Life(
        city, serial, dict(row), tuple(sorted(entries, key=_when)), row["withdrawn_release"] if withdrawn else ""
    )


def _when(entry: Entry) -> tuple[Any, ...]:
    came_back = entry.what is not What.REINSTATED
    return *_copy(entry.release, entry.as_of).order, came_back, _ORDER[entry.what]


def _replaced(connection: sa.Connection, city: str, serial: str) -> list[Entry]:
    """An entry for each withdrawn deal whose event names this one in its place."""
    named = sa.cast(deal_events.c.changes, sa.Text).contains(serial, autoescape=True)
    query = sa.select(deal_events).where(deal_events.c.city == city, deal_events.c.event == What.WITHDRAWN.value, named)
    return [
        Entry(
            event["release"],
            moment(event["as_of"]),
            What.REPLACES,
            (Change(*OLD_SERIAL, "", event["serial_number"]),),
        )
        for event in connection.execute(query).mappings()
        if event["changes"].get("replaced_by", [None, None])[1] == serial
    ]


def _copy(release: str, as_of: datetime) -> Copy:
    return Copy(Release.parse(release), as_of)


def _entry(copy: Copy, what: What, changes: Mapping[str, Any]) -> Entry:
    return Entry(
        copy.release.key, moment(copy.as_of), what, tuple(_change(name, value) for name, value in changes.items())
    )


def _change(name: str, value: Any) -> Change:
    if name == "outside_window":
        return Change(*OUTSIDE, "", "")
    old, new = value
    if name == "replaced_by":
        return Change(*REPLACED_BY, "", _text(new))
    column = BY_NAME.get(name)
    zh, en = (column.zh, column.en) if column else (name, name)
    return Change(zh, en, _text(old), _text(new))


def _text(value: Any) -> str:
    """A value as a person reads it: thousands apart."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
