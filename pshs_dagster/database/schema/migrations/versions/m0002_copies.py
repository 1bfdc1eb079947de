"""What each copy of a release told, and which copies held a deal: the tables of the truth over time.

A database of the first revision knows the newest copy of each release, and of each deal the first release and
the last. That much is filled in here; the copies between come back with `pshs rebuild`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pshs_dagster.database.loading.copies import token_of
from pshs_dagster.database.schema.conform import conform
from pshs_dagster.database.tables import deals, metadata, rejected_deals, release_copies, release_files, releases
from pshs_dagster.deals.columns import CITIES

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    conform(connection, metadata.sorted_tables)
    _fill_copies(connection)
    _fill_sightings(connection)


def downgrade() -> None:
    raise NotImplementedError("The database only grows; restore a backup to go back.")


def _fill_copies(connection: sa.Connection) -> None:
    """A copy for each release on record; nothing where an earlier attempt has made it already."""
    made = {row.release for row in connection.execute(sa.select(release_copies.c.release))}
    for row in connection.execute(sa.select(releases)).mappings().all():
        if row["release"] in made:
            continue
        mine = release_files.c.release == row["release"]
        files = connection.scalars(sa.select(release_files.c.file).where(mine)).all()
        cities = sorted({CITIES[file[0].lower()] for file in files if file[:1].lower() in CITIES})
        rejected = connection.execute(
            sa.select(rejected_deals.c.city, rejected_deals.c.serial_number)
            .where(rejected_deals.c.release == row["release"], rejected_deals.c.serial_number != "")
            # A line that is in the file no more has no number: its copy does not hold it.
            .where(rejected_deals.c.line.is_not(None))
        ).all()
        named = sorted({(city, serial) for city, serial in rejected})
        values = {**row, "cities": cities, "rejected": [list(deal) for deal in named]}
        connection.execute(sa.insert(release_copies).values(values))


def _fill_sightings(connection: sa.Connection) -> None:
    """A deal that one release brought and another told of last was seen by both."""
    token = token_of(connection.dialect.name, deals.c.first_release, deals.c.first_as_of)
    other = sa.or_(deals.c.first_release != deals.c.last_release, deals.c.first_as_of != deals.c.as_of)
    known = (deals.c.first_as_of.is_not(None), deals.c.as_of.is_not(None), deals.c.earlier_sightings.is_(None))
    connection.execute(
        sa.update(deals)
        .where(*known, other, deals.c.first_release != "")
        # Named, so that a server which moves it by itself leaves it.
        .values(earlier_sightings=token, updated_at=deals.c.updated_at)
    )
