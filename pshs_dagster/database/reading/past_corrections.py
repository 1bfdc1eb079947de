"""What people had corrected by the end of a day, for whoever tells what was known then.

A correction of a deal is undone, and those that had been recorded are applied to the values of then. A line that was
corrected later is no deal yet: what the other copies told of the deal stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.made import Made, copies_with_corrections
from pshs_dagster.database.loading import ledger as events
from pshs_dagster.database.loading.copies import loaded_seasons
from pshs_dagster.database.loading.lives import sightings_of
from pshs_dagster.database.tables import corrections, deals, withdrawn_deals
from pshs_dagster.deals.amending import Amendment, Status, amended, restored
from pshs_dagster.deals.timeline import KEPT, OF_VALUES, Copy, Judges, SeasonCopy, presence, told, walked_back
from pshs_dagster.releases import Release

Values = Mapping[str, Any]

ByColumn = dict[str, dict[str, Any]]
"""Column → serial → value, dates as ISO texts."""


class PastCorrections:
    """The ledger as of a moment (`end`, naive, exclusive)."""

    def __init__(self, connection: sa.Connection, end: datetime) -> None:
        self._end = end
        self._of_city: dict[str, dict[str, list[Amendment]]] = defaultdict(dict)
        self._later: dict[str, list[Made]] = defaultdict(list)
        if not sa.inspect(connection).has_table(corrections.name):
            return
        ledger = read_ledger(connection)
        for (city, serial), entries in ledger.amendments_of.items():
            self._of_city[city][serial] = entries
        recorded = {entry.id: entry.recorded_at for entry in ledger.lines}
        for record in copies_with_corrections(connection) if ledger.lines else ():
            for line in record.made:
                by = (*line.entries, *line.freed_by)
                if any(recorded.get(number, datetime.min) >= end for number in by):  # noqa: DTZ901 - naive
                    self._later[line.key[0]].append(line)

    def published(self, frame: pd.DataFrame, city: str) -> ByColumn:
        """MOI's values where others are applied now."""

        def put_back(row: Values, entries: list[Amendment]) -> Values:
            return restored(row, [entry for entry in entries if entry.status == Status.APPLIED])

        return self._changed(frame, city, put_back)

    def corrected(self, frame: pd.DataFrame, city: str) -> ByColumn:
        """The values that people had corrected by then, where the frame has those of MOI's that were known then."""

        def apply(row: Values, entries: list[Amendment]) -> Values:
            by_then = [entry for entry in entries if entry.recorded_at < self._end]
            newest = Copy(Release.parse(row["last_release"]), row["as_of"])
            return amended(row, newest, by_then).values

        return self._changed(frame, city, apply)

    def without_later_lines(self, connection: sa.Connection, city: str) -> dict[str, Values | None]:
        """For deals with lines that were corrected later: what was known by then without them, by column; None where
        the deal was not there."""
        later: dict[str, list[Made]] = defaultdict(list)
        for line in self._later[city]:
            later[line.key[1]].append(line)
        if not later:
            return {}
        judges = self._judges(connection, city)
        stored = events.recorded(connection, ((city, serial) for serial in later), OF_VALUES)
        known: dict[str, Values | None] = dict.fromkeys(later)
        for row in _newest(connection, city, list(later)):
            serial = row["serial_number"]
            applied = [e for e in self._of_city[city].get(serial, ()) if e.status == Status.APPLIED]
            newest = {name: told((row | restored(row, applied))[name]) for name in KEPT}
            sightings = sightings_of(row["earlier_sightings"], row["last_release"], row["as_of"])
            happened = [event.happening for event in stored.get((city, serial), ())]
            hidden = {line.copy.order for line in later[serial]}
            seen = [
                (copy, values)
                for copy, values in walked_back(newest, sightings, happened)
                if copy.as_of < self._end and copy.order not in hidden
            ]
            if seen and presence(city, serial, [copy for copy, _ in seen], judges).withdrawn_by is None:
                copy, values = seen[-1]
                first = seen[0][0].release.key
                known[serial] = {
                    **values,
                    "first_release": first,
                    "last_release": copy.release.key,
                    "as_of": copy.as_of,
                }
        return known

    def _judges(self, connection: sa.Connection, city: str) -> Judges:
        """The copies of seasons of then, in which the lines were rejected still."""
        rejected: dict[Any, set[tuple[str, str]]] = defaultdict(set)
        for line in self._later[city]:
            rejected[line.copy.order].add((city, line.line_serial))
        seasons: list[SeasonCopy] = [
            replace(season, rejected=season.rejected | rejected.get(season.order, set()))
            for season in loaded_seasons(connection)
            if season.as_of < self._end
        ]
        return Judges(seasons)

    def _changed(self, frame: pd.DataFrame, city: str, change: Callable[[Values, list[Amendment]], Values]) -> ByColumn:
        entries = self._of_city.get(city)
        if not entries:
            return {}
        mine = frame[frame["serial_number"].isin(list(entries))]
        rows = [{str(name): _plain(value) for name, value in row.items()} for row in mine.to_dict("records")]
        return by_column(
            {
                row["serial_number"]: {name: told(value) for name, value in change(row, of_deal).items()}
                for row in rows
                if (of_deal := entries[row["serial_number"]])
            }
        )


def by_column(by_serial: Mapping[str, Values]) -> ByColumn:
    """Values of deals, column by column."""
    found: ByColumn = defaultdict(dict)
    for serial, values in by_serial.items():
        for name, value in values.items():
            found[name][serial] = value
    return found


def _newest(connection: sa.Connection, city: str, serials: list[str]) -> list[dict[str, Any]]:
    names = ("serial_number", *KEPT, "last_release", "as_of", "earlier_sightings")
    found: list[dict[str, Any]] = []
    for table in (deals, withdrawn_deals):
        for part in events.portions(serials):
            query = sa.select(*(table.c[name] for name in names)).where(
                table.c.city == city, table.c.serial_number.in_(part), table.c.as_of.is_not(None)
            )
            found += [{str(name): value for name, value in row.items()} for row in connection.execute(query).mappings()]
    return [row for row in found if row["serial_number"] in serials]


def _plain(value: Any) -> Any:
    """As the database gives it: days as days, moments as wall time, blanks as None."""
    if value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).to_pydatetime() if value.tzinfo else date(value.year, value.month, value.day)
    return value
