"""Which serial took the place of a withdrawn deal: the same city, project, unit, price and day of trade.

MOI has a deal registered again under a new number where the first registration was wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.loading.ledger import portions
from pshs_dagster.database.tables import deals, withdrawn_deals

Place = tuple[Any, ...]
"""The columns PLACE of a deal."""

PLACE = ("city", "build_name", "buildings", "price", "transaction_date")


def is_a_place(place: Place) -> bool:
    """Whether it tells one unit from others: a project or a unit has to be named."""
    return bool(place[1] or place[2])


def replacing(connection: sa.Connection, places: Collection[Place]) -> dict[Place, str]:
    """The smallest serial that stands in `deals` at each of these places, where there is one.

    Texts are compared here, since collations take different ones for equal.
    """
    wanted = sorted({place for place in places if is_a_place(place)}, key=repr)
    found: dict[Place, str] = {}
    for part in portions(wanted):
        query = sa.select(*(deals.c[name] for name in PLACE), deals.c.serial_number).where(
            *_near(deals, part), deals.c.serial_number.is_not(None)
        )
        mine = set(part)
        for *values, serial in connection.execute(query):
            place = tuple(values)
            if place in mine:
                found[place] = min(found.get(place, serial), serial)
    return found


def withdrawn_at(connection: sa.Connection, places: Collection[Place]) -> set[int]:
    """The ids of withdrawn deals at these places."""
    wanted = [place for place in places if is_a_place(place)]
    if not wanted or connection.scalar(sa.select(withdrawn_deals.c.id).limit(1)) is None:
        return set()
    days = sorted({place[4] for place in wanted})
    cities = sorted({place[0] for place in wanted})
    mine = set(wanted)
    found: set[int] = set()
    for part in portions(days):
        query = sa.select(withdrawn_deals.c.id, *(withdrawn_deals.c[name] for name in PLACE)).where(
            withdrawn_deals.c.city.in_(cities), withdrawn_deals.c.transaction_date.in_(part)
        )
        found |= {row_id for row_id, *values in connection.execute(query) if tuple(values) in mine}
    return found


def _near(table: sa.Table, places: Iterable[Place]) -> list[sa.ColumnElement[bool]]:
    """What can be looked up exactly; the rest is compared by whoever reads the rows."""
    cities, days, prices = ({place[index] for place in places} for index in (0, 4, 3))
    return [
        table.c.city.in_(sorted(cities)),
        table.c.transaction_date.in_(sorted(days)),
        table.c.price.in_(sorted(prices)),
    ]
