"""Edits of rejected lines: what they would make sound, by laying them over the lines as the tables have them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting import sentences
from pshs_dagster.database.correcting.entries import Ledger
from pshs_dagster.database.correcting.sentences import outcome, still_wrong
from pshs_dagster.database.correcting.steps import Step
from pshs_dagster.database.correcting.waiting import as_line
from pshs_dagster.database.loading.ledger import by_city
from pshs_dagster.database.loading.lives import sightings_of
from pshs_dagster.database.loading.rejects import SERIAL_WIDTH, Status
from pshs_dagster.database.tables import deals, rejected_deals, releases, withdrawn_deals
from pshs_dagster.deals.columns import PUBLISHED
from pshs_dagster.deals.overlay import Entry, Key, Overlay, Place, RejectedLine, overlay
from pshs_dagster.deals.rules import Context, explain
from pshs_dagster.deals.timeline import Copy
from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import Release
from pshs_dagster.review.edits import Edit
from pshs_dagster.review.report import Result

NAMES = frozenset(column.name for column in PUBLISHED)


@dataclass(frozen=True)
class _Standing:
    """The rejected lines of the newest copy of a release."""

    copy: Copy
    rows: tuple[Any, ...]
    lines: tuple[RejectedLine, ...]


@dataclass(frozen=True)
class _Wish:
    """An edit of an open line, and the entries that it would make."""

    edit: Edit
    place: Place
    entries: tuple[dict[str, Any], ...]


def plan_lines(connection: sa.Connection, ledger: Ledger, edits: Sequence[Edit]) -> list[Step]:
    """What each edit of a line would do, in their order."""
    standing = {name: _standing(connection, name) for name in sorted({edit.row_key.release for edit in edits})}
    first = [_step_or_wish(edit, standing[edit.row_key.release], ledger) for edit in edits]
    wishes = [item for item in first if isinstance(item, _Wish)]
    outcomes = _weigh(connection, ledger, standing, wishes)
    return [outcomes[id(item)] if isinstance(item, _Wish) else item for item in first]


def _standing(connection: sa.Connection, release: str) -> _Standing | None:
    try:
        known = Release.parse(release)
    except UnknownRelease:
        return None  # a file may say anything
    as_of = connection.scalar(sa.select(releases.c.as_of).where(releases.c.release == release))
    if as_of is None and known.is_issue:
        # Its lines were set aside, but it was not loaded: an issue has one moment, whenever that will be.
        as_of = datetime.combine(known.published_on, time())
    if as_of is None:
        return None
    table = rejected_deals.c
    query = sa.select(rejected_deals).where(table.release == release, table.line.is_not(None))
    rows = connection.execute(query.order_by(table.file, table.line)).all()
    return _Standing(Copy(known, as_of), tuple(rows), tuple(map(as_line, rows)))


def _step_or_wish(edit: Edit, standing: _Standing | None, ledger: Ledger) -> Step | _Wish:
    def told(result: Result, said: sentences.Said) -> Step:
        return Step(edit, outcome(edit, result, said))

    found = _find(edit, standing) if standing else None
    if standing is None or found is None:
        there = standing is not None and any((row.file, row.line) == _place(edit) for row in standing.rows)
        return told(*((Result.OUTDATED, sentences.OTHER_LINE) if there else (Result.NOT_OPEN, sentences.NO_LINE)))
    row, line = found
    wish = _Wish(edit, line.place, _entries(edit, line, standing))
    if row.status != Status.OPEN:
        if _is_known(wish, ledger):
            return told(Result.DONE_ALREADY, sentences.DONE_ALREADY)
        said = {
            Status.DISMISSED: sentences.DISMISSED_BEFORE,
            Status.CORRECTED: sentences.CORRECTED_BEFORE,
            Status.FIXED_UPSTREAM: sentences.MENDED,
        }
        return told(Result.NOT_OPEN, said.get(row.status, sentences.NO_LINE))
    if any(name not in NAMES or line.texts[name] != old for name, (old, _) in edit.changes.items()):
        return told(Result.OUTDATED, sentences.OTHER_LINE)
    return wish


def _find(edit: Edit, standing: _Standing) -> tuple[Any, RejectedLine] | None:
    """The row that an edit means: of those with its text the one at its place, else the first."""
    same = [
        (row, line)
        for row, line in zip(standing.rows, standing.lines, strict=True)
        if (row.file, row.raw) == (edit.row_key.file, edit.raw)
    ]
    return min(same, key=lambda pair: pair[0].line != edit.row_key.line, default=None)


def _place(edit: Edit) -> Place:
    return edit.row_key.file, edit.row_key.line


def _entries(edit: Edit, line: RejectedLine, standing: _Standing) -> tuple[dict[str, Any], ...]:
    # A serial that is none may be of any length; such a line is known by its text.
    serial = line.serial_number if len(line.serial_number) <= SERIAL_WIDTH else ""
    common = {
        "city": line.city,
        "serial_number": serial,
        "release": standing.copy.release.key,
        "as_of": standing.copy.as_of,
        "file": line.file,
        "raw": line.raw,
    }
    if edit.dismiss:
        return (common | {"field": "", "old_value": ",".join(sorted(line.rules)), "new_value": ""},)
    return tuple(
        common | {"field": name, "old_value": old, "new_value": new} for name, (old, new) in edit.changes.items()
    )


def _is_known(wish: _Wish, ledger: Ledger) -> bool:
    """Whether all that an edit asks for stands in the ledger."""
    known = {(entry.city, entry.raw, entry.field, entry.new) for entry in ledger.lines} | {
        (entry.city, entry.serial_number, entry.field, entry.new) for entry in ledger.lines if entry.serial_number
    }
    return all(
        (entry["city"], entry["raw"], entry["field"], entry["new_value"]) in known
        or (
            bool(entry["field"])
            and (entry["city"], entry["serial_number"], entry["field"], entry["new_value"]) in known
        )
        for entry in wish.entries
    )


def _weigh(
    connection: sa.Connection, ledger: Ledger, standing: Mapping[str, _Standing | None], wishes: Sequence[_Wish]
) -> dict[int, Step]:
    """Lay all wishes over the lines; what is wrong all the same is taken out, until the others stand without it."""
    steps: dict[int, Step] = {}
    while True:
        left = [wish for wish in wishes if id(wish) not in steps]
        entries = [*ledger.lines, *_as_entries(left, ledger)]
        laid = {
            name: _laid(connection, there, entries)
            for name, there in standing.items()
            if there and any(wish.edit.row_key.release == name for wish in left)
        }
        wrong = {id(wish): step for wish in left if (step := _refused(wish, laid[wish.edit.row_key.release]))}
        steps |= wrong
        if not wrong:
            return steps | {id(wish): _step(wish, ledger) for wish in left}


def _refused(wish: _Wish, laid: Overlay) -> Step | None:
    """Why a wish does not come true, where it does not."""
    if wish.edit.dismiss or wish.place in laid.places:
        return None
    reasons = laid.wrong.get(wish.place)
    if reasons is None:
        return Step(wish.edit, outcome(wish.edit, Result.STILL_WRONG, sentences.SAME_AGAIN))
    return Step(wish.edit, still_wrong(wish.edit, explain(reasons)))


def _step(wish: _Wish, ledger: Ledger) -> Step:
    if _is_known(wish, ledger):
        # Recorded before, though its release was not loaded since.
        return Step(wish.edit, outcome(wish.edit, Result.DONE_ALREADY, sentences.DONE_ALREADY))
    if wish.edit.dismiss:
        return Step(wish.edit, outcome(wish.edit, Result.DISMISSED, sentences.LINE_DISMISSED), wish.entries)
    return Step(wish.edit, outcome(wish.edit, Result.CORRECTED, sentences.LINE_CORRECTED), wish.entries)


def _as_entries(wishes: Iterable[_Wish], ledger: Ledger) -> list[Entry]:
    """What the ledger would have of them."""
    last = ledger.lines[-1].id if ledger.lines else 0
    rows = [row for wish in wishes for row in wish.entries]
    return [
        Entry(
            last + number,
            row["city"],
            row["serial_number"],
            row["raw"],
            row["field"],
            row["old_value"],
            row["new_value"],
            row["release"],
            row["as_of"],
        )
        for number, row in enumerate(rows, 1)
    ]


def _laid(connection: sa.Connection, standing: _Standing, entries: Sequence[Entry]) -> Overlay:
    copy = standing.copy
    context = Context(copy.release.window, copy.as_of.date())
    return overlay(standing.lines, entries, context, _sound_in(connection, copy))


def _sound_in(connection: sa.Connection, copy: Copy) -> Callable[[Collection[Key]], set[Key]]:
    """Tells which keys are deals that the copy had."""

    def sound(keys: Collection[Key]) -> set[Key]:
        found: set[Key] = set()
        for table in (deals, withdrawn_deals):
            for city, serials in by_city({(city, serial) for city, serial in keys if len(serial) <= SERIAL_WIDTH}):
                names = ("serial_number", "earlier_sightings", "last_release", "as_of")
                query = sa.select(*(table.c[name] for name in names)).where(
                    table.c.city == city, table.c.serial_number.in_(serials), table.c.as_of.is_not(None)
                )
                for row in connection.execute(query):
                    sightings = sightings_of(row.earlier_sightings, row.last_release, row.as_of)
                    if any(sighting.order == copy.order for sighting in sightings):
                        found.add((city, row.serial_number))
        return found

    return sound
