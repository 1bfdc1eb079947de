"""The first tables, from nothing or from what the other application's migrations made."""

from alembic import op

from pshs_dagster.database.schema.conform import conform
from pshs_dagster.database.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is missing and widen what is too narrow.

    It follows `tables` as that is now, not as it was: columns are only ever added and widened, so
    whatever the next migrations do is done by then, and finds nothing left to do.
    """
    conform(op.get_bind(), metadata.sorted_tables)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")
