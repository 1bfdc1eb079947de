"""The assets, one file each, as they stand in the lineage view. They are thin: they get what they need,
call the domain, and tell what a person wants to see. What a deal or a release is stands elsewhere.
"""

from pshs_dagster.assets.corrected_deals import corrected_deals
from pshs_dagster.assets.database_backup import database_backup
from pshs_dagster.assets.deals_dataset import deals_dataset
from pshs_dagster.assets.market_report import market_report
from pshs_dagster.assets.mysql_deals import mysql_deals
from pshs_dagster.assets.parsed_deals import parsed_deals
from pshs_dagster.assets.project_absorption import project_absorption
from pshs_dagster.assets.raw_zip import raw_zip
from pshs_dagster.assets.registered_projects import registered_projects
from pshs_dagster.assets.rejected_deals import rejected_deals
from pshs_dagster.assets.s3_backup import s3_backup
from pshs_dagster.assets.statistics import statistics

ASSETS = (
    raw_zip,
    s3_backup,
    parsed_deals,
    rejected_deals,
    corrected_deals,
    mysql_deals,
    statistics,
    registered_projects,
    project_absorption,
    market_report,
    deals_dataset,
    database_backup,
)

__all__ = [
    "ASSETS",
    "corrected_deals",
    "database_backup",
    "deals_dataset",
    "market_report",
    "mysql_deals",
    "parsed_deals",
    "project_absorption",
    "raw_zip",
    "registered_projects",
    "rejected_deals",
    "s3_backup",
    "statistics",
]
