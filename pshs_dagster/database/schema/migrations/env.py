"""What Alembic runs for a migration: on the connection, and in the transaction, that `migrate` opened."""

from alembic import context

from pshs_dagster.database.schema.migrate import VERSION_TABLE
from pshs_dagster.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # `migrate` commits; on MySQL each statement does
)
with context.begin_transaction():
    context.run_migrations()
