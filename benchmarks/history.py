"""What loading the whole national history anew costs, against the floor: the server's own time for the same rows.

The floor is LOAD DATA of the final rows from a ready file, in their order, into an empty table with the same keys, in
the same run. Made-up releases in MOI's formats are kept in `data/bench`, so that they are made once.

    python -m benchmarks.history [SCALE]
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event

from benchmarks.report import machine, write_section
from pshs_dagster.archive import Archive, FolderStore
from pshs_dagster.assets.handover import file_lines, record_of, rejected_serials, sound_deals
from pshs_dagster.assets.values import parse_archived
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.tables import deals, release_copies
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.history.replay import Wishes, kept_copies, replay
from pshs_dagster.portal import FetchedZip
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.sandbox.zips import release_zip
from pshs_dagster_tests.fixtures.mysql import PrivateServer

FOLDER = Path("data/bench")
FIRST, LAST = Release.parse("110S2"), Release.parse("115S2")
"""Twenty-one seasons, some 540,000 deals at scale 1."""

PLAYED = date(2026, 10, 1)
"""The day on which the made-up releases were fetched: the last season is out."""

GOAL_RATIO, GOAL_MEGABYTES, GOAL_AGAIN, GOAL_TENFOLD = 1.5, 400, 1 / 3, 11.0

SERVER = ("--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M")
"""What a server gets that holds such a table: both sides of each ratio have the same."""

COMPARED_ROWS = 20_000
"""So many for the ways of loading that take too long for all."""

STAGES = {
    "LOAD DATA": "staging: LOAD DATA",
    "INSERT INTO pshs_": "merging",
    "INSERT INTO deals": "merging",
    "UPDATE deals": "ids and moments of known deals",
    "ALTER TABLE": "indexes",
    "RENAME TABLE": "swap",
    "DROP DATABASE": "swap",
    "SELECT deals.last_release, deals.as_of, count": "verifying",
}
"""Statements by how they begin; all others together are the rest."""


@dataclass
class Measured:
    """One rebuild: seconds in all, of each stage in the server, of parsing beside it; lines."""

    seconds: float
    lines: int
    prepared: float
    stages: Mapping[str, float] = field(default_factory=dict[str, float])


def main() -> None:
    """Measure; print and write the results."""
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--memory"]:
        _peak_memory(sys.argv[2], sys.argv[3])
        return
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    archive = made_up(scale)
    with PrivateServer(SERVER) as server:
        engine = Database(server.create_database("history")).ready()
        whole = _rebuilt(archive, engine)
        floor, rows = _floor(engine)
        again = _rebuilt(archive, engine)
        megabytes = _megabytes(server, scale)
        first, repeated = _twice(archive, engine)
        tenth = _rebuilt(made_up(scale / 10), Database(server.create_database("tenth")).ready())
        others = _other_ways(engine)
        engine.dispose()
    lines = [
        f"{len(kept_copies(archive))} seasons, {whole.lines:,} lines, {rows:,} deals, into an empty MariaDB; the floor "
        f"is its LOAD DATA of the same rows into a table with the same keys: {floor:.1f} s.",
        "",
        "| | measured | goal |",
        "| --- | --- | --- |",
        f"| whole rebuild, unzip to verified and swapped | {whole.seconds / floor:.2f} × the floor "
        f"({whole.seconds:.1f} s) | {GOAL_RATIO} × |",
        f"| the same onto a full database, ids kept | {again.seconds / floor:.2f} × the floor | |",
        f"| resident memory at its peak | {megabytes:.0f} MB | {GOAL_MEGABYTES} MB |",
        f"| a season again on top of all others, nothing changed | {repeated / first:.2f} × its first load "
        f"| {GOAL_AGAIN:.2f} × |",
        f"| {whole.lines / tenth.lines:.1f} times the rows | {whole.seconds / tenth.seconds:.1f} × the time "
        f"| {GOAL_TENFOLD:.0f} × |",
        "",
        "| stage of the rebuild | of the whole | seconds |",
        "| --- | --- | --- |",
        f"| unzip, read, parse (beside the others) | {whole.prepared / whole.seconds:.0%} | {whole.prepared:.1f} |",
        *(f"| {name} | {spent / whole.seconds:.0%} | {spent:.1f} |" for name, spent in whole.stages.items()),
        "",
        f"| another way, {COMPARED_ROWS:,} rows | × LOAD DATA of as many |",
        "| --- | --- |",
        *(f"| {name} | {ratio:.1f} |" for name, ratio in others.items()),
    ]
    print("\n".join([machine(), "", *lines]))  # noqa: T201
    if scale == 1.0:
        write_section("The national history", lines)


def made_up(scale: float) -> Archive:
    """An archive with every season, made where it is not there yet."""
    archive = Archive(FolderStore(FOLDER / f"history-{scale:g}"))
    season, fetched = FIRST, datetime(PLAYED.year, PLAYED.month, PLAYED.day, 10, tzinfo=TAIPEI)
    while season.published_on <= LAST.published_on:
        if archive.newest(season) is None:
            data = release_zip(season, today=PLAYED, scale=scale)
            with tempfile.NamedTemporaryFile(suffix=".zip") as file:
                file.write(data)
                file.flush()
                url = f"http://sandbox.test/{season}.zip"
                zipped = FetchedZip(season, Path(file.name), hashlib.sha256(data).hexdigest(), len(data), url, fetched)
                archive.keep(archive.stage(zipped))
        season, fetched = season.following(), fetched + timedelta(minutes=1)
    return archive


def _rebuilt(archive: Archive, engine: sa.Engine) -> Measured:
    with _statements() as spent:
        started = time.perf_counter()
        replayed = replay(archive, engine, frozenset(CITIES), taipei_now, Wishes())
        seconds = time.perf_counter() - started
    assert not any(outcome.problem for outcome in replayed)
    lines = sum(outcome.report.data_lines for outcome in replayed if outcome.report)
    prepared = sum(outcome.seconds["prepare"] for outcome in replayed)
    return Measured(seconds, lines, prepared, dict(spent))


@contextmanager
def _statements() -> Generator[Counter[str]]:
    """Seconds that statements took, by stage. Verifying and indexes run beside each other."""
    spent = Counter[str](dict.fromkeys([*STAGES.values(), "the rest"], 0))

    def before(connection: Any, *_: Any) -> None:
        connection.info["pshs_started"] = time.perf_counter()

    def after(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        stage = next((name for words, name in STAGES.items() if statement.startswith(words)), "the rest")
        spent[stage] += time.perf_counter() - connection.info["pshs_started"]

    event.listen(sa.Engine, "before_cursor_execute", before)
    event.listen(sa.Engine, "after_cursor_execute", after)
    try:
        yield spent
    finally:
        event.remove(sa.Engine, "before_cursor_execute", before)
        event.remove(sa.Engine, "after_cursor_execute", after)


def _floor(engine: sa.Engine) -> tuple[float, int]:
    """Seconds of LOAD DATA of all rows, from a file in their order, and how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.tsv"
        rows = _write(engine, path)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE floor LIKE deals")
            started = time.perf_counter()
            connection.exec_driver_sql(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE floor CHARACTER SET utf8mb4")
            connection.commit()
            seconds = time.perf_counter() - started
            assert connection.exec_driver_sql("SELECT COUNT(*) FROM floor").scalar() == rows
            connection.exec_driver_sql("DROP TABLE floor")
    return seconds, rows


def _write(engine: sa.Engine, path: Path, most: int | None = None) -> int:
    """The rows of `deals` as LOAD DATA reads them."""
    query = sa.select(deals).order_by(deals.c.id).limit(most)
    rows = 0
    with engine.connect().execution_options(stream_results=True) as connection, path.open("w", encoding="utf-8") as to:
        for row in connection.execute(query):
            to.write("\t".join("\\N" if v is None else str(v).replace("\\", "\\\\") for v in row) + "\n")
            rows += 1
    return rows


def _megabytes(server: PrivateServer, scale: float) -> float:
    """The peak of a process that does nothing but rebuild."""
    uri = server.create_database("memory")
    command = [sys.executable, "-m", "benchmarks.history", "--memory", uri, str(scale)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak_memory(uri: str, scale: str) -> None:
    replay(made_up(float(scale)), Database(uri).ready(), frozenset(CITIES), taipei_now, Wishes())
    # Not getrusage: there a process begins with the peak of the one that started it.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)  # noqa: T201


def _twice(archive: Archive, engine: sa.Engine) -> tuple[float, float]:
    """Seconds of loading the last season on top of all others, parsing aside, and of the same again."""
    copy = kept_copies(archive)[-1]
    parsed = parse_archived(archive, copy, frozenset(CITIES))
    frame, lines, rejected = sound_deals(parsed), file_lines(parsed), rejected_serials(parsed.rejects)

    def load() -> float:
        started = time.perf_counter()
        load_release(engine, record_of(copy), frame, lines, taipei_now(), rejected=rejected, confirm_withdrawals=True)
        return time.perf_counter() - started

    load()  # warms up
    with engine.begin() as connection:
        for table in (deals, release_copies):
            column = table.c.last_release if table is deals else table.c.release
            connection.execute(sa.delete(table).where(column == copy.release.key))
    return load(), load()


def _other_ways(engine: sa.Engine) -> dict[str, float]:
    """Other ways of loading, against LOAD DATA of as many rows."""
    query = sa.select(deals).order_by(deals.c.id).limit(COMPARED_ROWS)
    with engine.connect() as connection, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.tsv"
        _write(engine, path, COMPARED_ROWS)
        rows = [tuple(row) for row in connection.execute(query)]
        frame = pd.DataFrame(rows, columns=[column.name for column in deals.columns])
        marks = ", ".join(["%s"] * len(deals.columns))
        ways: dict[str, Any] = {
            "LOAD DATA": lambda: connection.exec_driver_sql(
                f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE floor CHARACTER SET utf8mb4"
            ),
            "multi-row INSERT by executemany": lambda: connection.exec_driver_sql(
                f"INSERT INTO floor VALUES ({marks})",  # noqa: S608 - marks only
                rows,
            ),
            "pandas.to_sql": lambda: frame.to_sql("floor", connection, if_exists="append", index=False),
            "pandas.to_sql(method='multi')": lambda: frame.to_sql(
                "floor", connection, if_exists="append", index=False, method="multi", chunksize=500
            ),
        }
        seconds: dict[str, float] = {}
        for name, way in ways.items():
            connection.exec_driver_sql("CREATE TABLE floor LIKE deals")
            started = time.perf_counter()
            way()
            connection.commit()
            seconds[name] = time.perf_counter() - started
            connection.exec_driver_sql("DROP TABLE floor")
    return {name: spent / seconds["LOAD DATA"] for name, spent in seconds.items() if name != "LOAD DATA"}


if __name__ == "__main__":
    main()
