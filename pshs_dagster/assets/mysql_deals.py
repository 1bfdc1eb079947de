"""`mysql_deals`: the sound deals of a release, merged into the table `deals` in one transaction."""

from datetime import timedelta

import dagster as dg

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, RELEASES, plain_failures, withdrawals_confirmed
from pshs_dagster.assets.handover import hand_over, record_of
from pshs_dagster.assets.older_copies import load_lagging
from pshs_dagster.assets.previews import load_table, minute, preview, report_plot, report_table
from pshs_dagster.assets.types import column_schema
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.load import LoadReport, load_release
from pshs_dagster.database.reading.history import release_reports
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.overlay import Overlay

RELEASES_SHOWN = 18
"""Half a year of issues: what a small table and a small plot can hold."""

FRESH = dg.FreshnessPolicy.cron(
    # Three hours after the hour of an issue; loaded at any time of its day, it is fresh until the next is due.
    deadline_cron="0 13 1,11,21 * *",
    lower_bound_delta=timedelta(hours=13),
    timezone="Asia/Taipei",
)


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"mysql"},
    io_manager_key="release_values",
    pool=DATABASE_POOL,
    freshness_policy=FRESH,
    metadata={"dagster/column_schema": column_schema(), "dagster/table_name": "deals"},
    description="The table that the web application reads: one row a deal, the newest knowledge of it.",
)
def mysql_deals(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
    archive: dg.ResourceParam[Archive],
    cities: dg.ResourceParam[frozenset[str]],
    s3_backup: ArchivedZip,
    parsed_deals: ParsedRelease,
    corrected_deals: Overlay,
) -> dg.MaterializeResult[LoadReport]:
    over, record = hand_over(parsed_deals, corrected_deals), record_of(s3_backup)
    with plain_failures():
        engine = database.ready()
        report = load_release(
            engine,
            record,
            over.deals,
            over.lines,
            clock(),
            rejected=over.rejected,
            overlay=over.overlay,
            confirm_withdrawals=withdrawals_confirmed(context.run),
        )
        older = load_lagging(archive, engine, cities, clock, record.release)
        history = release_reports(engine)[-RELEASES_SHOWN:]
    context.log.info("Loaded by %s.", report.method)
    return dg.MaterializeResult(
        value=report,
        metadata={
            "dagster/partition_row_count": len(over.deals),
            "new": report.new_deals,
            "changed": report.changed_deals,
            "unchanged": report.unchanged_deals,
            "rejected": report.rejected_lines,
            "corrected": len(corrected_deals.corrected),
            "cancelled": report.cancelled_deals,
            "withdrawn": report.withdrawn_deals,
            "withdrawn_outside_window": report.withdrawn_outside,
            "reinstated": report.reinstated_deals,
            "window": str(parsed_deals.release.window),
            "as_of": minute(record.as_of),
            "sha256": s3_backup.sha256,
            "source": dg.MetadataValue.url(s3_backup.source_url),
            "method": report.method,
            "older_copies_loaded_again": len(older),
            "files": load_table(report),
            "releases": report_table(history),
            "plot": report_plot(history),
            "preview": preview(over.deals),
            "dagster/column_schema": column_schema(),
        },
    )
