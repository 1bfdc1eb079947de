"""Which deals a season withdraws: those that it should hold and does not.

A season judges deals that were last seen in an older copy of itself, or in an issue of its window. What comes of
it for a deal is told in `deals/timeline.py`, and carried out in `presence.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.loading.copies import is_before, loaded_seasons, mentions
from pshs_dagster.database.loading.lives import SEEN, sightings_of
from pshs_dagster.database.loading.merge import NEW, beside
from pshs_dagster.database.loading.staging import KEY, Staging
from pshs_dagster.database.records import ReleaseRecord, wall_time
from pshs_dagster.database.tables import deals as deals_table
from pshs_dagster.database.tables import release_copies
from pshs_dagster.deals.timeline import Copy, Judges, SeasonCopy
from pshs_dagster.errors import WithdrawalsNotConfirmed

SHARE = 0.1
"""More than a tenth of what a city has in the window, and MOI's file is more likely to be short than right: in
111S1 a year of rebuilding took 585 of 23,300."""

FEW = 20
"""Up to here a small city may lose any share: some have no more deals than that in a season."""


@dataclass(frozen=True)
class CityWithdrawals:
    """What a season would withdraw of a city: trades from inside its window and outside, and how many it judges."""

    city: str
    in_window: int
    outside: int
    known_in_window: int
    """Deals from inside the window that are there now and that this season may judge."""

    @property
    def is_doubtful(self) -> bool:
        """Whether a person should look first."""
        return self.in_window > FEW and self.in_window > SHARE * self.known_in_window


def would_withdraw(
    engine: sa.Engine, record: ReleaseRecord, deals: pd.DataFrame, rejected: Collection[tuple[str, str]] = ()
) -> list[CityWithdrawals]:
    """What loading this copy would withdraw, by city; nothing for an issue. Changes nothing. Raises DatabaseError.

    `deals` is as for `load_release`. A city none of whose lines is sound is judged as well where some are rejected.
    """
    if record.release.is_issue:
        return []
    cities = frozenset(str(city) for city in deals["city"].unique()) | {city for city, _ in rejected}
    season = SeasonCopy(record.release, wall_time(record.as_of), cities, frozenset(rejected))
    there = set(zip(deals["city"], deals["serial_number"], strict=True))
    with translated(engine, f"tell what {record.release} withdraws"), engine.connect() as connection:
        if not sa.inspect(connection).has_table(release_copies.name):
            return []
        judges = judges_with(connection, season)
        judged = judged_releases(connection, season)
        query = sa.select(*(deals_table.c[name] for name in (*KEY, "transaction_date", *SEEN))).where(
            *_last_seen_before(deals_table, season, judged, season.cities)
        )
        rows = connection.execute(query).all() if judged else []
    known, inside, outside = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        in_window = row.transaction_date in season.release.window
        known[row.city] += in_window
        last = sightings_of(row.earlier_sightings, row.last_release, row.as_of)[-1]
        if (row.city, row.serial_number) not in there and (
            judges.withdrawal(row.city, row.serial_number, last, None) == season
        ):
            (inside if in_window else outside)[row.city] += 1
    return [CityWithdrawals(c, inside[c], outside[c], known[c]) for c in sorted({*inside, *outside})]


def check_confirmed(season: SeasonCopy, withdrawals: Sequence[CityWithdrawals]) -> None:
    """Raises WithdrawalsNotConfirmed where a person should look first."""
    doubtful = [city for city in withdrawals if city.is_doubtful]
    if doubtful:
        told = ", ".join(f"{city.city} {city.in_window} of {city.known_in_window}" for city in doubtful)
        raise WithdrawalsNotConfirmed(
            f"{season.release} lacks too many deals of its window that were known: {told}. Nothing was loaded; see "
            f"whether MOI's file is whole, and if it is, run `pshs load {season.release} --confirm-withdrawals`."
        )


def judges_with(connection: sa.Connection, season: SeasonCopy | None) -> Judges:
    """The loaded copies of seasons, with `season` as the newest word about its own copy."""
    seasons = loaded_seasons(connection)
    if season is not None:
        seasons = [*(other for other in seasons if other.order != season.order), season]
    return Judges(seasons)


def judged_releases(connection: sa.Connection, season: SeasonCopy) -> list[Copy]:
    """The loaded copies that stand before a season's copy and whose deals it judges."""
    columns = release_copies.c
    keys = [season.release.key, *(issue.key for issue in season.release.issues())]
    query = sa.select(columns.release, columns.as_of).where(
        columns.release.in_(keys), is_before(columns.release, columns.as_of, season)
    )
    return [_copy(row) for row in connection.execute(query)]


def known_in_window(connection: sa.Connection, staging: Staging, season: SeasonCopy) -> dict[str, int]:
    """How many deals of each city the season judges, lie in its window, and stand among the staged rows.

    Call it before the merge. Those that are not staged are the withdrawn ones.
    """
    judged = judged_releases(connection, season)
    if not judged:
        return {}
    table, plan = deals_table, staging.plan
    query = (
        beside(sa.select(table.c.city, sa.func.count()), staging, table)
        .where(plan.c.action != NEW, *_last_seen_before(table, season, judged, None), _in_window(table, season))
        .group_by(table.c.city)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def candidates(
    table: sa.Table, season: SeasonCopy, judged: Sequence[Copy], cities: Collection[str], late: bool
) -> list[sa.ColumnElement[bool]]:
    """Conditions for the deals of `table` that the season may have withdrawn; call it after the merge.

    In order, those last seen before it. Where it comes `late`, those that were seen again since as well.
    """
    plainly = sa.and_(*_last_seen_before(table, season, judged, cities))
    if not late:
        return [plainly]
    earlier = table.c.earlier_sightings
    among = sa.and_(
        table.c.city.in_(sorted(cities)),
        table.c.first_as_of <= sa.literal(season.as_of, sa.DateTime),
        ~is_before(table.c.last_release, table.c.as_of, season),
        ~mentions(earlier, season.token),
        sa.or_(*(mentions(earlier, copy.token) for copy in judged)),
    )
    return [sa.or_(plainly, among)]


def _last_seen_before(
    table: sa.Table, season: SeasonCopy, judged: Sequence[Copy], cities: Collection[str] | None
) -> list[sa.ColumnElement[bool]]:
    last = (table.c.last_release, table.c.as_of)
    return [
        table.c.last_release.in_(sorted({copy.release.key for copy in judged})),
        is_before(*last, season),
        *([table.c.city.in_(sorted(cities))] if cities is not None else []),
    ]


def _in_window(table: sa.Table, season: SeasonCopy) -> sa.ColumnElement[bool]:
    return table.c.transaction_date.between(season.release.window.first, season.release.window.last)


def _copy(row: Any) -> Copy:
    return sightings_of(None, row.release, row.as_of)[0]
