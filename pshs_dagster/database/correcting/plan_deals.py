"""Edits of deals: what they would correct, and whether the corrected deal is sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.correcting import sentences
from pshs_dagster.database.correcting.entries import Ledger
from pshs_dagster.database.correcting.sentences import outcome, still_wrong
from pshs_dagster.database.correcting.steps import Step
from pshs_dagster.database.correcting.values import StoredDeal, stored_deals
from pshs_dagster.database.tables import withdrawn_deals
from pshs_dagster.deals.amending import Status, restored
from pshs_dagster.deals.columns import BY_NAME, COMPARED
from pshs_dagster.deals.rules import Context, explain
from pshs_dagster.deals.texts import GivenLine, as_published, judged, plain, published_texts
from pshs_dagster.deals.timeline import told
from pshs_dagster.releases import Release
from pshs_dagster.review.edits import Edit
from pshs_dagster.review.report import Result


def plan_deals(connection: sa.Connection, ledger: Ledger, edits: Sequence[Edit]) -> list[Step]:
    """What each edit of a deal would do, in their order."""
    stored = stored_deals(connection, {(edit.row_key.city, edit.row_key.serial_number) for edit in edits})
    let_go = {(entry.city, entry.serial_number): entry.flags for entry in ledger.let_go}
    steps: list[Step] = []
    for edit in edits:
        key = (edit.row_key.city, edit.row_key.serial_number)
        deal = stored.get(key)
        if deal is None or deal.newest is None:
            steps.append(Step(edit, outcome(edit, Result.NOT_OPEN, sentences.NO_DEAL)))
        elif deal.table is withdrawn_deals:
            steps.append(Step(edit, outcome(edit, Result.NOT_OPEN, sentences.WITHDRAWN)))
        elif edit.dismiss:
            steps.append(_dismiss(edit, deal, let_go.get(key)))
        else:
            steps.append(_correct(edit, deal, ledger))
    return steps


def _dismiss(edit: Edit, deal: StoredDeal, let_stand: str | None) -> Step:
    flags = deal.values["flags"]
    if let_stand == flags:
        return Step(edit, outcome(edit, Result.DONE_ALREADY, sentences.DONE_ALREADY))
    entry = _entry(deal, "", flags, "")
    return Step(edit, outcome(edit, Result.DISMISSED, sentences.DEAL_DISMISSED), [entry])


def _correct(edit: Edit, deal: StoredDeal, ledger: Ledger) -> Step:
    if any(name not in COMPARED for name in edit.changes):
        return Step(edit, outcome(edit, Result.STILL_WRONG, sentences.NAMES_THE_DEAL))
    present = {name: plain(BY_NAME[name], deal.values[name]) for name in edit.changes}
    asked = {name: _as_published(name, new) for name, (_, new) in edit.changes.items()}
    values, reasons = _judged(deal, asked)
    new = {name: plain(BY_NAME[name], values[name]) for name in asked}
    if any(present[name] != old for name, (old, _) in edit.changes.items()):
        # Given back a second time, a file holds what was there before the first.
        if not reasons and new == present:
            return Step(edit, outcome(edit, Result.DONE_ALREADY, sentences.DONE_ALREADY))
        return Step(edit, outcome(edit, Result.OUTDATED, sentences.CHANGED))
    if reasons:
        return Step(edit, still_wrong(edit, explain(reasons)))
    applied = [entry for entry in ledger.amendments_of.get(_key(deal), ()) if entry.status == Status.APPLIED]
    published = deal.values | restored(deal.values, applied)
    changed = [name for name in new if new[name] != present[name]]
    if not changed:
        return Step(edit, outcome(edit, Result.UNTOUCHED, sentences.NO_DIFFERENCE))
    return Step(
        edit,
        outcome(edit, Result.CORRECTED, sentences.DEAL_CORRECTED),
        [_entry(deal, name, plain(BY_NAME[name], published[name]), new[name]) for name in changed],
        _key(deal),
        {name: [told(deal.values[name]), told(values[name])] for name in changed},
    )


def _as_published(name: str, text: str) -> str:
    return as_published(BY_NAME[name], text)


def _judged(deal: StoredDeal, asked: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The values of a deal with these texts in it, and the hard rules that it would break."""
    assert deal.newest is not None
    context = Context(Release.parse(deal.release).window, deal.newest.as_of.date())
    line = GivenLine("", deal.values["city"], 0, published_texts(deal.values) | asked)
    judgement = judged([line], context)
    (row,) = judgement.values.astype(object).to_dict("records")
    return {str(name): value for name, value in row.items()}, judgement.reasons[0]


def _key(deal: StoredDeal) -> tuple[str, str]:
    return deal.values["city"], deal.values["serial_number"]


def _entry(deal: StoredDeal, field: str, old: str, new: str) -> dict[str, Any]:
    assert deal.newest is not None
    city, serial = _key(deal)
    return {
        "city": city,
        "serial_number": serial,
        "field": field,
        "old_value": old,
        "new_value": new,
        "release": deal.release,
        "as_of": deal.newest.as_of,
        "file": None,
        "raw": None,
    }
