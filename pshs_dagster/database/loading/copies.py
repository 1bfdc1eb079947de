"""Copies of releases: their order and names in SQL, and those that are loaded.

The order and the names in Python are those of `Copy` in `deals/timeline.py`; both must agree.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import sqlalchemy as sa

from pshs_dagster.database.tables import release_copies
from pshs_dagster.deals.timeline import Copy, SeasonCopy
from pshs_dagster.releases import Release, ReleaseKind

Column: TypeAlias = sa.ColumnElement[Any]


def token_of(dialect: str, release: Column, as_of: Column) -> Column:
    """The name of a copy: a season's with its moment as fourteen digits, an issue's without, since it has one copy."""
    mysql, sqlite = sa.func.date_format(as_of, "%Y%m%d%H%i%s"), sa.func.strftime("%Y%m%d%H%M%S", as_of)
    moment = sa.type_coerce(mysql if dialect == "mysql" else sqlite, sa.String)
    return sa.case((_is_season(release), release + "@" + moment), else_=release)


def is_before(release: Column, as_of: Column, copy: Copy) -> Column:
    """Whether a stored (release, as_of) stands before a copy in the order of knowledge."""
    moment = sa.literal(copy.as_of, sa.DateTime)
    if copy.release.is_issue:
        earlier_name = sa.and_(~_is_season(release), release < copy.release.key)
    else:
        earlier_name = sa.or_(~_is_season(release), release < copy.release.key)
    return sa.or_(as_of < moment, sa.and_(as_of == moment, earlier_name))


def is_copy(release: Column, as_of: Column, copy: Copy) -> Column:
    """Whether a stored (release, as_of) is this copy."""
    return sa.and_(release == copy.release.key, as_of == sa.literal(copy.as_of, sa.DateTime))


def mentions(earlier: Column, token: str) -> Column:
    """Whether a list of names has this one; none of them is a part of another."""
    return earlier.contains(token)


def loaded_seasons(connection: sa.Connection) -> list[SeasonCopy]:
    """Every loaded copy of a season, with what it says of absent deals."""
    query = sa.select(
        release_copies.c.release, release_copies.c.as_of, release_copies.c.cities, release_copies.c.rejected
    ).where(release_copies.c.kind == ReleaseKind.SEASON.value)
    return [
        SeasonCopy(
            Release.parse(row.release),
            row.as_of,
            frozenset(row.cities),
            frozenset((city, serial) for city, serial in row.rejected),
        )
        for row in connection.execute(query)
    ]


def _is_season(release: Column) -> Column:
    return release.contains("S")
