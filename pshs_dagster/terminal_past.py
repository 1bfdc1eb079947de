"""What the commands that look back show in the terminal: what was known on a day, and the life of a deal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from pshs_dagster.console import output
from pshs_dagster.database.reading.biography import Change, Entry, Life, What
from pshs_dagster.database.reading.past import Summary


def show_as_of(summary: Summary, written: Path | None, first_known: date | None) -> None:
    """The summary of `pshs as-of`: to where it was written, or how many deals each city had and the newest.

    `first_known` is the day from which on anything is known, where nothing was known on the day.
    """
    console = output()
    if not summary.total:
        since = f"; knowledge begins on {first_known}" if first_known and first_known > summary.day else ""
        console.print(f"No deal was known at the end of {summary.day}{since}.")
    elif written is None:
        console.print(_counts(summary))
        console.print(_newest(summary))
        console.print("Every deal goes to a file with --out FILE.parquet.")
    if written is not None:
        console.print(f"{summary.total:,} deals, as known at the end of {summary.day}, are in {escape(str(written))}.")


def show_life(life: Life) -> None:
    """The table of `pshs history`: what the deal is, and a row a moment of its life."""
    console = output()
    values = life.values
    zh, en = life.state
    place = " ".join(part for part in (values["build_name"], values["buildings"]) if part) or values["location"]
    console.print(f"[bold]{escape(life.city)} {escape(life.serial_number)}[/]  {zh} {en}", soft_wrap=True)
    console.print(
        escape(
            f"{values['district']} {place}, 交易日期 traded {values['transaction_date']}, 總價 {values['price']:,} NTD"
        ),
        soft_wrap=True,
    )
    table = Table()
    for heading in ("得知 as of", "發布 release", "事件 event"):
        table.add_column(heading, no_wrap=True)
    table.add_column("內容 what", overflow="fold")
    for entry in life.entries:
        table.add_row(
            f"{entry.as_of:%Y-%m-%d}",
            escape(entry.release),
            f"{entry.zh} {entry.en}",
            "\n".join(_told(entry, change) for change in entry.changes),
        )
    console.print(table)


def _told(entry: Entry, change: Change) -> str:
    named = escape(f"{change.zh} {change.en}")
    if not change.old and not change.new:
        return named
    if entry.what in (What.WITHDRAWN, What.REPLACES):
        return f"{named}: {escape(change.new)}"
    return f"{named}: {_or_blank(change.old)} → {_or_blank(change.new)}"


def _or_blank(text: str) -> str:
    return escape(text) if text else "[dim](空白 blank)[/]"


def _counts(summary: Summary) -> Table:
    table = Table(title=f"Deals as known at the end of {summary.day}")
    table.add_column("city", no_wrap=True)
    table.add_column("deals", justify="right")
    table.add_column("of them cancelled", justify="right")
    for city, count in summary.counts.items():
        table.add_row(city, f"{count:,}", f"{summary.cancelled[city]:,}")
    if len(summary.counts) > 1:
        table.add_section()
        table.add_row("all", f"{summary.total:,}", f"{sum(summary.cancelled.values()):,}")
    return table


def _newest(summary: Summary) -> Table:
    table = Table(title="The newest trades")
    for heading in ("traded", "city", "district", "serial"):
        table.add_column(heading, no_wrap=True)
    table.add_column("project and unit")
    table.add_column("NTD", justify="right", no_wrap=True)
    table.add_column("known from", no_wrap=True)
    for row in summary.newest.to_dict("records"):
        table.add_row(
            f"{row['transaction_date']:%Y-%m-%d}",
            escape(str(row["city"])),
            escape(str(row["district"])),
            escape(str(row["serial_number"])),
            escape(f"{row['build_name']} {row['buildings']}".strip()),
            f"{row['price']:,}",
            escape(str(row["last_release"])),
        )
    return table
