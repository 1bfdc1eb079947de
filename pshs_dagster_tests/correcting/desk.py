"""A desk: made-up releases in MOI's format arrive, are loaded as a run does, and are corrected. No tests here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from pshs_dagster.assets.handover import hand_over
from pshs_dagster.database.correcting.carry_out import Done, carry_out
from pshs_dagster.database.correcting.entries import line_entries, read_ledger
from pshs_dagster.database.correcting.lagging import lagging
from pshs_dagster.database.correcting.plan import plan
from pshs_dagster.database.correcting.waiting import review_rows
from pshs_dagster.database.loading.load import LoadReport, ReleaseRecord, load_release
from pshs_dagster.database.loading.rejects import record_rejects
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.database.rebuilding.rebuild import rebuilding
from pshs_dagster.deals.corrections import rejects_for_table
from pshs_dagster.deals.frame import ParsedRelease, parse_release
from pshs_dagster.deals.overlay import Entry, laid_over
from pshs_dagster.review.edits import Edit, Kind, Row
from pshs_dagster_tests.database.made_up import NOW, copy_of
from pshs_dagster_tests.deals.lines import Csv, csv

ISSUE, SEASON = "2022-09-01", "111S3"
"""The trades of the made-up lines lie in both windows."""

A, B, C = (f"RPPNMLMKKHHGFEF47C{letter}" for letter in "ABC")
"""Serials."""

TAICHUNG_FILE = "b_lvr_land_b.csv"


def parsed_of(record: ReleaseRecord, lines: Iterable[str], more: Iterable[str] = ()) -> ParsedRelease:
    """A release with one CSV of New Taipei, and one of Taichung where there are `more`."""
    files = [Csv(csv(lines))]
    if more:
        files.append(Csv(csv(more), TAICHUNG_FILE, "b"))
    return parse_release(record.release, files, record.as_of.date())


def arrives(
    engine: sa.Engine,
    release: str | ReleaseRecord,
    lines: Iterable[str],
    more: Iterable[str] = (),
    *,
    now: datetime = NOW,
    entries: Sequence[Entry] | None = None,
    proved: bool = True,
) -> LoadReport:
    """Load a release as a run does, and see that the tables have it. `entries` are those of the ledger, unless told."""
    record = copy_of(release) if isinstance(release, str) else release
    parsed = parsed_of(record, lines, more)
    decided = line_entries(engine) if entries is None else entries
    over = hand_over(parsed, laid_over(parsed, decided, record.as_of.date()))
    record_rejects(engine, record.release.key, rejects_for_table(parsed.rejects), record=record)
    report = load_release(
        engine,
        record,
        over.deals,
        over.lines,
        now,
        rejected=over.rejected,
        overlay=over.overlay,
        confirm_withdrawals=True,
    )
    assert all(file.is_conserved for file in report.files)
    if proved:
        found = verify_release(engine, record, over.deals)
        assert found.holds, (found.missing, found.different)
    return report


Copies = Mapping[ReleaseRecord, Sequence[str]]
"""Copies of releases, and the lines of each."""


def catches_up(engine: sa.Engine, copies: Copies, *, now: datetime = NOW) -> int:
    """Load again what later decisions are about, as the runs of the touched releases do; gives how many copies."""
    with engine.connect() as connection:
        behind = {record.sha256 for record in lagging(connection, read_ledger(connection))}
    again = [record for record in copies if record.sha256 in behind]
    for record in again:
        arrives(engine, record, copies[record], now=now)
    return len(again)


def rebuilt(engine: sa.Engine, copies: Copies) -> None:
    """Everything anew, in the order of knowledge, as `pshs rebuild` does."""
    entries = line_entries(engine)
    with rebuilding(engine) as rebuild:
        for record in sorted(
            copies, key=lambda record: (record.as_of, not record.release.is_issue, record.release.key)
        ):
            arrives(rebuild.engine, record, copies[record], entries=entries, proved=False)
        rebuild.swap(lambda: None)


def season(day: int, month: int = 10) -> ReleaseRecord:
    """A copy of the season, fetched on a day of 2022."""
    return copy_of(SEASON, date(2022, month, day))


def edited(row: Row, where: str = "第 5 列 (row 5)", **new: str) -> Edit:
    """The row with other texts in it."""
    changes = {name: (row.fields[name], text) for name, text in new.items()}
    return Edit(row.key, row.raw, changes, False, "看錯", "王小明", where)


def let_go(row: Row, where: str = "第 5 列 (row 5)") -> Edit:
    """The row dismissed."""
    return Edit(row.key, row.raw, {}, True, "重複申報", "王小明", where)


def waiting(engine: sa.Engine, *releases: str) -> list[Row]:
    """The open rejected lines."""
    return [row for row in review_rows(engine, releases) if row.kind is Kind.LINE]


def shown(engine: sa.Engine, serial: str) -> Row:
    """A deal that carries flags, as a person is shown it."""
    (row,) = [
        row for row in review_rows(engine, suspects=True) if row.kind is Kind.DEAL and row.serial_number == serial
    ]
    return row


def given_back(engine: sa.Engine, *edits: Edit, now: datetime = NOW) -> Done:
    """Plan and carry out, as `pshs correct` does."""
    planned = plan(engine, edits)
    done = carry_out(engine, planned, now, document="更正.xlsx")
    assert done.outcomes == planned.outcomes
    return done


def results(done: Done) -> list[str]:
    return [str(outcome.result) for outcome in done.outcomes]


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)
