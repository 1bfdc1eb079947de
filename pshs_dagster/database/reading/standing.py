"""What the tables stand at: the newest release, and what tells that they have become others since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.tables import corrections, registered_projects, releases
from pshs_dagster.releases import Release


@dataclass(frozen=True)
class Standing:
    """The newest release, when a release was loaded last, the newest decision of a person and list of projects."""

    release: Release
    loaded_at: datetime
    decision: int
    projects_as_of: datetime | None

    def __str__(self) -> str:
        listed = f"{self.projects_as_of:%Y%m%dT%H%M%S}" if self.projects_as_of else "none"
        return f"{self.release}:{self.loaded_at:%Y%m%dT%H%M%S}:{self.decision}:{listed}"


def standing(engine: sa.Engine) -> Standing | None:
    """What the tables stand at; None where nothing is loaded, or nothing was ever migrated. Raises DatabaseError."""
    with translated(engine, "tell what is loaded"), engine.connect() as connection:
        if not all(sa.inspect(connection).has_table(table.name) for table in (releases, corrections)):
            return None
        loaded = connection.execute(sa.select(releases.c.release, releases.c.loaded_at)).all()
        if not loaded:
            return None
        decision = connection.scalar(sa.select(sa.func.max(corrections.c.id))) or 0
        listed = (
            connection.scalar(sa.select(sa.func.max(registered_projects.c.listed_as_of)))
            if sa.inspect(connection).has_table(registered_projects.name)
            else None
        )
    newest = max((Release.parse(row.release) for row in loaded), key=lambda each: (each.published_on, each.is_issue))
    return Standing(newest, max(row.loaded_at for row in loaded), decision, listed)
