"""What the commands about corrections show in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from pshs_dagster.console import messages, output
from pshs_dagster.database.correcting.listing import Listed
from pshs_dagster.review.edits import Kind, Row
from pshs_dagster.review.report import RESULT_ZH, Outcome
from pshs_dagster.runs import Outcome as RunOutcome


def say(sentence: str) -> None:
    """One line for the person at the terminal."""
    messages().print(escape(sentence), soft_wrap=True)


def show_written(rows: Sequence[Row], path: Path) -> None:
    """How many rows wait, release by release."""
    if not rows:
        say("Nothing waits for a person; no file was written. 沒有待處理的資料。")
        return
    counts = Counter((row.release, row.kind) for row in rows)
    table = Table(title="Waiting 待處理")
    for heading, justify in (("release", "left"), ("rejected 退件", "right"), ("suspect 存疑", "right")):
        table.add_column(heading, justify=justify)  # pyright: ignore[reportArgumentType]
    for release in sorted({row.release for row in rows}):
        numbers = [counts[release, kind] for kind in (Kind.LINE, Kind.DEAL)]
        table.add_row(release, *(f"{number:,}" for number in numbers))
    output().print(table)
    say(f"{len(rows):,} rows in {path}. Correct them there, then: pshs correct {path}")


def show_outcomes(outcomes: Sequence[Outcome], rows: int) -> None:
    """What a file would do, row by row."""
    table = Table(title=f"{len(outcomes)} of {rows} rows say something")
    for heading in ("where", "city", "serial", "result"):
        table.add_column(heading, no_wrap=heading != "where")
    table.add_column("what it means", overflow="fold")
    for outcome in outcomes:
        result = f"{RESULT_ZH[outcome.result]} {outcome.result}"
        cells = (outcome.where, outcome.city, outcome.serial_number, result, f"{outcome.zh} {outcome.en}")
        table.add_row(*(escape(cell) for cell in cells))
    output().print(table)


def show_loaded(outcomes: Sequence[RunOutcome]) -> None:
    """What became of the releases that were loaded again."""
    for outcome in outcomes:
        state = "loaded with its corrections" if outcome.verified else f"not loaded: {outcome.problem}"
        say(f"{outcome.release}: {state}")


def show_ledger(entries: Sequence[Listed]) -> None:
    """The ledger, the oldest entry first."""
    table = Table(title=f"Corrections ({len(entries)})")
    for heading in ("day", "release", "city", "serial", "field"):
        table.add_column(heading, no_wrap=True)
    for heading in ("from", "to", "reason"):
        table.add_column(heading, overflow="fold")
    table.add_column("editor")
    table.add_column("status", no_wrap=True)
    for entry in entries:
        field = entry.field or "(dismissed)"
        status = "waits for a load" if entry.waiting else entry.status if entry.field else ""
        cells = (entry.edited_on.isoformat(), entry.release, entry.city, entry.serial_number, field)
        words = (entry.old_value, entry.new_value, entry.reason, entry.editor, status)
        table.add_row(*(escape(cell) for cell in (*cells, *words)))
    output().print(table)
