"""What `pshs projects --unmatched` shows: projects of deals that are no registered one, and the other way round."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pshs_dagster.console import output
from pshs_dagster.database.absorption.reading import UnmatchedName, UnmatchedProject

HEADINGS = (
    "來源 side",
    "縣市 city",
    "鄉鎮市區 district",
    "建案 project",
    "戶數 homes",
    "結果 result",
    "候選 candidates",
)
DEALS, LISTED = "實價登錄 deals", "建案備查 list"


def show_unmatched(names: Sequence[UnmatchedName], projects: Sequence[UnmatchedProject]) -> None:
    """A table of both sides."""
    table = Table(title=f"{len(names)} projects of deals, {len(projects)} registered projects are not matched")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading == HEADINGS[4] else "left")
    for row in _rows(names, projects):
        table.add_row(*map(escape, row))
    output().print(table)


def unmatched_csv(names: Sequence[UnmatchedName], projects: Sequence[UnmatchedProject]) -> bytes:
    """Both sides as a CSV: UTF-8 with a BOM, as Excel wants it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(_rows(names, projects))
    return text.getvalue().encode("utf-8-sig")


def _rows(names: Sequence[UnmatchedName], projects: Sequence[UnmatchedProject]) -> list[tuple[str, ...]]:
    deals = [
        (
            DEALS,
            each.name.city,
            each.name.district,
            each.name.text,
            str(each.homes),
            each.method,
            "、".join(each.candidates),
        )
        for each in names
    ]
    listed = [
        (LISTED, each.city, each.district, each.name, "" if each.homes is None else str(each.homes), "no deals", "")
        for each in projects
    ]
    return deals + listed
