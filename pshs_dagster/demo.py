"""`make demo`: the whole way on one machine, offline, with made-up deals.

It starts the sandbox, runs the commands that a user would run, and shows what they did. It does nothing that a
user could not do, and touches nothing but `data/demo`.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pshs_dagster.console import output
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.sandbox.server import Sandbox

FOLDER = Path("data/demo")

TODAY = date(2026, 7, 21)
"""The day that the sandbox plays: three issues have come out since the season 115S2 closed."""

RELEASES = ("115S2", "2026-07-01", "2026-07-11", "2026-07-21")

COMMANDS = (
    ("releases", "--until", str(TODAY)),
    ("load", *RELEASES),
    ("projects",),
    ("report",),
    ("export", "--out", str(FOLDER / "dataset")),
)

SCALE = 0.1
"""A tenth of the real number of deals: some three thousand, loaded in seconds."""

DEALS = """
SELECT city, district, build_name, buildings, transaction_date, building_total_area, price, first_release, flags
FROM deals WHERE district = '淡水區' ORDER BY transaction_date DESC, serial_number LIMIT 5
"""

REJECTS = "SELECT release, file, line, serial_number, reasons FROM rejected_deals ORDER BY release, file, line LIMIT 5"

FILES = """
SELECT release, SUM(data_lines), SUM(new_deals), SUM(changed_deals), SUM(unchanged_deals), SUM(rejected_lines),
       SUM(data_lines) = SUM(new_deals + changed_deals + unchanged_deals + rejected_lines)
FROM release_files GROUP BY release ORDER BY release
"""


def main() -> int:
    """Run the demo; with `--page`, show what it made on Dagster's page."""
    console = output()
    with Sandbox(today=TODAY, scale=SCALE) as sandbox:
        environment = _environment(sandbox.url)
        if "--page" in sys.argv[1:]:
            return _show_page(environment)
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        console.print(f"A sandbox plays MOI's site on {TODAY}, at {sandbox.url}\n")
        for arguments in COMMANDS:
            status = _run(console, arguments, environment)
            if status != 0:
                return status
    _show_tables(console)
    _show_places(console)
    return 0


def _environment(url: str) -> Mapping[str, str]:
    return os.environ | {
        "PORTAL_URL": url,
        "DATABASE_URI": f"sqlite:///{FOLDER / 'pshs.db'}",
        "STORAGE_TYPE": "LOCAL",
        "STORAGE_DIR": str(FOLDER / "archive"),
        "DAGSTER_HOME": str((FOLDER / "dagster").absolute()),
        "CITIES": ",".join(CITIES),
        "HISTORY_FROM": RELEASES[0],
    }


def _run(console: Console, arguments: tuple[str, ...], environment: Mapping[str, str]) -> int:
    console.print(f"[bold]$ pshs {' '.join(arguments)}[/]")
    return subprocess.run(
        [sys.executable, "-m", "pshs_dagster.cli", *arguments], env=environment, check=False
    ).returncode


def _show_page(environment: Mapping[str, str]) -> int:
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy("dagster.yaml", home / "dagster.yaml")
    # The web page alone: the daemon's sensor would ask for the issue that is due by the real clock.
    server = Path(sys.executable).parent / "dagster-webserver"
    command = [str(server), "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", "3000"]
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _show_tables(console: Console) -> None:
    with sqlite3.connect(FOLDER / "pshs.db") as database:
        headings = ("release", "lines", "new", "changed", "unchanged", "rejected", "adds up")
        rows = [(*row[:-1], "yes" if row[-1] else "NO") for row in database.execute(FILES)]
        _table(console, "Every line is accounted for (release_files)", headings, rows)
        headings = ("city", "district", "project", "unit", "traded", "m²", "NTD", "first release", "flags")
        _table(console, "Deals in Tamsui 淡水區 (deals)", headings, database.execute(DEALS).fetchall())
        headings = ("release", "file", "line", "serial", "reasons")
        rows = [
            (*row[:-1], "；".join(reason["zh"] for reason in json.loads(row[-1]))) for row in database.execute(REJECTS)
        ]
        _table(console, "Lines set aside for a person (rejected_deals)", headings, rows)


def _table(console: Console, title: str, headings: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    table = Table(*headings, title=title)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def _show_places(console: Console) -> None:
    console.print("Where it lies:")
    console.print(f"  {FOLDER / 'pshs.db'}             the tables")
    console.print(f"  {FOLDER / 'archive'}/raw/         each zip as fetched, with its manifest")
    console.print(f"  {FOLDER / 'archive'}/rejects/     rejected lines with reasons in Chinese, to correct from")
    console.print(f"  {FOLDER / 'archive'}/reports/     the report of the newest release: open it in a browser")
    console.print(f"  {FOLDER / 'dataset'}/             the data product for researchers: see dictionary.md there")
    console.print(
        f"  {FOLDER / 'dagster'}             the runs and checks; `make demo-page` shows them in the lineage view"
    )


if __name__ == "__main__":
    sys.exit(main())
