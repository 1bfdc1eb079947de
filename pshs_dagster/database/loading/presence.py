"""Carry out who is there and who is withdrawn, after the lines of a copy were merged.

For the deals that the copy may have moved this reads where they were seen, asks `deals/timeline.py` what that
comes to, and makes tables and events tell it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.loading import ledger, moves
from pshs_dagster.database.loading.copies import is_before
from pshs_dagster.database.loading.ledger import Key
from pshs_dagster.database.loading.lives import sightings_of
from pshs_dagster.database.loading.merge import (
    CHANGED,
    LATE,
    NEW,
    NEWER,
    WITHDRAWN,
    Knowledge,
    beside,
    chosen,
    staged_rows,
)
from pshs_dagster.database.loading.replacements import PLACE, Place, is_a_place, replacing, withdrawn_at
from pshs_dagster.database.loading.staging import KEY, Staging
from pshs_dagster.database.loading.withdrawals import CityWithdrawals, candidates, check_confirmed, judged_releases
from pshs_dagster.database.tables import deals, release_copies, withdrawn_deals
from pshs_dagster.deals.timeline import (
    OF_PRESENCE,
    Copy,
    Event,
    Happening,
    Judges,
    Presence,
    SeasonCopy,
    presence,
    withdrawn,
)


@dataclass(frozen=True)
class Deal:
    """A deal whose presence is in question, after the merge."""

    id: int
    key: Key
    place: Place
    day: date
    sightings: tuple[Copy, ...]
    withdrawn_release: str | None
    """Who withdrew it, where it stands in `withdrawn_deals`."""
    was_withdrawn: bool
    """Whether it was withdrawn before this load."""


@dataclass(frozen=True)
class Moved:
    """How many deals of each city a load withdrew, from inside the window and outside, and reinstated."""

    in_window: Counter[str]
    outside: Counter[str]
    reinstated: Counter[str]


@dataclass(frozen=True)
class Absences:
    """What a copy of a season says of deals that it lacks."""

    season: SeasonCopy
    cities: frozenset[str]
    """Cities whose lines this load staged: only for these can be told what is lacking."""
    known_in_window: dict[str, int]
    """Deals that it judges and holds, by city."""
    confirmed: bool


def return_withdrawn(connection: sa.Connection, staging: Staging, knowledge: Knowledge) -> None:
    """Withdrawn deals that newer lines tell of stand in `deals` again. Call it before the merge."""
    query = beside(sa.select(withdrawn_deals.c.id), staging, withdrawn_deals).where(
        chosen(staging, WITHDRAWN), chosen(staging, NEWER)
    )
    moves.reinstate(connection, connection.scalars(query).all(), knowledge.now)


def settle(
    connection: sa.Connection,
    staging: Staging,
    knowledge: Knowledge,
    actions: int,
    judges: Judges,
    absences: Absences | None,
    left_places: Collection[Place],
) -> Moved:
    """Move who has to move, and write the events. Raises WithdrawalsNotConfirmed."""
    bits = LATE + CHANGED + WITHDRAWN + (NEW + NEWER if judges.after(knowledge.copy) else 0)
    found = _of_lines(connection, staging, bits) if actions & bits else []
    if absences is not None:
        found += _absent(connection, absences)
    lives = {deal.key: (deal, presence(*deal.key, deal.sightings, judges)) for deal in found}
    if absences is not None and not absences.confirmed:
        check_confirmed(absences.season, _withdrawals(absences, lives.values()))
    _move(connection, list(lives.values()), knowledge.now)
    moved = [deal.place for deal, _ in lives.values()]
    new = _new_places(connection, staging) if actions & (NEW + CHANGED) else []
    touched = {place for place in (*moved, *left_places, *new) if is_a_place(place)}
    others = _withdrawn_with(connection, withdrawn_at(connection, touched), lives)
    lives |= {deal.key: (deal, presence(*deal.key, deal.sightings, judges)) for deal in others}
    _tell(connection, list(lives.values()), knowledge.now)
    return _moved(list(lives.values()))


Life = tuple[Deal, Presence]


def _of_lines(connection: sa.Connection, staging: Staging, bits: int) -> list[Deal]:
    """Deals of the staged rows whose presence may be another now: what is done to them has any of these bits."""
    found: list[Deal] = []
    for table, which in (
        (deals, chosen(staging, bits)),
        (withdrawn_deals, sa.and_(chosen(staging, WITHDRAWN), chosen(staging, LATE))),
    ):
        query = beside(_described(table).add_columns(staging.plan.c.action), staging, table).where(which)
        found += [_deal(row, bool(row.action & WITHDRAWN)) for row in connection.execute(query)]
    return found


def _absent(connection: sa.Connection, absences: Absences) -> list[Deal]:
    """Deals that the season may have withdrawn, since they are none of its lines."""
    season = absences.season
    judged = judged_releases(connection, season)
    if not judged or not absences.cities:
        return []
    # What was withdrawn before can only be told anew where other copies, or this one, told of it before.
    copies = release_copies.c
    late = connection.scalar(
        sa.select(sa.func.count()).where(~is_before(copies.release, copies.as_of, season)).select_from(release_copies)
    )
    found: list[Deal] = []
    for table in (deals, withdrawn_deals) if late else (deals,):
        query = _described(table).where(*candidates(table, season, judged, absences.cities, bool(late)))
        found += [_deal(row, table is withdrawn_deals) for row in connection.execute(query)]
    return found


def _withdrawn_with(connection: sa.Connection, ids: Collection[int], known: Collection[Key]) -> list[Deal]:
    """Withdrawn deals by their ids, but for those that are looked at anyway."""
    found: list[Deal] = []
    for part in ledger.portions(sorted(ids)):
        rows = connection.execute(_described(withdrawn_deals).where(withdrawn_deals.c.id.in_(part)))
        found += [_deal(row, True) for row in rows]
    return [deal for deal in found if deal.key not in known]


def _described(table: sa.Table) -> sa.Select[Any]:
    """What a Deal is made of."""
    names = ("id", *KEY, "build_name", "buildings", "price", "transaction_date", "last_release", "as_of")
    by = table.c.withdrawn_release if table is withdrawn_deals else sa.null().label("withdrawn_release")
    return sa.select(*(table.c[name] for name in (*names, "earlier_sightings")), by)


def _deal(row: Any, was_withdrawn: bool) -> Deal:
    return Deal(
        row.id,
        (row.city, row.serial_number),
        tuple(getattr(row, name) for name in PLACE),
        row.transaction_date,
        sightings_of(row.earlier_sightings, row.last_release, row.as_of),
        row.withdrawn_release,
        was_withdrawn,
    )


def _new_places(connection: sa.Connection, staging: Staging) -> list[Place]:
    """The places of new and changed deals, where any withdrawn deal might ask for them."""
    if connection.scalar(sa.select(withdrawn_deals.c.id).limit(1)) is None:
        return []
    query = (
        sa.select(*(staging.staged.c[name] for name in PLACE))
        .select_from(staged_rows(staging))
        .where(chosen(staging, NEW + CHANGED))
    )
    return [tuple(row) for row in connection.execute(query)]


def _withdrawals(absences: Absences, lives: Collection[Life]) -> list[CityWithdrawals]:
    """What the season withdraws that is there now."""
    counted = _moved([life for life in lives if life[1].withdrawn_by == absences.season])
    known = absences.known_in_window
    return [
        CityWithdrawals(city, counted.in_window[city], counted.outside[city], known.get(city, 0) + number)
        for city, number in sorted(counted.in_window.items())
    ]


def _move(connection: sa.Connection, lives: Sequence[Life], now: datetime) -> None:
    gone: list[moves.Gone] = []
    renamed: list[moves.Gone] = []
    back: list[int] = []
    for deal, life in lives:
        if life.withdrawn_by is None:
            if deal.withdrawn_release is not None:
                back.append(deal.id)
            continue
        release = life.withdrawn_by.release.key
        if deal.withdrawn_release is None:
            gone.append(moves.Gone(deal.id, release))
        elif deal.withdrawn_release != release:
            renamed.append(moves.Gone(deal.id, release))
    moves.withdraw(connection, gone, now)
    moves.rename_withdrawer(connection, renamed, now)
    moves.reinstate(connection, back, now)


def _tell(connection: sa.Connection, lives: Sequence[Life], now: datetime) -> None:
    """Make the events of withdrawals and reinstatements what they should be."""
    absent = [deal.place for deal, life in lives if life.withdrawn_by is not None]
    replaced = replacing(connection, absent)
    stored = ledger.recorded(connection, (deal.key for deal, _ in lives), OF_PRESENCE)
    wanted = {deal.key: _happenings(deal, life, replaced.get(deal.place)) for deal, life in lives}
    ledger.make_equal(connection, stored, wanted, now)


def _happenings(deal: Deal, life: Presence, replaced_by: str | None) -> list[Happening]:
    """The events with what only the tables tell: whether the trade lies outside, and what took its place."""
    happenings: list[Happening] = []
    for index, happening in enumerate(life.happenings):
        if happening.event is Event.WITHDRAWN:
            outside = deal.day not in happening.copy.release.window
            last = index + 1 == len(life.happenings)
            happening = Happening(happening.event, happening.copy, withdrawn(outside, replaced_by if last else None))
        happenings.append(happening)
    return happenings


def _moved(lives: Sequence[Life]) -> Moved:
    moved = Moved(Counter(), Counter(), Counter())
    for deal, life in lives:
        city = deal.key[0]
        if deal.was_withdrawn and life.withdrawn_by is None:
            moved.reinstated[city] += 1
        elif not deal.was_withdrawn and life.withdrawn_by is not None:
            inside = deal.day in life.withdrawn_by.release.window
            (moved.in_window if inside else moved.outside)[city] += 1
    return moved
