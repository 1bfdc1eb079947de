"""The tables of registered projects, their matches and their absorption."""

from __future__ import annotations

from alembic import op

from pshs_dagster.database.schema.conform import conform
from pshs_dagster.database.tables import metadata

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conform(op.get_bind(), metadata.sorted_tables)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")
