"""The asset check of the statistics. It guards nothing: a release is verified without it, but people are told."""

import dagster as dg

from pshs_dagster.assets.common import RELEASES, plain_failures
from pshs_dagster.assets.previews import markdown
from pshs_dagster.database.database import Database
from pshs_dagster.database.statistics.comparing import compare

SHOWN = 20
"""Differences that a person is shown."""


@dg.asset_check(asset="deal_statistics", partitions_def=RELEASES)
def statistics_match_deals(database: dg.ResourceParam[Database]) -> dg.AssetCheckResult:
    """Counts and sums of `deal_statistics` are those of `deals`, for each city and month."""
    with plain_failures():
        found = compare(database.ready())
    differences = found.differences
    rows = [[each.city, each.month, each.deals, each.counted, each.what] for each in differences[:SHOWN]]
    told = f"{len(differences)} of {found.groups} months of cities differ: run `pshs statistics --all`."
    return dg.AssetCheckResult(
        passed=not differences,
        metadata={
            "deals": found.deals,
            "groups": found.groups,
            "differences": markdown(["city", "month", "deals", "counted", "what differs"], rows),
        },
        description=told if differences else None,
    )


STATISTICS_CHECKS = (statistics_match_deals,)
