"""What commands show in the terminal: tables on standard output, progress on standard error."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from pshs_dagster.console import messages, output
from pshs_dagster.overview import ReleaseRow
from pshs_dagster.releases import Release, Window
from pshs_dagster.runs import Outcome


class DownloadProgress:
    """A progress bar for the release being fetched; the portal calls it with bytes done and in all."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._bar: TaskID | None = None

    def begin(self, release: Release) -> None:
        """A new bar, in place of the last one."""
        if self._bar is not None:
            self._bars.remove_task(self._bar)
        self._bar = self._bars.add_task(release.key, total=None)

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar is not None:
            self._bars.update(self._bar, completed=done, total=total)


@contextmanager
def download_progress() -> Generator[DownloadProgress]:
    """Progress bars on standard error, gone when all is done; nothing where no terminal looks on."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield DownloadProgress(bars)


def tell(outcome: Outcome) -> None:
    """One line a release as soon as it is done, and a line for each check that has something to say."""
    console = messages()
    mark = "[green]verified[/]" if outcome.verified else "[red]not verified[/]"
    console.print(f"{outcome.release}: {mark}  {escape(outcome.problem)}".rstrip())
    for check in outcome.checks:
        if not check.passed and not check.blocking:
            console.print(f"  [yellow]warning[/] {check.name}: {escape(check.told)}")


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """The summary of `pshs load`."""
    table = Table(title="Loaded releases")
    for heading in ("release", "trades"):
        table.add_column(heading, no_wrap=True)
    for heading in ("new", "changed", "unchanged", "rejected"):
        table.add_column(heading, justify="right")
    table.add_column("checks", no_wrap=True)
    table.add_column("result", no_wrap=True)
    for outcome in outcomes:
        passed = sum(check.passed for check in outcome.checks)
        warned = sum(not check.passed and not check.blocking for check in outcome.checks)
        told = f"{passed} of {len(outcome.checks)} hold" + (f", {warned} warn" if warned else "")
        numbers = [
            f"{outcome.counts[n]:,}" if outcome.counts else "" for n in ("new", "changed", "unchanged", "rejected")
        ]
        result = "verified" if outcome.verified else "not verified"
        table.add_row(outcome.release.key, str(outcome.release.window), *numbers, told, result)
    output().print(table)


def show_releases(rows: Sequence[ReleaseRow], *, every: bool) -> None:
    """The table of `pshs releases`, newest first; issues that are lost alike stand together unless `every` is set."""
    table = Table(title="Releases")
    for heading in ("release", "trades", "at MOI", "loaded"):
        table.add_column(heading, no_wrap=True)
    table.add_column("state", overflow="fold")
    for state, group in groupby(rows, key=lambda row: (row.state, row.release.is_issue)):
        alike = list(group)
        together = not every and len(alike) > 1 and alike[0].state.startswith(("lost", "missing"))
        for run in [alike] if together else [[row] for row in alike]:
            newest, oldest = run[0], run[-1]
            name = newest.release.key if len(run) == 1 else f"{oldest.release} … {newest.release} ({len(run)})"
            trades = str(Window(oldest.release.window.first, newest.release.window.last))
            loaded = f"{newest.loaded_at:%Y-%m-%d %H:%M}" if newest.loaded_at else ""
            table.add_row(name, trades, newest.at_moi, loaded, f"{state[0]} {newest.request}".strip())
    output().print(table)
