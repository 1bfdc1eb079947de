"""`rejected_deals`: doubtful lines, set aside for a person in the table of that name and as a file in the archive."""

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, RELEASES, plain_failures
from pshs_dagster.assets.previews import reject_preview
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.rejects import record_rejects
from pshs_dagster.deals.corrections import rejects_document, rejects_for_table
from pshs_dagster.deals.frame import ParsedRelease


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"mysql", "json"},
    io_manager_key="release_values",
    pool=DATABASE_POOL,
    description="Lines that cannot be loaded as they stand, each with all its reasons, waiting for a person.",
)
def rejected_deals(
    archive: dg.ResourceParam[Archive], database: dg.ResourceParam[Database], parsed_deals: ParsedRelease
) -> dg.MaterializeResult[int]:
    release, rejects = parsed_deals.release.key, parsed_deals.rejects
    document = f"rejects/{release}.json"
    with plain_failures():
        record_rejects(database.ready(), release, rejects_for_table(rejects))
        archive.write_document(document, rejects_document(release, rejects))
    return dg.MaterializeResult(
        value=len(rejects),
        metadata={
            "dagster/partition_row_count": len(rejects),
            "lines": len(parsed_deals.lines),
            "file": archive.location(document),
            "preview": reject_preview(rejects),
        },
    )
