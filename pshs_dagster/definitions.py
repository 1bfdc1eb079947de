"""The code location on one screen: what Dagster sees of this project.

`defs` is what Dagster loads, with the settings of the environment; `build_defs` makes the same from anything
else, so that a test or a command can put its own portal, archive, database or clock in place.
"""

from __future__ import annotations

import dagster as dg
from dagster_aws.s3 import S3Resource

from pshs_dagster.alerts.sending import AppriseSender
from pshs_dagster.alerts.sensor import alert_sensor
from pshs_dagster.archive import Archive, FolderStore, S3Store
from pshs_dagster.assets import ASSETS
from pshs_dagster.assets.values import ReleaseValues
from pshs_dagster.automation import load_release_job, release_sensor, ten_day_schedule
from pshs_dagster.backup_job import backup_job, weekly_backup
from pshs_dagster.checks import CHECKS
from pshs_dagster.checks_absorption import ABSORPTION_CHECKS
from pshs_dagster.checks_dataset import DATASET_CHECKS
from pshs_dagster.checks_statistics import STATISTICS_CHECKS
from pshs_dagster.clock import taipei_now
from pshs_dagster.config import Settings, StorageType, read_settings
from pshs_dagster.correcting.job import correction_sensor, take_corrections_job
from pshs_dagster.database.database import Database
from pshs_dagster.history.job import rebuild_history_job
from pshs_dagster.history.replay import nobody
from pshs_dagster.portal import Portal, no_progress
from pshs_dagster.projects_job import fetch_projects_job, monthly_projects
from pshs_dagster.publishing.job import publication_sensor, publish_job
from pshs_dagster.statistics_job import refresh_statistics_job

RESOURCES = {
    "clock": "What time it is.",
    "portal": "MOI's site, or what plays it.",
    "archive": "Raw zips with their manifests, and files for people; a folder or a bucket.",
    "database": "Where the tables are.",
    "cities": "MOI's letters of the cities to load.",
    "progress": "Told of the bytes that are fetched.",
    "rebuild_watch": "Told of the copies that a rebuild has loaded.",
    "alert_sender": "The services through which people are told what is wrong.",
    "dagster_url": "Where people find Dagster's page.",
}
"""What Dagster's page says of each resource."""


def build_defs(settings: Settings | None = None, **overrides: object) -> dg.Definitions:
    """The whole code location. `overrides` replaces resources by name.

    Resources are plain objects, not configuration: Dagster's page shows configuration, and these hold passwords.
    """
    settings = settings or read_settings()
    resources: dict[str, object] = {
        "clock": taipei_now,
        "portal": Portal(settings.portal_url, clock=taipei_now),
        "archive": build_archive(settings),
        "database": Database(settings.database),
        "cities": settings.cities,
        "progress": no_progress,
        "rebuild_watch": nobody,
        "alert_sender": AppriseSender(settings.alerts),
        "dagster_url": settings.dagster_url,
        **overrides,
    }
    archive, cities, database = resources["archive"], resources["cities"], resources["database"]
    assert isinstance(archive, Archive)
    assert isinstance(database, Database)
    assert isinstance(cities, frozenset)
    described: dict[str, object] = {
        name: dg.ResourceDefinition.hardcoded_resource(value, RESOURCES[name]) for name, value in resources.items()
    }
    described["release_values"] = ReleaseValues(archive, cities, database)
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=(*CHECKS, *STATISTICS_CHECKS, *ABSORPTION_CHECKS, *DATASET_CHECKS),
        jobs=[
            load_release_job,
            publish_job,
            fetch_projects_job,
            take_corrections_job,
            rebuild_history_job,
            refresh_statistics_job,
            backup_job,
        ],
        schedules=[ten_day_schedule, monthly_projects, weekly_backup],
        sensors=[release_sensor, correction_sensor, publication_sensor, alert_sensor],
        resources=described,
        # Steps hand frames to each other in memory, and a process for each step costs more than the steps do.
        executor=dg.in_process_executor,
    )


def build_archive(settings: Settings) -> Archive:
    """The archive that the settings name: a folder, or a bucket with credentials found the AWS way."""
    if settings.storage_type is StorageType.LOCAL:
        return Archive(FolderStore(settings.archive_dir))
    client = S3Resource(endpoint_url=settings.s3_endpoint_url).get_client()
    return Archive(S3Store(client, settings.s3_bucket, settings.s3_prefix))


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return build_defs()
