"""`deals_dataset`: the data product for researchers, a version for each release. What it has is told in `dataset`."""

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures, release_of
from pshs_dagster.assets.previews import markdown
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.dataset import reading
from pshs_dagster.database.reading.standing import standing
from pshs_dagster.database.reading.statements import sql_files
from pshs_dagster.dataset.making import Made, make
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster.errors import PshsError

DATASET_POOL = "dataset"
"""One at a time: two that publish a release at once would give its version one and the same name."""

UPSTREAM = ("mysql_deals", "deal_statistics", "project_statistics", "market_statistics", "project_absorption")


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"parquet", "csv"},
    pool=DATASET_POOL,
    deps=[dg.AssetKey(name) for name in UPSTREAM],
    description="The tables as a data package: Parquet and CSV by city and year, with schema, dictionary and licence.",
)
def deals_dataset(
    context: dg.AssetExecutionContext,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    shelf, release = Shelf(archive.store), release_of(context)
    with plain_failures(), tempfile.TemporaryDirectory(prefix="pshs-") as folder:
        engine = database.ready()
        now = standing(engine)
        if now is None or now.release != release:
            raise PshsError(
                f"The newest release in the tables is {now.release if now else 'none'}, so that they are no version of "
                f"{release}: publish the newest one."
            )
        with reading(engine) as source:
            made = make(source, shelf, release, clock(), sql_files(), Path(folder))
    return dg.MaterializeResult(metadata=_metadata(made, shelf))


def _metadata(made: Made, shelf: Shelf) -> dict[str, Any]:
    package, rows = made.package, made.rows()
    files = [
        (name, number, len(of), sum(each.size for each in of))
        for name, number in rows.items()
        for of in [[each for each in package.resources if each.table == name]]
    ]
    return {
        "dagster/row_count": rows["deals"],
        "version": package.version,
        "location": shelf.location(package),
        "files": len(package.resources),
        "files_written": len(made.written),
        "files_kept": made.kept,
        "size_in_bytes": dg.MetadataValue.int(sum(each.size for each in package.resources)),
        "written_in_bytes": dg.MetadataValue.int(sum(each.size for each in made.written)),
        "tables": markdown(["table", "rows", "files", "bytes"], files),
    }
