"""`deal_statistics`, `project_statistics`, `market_statistics`: what the database computes from `deals`.

One step for the three, since one transaction brings them up to date; each tells of itself. What is computed is told
in `database/statistics`.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, RELEASES, plain_failures
from pshs_dagster.assets.previews import markdown
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.statistics.reading import Shown, shown
from pshs_dagster.database.statistics.refresh import Refreshed, refresh

WHOLE_TAG = "pshs/statistics"
"""A run with this tag set to `all` computes every month anew, be it stale or not."""

DESCRIPTIONS = {
    "deal_statistics": "The table that the web application reads: counts and averages by project, month and rooms.",
    "project_statistics": "Projects that opened within a year, over their last 1, 3 and 6 complete months, by size.",
    "market_statistics": "Each district by month: counts, quartiles, changes; final or provisional.",
}


@dg.multi_asset(
    name="statistics",
    specs=[
        dg.AssetSpec(
            name,
            deps=[dg.AssetKey("mysql_deals")],
            description=description,
            group_name=GROUP,
            owners=OWNERS,
            kinds={"mysql"},
            metadata={"dagster/table_name": name},
        )
        for name, description in DESCRIPTIONS.items()
    ],
    partitions_def=RELEASES,
    pool=DATABASE_POOL,
    can_subset=True,
)
def statistics(
    context: dg.AssetExecutionContext, database: dg.ResourceParam[Database], clock: dg.ResourceParam[Clock]
) -> Iterator[dg.MaterializeResult[Any]]:
    with plain_failures():
        engine = database.ready()
        done = refresh(engine, clock(), everything=context.run.tags.get(WHOLE_TAG) == "all")
        for name in DESCRIPTIONS:
            if dg.AssetKey(name) in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=name, metadata=_metadata(done, name, shown(engine, name)))


def _metadata(done: Refreshed, name: str, table: Shown) -> dict[str, Any]:
    months = [str(month) for month in done.months]
    return {
        "dagster/row_count": table.rows,
        "written": done.written[name],
        "months": f"{len(months)}: {months[0]} … {months[-1]}" if months else "none",
        "whole": done.whole,
        "last_complete_month": str(done.last_complete or "none"),
        "preview": markdown(table.headings, table.first),
    }
