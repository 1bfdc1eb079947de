"""What people corrected in deals, applied to what MOI publishes of them. Knows no tables.

The newest values that MOI published come in. A correction holds while MOI still publishes the value that it was made
from; where MOI has published another since, MOI's stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pshs_dagster.deals.columns import BY_NAME, COMPARED
from pshs_dagster.deals.texts import cancelled_on, plain, typed
from pshs_dagster.deals.timeline import Copy


class Status(StrEnum):
    """What a correction is worth by now."""

    APPLIED = "applied"
    STALE = "stale"
    """What it was made from is no more, though not by newer knowledge of MOI's."""
    SUPERSEDED = "superseded"
    """MOI has published another value since, or a later correction took its place."""


@dataclass(frozen=True)
class Amendment:
    """One field of a deal that a person corrected. Texts are plain, as the ledger spells them."""

    id: int
    city: str
    serial_number: str
    field: str
    old: str
    """What MOI published."""
    new: str
    copy: Copy | None
    """What MOI's values were from when the person looked, where that is known."""
    recorded_at: datetime
    """Wall time in Taipei, naive."""
    status: str


@dataclass(frozen=True)
class Amended:
    """The values that differ from what MOI publishes, and what became of each correction by its id."""

    values: dict[str, Any]
    statuses: dict[int, Status]


def amended(values: Mapping[str, Any], newest: Copy | None, amendments: Sequence[Amendment]) -> Amended:
    """Apply corrections to the values of a deal as MOI publishes them, which `newest` told.

    Flags are not judged here. Where the deal is not known any more, `newest` is None and every correction is stale.
    """
    statuses: dict[int, Status] = {}
    holding: dict[str, Amendment] = {}
    for amendment in sorted(amendments, key=lambda amendment: amendment.id):
        if newest is None or not _is_usable(amendment):
            statuses[amendment.id] = Status.STALE
        elif plain(BY_NAME[amendment.field], values[amendment.field]) == amendment.old:
            if amendment.field in holding:
                statuses[holding[amendment.field].id] = Status.SUPERSEDED
            holding[amendment.field] = amendment
            statuses[amendment.id] = Status.APPLIED
        else:
            newer = amendment.copy is None or newest.order > amendment.copy.order
            statuses[amendment.id] = Status.SUPERSEDED if newer else Status.STALE
    others = {name: typed(BY_NAME[name], held.new) for name, held in holding.items() if held.new != held.old}
    return Amended(_with_derived(others), statuses)


def restored(values: Mapping[str, Any], amendments: Sequence[Amendment]) -> dict[str, Any]:
    """The values of MOI's that take the places of corrected ones, by what is applied now.

    A value that is not the corrected one was written by somebody else, and stays.
    """
    others = {
        held.field: typed(BY_NAME[held.field], held.old)
        for held in amendments
        if held.status == Status.APPLIED
        and _is_usable(held)
        and plain(BY_NAME[held.field], values[held.field]) == held.new
    }
    return _with_derived(others)


def _is_usable(amendment: Amendment) -> bool:
    """Whether it names a column that can be corrected, and a value that the column holds; a person may have written
    it into the table by hand."""
    if amendment.field not in COMPARED:
        return False
    try:
        typed(BY_NAME[amendment.field], amendment.new)
        typed(BY_NAME[amendment.field], amendment.old)
    except ValueError:
        return False
    return True


def _with_derived(others: dict[str, Any]) -> dict[str, Any]:
    if "termination" in others:
        others["cancelled_on"] = cancelled_on(others["termination"])
    return others
