"""Make a version: write the files whose rows changed, take the others from the version before, publish it at the end.

Memory is bounded by a row group, whatever the history is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa

from pshs_dagster.dataset.descriptor import (
    CSV,
    PARQUET,
    Package,
    Resource,
    data_name,
    data_path,
    schema_name,
    schema_of,
)
from pshs_dagster.dataset.dictionary import dictionary, license_text
from pshs_dagster.dataset.fields import DataTable, Part
from pshs_dagster.dataset.files import FORMAT, write
from pshs_dagster.dataset.quality import Quality, quality_page
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.dataset.tables import TABLES
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release

Values = Mapping[str, str | date | int]


class State(NamedTuple):
    """What the rows of a file are: how many, and a text that is another where any of their values is."""

    rows: int
    fingerprint: str


class Source(Protocol):
    """The tables at one moment."""

    def states(self, table: DataTable) -> Mapping[Part, State]:
        """The files that a table has, and the state of each."""
        ...

    def batches(self, table: DataTable, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of one file, in their order."""
        ...

    def quality(self) -> Quality:
        """What can be said of the data as a whole."""
        ...

    def asked(self) -> Mapping[str, Values]:
        """What the statements of the statistics are asked for."""
        ...


@dataclass
class Made:
    """A version that was published, and what it took."""

    package: Package
    written: list[Resource] = field(default_factory=list[Resource])
    """Files that were not there before."""

    @property
    def kept(self) -> int:
        """The number of files that stayed as they were."""
        return len(self.package.resources) - len(self.written)

    def rows(self) -> dict[str, int]:
        """The number of rows of each table."""
        rows = dict.fromkeys((table.name for table in TABLES), 0)
        for resource in self.package.resources:
            if resource.format == PARQUET:
                rows[resource.table] += resource.rows
        return rows


def make(source: Source, shelf: Shelf, release: Release, now: datetime, sql: Mapping[str, str], folder: Path) -> Made:
    """Publish what the tables hold as the version of `release`. `sql` are statements by the names of their files.

    `folder` is for files that are not finished. Raises ArchiveError, DatabaseError, PshsError.
    """
    before = set(shelf.paths)
    resources = [*_data(source, shelf, folder), *_documents(source, shelf, sql, folder)]
    package = shelf.publish(Package(release.key, release.key, now, tuple(resources)))
    return Made(package, [each for each in package.resources if each.path not in before])


def _data(source: Source, shelf: Shelf, folder: Path) -> Iterator[Resource]:
    newest = shelf.newest()
    known = {each.name: each for each in newest.resources} if newest else {}
    for table in TABLES:
        states = source.states(table)
        for part in sorted(states, key=lambda part: (part.city, part.year)):
            state = states[part]
            fingerprint = f"{FORMAT}-{state.rows:x}-{state.fingerprint}"
            forms = (PARQUET, CSV) if table.csv else (PARQUET,)
            there = [known.get(data_name(table, part, form)) for form in forms]
            same = [each for each in there if each and each.fingerprint == fingerprint and each.path in shelf.paths]
            if len(same) == len(forms):
                yield from same
            else:
                yield from _written(source, shelf, table, part, state, fingerprint, folder)


def _written(
    source: Source, shelf: Shelf, table: DataTable, part: Part, state: State, fingerprint: str, folder: Path
) -> Iterator[Resource]:
    parquet, spreadsheet = folder / "rows.parquet", folder / "rows.csv" if table.csv else None
    rows = write(source.batches(table, part), table, parquet, spreadsheet)
    if rows != state.rows:
        raise PshsError(
            f"{rows:,} rows of {table.name} were read where {state.rows:,} were counted ({part.city} {part.year}): "
            "nothing was published; publish again, and report it where it stays so."
        )
    for form, path in ((PARQUET, parquet), (CSV, spreadsheet)):
        if path is not None:
            kept = shelf.put(path, data_path(table, part, form), data_name(table, part, form))
            yield replace(kept, table=table.name, rows=rows, fingerprint=fingerprint)
            path.unlink()


def _documents(source: Source, shelf: Shelf, sql: Mapping[str, str], folder: Path) -> Iterator[Resource]:
    """Files that tell of the others: schemas, the dictionary, the quality page, the licence, the statements."""
    quality = source.quality()
    documents: dict[str, tuple[str, bytes]] = {
        "dictionary": ("dictionary.md", dictionary().encode()),
        "quality": ("quality.md", quality_page(quality).encode()),
        "license": ("LICENSE.md", license_text().encode()),
    }
    for table in TABLES:
        for form in (PARQUET, CSV) if table.csv else (PARQUET,):
            name = schema_name(table.name, form)
            path = f"schemas/{name.removeprefix('schema-')}.json"
            documents[name] = path, schema_of(table, form, keyed=table.name != "deals" or not quality.without_serial)
    for name, text in sql.items():
        documents[f"sql-{name.removesuffix('.sql')}"] = f"sql/{name}", text.encode()
    told = json.dumps(source.asked(), ensure_ascii=False, indent=1, sort_keys=True, default=str)
    documents["sql-parameters"] = "sql/parameters.json", told.encode() + b"\n"
    for name, (path, data) in documents.items():
        (folder / "document").write_bytes(data)
        yield shelf.put(folder / "document", path, name)
