"""What the report of the whole country costs: gathering it, its bytes, and the time until a browser has drawn it.

The made-up history is that of `benchmarks/history.py`; it has no registered projects, and few names. So a made-up
picture is drawn beside, as large as the real country's: 370 districts, 4,000 registered projects, each with a name.

    python -m benchmarks.market_report [SCALE]
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from playwright.sync_api import Browser

from benchmarks.history import LAST, SERVER, made_up
from benchmarks.report import machine, write_section
from pshs_dagster.clock import taipei_now
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.market.gather import gather
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.tables import deals
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.history.replay import Wishes, replay
from pshs_dagster.releases import TAIPEI
from pshs_dagster.report.page import page
from pshs_dagster.report.picture import Picture
from pshs_dagster_tests.fixtures.dagster import chromium
from pshs_dagster_tests.fixtures.mysql import PrivateServer
from pshs_dagster_tests.report.made import national_picture

NOW = datetime(2026, 10, 1, 10, tzinfo=TAIPEI)

ROUNDS = 5
GOAL_BYTES, GOAL_SECONDS = 3_000_000, 2.0

WIDTHS = {"desk": 1280, "phone": 360}


def main() -> None:
    """Measure; print and write the results."""
    warnings.simplefilter("ignore")
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with PrivateServer(SERVER) as server:
        engine = Database(server.create_database("report")).ready()
        replay(made_up(scale), engine, frozenset(CITIES), taipei_now, Wishes())
        refresh(engine, NOW)
        lines, picture = _gathered(engine)
        engine.dispose()
    lines += _drawn({"the made-up history": picture, "as large as the country's": national_picture()})
    print("\n".join([machine(), "", *lines]))  # noqa: T201
    if scale == 1.0:
        write_section("The report", lines)


def _gathered(engine: sa.Engine) -> tuple[list[str], Picture]:
    with engine.connect() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(deals))
    started = time.perf_counter()
    picture = gather(engine, LAST, NOW)
    spent = time.perf_counter() - started
    return [f"Gathered from {rows:,} deals in MariaDB in {spent:.1f} s.", ""], picture


def _drawn(pictures: dict[str, Picture]) -> list[str]:
    """A row a picture: bytes, and seconds as the browser measures them, from the click to the painted page."""
    lines = [
        f"| report | bytes | {' | '.join(f'{name}: opened to drawn' for name in WIDTHS)} | script alone | goal |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            path = Path(folder) / "report.html"
            path.write_bytes(page(picture))
            rounds = [_rounds(browser, path, width) for width in WIDTHS.values()]
            opened = " | ".join(f"{median(each[0] for each in of):.2f} s" for of in rounds)
            script = median(each[1] for each in rounds[0])
            goal = f"{GOAL_BYTES:,} bytes, {GOAL_SECONDS:.0f} s"
            lines.append(f"| {name} | {path.stat().st_size:,} | {opened} | {script:.2f} s | {goal} |")
    return lines


def _rounds(browser: Browser, path: Path, width: int) -> Sequence[tuple[float, float]]:
    """Seconds from opening to painted, and of the script of them, for each round."""
    found: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with browser.new_page(viewport={"width": width, "height": 900}) as opened:
            opened.goto(path.as_uri())
            opened.wait_for_function("document.documentElement.dataset.drawn")
            drawn = opened.evaluate("performance.getEntriesByName('report-drawn')[0].startTime")
            script = opened.evaluate("performance.getEntriesByName('report')[0].duration")
            found.append((drawn / 1000, script / 1000))
    return found


if __name__ == "__main__":
    main()
