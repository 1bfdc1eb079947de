"""`corrected_deals`: the rejected lines of a release that people have made sound, to be loaded with the others."""

import dagster as dg

from pshs_dagster.archive import ArchivedZip
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures
from pshs_dagster.assets.previews import corrected_preview
from pshs_dagster.assets.types import column_schema
from pshs_dagster.assets.values import known_on
from pshs_dagster.database.correcting.entries import line_entries
from pshs_dagster.database.database import Database
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.overlay import Overlay, laid_over


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"mysql"},
    io_manager_key="release_values",
    deps=[dg.AssetKey("rejected_deals")],
    metadata={"dagster/column_schema": column_schema()},
    description="Rejected lines with what the ledger of corrections says of them: those that are sound now.",
)
def corrected_deals(
    database: dg.ResourceParam[Database], s3_backup: ArchivedZip, parsed_deals: ParsedRelease
) -> dg.MaterializeResult[Overlay]:
    with plain_failures():
        entries = line_entries(database.ready())
    overlay = laid_over(parsed_deals, entries, known_on(s3_backup))
    return dg.MaterializeResult(
        value=overlay,
        metadata={
            "dagster/partition_row_count": len(overlay.corrected),
            "dismissed": len(overlay.dismissed),
            "still_wrong": len(overlay.wrong),
            "rejected": len(parsed_deals.rejects),
            "preview": corrected_preview(overlay),
        },
    )
