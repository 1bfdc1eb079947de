"""Tables for people on Dagster's page: a few rows, a few columns, as Markdown. No numbers are made here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import pandas as pd

from pshs_dagster.database.loading.load import LoadReport
from pshs_dagster.database.reading.history import ReleaseReport
from pshs_dagster.deals.columns import BY_NAME, city_of
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.overlay import Overlay
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
    """The first rejected lines with their reasons; the lines themselves are too wide, and stand in the table."""
    rows = [
        [
            line["file"],
            line["source_line"],
            line["serial_number"],
            "；".join(reason.zh for reason in explain(line["reasons"])),
            "; ".join(reason.en for reason in explain(line["reasons"])),
        ]
        for line in rejects.head(REJECT_ROWS).to_dict("records")
    ]
    return markdown(["檔案", "行號", "編號", "退件原因", "reasons"], rows)


def corrected_preview(overlay: Overlay) -> dg.MarkdownMetadataValue:
    """The first lines that people made sound, and what they changed in them."""
    rows = [
        [
            line.file,
            line.line,
            line.serial_number,
            "；".join(f"{BY_NAME[entry.field].zh} {entry.old} → {entry.new}" for entry in line.entries if entry.field),
        ]
        for line in overlay.corrected[:REJECT_ROWS]
    ]
    return markdown(["檔案", "行號", "編號", "修正 corrected"], rows)


def file_table(parsed: ParsedRelease) -> dg.MarkdownMetadataValue:
    """What each CSV held."""
    rows = [[f.name, f.city, f.data_lines, f.sound, f.rejected] for f in parsed.files]
    return markdown(["file", "city", "lines", "sound", "rejected"], rows)


def load_table(report: LoadReport) -> dg.MarkdownMetadataValue:
    """What loading each CSV did."""
    names = ("data_lines", "new_deals", "changed_deals", "unchanged_deals", "rejected_lines")
    more = ("cancelled_deals", "withdrawn_deals", "withdrawn_outside", "reinstated_deals")
    rows = [[f.file, city_of(f.file), *(getattr(f, name) for name in (*names, *more))] for f in report.files]
    return markdown(["file", "city", *(name.replace("_", " ") for name in (*names, *more))], rows)


REPORT_COLUMNS = ("lines", "new", "changed", "unchanged", "rejected", "cancelled", "withdrawn")

BARS = {"unchanged": "#c8cdd3", "new": "#2f9e6b", "changed": "#e2a03f", "rejected": "#cf4a3c", "withdrawn": "#6b5fb5"}
"""What a bar of the plot is made of, from below, and in which colours."""


def report_table(reports: Sequence[ReleaseReport]) -> dg.MarkdownMetadataValue:
    """A row a release: what it brought."""
    rows = [[report.release.key, *(getattr(report, name) for name in REPORT_COLUMNS)] for report in reports]
    return markdown(["release", *REPORT_COLUMNS], rows)


def report_plot(reports: Sequence[ReleaseReport]) -> dg.MarkdownMetadataValue:
    """A bar a release, stacked from what its lines were."""
    width, height, base = 36, 120, 140
    most = max((sum(getattr(report, name) for name in BARS) for report in reports), default=0) or 1
    shapes: list[str] = []
    for index, report in enumerate(reports):
        x, y = 10 + index * width, float(base)
        for name, colour in BARS.items():
            tall = getattr(report, name) / most * height
            y -= tall
            shapes.append(f'<rect x="{x}" y="{y:.1f}" width="{width - 8}" height="{tall:.1f}" fill="{colour}"/>')
        shapes.append(
            f'<text x="{x + 10}" y="{base + 8}" transform="rotate(45 {x + 10} {base + 8})">{report.release.key}</text>'
        )
    for place, (name, colour) in enumerate(BARS.items()):
        x = 10 + place * 90
        shapes.append(f'<rect x="{x}" y="4" width="10" height="10" fill="{colour}"/>')
        shapes.append(f'<text x="{x + 14}" y="13">{name}</text>')
    size = f'width="{max(470, 60 + len(reports) * width)}" height="205"'
    style = 'font-family="sans-serif" font-size="10" fill="#444"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(shapes)}</svg>'
    return drawing("releases", svg)


def drawing(told: str, svg: str) -> dg.MarkdownMetadataValue:
    """An SVG within Markdown, so that nothing is fetched; `told` is for those who do not see it."""
    return dg.MetadataValue.md(f"![{told}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})")


def minute(moment: datetime) -> str:
    """A moment as a person reads it, with its offset."""
    return moment.isoformat(sep=" ", timespec="minutes")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("\n", " ")):
        text = text.replace(char, entity)
    return text
