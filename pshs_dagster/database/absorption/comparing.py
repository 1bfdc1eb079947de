"""Whether matches and absorption are of the deals as they are: counted by other ways than they were computed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.absorption.matching import traded_names
from pshs_dagster.database.engine import translated
from pshs_dagster.database.records import wall_time
from pshs_dagster.database.tables import project_absorption, project_matches, registered_projects
from pshs_dagster.projects.match import Name


@dataclass(frozen=True)
class Compared:
    """What was compared, and what differs: city, what, in deals, in the tables."""

    names: int
    homes: int
    differences: tuple[tuple[str, str, int, int], ...]


def registrations_as_of(engine: sa.Engine, as_of: datetime) -> int:
    """The registrations that the list of a moment, or a newer one, has told of. Raises DatabaseError."""
    columns = registered_projects.c
    query = sa.select(sa.func.count()).where(columns.listed_as_of >= wall_time(as_of))
    with translated(engine, "count the registered projects"), engine.connect() as connection:
        return connection.scalar(query) or 0


def compare(engine: sa.Engine) -> Compared:
    """Compare names and numbers, city by city. Raises DatabaseError."""
    matched, absorbed = project_matches.c, project_absorption.c
    by_city = sa.select(absorbed.city, sa.func.sum(absorbed.deals_num)).group_by(absorbed.city)
    with translated(engine, "compare the absorption with deals"), engine.connect() as connection:
        traded = traded_names(connection)
        rows = connection.execute(
            sa.select(matched.city, matched.district, matched.build_name, matched.registered_name)
        ).all()
        counted = {city: int(homes) for city, homes in connection.execute(by_city)}
    known = {Name(city, district, name) for city, district, name, registered in rows if registered}
    names = (Counter(name.city for name in traded), Counter(row.city for row in rows))
    homes: Counter[str] = Counter()
    for name, number in traded.items():
        homes[name.city] += number if name in known else 0
    there = {Name(*row[:3]) for row in rows}
    strangers = Counter(name.city for name in there.symmetric_difference(traded))
    differences = [(city, "names", names[0][city], names[1][city]) for city in sorted(strangers)]
    differences += [
        (city, "homes traded", homes[city], counted.get(city, 0))
        for city in sorted({*homes, *counted})
        if homes[city] != counted.get(city, 0)
    ]
    return Compared(len(traded), homes.total(), tuple(differences))
