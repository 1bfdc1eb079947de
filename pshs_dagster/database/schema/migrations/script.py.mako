"""${message}"""

from alembic import op

from pshs_dagster.database.conform import conform
from pshs_dagster.database.tables import metadata

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    conform(op.get_bind(), metadata.sorted_tables)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")
