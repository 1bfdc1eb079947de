"""One database, as the rest of the project holds it: connected when first used, migrated before it is worked with.

What is done in the database stands in the modules beside; this one only opens the door.
"""

from __future__ import annotations

from functools import cached_property

import sqlalchemy as sa

from pshs_dagster.database.engine import connect, describe
from pshs_dagster.database.schema.migrate import migrate


class Database:
    """The database that a URI names. Nothing is opened until it is used."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine, as the database is. Raises SettingsError for a URI that cannot be used."""
        return connect(self._uri)

    def ready(self) -> sa.Engine:
        """The engine, with the tables as this version of the project needs them."""
        migrate(self.engine)
        return self.engine

    def __repr__(self) -> str:
        # Never the URI itself: it may hold a password, and reprs end up in logs.
        return f"Database({describe(self.engine)})"
