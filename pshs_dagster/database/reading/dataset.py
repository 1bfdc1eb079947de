"""The tables as the data product takes them: what each file would have, told in one pass, and its rows in pieces.

Everything comes from one snapshot. What a file looks like and what it is called is told in `dataset`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.reading.columns import read_columns
from pshs_dagster.database.reading.dataset_quality import quality
from pshs_dagster.database.records import moment
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.statistics.statements import (
    CHANGES,
    DEALS,
    EVERY_MONTH,
    HOMES,
    MARKET,
    MARKETS,
    PROJECTS,
    WHOLE,
    Month,
    Values,
    project_values,
)
from pshs_dagster.database.tables import deals, metadata, project_absorption, project_statistics, releases
from pshs_dagster.dataset.fields import ARROW, DataTable, Part
from pshs_dagster.dataset.making import State
from pshs_dagster.dataset.quality import Quality

NULL = "\\N"
BETWEEN = "\t"
"""Between values whose fingerprint is made: no text of a deal has a tab."""

DIGITS = 10
"""Hexadecimal digits of an MD5 that are a row's fingerprint: a sum over eight million rows fits into 64 bits."""


@contextmanager
def reading(engine: sa.Engine) -> Generator[TablesReader]:
    """The tables as they are at this moment, for as long as the context lasts. Raises DatabaseError."""
    with snapshot(engine, "be read for the data product") as connection:
        yield TablesReader(connection)


def deals_now(engine: sa.Engine) -> tuple[int, datetime | None]:
    """The number of rows of `deals`, and when (aware) a release was loaded last. Raises DatabaseError."""
    with translated(engine, "count its deals"), engine.connect() as connection:
        number = connection.scalar(sa.select(sa.func.count()).select_from(deals)) or 0
        loaded = connection.scalar(sa.select(sa.func.max(releases.c.loaded_at)))
    return number, moment(loaded) if loaded else None


class TablesReader:
    """The tables as one connection sees them; it reads one result at a time."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._fingerprint = _fingerprint(connection)

    def states(self, table: DataTable) -> dict[Part, State]:
        """For each file that the table has now: the number of its rows, and a number made from all their values.

        A table without rows has its one file all the same where it is not split.
        """
        stored, split = metadata.tables[table.name], table.split
        city = stored.c.city if split.city else sa.literal("")
        year = sa.cast(_year(stored, table), sa.String) if split.year else sa.literal("")
        columns = [stored.c[field.name] for field in table.fields]
        query = sa.select(
            city.label("part_city"),
            year.label("part_year"),
            sa.func.count().label("number"),
            sa.func.coalesce(sa.func.sum(self._fingerprint(columns)), 0).label("total"),
        )
        if split.city or split.year:
            query = query.group_by(sa.text("part_city"), sa.text("part_year"))
        states: dict[Part, State] = {}
        for part_city, part_year, rows, total in self._connection.execute(query).all():
            states[Part(part_city, part_year)] = State(int(rows), self._spelt(table, int(total)))
        return states

    def batches(self, table: DataTable, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of one file in their order; read them to their end."""
        stored = metadata.tables[table.name]
        columns = [stored.c[field.name] for field in table.fields]
        # The last resort are ids: of rows that are otherwise alike, as of other programs' deals without a serial.
        order = [*(self._by_bytes(stored.c[name]) for name in table.order), *stored.primary_key.columns]
        query = sa.select(*columns).where(*_of_part(stored, table, part)).order_by(*order)
        schema = pa.schema([(field.name, ARROW[field.type]) for field in table.fields])
        return read_columns(self._connection, query, columns, schema)

    def quality(self) -> Quality:
        """What can be said of the data as a whole."""
        return quality(self._connection)

    def asked(self) -> dict[str, Values]:
        """What the statements of the statistics are asked for, by their names."""
        asked: dict[str, Values] = {
            DEALS: WHOLE[0] | HOMES,
            MARKET: WHOLE[0] | MARKETS,
            CHANGES: EVERY_MONTH,
            project_absorption.name: MARKETS,
        }
        last = self._connection.scalar(sa.select(sa.func.max(project_statistics.c.last_month)))
        return asked | ({PROJECTS: project_values(Month.of(last))} if last else {})

    def _spelt(self, table: DataTable, total: int) -> str:
        """Numbers of another kind of database, or of other columns, are no fingerprints of the same values."""
        names = ",".join(f"{field.name}:{field.type}" for field in table.fields)
        scheme = hashlib.sha256(f"{self._connection.dialect.name} {names} {table.order}".encode()).hexdigest()
        return f"{scheme[:8]}-{total:x}"

    def _by_bytes(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        if isinstance(column.type, sa.String) and self._connection.dialect.name == "mysql":
            return sa.cast(column, sa.LargeBinary)  # whatever its collation would say
        return column


def _of_part(stored: sa.Table, table: DataTable, part: Part) -> Iterator[sa.ColumnElement[bool]]:
    if table.split.city:
        yield stored.c.city == part.city
    if not table.split.year:
        return
    column = stored.c[table.split.year]
    if isinstance(column.type, sa.String):
        yield column == part.year
    else:
        # A span, for which an index can be used.
        kind = datetime if isinstance(column.type, sa.DateTime) else date
        yield column >= kind(int(part.year), 1, 1)
        yield column < kind(int(part.year) + 1, 1, 1)


def _year(stored: sa.Table, table: DataTable) -> sa.ColumnElement[Any]:
    column = stored.c[table.split.year]
    return column if isinstance(column.type, sa.String) else sa.extract("year", column)


Fingerprint = Callable[[list[sa.Column[Any]]], sa.ColumnElement[int]]


def _fingerprint(connection: sa.Connection) -> Fingerprint:
    """A row's number as an expression over its columns."""
    if connection.dialect.name == "mysql":
        return _fingerprint_mysql
    raw: Any = connection.connection.dbapi_connection

    def fingerprint(*values: object) -> int:
        return int(hashlib.md5(repr(values).encode(), usedforsecurity=False).hexdigest()[:DIGITS], 16)

    raw.create_function("pshs_dataset_fingerprint", -1, fingerprint, deterministic=True)
    return lambda columns: sa.func.pshs_dataset_fingerprint(*(sa.type_coerce(c, sa.String) for c in columns))


def _fingerprint_mysql(columns: list[sa.Column[Any]]) -> sa.ColumnElement[int]:
    texts = [sa.func.coalesce(sa.cast(c, sa.String), NULL) if c.nullable else c for c in columns]
    # Whatever the character sets of the columns are.
    joined = sa.func.convert(sa.func.concat_ws(BETWEEN, *texts).op("USING")(sa.literal_column("utf8mb4")))
    digits = sa.func.left(sa.func.md5(joined), DIGITS)
    return sa.cast(sa.func.conv(digits, 16, 10), sa.BigInteger)  # as a text it would be summed as a double
