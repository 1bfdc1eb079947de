"""What the tables should hold after some copies: a model in plain Python that replays them in the order of knowledge.

It shares nothing with the code that it is to judge but the names of columns. No tests here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.loading.load import FileLines, LoadReport, ReleaseRecord, load_release
from pshs_dagster.database.loading.rejects import record_rejects
from pshs_dagster.database.tables import metadata
from pshs_dagster.deals.columns import COLUMNS, COMPARED
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.database.made_up import CITY_OF, NOW, frame

CLOCKS = {"created_at", "updated_at", "withdrawn_at", "recorded_at"}

TABLES = ("deals", "withdrawn_deals", "deal_events", "rejected_deals")

Key = tuple[str, str]


@dataclass(frozen=True)
class MadeCopy:
    """A made-up copy of a release: its sound deals, the serials of its rejected lines, and its files."""

    record: ReleaseRecord
    rows: Sequence[Mapping[str, Any]]
    rejected: Sequence[Key] = ()
    files: Sequence[str] = tuple(CITY_OF)

    @property
    def key(self) -> str:
        return self.record.release.key

    @property
    def as_of(self) -> datetime:
        return self.record.as_of.astimezone(TAIPEI).replace(microsecond=0, tzinfo=None)

    @property
    def order(self) -> tuple[datetime, int, str]:
        return self.as_of, int("S" in self.key), self.key

    @property
    def cities(self) -> set[str]:
        return {CITY_OF[file] for file in self.files}

    def judges(self, other: MadeCopy) -> bool:
        """Whether this season should hold what was last seen in the other copy."""
        if "S" in other.key:
            return other.key == self.key
        mine, theirs = self.record.release.window, other.record.release.window
        return mine.first <= theirs.first and theirs.last <= mine.last


@dataclass
class _Life:
    row: dict[str, Any]
    seen: list[MadeCopy]
    by: MadeCopy | None = None
    last_withdrawal: dict[str, Any] = field(default_factory=dict[str, Any])


def replay(copies: Iterable[MadeCopy]) -> dict[str, list[dict[str, Any]]]:
    """The content of TABLES, without ids and clocks."""
    lives: dict[Key, _Life] = {}
    events: list[dict[str, Any]] = []
    ordered = sorted({copy.order: copy for copy in copies}.values(), key=lambda copy: copy.order)
    for copy in ordered:
        there = {(row["city"], row["serial_number"]): dict(row) for row in copy.rows}
        for key, life in lives.items():
            gone = key not in there and key not in copy.rejected and key[0] in copy.cities
            if "S" in copy.key and gone and life.by is None and copy.judges(life.seen[-1]):
                life.by = copy
                outside = life.row["transaction_date"].date() not in copy.record.release.window
                # Only its newest values tell where a trade lies; it is known when all is replayed.
                life.last_withdrawal = _event(key, "withdrawn", copy, {"outside": outside})
                events.append(life.last_withdrawal)
        for key, row in there.items():
            life = lives.get(key)
            if life is None:
                lives[key] = _Life(row, [copy])
                if row["termination"]:
                    events.append(
                        _event(key, "cancelled", copy, _differences({}, row, ("termination", "cancelled_on")))
                    )
                continue
            if life.by is not None:
                events.append(_event(key, "reinstated", copy, {}))
                life.by = None
            events += _changes(key, life.row, row, copy)
            life.row = row
            life.seen.append(copy)
    _finish(lives, events)
    return {
        "deals": [_row(life) for life in lives.values() if life.by is None],
        "withdrawn_deals": [_row(life) | {"withdrawn_release": life.by.key} for life in lives.values() if life.by],
        "deal_events": events,
        "rejected_deals": _rejects(ordered, lives),
    }


def _event(key: Key, event: str, copy: MadeCopy, changes: dict[str, Any]) -> dict[str, Any]:
    told = {"city": key[0], "serial_number": key[1], "event": event, "release": copy.key, "as_of": copy.as_of}
    return told | {"changes": changes, "window": copy.record.release.window}


def _changes(key: Key, old: dict[str, Any], new: dict[str, Any], copy: MadeCopy) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    changed = _differences(old, new, COMPARED)
    cancellation = _differences(old, new, ("termination", "cancelled_on"))
    if "termination" in changed and new["termination"]:
        events.append(_event(key, "cancelled", copy, cancellation))
        del changed["termination"]
    elif "termination" in changed:
        changed |= cancellation
    if changed:
        events.append(_event(key, "changed", copy, changed))
    return events


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    blank = {"termination": "", "cancelled_on": None}
    pairs = {name: [_told(old.get(name, blank.get(name))), _told(new[name])] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _told(value: Any) -> Any:
    if value is None or value is pd.NaT:
        return None
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else value


def _finish(lives: dict[Key, _Life], events: list[dict[str, Any]]) -> None:
    """Where trades lie, and which serial took the place of one that is withdrawn."""
    present = [life.row for life in lives.values() if life.by is None]
    for event in events:
        window = event.pop("window")
        if event["event"] != "withdrawn":
            continue
        life = lives[event["city"], event["serial_number"]]
        changes: dict[str, Any] = {}
        if life.row["transaction_date"].date() not in window:
            changes["outside_window"] = True
        event["changes"] = changes
        if life.by is None or event is not life.last_withdrawal:
            continue
        place = ("city", "build_name", "buildings", "price", "transaction_date")
        same = [row["serial_number"] for row in present if all(row[name] == life.row[name] for name in place)]
        if same and (life.row["build_name"] or life.row["buildings"]):
            changes["replaced_by"] = [None, min(same)]


def _row(life: _Life) -> dict[str, Any]:
    def name(copy: MadeCopy) -> str:
        return f"{copy.key}@{copy.as_of:%Y%m%d%H%M%S}" if "S" in copy.key else copy.key

    row = {column.name: _stored(life.row[column.name]) for column in COLUMNS}
    return row | {
        "first_release": life.seen[0].key,
        "first_as_of": life.seen[0].as_of,
        "last_release": life.seen[-1].key,
        "as_of": life.seen[-1].as_of,
        "earlier_sightings": ",".join(name(copy) for copy in life.seen[:-1]) or None,
    }


def _stored(value: Any) -> Any:
    if value is pd.NaT:
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def _rejects(ordered: Sequence[MadeCopy], lives: dict[Key, _Life]) -> list[dict[str, Any]]:
    """Of each release the rejects of its newest copy."""
    rejects: list[dict[str, Any]] = []
    for copy in {copy.key: copy for copy in ordered}.values():
        for line in _reject_lines(copy):
            life = lives.get((line["city"], line["serial_number"]))
            mended = life is not None and life.by is None and life.seen[-1].order > copy.order
            line["line"] = line.pop("source_line")
            rejects.append({**line, "release": copy.key, "status": "fixed upstream" if mended else "open"})
    return rejects


def _reject_lines(copy: MadeCopy) -> list[dict[str, Any]]:
    file_of = {city: file for file, city in CITY_OF.items()}
    return [
        {
            "file": file_of[city],
            "source_line": 900 + number,
            "city": city,
            "serial_number": serial,
            "raw": f"{city},{serial}",
            "reasons": [{"rule": "date"}],
        }
        for number, (city, serial) in enumerate(copy.rejected)
    ]


def load_copy(engine: sa.Engine, copy: MadeCopy, now: datetime = NOW, confirm: bool = False) -> LoadReport:
    """Load a made-up copy as a run does: its rejects first, then its deals."""
    columns = ["file", "source_line", "city", "serial_number", "raw", "reasons"]
    rejects = pd.DataFrame(_reject_lines(copy), columns=columns)
    record_rejects(engine, copy.key, rejects, record=copy.record)
    deals = frame(copy.rows)
    lost = rejects["file"].value_counts()
    lines = [
        FileLines(file, int((deals["file"] == file).sum()) + int(lost.get(file, 0)), int(lost.get(file, 0)))
        for file in copy.files
    ]
    return load_release(engine, copy.record, deals, lines, now, rejected=copy.rejected, confirm_withdrawals=confirm)


def content(engine: sa.Engine) -> dict[str, list[str]]:
    """The same of the tables, sorted, as texts that can be compared."""
    found: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for name in TABLES:
            table = metadata.tables[name]
            wanted = [column for column in table.columns if column.name not in {"id", "published", *CLOCKS}]
            found[name] = [dict(row) for row in connection.execute(sa.select(*wanted)).mappings()]
    return comparable(found)


def comparable(content: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[str]]:
    """Rows as texts, sorted."""
    return {name: sorted(_text(row) for row in rows) for name, rows in content.items()}


def _text(row: Mapping[str, Any]) -> str:
    spelt = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    return json.dumps(spelt, ensure_ascii=False, sort_keys=True)
