"""`market_report`: one self-contained HTML file for each release, in the archive. What it shows is told in `report`."""

from typing import Any

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures, release_of
from pshs_dagster.assets.previews import drawing
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.market.gather import gather
from pshs_dagster.releases import Release
from pshs_dagster.report.page import page
from pshs_dagster.report.picture import Picture
from pshs_dagster.report.plots import deals_plot, price_plot

UPSTREAM = ("deal_statistics", "project_statistics", "market_statistics", "project_absorption")


def report_key(release: Release) -> str:
    """Where the archive has the report of a release."""
    return f"reports/{release.key}.html"


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"html"},
    deps=[dg.AssetKey(name) for name in UPSTREAM],
    description="A report to look at, one HTML file: what came, prices by district, projects, absorption, quality.",
)
def market_report(
    context: dg.AssetExecutionContext,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    release = release_of(context)
    with plain_failures():
        picture = gather(database.ready(), release, clock())
        made = page(picture)
        archive.write_bytes(report_key(release), made)
    return dg.MaterializeResult(
        metadata={
            "location": archive.location(report_key(release)),
            "size_in_bytes": dg.MetadataValue.int(len(made)),
            **_figures(picture),
            "median_unit_price": drawing("plot", price_plot(picture)),
            "deals_by_month": drawing("plot", deals_plot(picture)),
        }
    )


def _figures(picture: Picture) -> dict[str, str | int | float]:
    """What the report says of the country at its newest complete month, and how much stands in it."""
    country = next((market.months for market in picture.markets if not market.city), ())
    final = [month for month in country if month.month not in picture.provisional]
    newest = final[-1] if final else None
    figures: dict[str, str | int | float] = {
        "newest_complete_month": newest.month if newest else "none",
        "districts": sum(bool(market.district) for market in picture.markets),
        "opened_projects": len({(row.city, row.district, row.name) for row in picture.opened}),
        "registered_projects": len(picture.absorption.registered),
        "new_deals": sum(brought.new for brought in picture.brought),
        "cancelled_deals": sum(brought.cancelled for brought in picture.brought),
        "missing_issues": sum(gap.issues for gap in picture.quality.missing),
    }
    if newest and newest.unit_price:
        figures |= {"deals_in_it": newest.deals, "median_unit_price_in_it": newest.unit_price.median}
    return figures
