"""Which registered projects the projects of `deals` are: `project_matches`, one row a name.

How they are found is told in `projects`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.absorption.keeping_rows import Written, replace_all
from pshs_dagster.database.statistics.statements import TARGETS
from pshs_dagster.database.tables import deals, project_matches, registered_projects
from pshs_dagster.projects.match import Match, Name, Project, match

KEY = ("city", "district", "build_name")


@dataclass(frozen=True)
class Matched:
    """The names of `deals` with what they were found to be, and how many homes were traded under each."""

    matches: tuple[Match, ...]
    homes: dict[Name, int]
    written: Written


def match_deals(connection: sa.Connection, now: datetime) -> Matched:
    """Match every project that deals name, in the caller's transaction. `now` is naive, in Taipei."""
    homes = traded_names(connection)
    found = tuple(match(homes, projects(connection)))
    rows = [_row(each) for each in found]
    return Matched(found, homes, replace_all(connection, project_matches, KEY, rows, now))


def traded_names(connection: sa.Connection) -> dict[Name, int]:
    """Each name of a project in `deals`, told apart by its bytes but for blanks at its end, with the homes traded."""
    name = sa.func.rtrim(deals.c.build_name)
    is_home = sa.case((deals.c.object_of_transaction.like(TARGETS), 1), else_=0)
    query = (
        sa.select(deals.c.city, deals.c.district, sa.func.min(name), sa.func.sum(is_home))
        .where(name != "")
        .group_by(deals.c.city, deals.c.district, sa.func.hex(name))
    )
    rows = connection.execute(query)
    return {Name(city, district, text): int(homes) for city, district, text, homes in rows}


def projects(connection: sa.Connection) -> dict[Project, Sequence[str]]:
    """The registered projects with their builders, one text a registration."""
    columns = registered_projects.c
    rows = connection.execute(sa.select(columns.city, columns.district, columns.project_name, columns.builder))
    found: defaultdict[Project, list[str]] = defaultdict(list)
    for city, district, name, builder in rows:
        found[Project(city, district, name)].append(builder)
    return dict(found)


def _row(found: Match) -> dict[str, str | float]:
    return {
        "city": found.name.city,
        "district": found.name.district,
        "build_name": found.name.text,
        "registered_district": found.project.district if found.project else "",
        "registered_name": found.project.name if found.project else "",
        "method": found.method,
        "confidence": found.confidence,
    }
