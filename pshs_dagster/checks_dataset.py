"""The asset check of the data product. It guards no release, but people are told."""

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import RELEASES, plain_failures, release_of
from pshs_dagster.assets.previews import markdown
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.dataset import deals_now
from pshs_dagster.dataset.proving import read_back
from pshs_dagster.dataset.shelf import Shelf

SHOWN = 20
"""Files that a person is shown."""


@dg.asset_check(asset="deals_dataset", partitions_def=RELEASES)
def dataset_complete(
    context: dg.AssetCheckExecutionContext,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
) -> dg.AssetCheckResult:
    """Each file, read back from the archive, has its SHA-256, and all together have the rows of `deals`."""
    release, shelf = release_of(context), Shelf(archive.store)
    with plain_failures():
        package = shelf.version(release)
        if package is None:
            return dg.AssetCheckResult(passed=False, description=f"{release} was never published: publish it first.")
        proof, newest = read_back(shelf, package), shelf.newest()
        there, loaded = deals_now(database.ready())
    rows = proof.rows.get("deals", 0)
    # Earlier versions hold what the table held then, and so does this one where a release was loaded meanwhile.
    is_now = newest == package and (loaded is None or loaded <= package.created)
    told = None
    if proof.damaged:
        path, wrong = proof.damaged[0]
        told = (
            f"{len(proof.damaged)} files are damaged: {shelf.location_of(path)} {wrong}. Remove what is damaged and "
            "publish again: it is then made anew."
        )
    elif is_now and rows != there:
        told = f"The files of {package.version} have {rows:,} deals and the table {there:,}: publish again."
    return dg.AssetCheckResult(
        passed=told is None,
        metadata={
            "version": package.version,
            "files": proof.files,
            "size_in_bytes": dg.MetadataValue.int(proof.size),
            "rows": rows,
            "rows_of_deals": there,
            "compared_with_deals": is_now,
            "damaged": markdown(["file", "what is wrong"], proof.damaged[:SHOWN]),
        },
        description=told,
    )


DATASET_CHECKS = (dataset_complete,)
