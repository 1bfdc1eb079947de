"""What the statistics of the whole national history cost, against passes of the server over the same table.

Two passes are the measure: one that counts the rows, and one that reads every value of every row. The made-up history
is that of `benchmarks/history.py`.

    python -m benchmarks.statistics [SCALE]
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from statistics import median

import sqlalchemy as sa

from benchmarks.history import SERVER, made_up
from benchmarks.report import machine, write_section
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.fingerprints import stored_fingerprint
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import deals
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.history.replay import Wishes, replay
from pshs_dagster_tests.fixtures.mysql import PrivateServer

ROUNDS = 3
GOAL_SECONDS, GOAL_PASSES = 1.0, 3.0

ISSUES = {
    "an issue of a month that is not complete": ("2026-05-01", "2026-05-10"),
    "an issue that completes a month, projects too": ("2026-04-21", "2026-04-30"),
}
"""Trade days whose deals are made others, as an issue with so many changed deals would."""


def main() -> None:
    """Measure; print and write the results."""
    warnings.simplefilter("ignore")
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with PrivateServer(SERVER) as server:
        engine = Database(server.create_database("statistics")).ready()
        replay(made_up(scale), engine, frozenset(CITIES), taipei_now, Wishes())
        lines = _measured(engine)
        engine.dispose()
    print("\n".join([machine(), "", *lines]))  # noqa: T201
    if scale == 1.0:
        write_section("Statistics", lines)


def _measured(engine: sa.Engine) -> list[str]:
    rows = _value(engine, sa.select(sa.func.count()).select_from(deals))
    counting = _seconds(lambda: _value(engine, sa.select(sa.func.count(), sa.func.max(deals.c.note))))
    reading = _seconds(lambda: _read_every_value(engine))
    whole = _seconds(lambda: refresh(engine, taipei_now(), everything=True))
    nothing = _seconds(lambda: refresh(engine, taipei_now()))
    thorough = _seconds(lambda: refresh(engine, taipei_now(), thorough=True))
    issues = {
        name: _seconds(lambda: refresh(engine, taipei_now()), lambda days=days: _change(engine, *days))
        for name, days in ISSUES.items()
    }
    compared = _seconds(lambda: compare(engine))
    return [
        f"{rows:,} deals in MariaDB, medians of {ROUNDS} rounds. One pass that counts the rows takes {counting:.2f} s, "
        f"one that reads every value {reading:.2f} s.",
        "",
        "| | seconds | × counting | × reading | goal |",
        "| --- | --- | --- | --- | --- |",
        _row("everything anew, all three tables", whole, counting, reading, f"{GOAL_PASSES:.0f} passes"),
        _row("nothing to do, by a quick look", nothing, counting, reading, ""),
        _row("nothing to do, by a look at every deal", thorough, counting, reading, ""),
        *(_row(f"after {name}", spent, counting, reading, f"{GOAL_SECONDS:.0f} s") for name, spent in issues.items()),
        _row("the check", compared, counting, reading, ""),
    ]


def _row(name: str, seconds: float, counting: float, reading: float, goal: str) -> str:
    return f"| {name} | {seconds:.2f} | {seconds / counting:.1f} | {seconds / reading:.1f} | {goal} |"


def _seconds(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    spent: list[float] = []
    for _ in range(ROUNDS):
        before()
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return median(spent)


def _value(engine: sa.Engine, query: sa.Executable) -> int:
    with engine.connect() as connection:
        return int(connection.execute(query).one()[0])


def _read_every_value(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.scalar(sa.select(sa.func.sum(stored_fingerprint(connection)(deals))))


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
