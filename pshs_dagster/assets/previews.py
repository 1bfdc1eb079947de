"""Tables for people on Dagster's page: a few rows, a few columns, as Markdown. No numbers are made here."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
import pandas as pd

from pshs_dagster.database.load import LoadReport
from pshs_dagster.deals.columns import BY_NAME
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.rules import explain

PREVIEW_ROWS = 5
REJECT_ROWS = 20
"""Enough to see what is wrong; the whole list is in the table and the archive."""

PREVIEW_COLUMNS = (
    "city",
    "district",
    "build_name",
    "buildings",
    "transaction_date",
    "building_total_area",
    "price",
    "unit_price",
    "flags",
)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A Markdown table. What would break it or run in a browser is escaped: cells hold the ministry's text."""
    table = [headings, ["---"] * len(headings), *rows]
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in table]
    return dg.MetadataValue.md("\n".join(lines))


def preview(deals: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """The first rows of a frame of deals, by the columns that a person looks at."""
    first = deals.head(PREVIEW_ROWS)[list(PREVIEW_COLUMNS)]
    first = first.assign(transaction_date=first["transaction_date"].dt.strftime("%Y-%m-%d"))
    headings = [f"{BY_NAME[name].zh}" for name in PREVIEW_COLUMNS]
    return markdown(headings, first.to_numpy(dtype=object).tolist())


def reject_preview(rejects: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """The first rejected lines with their reasons."""
    rows = [
        [
            line["file"],
            line["source_line"],
            line["serial_number"],
            "；".join(reason.zh for reason in explain(line["reasons"])),
            "; ".join(reason.en for reason in explain(line["reasons"])),
            line["raw"],
        ]
        for line in rejects.head(REJECT_ROWS).to_dict("records")
    ]
    return markdown(["檔案", "行號", "編號", "退件原因", "reasons", "原始內容"], rows)


def file_table(parsed: ParsedRelease) -> dg.MarkdownMetadataValue:
    """What each CSV held."""
    rows = [[f.name, f.city, f.data_lines, f.sound, f.rejected] for f in parsed.files]
    return markdown(["file", "city", "lines", "sound", "rejected"], rows)


def load_table(report: LoadReport) -> dg.MarkdownMetadataValue:
    """What loading each CSV did."""
    rows = [
        [f.file, f.data_lines, f.new_deals, f.changed_deals, f.unchanged_deals, f.rejected_lines] for f in report.files
    ]
    return markdown(["file", "lines", "new", "changed", "unchanged", "rejected"], rows)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("\n", " ")):
        text = text.replace(char, entity)
    return text
