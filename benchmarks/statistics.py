"""What the statistics of the whole national history cost, against scans of the same table.

Three scans are the measure: counting the rows, reading every value of every row within the server, and SELECT * to
the quickest client there is (MariaDB's own program; within a process SQLite's), which throws the rows away. The goal
is told against the last. The made-up history is that of `benchmarks/history.py`.

    python -m benchmarks.statistics [SCALE]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from statistics import median

import sqlalchemy as sa

from benchmarks.history import SERVER, made_up
from benchmarks.report import machine, write_section
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.database import Database
from pshs_dagster.database.keeping.clients import find_program, started
from pshs_dagster.database.loading.fingerprints import stored_fingerprint
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import deals
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.history.replay import Wishes, replay
from pshs_dagster_tests.fixtures.mysql import PrivateServer

ROUNDS = 3
GOAL_SECONDS, GOAL_SCANS = 1.0, 3.0

ISSUES = {
    "an issue of a month that is not complete": ("2026-05-01", "2026-05-10"),
    "an issue that completes a month, projects too": ("2026-04-21", "2026-04-30"),
}
"""Trade days whose deals are made others, as an issue with so many changed deals would."""


def main() -> None:
    """Measure; print and write the results."""
    warnings.simplefilter("ignore")
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    archive = made_up(scale)
    lines: list[str] = []
    with PrivateServer(SERVER) as server, tempfile.TemporaryDirectory() as folder:
        for name, uri in (("MariaDB", server.create_database("statistics")), ("SQLite", f"sqlite:///{folder}/pshs.db")):
            engine = Database(uri).ready()
            replay(archive, engine, frozenset(CITIES), taipei_now, Wishes())
            lines += [*_measured(engine, name), ""]
            engine.dispose()
    print("\n".join([machine(), "", *lines]))  # noqa: T201
    if scale == 1.0:
        write_section("Statistics", lines[:-1])


def _measured(engine: sa.Engine, name: str) -> list[str]:
    rows = _value(engine, sa.select(sa.func.count()).select_from(deals))
    scans = {"counting": _seconds(lambda: _value(engine, sa.select(sa.func.count(), sa.func.max(deals.c.note))))}
    if engine.dialect.name == "mysql":
        scans["reading"] = _seconds(lambda: _read_every_value(engine))
    scans["SELECT *"] = _seconds(lambda: _select_all(engine))
    first = _once(lambda: refresh(engine, taipei_now(), everything=True))
    whole = _seconds(lambda: refresh(engine, taipei_now(), everything=True))
    nothing = _seconds(lambda: refresh(engine, taipei_now()))
    thorough = _seconds(lambda: refresh(engine, taipei_now(), thorough=True))
    issues = {
        issue: _seconds(lambda: refresh(engine, taipei_now()), lambda days=days: _change(engine, *days))
        for issue, days in ISSUES.items()
    }
    compared = _seconds(lambda: compare(engine))

    def row(label: str, seconds: float, goal: str = "") -> str:
        cells = [label, f"{seconds:.2f}", *(f"{seconds / scan:.1f}" for scan in scans.values()), goal]
        return f"| {' | '.join(cells)} |"

    return [
        f"{rows:,} deals in {name}, medians of {ROUNDS} rounds. One scan of the table takes "
        + ", ".join(f"{seconds:.2f} s ({scan})" for scan, seconds in scans.items())
        + ".",
        "",
        f"| {name} | seconds | " + " | ".join(f"× {scan}" for scan in scans) + " | goal |",
        "| --- | --- | " + "--- | " * len(scans) + "--- |",
        row("everything anew, into empty tables, once", first, f"{GOAL_SCANS:.0f} × SELECT *"),
        row("everything anew, tables that are right", whole, f"{GOAL_SCANS:.0f} × SELECT *"),
        row("nothing to do, by a quick look", nothing),
        row("nothing to do, by a look at every deal", thorough),
        *(row(f"after {issue}", spent, f"{GOAL_SECONDS:.0f} s") for issue, spent in issues.items()),
        row("the check", compared),
    ]


def _seconds(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    spent: list[float] = []
    for _ in range(ROUNDS):
        before()
        spent.append(_once(work))
    return median(spent)


def _once(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _value(engine: sa.Engine, query: sa.Executable) -> int:
    with engine.connect() as connection:
        return int(connection.execute(query).one()[0])


def _read_every_value(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.scalar(sa.select(sa.func.sum(stored_fingerprint(connection)(deals))))


def _select_all(engine: sa.Engine) -> None:
    if engine.dialect.name == "mysql":
        asked = ["--quick", "--batch", "--execute=SELECT * FROM deals", str(engine.url.database)]
        with started(find_program(engine, "mariadb", "mysql"), engine.url, asked, stdout=subprocess.DEVNULL) as client:
            client.end("read the deals")
        return
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("SELECT * FROM deals")
        while cursor.fetchmany(1000):
            pass


def _change(engine: sa.Engine, first: str, last: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.update(deals)
            .where(deals.c.transaction_date.between(first, last))
            .values(price=deals.c.price + 10_000, updated_at=wall_time(taipei_now()))
        )
    time.sleep(1)  # what was changed in the second of a refresh is looked at once more, as after no issue


if __name__ == "__main__":
    main()
