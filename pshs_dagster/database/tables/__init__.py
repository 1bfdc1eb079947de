"""SQLAlchemy tables: what the database holds, once for SQLite and MySQL.

Another application reads `deals` and `deal_statistics` by these names, and may have created them: `conform.py` brings
such tables up to these definitions. How rows get in and out is not told here.

Areas are in m², prices in NTD; every DATETIME is wall time in Asia/Taipei.
"""

from pshs_dagster.database.tables.computed import (
    ABSORPTION,
    STATISTICS,
    STAYING,
    deal_statistics,
    market_statistics,
    project_absorption,
    project_matches,
    project_statistics,
    registered_projects,
    statistics_months,
)
from pshs_dagster.database.tables.published import (
    FILE_WIDTH,
    MYSQL_OPTIONS,
    RELEASE_WIDTH,
    corrections,
    deal_events,
    deals,
    metadata,
    rejected_deals,
    release_copies,
    release_files,
    releases,
    withdrawn_deals,
)

__all__ = [
    "ABSORPTION",
    "FILE_WIDTH",
    "MYSQL_OPTIONS",
    "RELEASE_WIDTH",
    "STATISTICS",
    "STAYING",
    "corrections",
    "deal_events",
    "deal_statistics",
    "deals",
    "market_statistics",
    "metadata",
    "project_absorption",
    "project_matches",
    "project_statistics",
    "registered_projects",
    "rejected_deals",
    "release_copies",
    "release_files",
    "releases",
    "statistics_months",
    "withdrawn_deals",
]
