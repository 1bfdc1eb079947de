"""`raw_zip`: fetch a release from MOI and stage it, untouched, in the archive's `incoming/`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures, release_of
from pshs_dagster.portal import Portal, Progress


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"http", "zip"},
    io_manager_key="release_values",
    description="The zip of one release as MOI serves it, fetched over HTTP and staged byte for byte.",
)
def raw_zip(
    context: dg.AssetExecutionContext,
    portal: dg.ResourceParam[Portal],
    archive: dg.ResourceParam[Archive],
    progress: dg.ResourceParam[Progress],
) -> dg.MaterializeResult[ArchivedZip]:
    with plain_failures(), TemporaryDirectory(prefix="pshs-") as folder:
        release = release_of(context)
        fetched = portal.fetch(release, Path(folder), progress)
        staged = archive.stage(fetched)
    return dg.MaterializeResult(
        value=staged,
        metadata={
            "source": dg.MetadataValue.url(staged.source_url),
            "size_in_bytes": dg.MetadataValue.int(staged.size),
            "sha256": staged.sha256,
            "fetched_at": staged.fetched_at.isoformat(timespec="seconds"),
            "window": str(release.window),
        },
    )
