"""The tables of statistics, and in the one that was there before names of projects that are told apart exactly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from pshs_dagster.database.schema.actual import actual_columns
from pshs_dagster.database.schema.alter import Alterations, AlterTable
from pshs_dagster.database.schema.conform import LONGEST_INDEXED, conform
from pshs_dagster.database.tables import deal_statistics, metadata

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    conform(connection, metadata.sorted_tables)
    if connection.dialect.name == "mysql":
        _tell_names_apart(connection)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")


def _tell_names_apart(connection: sa.Connection) -> None:
    """Two names that the collation there takes for equal could not both stand in the table; rows stay as they are."""
    there = actual_columns(connection, deal_statistics.name)["build_name"]
    if (there.collation or "").endswith("_bin") or there.characters > LONGEST_INDEXED:
        return
    exact = sa.Column(
        "build_name",
        mysql.VARCHAR(there.characters, charset="utf8mb4", collation="utf8mb4_bin"),
        nullable=there.column.nullable,
        server_default=there.column.server_default,
        comment=there.column.comment,
    )
    connection.execute(AlterTable(deal_statistics, Alterations(modify=[exact])))
