"""An index of projects with the days of their deals, where columns are not too wide for it. Others stay."""

from __future__ import annotations

from alembic import op

from pshs_dagster.database.schema.conform import conform
from pshs_dagster.database.tables import metadata

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conform(op.get_bind(), metadata.sorted_tables)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")
