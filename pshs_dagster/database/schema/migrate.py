"""Bring a database up to date: `migrate`. The steps themselves are in `migrations/`, what they do to a
table in `conform.py`.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.locks import exclusive

VERSION_TABLE = "pshs_alembic_version"
"""The other application keeps its own version in `alembic_version`."""

HEAD = "0006"
"""The newest migration, named here so that a database which is up to date costs one query and no Alembic."""

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(engine: sa.Engine) -> None:
    """Upgrade the database to the newest migration; at once done where it is there already.

    Safe when several processes do it at the same time. Raises DatabaseError.
    """
    with translated(engine, "be brought up to date"):
        with engine.connect() as connection:
            if _version(connection) == HEAD:
                return
        with exclusive(engine) as connection, connection.begin():
            if _version(connection) != HEAD:  # another process may have done it meanwhile
                _upgrade(connection)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE)))


def _upgrade(connection: sa.Connection) -> None:
    # Not at the top: importing Alembic takes longer than all that is left to do in most runs.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
