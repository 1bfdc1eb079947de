"""MOI's list of registered projects into `registered_projects`: one row a registration, by the newest list that has it.

A registration that the newest list lacks stays, with its older moment. How a list is read is told in `projects`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database import locks
from pshs_dagster.database.absorption.keeping_rows import Key, Row, Written, replace_all, stored_rows
from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.tables import registered_projects
from pshs_dagster.projects.listing import Registration
from pshs_dagster.projects.match import project_names

KEY = ("city", "project_number")
OWN = ("id", "created_at", "updated_at")


@dataclass(frozen=True)
class ListLoaded:
    """What loading a list did, and what is in the table after."""

    written: Written
    missing: int
    """Registrations that only older lists have."""
    rows: int


def load_list(
    engine: sa.Engine,
    registrations: Sequence[Registration],
    as_of: datetime,
    now: datetime,
    *,
    wait: timedelta = locks.WAIT,
) -> ListLoaded:
    """Load a list that carries the knowledge of `as_of`, in one transaction; both moments are aware.

    What a newer list has told stays, whatever the order of loading. Raises DatabaseError; then all is as before.
    """
    known = wall_time(as_of)
    with (
        translated(engine, "load the list of projects"),
        locks.exclusive(engine, wait) as connection,
        connection.begin(),
    ):
        rows = _stored(connection)
        for registration in registrations:
            row = _row(registration, known)
            there = rows.get((row["city"], row["project_number"]))
            if there is None or there["listed_as_of"] <= known:
                rows[row["city"], row["project_number"]] = row
        gathered = _gathered(list(rows.values()))
        written = replace_all(connection, registered_projects, KEY, gathered, wall_time(now))
    newest = max((row["listed_as_of"] for row in gathered), default=known)
    return ListLoaded(written, sum(row["listed_as_of"] < newest for row in gathered), len(gathered))


def _stored(connection: sa.Connection) -> dict[Key, Row]:
    rows = stored_rows(connection, registered_projects, KEY)
    return {at: {name: value for name, value in row.items() if name not in OWN} for at, row in rows.items()}


def _row(registration: Registration, known: datetime) -> dict[str, Any]:
    return {
        "city": registration.city,
        "district": registration.district,
        "project_number": registration.number,
        "build_name": registration.name,
        "project_name": registration.name,
        "homes": registration.homes,
        "homes_text": registration.homes_text,
        "location": registration.location,
        "builder": registration.builder,
        "main_use": registration.main_use,
        "permit": registration.permit,
        "permitted_on": registration.permitted_on,
        "declared_on": registration.declared_on,
        "selling_period": registration.selling_period,
        "completed_on": registration.completed_on,
        "listed_as_of": known,
    }


def _gathered(rows: Sequence[Row]) -> list[Row]:
    """Each row with the name that the registrations of its project share."""
    names = project_names((row["city"], row["district"], row["build_name"]) for row in rows)
    return [{**row, "project_name": names[row["city"], row["district"], row["build_name"]]} for row in rows]
