"""Registered projects with what they sold by month, and the projects of `deals` without a registered one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import nlargest
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.absorption.matching import traded_names
from pshs_dagster.database.tables import project_absorption, project_matches, registered_projects
from pshs_dagster.projects.match import Name
from pshs_dagster.report.picture import Absorption, RegisteredProject, SoldMonth, Unmatched

LISTED = 2_000
"""Unmatched projects that are named one by one, those with most deals; all are counted."""

Place = tuple[str, str, str]
"""City, district, name."""


def absorption(connection: sa.Connection) -> Absorption:
    """Every registered project, and what is not matched."""
    matches = connection.execute(sa.select(project_matches)).all()
    unmatched = {Name(row.city, row.district, row.build_name): row.method for row in matches if not row.registered_name}
    traded = traded_names(connection) if unmatched else {}
    listed = [
        Unmatched(name.city, name.district, name.text, method, traded.get(name, 0))
        for name, method in unmatched.items()
    ]
    return Absorption(
        registered=_registered(connection, _ways(matches)),
        unmatched=tuple(nlargest(LISTED, listed, key=lambda each: each.deals)),
        unmatched_projects=Counter(name.city for name in unmatched),
    )


def _ways(matches: Sequence[sa.Row[Any]]) -> dict[Place, tuple[str, float]]:
    """For each registered project the least certain way in which deals were matched to it."""
    found: dict[Place, tuple[str, float]] = {}
    for row in matches:
        place = (row.city, row.registered_district, row.registered_name)
        if row.registered_name and (place not in found or row.confidence < found[place][1]):
            found[place] = (row.method, float(row.confidence))
    return found


def _registered(connection: sa.Connection, ways: dict[Place, tuple[str, float]]) -> tuple[RegisteredProject, ...]:
    sold: dict[Place, list[SoldMonth]] = defaultdict(list)
    key = ("city", "district", "build_name", "year", "month")
    query = sa.select(project_absorption).order_by(*(project_absorption.c[name] for name in key))
    for row in connection.execute(query):
        sold[row.city, row.district, row.build_name].append(
            SoldMonth(f"{row.year}-{row.month}", row.deals_num, row.cancelled_num, row.sold_num)
        )
    # Registrations of one project (one a permit) count together, as project_absorption.sql says: those of the newest
    # list that has it; where one does not tell its homes, none is told.
    registrations: dict[Place, list[sa.Row[Any]]] = defaultdict(list)
    for row in connection.execute(sa.select(registered_projects)):
        registrations[row.city, row.district, row.project_name].append(row)
    projects: list[RegisteredProject] = []
    for place, rows in sorted(registrations.items()):
        listed = max(row.listed_as_of for row in rows)
        homes = [row.homes for row in rows if row.listed_as_of == listed]
        method, confidence = ways.get(place, ("", 0.0))
        projects.append(
            RegisteredProject(
                *place,
                homes=None if None in homes else sum(homes),
                listed_on=listed.date(),
                method=method,
                confidence=confidence,
                months=tuple(sold[place]),
            )
        )
    return tuple(projects)
