"""What the ledger of corrections needs to be applied anew: what a person looked at, and what each copy made of it."""

from __future__ import annotations

from alembic import op

from pshs_dagster.database.schema.conform import conform
from pshs_dagster.database.tables import metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns. The fields of known rejected lines come with the next load, or with `pshs rebuild`."""
    conform(op.get_bind(), metadata.sorted_tables)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")
