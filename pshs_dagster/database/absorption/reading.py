"""What people are told of matches and absorption: counts, the busiest projects, and what is not matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.absorption.matching import projects, traded_names
from pshs_dagster.database.engine import translated
from pshs_dagster.database.tables import project_absorption, registered_projects
from pshs_dagster.projects.match import Match, Name, Project, match

EXAMPLES = 10


@dataclass(frozen=True)
class Figures:
    """`project_absorption` in numbers."""

    rows: int
    projects: int
    without_homes: int
    """Projects whose registrations tell no number of homes."""
    oversold: tuple[Sequence[object], ...]
    """City, district, name, homes and sold of the projects that sold more than they have."""
    latest: tuple[Sequence[object], ...]
    """City, district, name, month, homes, traded in it, sold, absorption: the projects with most trades in the
    newest months."""


@dataclass(frozen=True)
class UnmatchedName:
    """A project of `deals` that is no registered one."""

    name: Name
    method: str
    """`none` or `ambiguous`."""
    homes: int
    """Traded under it."""
    candidates: tuple[str, ...]
    """Between which an ambiguous one cannot be told, with their districts."""


@dataclass(frozen=True)
class UnmatchedProject:
    """A registered project that no deal names."""

    city: str
    district: str
    name: str
    homes: int | None


def figures(engine: sa.Engine) -> Figures:
    """Look at `project_absorption`. Raises DatabaseError."""
    columns = project_absorption.c
    place = (columns.city, columns.district, columns.build_name)
    last = sa.func.row_number().over(partition_by=place, order_by=[columns.year.desc(), columns.month.desc()])
    ranked = sa.select(*place, columns.homes, columns.sold_num, last.label("back")).subquery()
    with translated(engine, "show the absorption"), engine.connect() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(project_absorption)) or 0
        ends = [tuple(row)[:5] for row in connection.execute(sa.select(ranked).where(ranked.c.back == 1))]
        shown = sa.select(
            *place,
            columns.year + "-" + columns.month,
            columns.homes,
            columns.deals_num,
            columns.sold_num,
            columns.absorption,
        ).order_by(columns.year.desc(), columns.month.desc(), columns.deals_num.desc(), *place)
        latest = tuple(tuple(row) for row in connection.execute(shown.limit(EXAMPLES)))
    oversold = sorted((row for row in ends if row[3] is not None and row[4] > row[3]), key=lambda row: row[3] - row[4])
    return Figures(rows, len(ends), sum(row[3] is None for row in ends), tuple(oversold), latest)


def unmatched(engine: sa.Engine, city: str = "") -> tuple[list[UnmatchedName], list[UnmatchedProject]]:
    """What is not matched, by the deals and the list as they are now; of one city where it is named.

    Raises DatabaseError.
    """
    with translated(engine, "show what is not matched"), engine.connect() as connection:
        homes = {name: number for name, number in traded_names(connection).items() if city in ("", name.city)}
        matches = match(homes, projects(connection))
        return unmatched_names(matches, homes), unmatched_projects(connection, matches, city)


def unmatched_names(matches: Iterable[Match], homes: Mapping[Name, int]) -> list[UnmatchedName]:
    """Of these matches those that found no project, most traded first."""
    found = [
        UnmatchedName(
            each.name,
            each.method,
            homes.get(each.name, 0),
            tuple(f"{project.district} {project.name}" for project in each.candidates),
        )
        for each in matches
        if each.project is None
    ]
    return sorted(found, key=lambda each: (-each.homes, each.name))


def unmatched_projects(connection: sa.Connection, matches: Iterable[Match], city: str = "") -> list[UnmatchedProject]:
    """The registered projects that none of these matches found, largest first; of one city where it is named."""
    columns = registered_projects.c
    rows = connection.execute(
        sa.select(columns.city, columns.district, columns.project_name, columns.homes, columns.listed_as_of)
    )
    offers: defaultdict[Project, list[tuple[datetime, int | None]]] = defaultdict(list)
    for of_city, district, name, homes, listed in rows:
        if city in ("", of_city):
            offers[Project(of_city, district, name)].append((listed, homes))
    named = {each.project for each in matches}
    found = [
        UnmatchedProject(project.city, project.district, project.name, _homes(offered))
        for project, offered in offers.items()
        if project not in named
    ]
    return sorted(found, key=lambda each: (-(each.homes or 0), each.city, each.district, each.name))


def _homes(offered: Sequence[tuple[datetime, int | None]]) -> int | None:
    """As the .sql file has it: of the newest list that has the project, None where a registration tells none."""
    newest = max(listed for listed, _ in offered)
    numbers = [homes for listed, homes in offered if listed == newest]
    return None if None in numbers else sum(number or 0 for number in numbers)
