"""`deals` as they were known at the end of a day, from the tables alone.

The newest values stand in `deals` and `withdrawn_deals`, and what changed them in `deal_events`: the past is what
is left when the events after the day are undone. What people had corrected by then is applied to that, as the ledger
tells it; `past_corrections.py` knows how. How one deal lived is told in `biography.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from pshs_dagster.database.reading.past_corrections import PastCorrections, by_column
from pshs_dagster.database.snapshot import ROWS_AT_ONCE, snapshot
from pshs_dagster.database.tables import deal_events, deals, withdrawn_deals
from pshs_dagster.deals.columns import BY_NAME, COLUMNS, ColumnType
from pshs_dagster.deals.parse import as_text
from pshs_dagster.deals.timeline import OF_PRESENCE, OF_VALUES, Copy, Event, copy_named
from pshs_dagster.releases import TAIPEI, Release

KNOWN = tuple(column for column in COLUMNS if column.header or column.name in ("city", "cancelled_on"))
"""What is told of a deal. Its flags and its line in the CSV are ours, and their past is not kept."""

FRAME_COLUMNS = (*(column.name for column in KNOWN), "first_release", "last_release", "as_of")

CHANGING = tuple(event.value for event in OF_VALUES)
MOVING = tuple(event.value for event in OF_PRESENCE)
"""The kinds of events: those that change values of a deal, and those that take it out and bring it back."""

_DATES = frozenset(column.name for column in KNOWN if column.type is ColumnType.DATE)
_MOMENT = 19
"""Characters of `2022-09-01 00:00:00`, behind which SQLite has microseconds that are always 0."""

_ARROW = {ColumnType.INTEGER: pa.int64(), ColumnType.DECIMAL: pa.float64()}


def as_of(engine: sa.Engine, day: date, city: str | None = None) -> pd.DataFrame:
    """What was known of each deal at the end of `day` (Taipei), of one city (`新北市`) or all.

    Exactly what loading only the copies of releases up to that day would have put into `deals`. FRAME_COLUMNS,
    typed as parsing types them, with `as_of` aware; ordered by city and serial number. Empty where nothing was
    known. Raises DatabaseError.
    """
    return pd.concat(list(as_of_by_city(engine, day, city)), ignore_index=True)


def as_of_by_city(engine: sa.Engine, day: date, city: str | None = None) -> Iterator[pd.DataFrame]:
    """The same city after city, so that memory is bounded by the largest; at least one frame, which may be empty."""
    end = datetime.combine(day + timedelta(days=1), time())
    with snapshot(engine, f"tell what was known on {day}") as connection:
        corrected = PastCorrections(connection, end)
        anything = False
        for name in sorted(_cities(connection)) if city is None else [city]:
            frame = _city_as_of(connection, name, end, corrected)
            if len(frame):
                anything = True
                yield frame
        if not anything:
            yield _typed(_schema().empty_table())


def first_known(engine: sa.Engine) -> date | None:
    """The day of the earliest knowledge; None where nothing is loaded. Raises DatabaseError."""
    with snapshot(engine, "tell when its knowledge begins") as connection:
        firsts = [connection.scalar(sa.select(sa.func.min(table.c.first_as_of))) for table in (deals, withdrawn_deals)]
    return min((first.date() for first in firsts if first is not None), default=None)


@dataclass
class Summary:
    """What a person wants to know of the deals of a day first, gathered while they pass by."""

    day: date
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """Deals by city."""
    cancelled: dict[str, int] = field(default_factory=dict[str, int])
    """How many of them were known to be cancelled."""
    newest: pd.DataFrame = field(default_factory=pd.DataFrame)
    """The latest trades, the newest first."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def watching(self, frames: Iterable[pd.DataFrame], latest: int = 10) -> Iterator[pd.DataFrame]:
        """The same frames; the `latest` trades among them are kept."""
        for frame in frames:
            for city, of_city in frame.groupby("city", sort=False):
                self.counts[str(city)] = len(of_city)
                self.cancelled[str(city)] = int((of_city["termination"] != "").sum())
            both = pd.concat([self.newest, frame], ignore_index=True) if len(self.newest) else frame
            newest = both.sort_values(["transaction_date", "city", "serial_number"], ascending=[False, True, True])
            self.newest = newest.head(latest).reset_index(drop=True)
            yield frame


def _cities(connection: sa.Connection) -> set[str]:
    both = sa.union(*(sa.select(table.c.city) for table in (deals, withdrawn_deals)))
    return set(connection.scalars(both))


def _city_as_of(connection: sa.Connection, city: str, end: datetime, corrected: PastCorrections) -> pd.DataFrame:
    rows = pa.concat_tables([_rows(connection, table, city, end) for table in (deals, withdrawn_deals)])
    events = _events(connection, city, end)
    frame = _typed(rows)
    frame = _with_copy_of_then(frame, rows, end)
    frame = _with_values(frame, corrected.published(frame, city))
    frame = _undone(frame, [event for event in events if event.kind in CHANGING])
    then = corrected.without_later_lines(connection, city)
    gone = {serial for serial, known in then.items() if known is None}
    gone |= set(_withdrawn(events)) - then.keys()
    frame = frame[~frame["serial_number"].isin(gone).to_numpy(dtype=np.bool_)].reset_index(drop=True)
    frame = _with_values(frame, by_column({serial: known for serial, known in then.items() if known is not None}))
    frame = _with_values(frame, corrected.corrected(frame, city))
    # Serials are ASCII, and Arrow sorts them by their bytes.
    return frame.sort_values("serial_number", ignore_index=True)


def _rows(connection: sa.Connection, table: sa.Table, city: str, end: datetime) -> pa.Table:
    """The newest rows of the deals that were known by then; dates and moments as text."""
    # Most rows are as they were: only for the others the copies before their newest are of interest.
    before = sa.case((table.c.as_of >= end, table.c.earlier_sightings))
    columns = [
        *(
            sa.cast(table.c[column.name], sa.String) if column.name in _DATES else table.c[column.name]
            for column in KNOWN
        ),
        table.c.first_release,
        table.c.last_release,
        sa.func.substr(sa.cast(table.c.as_of, sa.String), 1, _MOMENT),
        before,
    ]
    known = sa.and_(table.c.city == city, table.c.serial_number.is_not(None), table.c.first_as_of < end)
    result = connection.execute(sa.select(*columns).where(known))
    schema = _schema()
    parts = [schema.empty_table()]
    while chunk := result.fetchmany(ROWS_AT_ONCE):
        values = zip(*chunk, strict=True)
        parts.append(pa.table([pa.array(v, f.type) for v, f in zip(values, schema, strict=True)], schema=schema))
    return pa.concat_tables(parts)


def _schema() -> pa.Schema:
    """How rows come from the database: dates and moments as text."""
    names = (*FRAME_COLUMNS, "earlier_sightings")
    types = {column.name: _ARROW.get(column.type, pa.large_string()) for column in KNOWN}
    return pa.schema([(name, types.get(name, pa.large_string())) for name in names])


def _typed(rows: pa.Table) -> pd.DataFrame:
    """The rows as parsing types them."""
    values: dict[str, Any] = {}
    for name in FRAME_COLUMNS:
        if name in _DATES:
            values[name] = rows[name].cast(pa.date32()).cast(pa.timestamp("ns")).to_numpy()
        elif name == "as_of":
            values[name] = _moments(rows[name])
        elif pa.types.is_large_string(rows[name].type):
            values[name] = as_text(rows[name])
        else:
            values[name] = rows[name].to_numpy()
    return pd.DataFrame(values)


def _moments(walls: pa.ChunkedArray) -> pd.Series[Any]:
    """Wall times as aware moments. Few are told apart, and only those are looked up in the calendar."""
    which, walls_apart = pd.factorize(walls.to_pandas())
    moments = pd.to_datetime(walls_apart).as_unit("ns").tz_localize(TAIPEI)
    return pd.Series(moments.take(which))


def _with_copy_of_then(frame: pd.DataFrame, rows: pa.Table, end: datetime) -> pd.DataFrame:
    """`last_release` and `as_of` of the newest copy, up to then, that had the deal."""
    # Deals have few histories among them, so that each is read once.
    which, histories = pd.factorize(rows["earlier_sightings"].to_pandas())
    then = [_newest_before(history, end) for history in histories]
    late = which >= 0
    if not late.any():
        return frame
    release, moment = frame["last_release"].copy(), frame["as_of"].copy()
    release[late] = pd.Series([copy.release.key for copy in then], dtype=release.dtype).array.take(which[late])
    moments = pd.DatetimeIndex([copy.as_of for copy in then]).as_unit("ns").tz_localize(TAIPEI)
    moment[late] = moments.take(which[late])
    return frame.assign(last_release=release, as_of=moment)


def _newest_before(history: str, end: datetime) -> Copy:
    return [copy for copy in map(copy_named, history.split(",")) if copy.as_of < end][-1]


@dataclass(frozen=True)
class _Event:
    serial: str
    kind: str
    changes: str


def _events(connection: sa.Connection, city: str, end: datetime) -> list[_Event]:
    """The city's events that matter, oldest first: what moved deals up to then, and what changed values after."""
    events = deal_events.c
    matters = sa.or_(
        sa.and_(events.event.in_(MOVING), events.as_of < end),
        sa.and_(events.event.in_(CHANGING), events.as_of >= end),
    )
    query = sa.select(
        events.release, events.as_of, events.serial_number, events.event, sa.type_coerce(events.changes, sa.Text)
    ).where(events.city == city, matters)
    told = [
        (Copy(Release.parse(release), moment), _Event(*event)) for release, moment, *event in connection.execute(query)
    ]
    return [event for _, event in sorted(told, key=lambda pair: pair[0].order)]


def _withdrawn(events: Iterable[_Event]) -> list[str]:
    """The serials that had been withdrawn by then: whose last move was out."""
    last = {event.serial: event.kind for event in events if event.kind in MOVING}
    return [serial for serial, event in last.items() if event == Event.WITHDRAWN.value]


def _undone(frame: pd.DataFrame, events: Sequence[_Event]) -> pd.DataFrame:
    """The frame with the values of before the events: for each field what the earliest of them found there."""
    found: dict[str, dict[str, Any]] = {}
    for event in reversed(events):
        changes: dict[str, list[Any]] = json.loads(event.changes)
        for name, (old, *_new) in changes.items():
            if name in FRAME_COLUMNS:
                found.setdefault(name, {})[event.serial] = old
    return _with_values(frame, found)


def _with_values(frame: pd.DataFrame, found: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The frame with other values, which are given by column and serial; serials that it does not have are passed
    over."""
    place = pd.Index(frame["serial_number"])
    changed: dict[str, pd.Series[Any]] = {}
    for name, of_serials in found.items():
        where = place.get_indexer(pd.Index(list(of_serials), dtype=object))
        values = pd.Series(list(of_serials.values()), dtype=object)[where >= 0]
        column = frame[name].copy()
        column.iloc[where[where >= 0]] = _as_typed(name, values).array
        changed[name] = column
    return frame.assign(**changed)


def _as_typed(name: str, values: pd.Series[Any]) -> pd.Series[Any]:
    if name == "as_of":
        return _moments(pa.chunked_array([pa.array(values, pa.timestamp("s")).cast(pa.string())]))
    if name not in BY_NAME:
        return values.astype("string[pyarrow]")
    match BY_NAME[name].type:
        case ColumnType.DATE:
            return pd.to_datetime(values, format="%Y-%m-%d").astype("datetime64[ns]")
        case ColumnType.INTEGER:
            return values.astype("int64")
        case ColumnType.DECIMAL:
            return values.astype("float64")
        case _:
            return values.astype("string[pyarrow]")
