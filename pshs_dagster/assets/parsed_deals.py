"""`parsed_deals`: every line of the archived zip, read, typed and judged."""

import dagster as dg

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures
from pshs_dagster.assets.previews import file_table, preview
from pshs_dagster.assets.types import ParsedDeals, column_schema
from pshs_dagster.assets.values import parse_archived
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.deals.frame import ParsedRelease


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pandas", "csv"},
    io_manager_key="release_values",
    dagster_type=ParsedDeals,
    metadata={"dagster/column_schema": column_schema()},
    description="Every pre-sale line of the release as typed columns; doubtful lines carry their reasons.",
)
def parsed_deals(
    archive: dg.ResourceParam[Archive], cities: dg.ResourceParam[frozenset[str]], s3_backup: ArchivedZip
) -> dg.MaterializeResult[ParsedRelease]:
    with plain_failures():
        parsed = parse_archived(archive, s3_backup, cities)
    deals = parsed.deals
    present = {file.city for file in parsed.files}
    return dg.MaterializeResult(
        value=parsed,
        metadata={
            "dagster/partition_row_count": len(parsed.lines),
            "sound": len(deals),
            "rejected": len(parsed.lines) - len(deals),
            "suspect": int((deals["flags"] != "").sum()),
            "window": str(parsed.release.window),
            "without_file": ", ".join(CITIES[c] for c in sorted(cities) if CITIES[c] not in present) or "none",
            "files": file_table(parsed),
            "preview": preview(deals),
            "dagster/column_schema": column_schema(),
        },
    )
