"""What publishing the whole national history as a data product costs, against reading the table `deals` once.

Reading once is what a program does that fetches every row through the driver; a pass of the server over every value
is told too. The made-up history is that of `benchmarks/history.py`.

    python -m benchmarks.dataset [SCALE]
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import sqlalchemy as sa

from benchmarks.history import SERVER, made_up
from benchmarks.report import machine, write_section
from pshs_dagster.archive import FolderStore
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.fingerprints import stored_fingerprint
from pshs_dagster.database.reading.dataset import reading
from pshs_dagster.database.reading.statements import sql_files
from pshs_dagster.database.snapshot import ROWS_AT_ONCE, snapshot
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import deals
from pshs_dagster.dataset.descriptor import CSV, PARQUET
from pshs_dagster.dataset.making import Made, make
from pshs_dagster.dataset.proving import read_back
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.history.replay import Wishes, replay
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.mysql import PrivateServer

T = TypeVar("T")

NOW = datetime(2026, 10, 1, 10, tzinfo=TAIPEI)

ISSUE = ("2026-05-01", "2026-05-10")
"""Trade days whose deals are made others, as an issue with so many changed deals would."""


def main() -> None:
    """Measure; print and write the results."""
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--memory"]:
        _peak_memory(sys.argv[2], Path(sys.argv[3]))
        return
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with PrivateServer(SERVER) as server, TemporaryDirectory() as folder:
        uri = server.create_database("dataset")
        engine = Database(uri).ready()
        replay(made_up(scale), engine, frozenset(CITIES), taipei_now, Wishes())
        refresh(engine, NOW, everything=True)
        lines = _measured(engine, uri, Path(folder))
        engine.dispose()
    print("\n".join([machine(), "", *lines]))  # noqa: T201
    if scale == 1.0:
        write_section("The data product", lines)


def _measured(engine: sa.Engine, uri: str, folder: Path) -> list[str]:
    rows, reading_once = _timed(lambda: _read_every_row(engine))
    _, passing = _timed(lambda: _pass_over_every_value(engine))
    first, spent_first = _timed(lambda: _publish(engine, folder, "115S2"))
    _, spent_nothing = _timed(lambda: _publish(engine, folder, "115S2"))
    with engine.begin() as connection:
        changed = sa.update(deals).where(deals.c.transaction_date.between(*ISSUE)).values(price=deals.c.price + 10_000)
        number = connection.execute(changed).rowcount
    refresh(engine, NOW)
    issue, spent_issue = _timed(lambda: _publish(engine, folder, "2026-06-21"))
    proof, spent_proof = _timed(lambda: read_back(Shelf(FolderStore(folder)), issue.package))
    assert proof.rows["deals"] == rows
    sizes = {form: _megabytes(first, form) for form in (PARQUET, CSV)}

    def row(name: str, spent: float, made: Made | None) -> str:
        files = f"{len(made.written)} of {len(made.package.resources)}" if made else ""
        size = f"{_megabytes(made):.1f}" if made else ""
        return f"| {name} | {spent / reading_once:.2f} | {spent / passing:.1f} | {spent:.1f} | {files} | {size} |"

    return [
        f"{rows:,} deals in MariaDB: {sizes[PARQUET]:.0f} MB of Parquet, {sizes[CSV]:.0f} MB of CSV. Reading them once "
        f"through the driver takes {reading_once:.1f} s, one pass of the server over every value {passing:.2f} s. "
        f"Resident memory at its peak: {_memory(uri, folder):.0f} MB.",
        "",
        "| | × reading once | × a pass | seconds | files written | MB written |",
        "| --- | --- | --- | --- | --- | --- |",
        row("the first version", spent_first, first),
        row(f"after an issue ({number:,} deals)", spent_issue, issue),
        row("nothing changed", spent_nothing, None),
        row("reading a version back, every file (the check)", spent_proof, None),
    ]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _publish(engine: sa.Engine, root: Path, release: str) -> Made:
    with TemporaryDirectory() as folder, reading(engine) as source:
        return make(source, Shelf(FolderStore(root)), Release.parse(release), NOW, sql_files(), Path(folder))


def _read_every_row(engine: sa.Engine) -> int:
    rows = 0
    with snapshot(engine, "be read") as connection:
        result = connection.execute(sa.select(deals))
        while found := result.fetchmany(ROWS_AT_ONCE):
            rows += len(found)
    return rows


def _pass_over_every_value(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.scalar(sa.select(sa.func.sum(stored_fingerprint(connection)(deals))))


def _megabytes(made: Made, form: str = "") -> float:
    return sum(each.size for each in made.written if not form or each.format == form) / 1e6


def _memory(uri: str, folder: Path) -> float:
    """The peak of a process that does nothing but publish a first version."""
    command = [sys.executable, "-m", "benchmarks.dataset", "--memory", uri, str(folder / "memory")]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak_memory(uri: str, folder: Path) -> None:
    _publish(Database(uri).ready(), folder, "115S2")
    # Not getrusage: there a process begins with the peak of the one that started it.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)  # noqa: T201


if __name__ == "__main__":
    main()
