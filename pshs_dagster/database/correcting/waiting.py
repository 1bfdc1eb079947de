"""What waits for a person, from the tables: rejected lines that are open, and deals that carry flags.

How it is written into a file, and read back, is told in `review/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import Ledger, read_ledger
from pshs_dagster.database.loading.rejects import Status
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.database.tables import deals, rejected_deals, release_files
from pshs_dagster.deals.columns import PUBLISHED, STANDARD_HEADERS, city_of
from pshs_dagster.deals.overlay import Key, RejectedLine
from pshs_dagster.deals.rules import RULE_BY_NAME, Context, Reason, explain
from pshs_dagster.deals.texts import GivenLine, JudgedLines, judged, plain, published_texts
from pshs_dagster.releases import Release
from pshs_dagster.review.edits import Kind, Row


def review_rows(engine: sa.Engine, releases: Collection[str] = (), *, suspects: bool = False) -> list[Row]:
    """The open rejected lines of these releases, or of all, file by file; then, with `suspects`, the deals that carry
    flags and were last seen in these releases, but for those whose flags somebody let stand. Raises DatabaseError.
    """
    with snapshot(engine, "tell what waits for a person") as connection:
        if not sa.inspect(connection).has_table(rejected_deals.name):
            return []
        return [*_open_lines(connection, releases), *(_suspects(connection, releases) if suspects else ())]


def as_line(row: Any) -> RejectedLine:
    """A row of `rejected_deals`, which has all columns, as a line that decisions may be laid over."""
    rules = frozenset(str(reason.get("rule", "")) for reason in row.reasons)
    published = row.published if row.published is not None else _cut(row.raw)
    # A line whose surplus commas were put back has more of them than cells.
    rejoined = row.published is not None and row.raw.count(",") >= len(row.published)
    return RejectedLine(row.file, row.line, row.city, row.serial_number, row.raw, rules, published, rejoined)


def _open_lines(connection: sa.Connection, releases: Collection[str]) -> list[Row]:
    table = rejected_deals.c
    query = sa.select(rejected_deals).where(table.status == Status.OPEN.value, table.line.is_not(None))
    if releases:
        query = query.where(table.release.in_(sorted(releases)))
    found: list[Row] = []
    for row in connection.execute(query.order_by(table.release, table.file, table.line)).all():
        line = as_line(row)
        reasons = tuple(Reason(r["rule"], r.get("column", ""), r.get("zh", ""), r.get("en", "")) for r in row.reasons)
        found.append(
            Row(
                Kind.LINE,
                row.release,
                row.file,
                row.line,
                row.city,
                row.serial_number,
                row.raw,
                reasons,
                dict(line.texts),
            )
        )
    return found


def _cut(raw: str) -> Mapping[str, str]:
    """The fields of a line of which only the text is kept, as files have been since they were re-issued."""
    cells = raw.split(",")
    return dict(zip(STANDARD_HEADERS, cells, strict=False)) if len(cells) in (28, 30, 31) else {}


def _suspects(connection: sa.Connection, releases: Collection[str]) -> list[Row]:
    names = ("id", "city", *(column.name for column in PUBLISHED), "last_release", "as_of", "source_line", "flags")
    query = sa.select(*(deals.c[name] for name in names)).where(
        deals.c.flags != "", deals.c.serial_number.is_not(None), deals.c.as_of.is_not(None)
    )
    if releases:
        query = query.where(deals.c.last_release.in_(sorted(releases)))
    let_go = _let_go(read_ledger(connection))
    by_release: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(query).mappings().all():
        if let_go.get((row["city"], row["serial_number"])) != row["flags"]:
            by_release[row["last_release"]].append({str(name): value for name, value in row.items()})
    files = _files_of(connection, by_release)
    found: list[Row] = []
    for release, rows in sorted(by_release.items()):
        ordered = sorted(rows, key=lambda row: (row["city"], row["serial_number"]))
        for row, reasons in zip(ordered, _told(release, ordered), strict=True):
            found.append(suspect_row(row, files.get((release, row["city"]), ""), reasons))
    return found


def suspect_row(row: Mapping[str, Any], file: str, reasons: tuple[Reason, ...]) -> Row:
    """A deal as it is shown to a person: dates in ISO form, plain numbers."""
    fields = {column.name: plain(column, row[column.name]) for column in PUBLISHED}
    key = (row["city"], row["serial_number"])
    return Row(Kind.DEAL, row["last_release"], file, row["source_line"] or 0, *key, "", reasons, fields)


def _let_go(ledger: Ledger) -> dict[Key, str]:
    """The flags that somebody let stand, of each deal; the latest word counts."""
    return {(entry.city, entry.serial_number): entry.flags for entry in ledger.let_go}


def _told(release: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Reason, ...]]:
    """Why each deal carries its flags, and by which column."""
    context = Context(Release.parse(release).window, date.max)
    judgement = judged([GivenLine("", row["city"], 0, published_texts(row)) for row in rows], context)
    columns = _columns_at_fault(judgement, context)
    told: list[tuple[Reason, ...]] = []
    for number, row in enumerate(rows):
        reasons: list[Reason] = []
        for reason in explain(",".join(flag for flag in row["flags"].split(",") if flag in RULE_BY_NAME)):
            at_fault = columns.get((number, reason.rule)) or columns.get((-1, reason.rule)) or [""]
            reasons += [Reason(reason.rule, column, reason.zh, reason.en) for column in at_fault[:1]]
        told.append(tuple(reasons))
    return told


def _columns_at_fault(judgement: JudgedLines, context: Context) -> dict[tuple[int, str], list[str]]:
    """The columns for which a soft rule fires, by row; under -1 the one column that it is about, where it is one."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for rule in RULE_BY_NAME.values():
        if rule.hard:
            continue
        masks = rule.applies(judgement.parsed, context)
        if len(masks) == 1:
            found[-1, rule.name] = list(masks)
        for column, mask in masks.items():
            for number in mask.nonzero()[0].tolist():
                found[number, rule.name].append(column)
    return found


def _files_of(connection: sa.Connection, releases: Iterable[str]) -> dict[tuple[str, str], str]:
    """The CSV of each city in each of these releases."""
    query = sa.select(release_files.c.release, release_files.c.file)
    rows = connection.execute(query.where(release_files.c.release.in_(sorted(releases))))
    return {(row.release, city_of(row.file)): row.file for row in rows}
