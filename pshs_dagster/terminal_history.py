"""What `pshs init` and `pshs rebuild` show: progress on standard error, the summary on standard output."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pshs_dagster.console import messages, output
from pshs_dagster.history.job import counts_of
from pshs_dagster.history.loading import Replayed
from pshs_dagster.history.replay import Watch
from pshs_dagster.history.runs import Rebuilt
from pshs_dagster.releases import Release

SHOWN = ("new", "changed", "unchanged", "rejected", "cancelled", "withdrawn", "reinstated")


def tell_fetched(release: Release, problem: str) -> None:
    """One line a release as soon as it is archived, or could not be."""
    console = messages()
    mark = "[red]not fetched[/]" if problem else "[green]archived[/]"
    console.print(f"{release}: {mark}  {escape(problem)}".rstrip())


@contextmanager
def rebuild_progress() -> Generator[Watch]:
    """A progress bar over the copies; lines where no terminal looks on."""
    console = messages()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("rebuilding", total=None)

        def watch(outcome: Replayed, number: int, of: int) -> None:
            bars.update(bar, completed=number, total=of, description=outcome.release.key)
            if outcome.problem:
                console.print(f"{outcome.release}: [red]not loaded[/]  {escape(outcome.problem)}")
            elif not console.is_terminal:
                console.print(f"{outcome.release}: loaded ({number} of {of})")

        yield watch


def show_rebuilt(rebuilt: Rebuilt) -> None:
    """The summary: one row a copy, in the order of knowledge."""
    table = Table(title="Loaded anew" if rebuilt.swapped else "Not put in place: the tables are as before")
    for heading in ("release", "as of"):
        table.add_column(heading, no_wrap=True)
    for heading in SHOWN:
        table.add_column(heading, justify="right")
    table.add_column("result", no_wrap=True)
    for outcome in rebuilt.replayed:
        counts = counts_of(outcome)
        if counts:
            counts["withdrawn"] += counts["withdrawn_outside"]
        numbers = [f"{counts[name]:,}" if counts else "" for name in SHOWN]
        result = "not loaded" if outcome.problem else "verified" if rebuilt.swapped else "loaded"
        table.add_row(outcome.release.key, f"{outcome.copy.as_of:%Y-%m-%d %H:%M}", *numbers, result)
    output().print(table)
