"""`s3_backup`: keep the zip in the archive, byte for byte, with a manifest beside it.

Nothing is parsed that is not archived first. A zip that is not the release it was fetched for is refused here
once more, since a person may materialize this asset without the checks before it.
"""

import dagster as dg

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import GROUP, OWNERS, RELEASES, plain_failures, release_of
from pshs_dagster.deals.identity import Identity, identify, trade_days
from pshs_dagster.errors import WrongRelease
from pshs_dagster.release_zip import ReleaseZip


@dg.asset(
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3", "zip"},
    io_manager_key="release_values",
    description="The archived zip: put once, never overwritten by other bytes; a folder or a bucket.",
)
def s3_backup(
    context: dg.AssetExecutionContext, archive: dg.ResourceParam[Archive], raw_zip: ArchivedZip
) -> dg.MaterializeResult[ArchivedZip]:
    with plain_failures():
        if problem := identity_of(archive, raw_zip).problem:
            raise WrongRelease(f"{release_of(context)} is not archived: {problem}")
        copy = archive.keep(raw_zip)
        copies = len(archive.copies(copy.release))
    return dg.MaterializeResult(
        value=copy,
        metadata={
            "location": archive.location(copy.key),
            "sha256": copy.sha256,
            "size_in_bytes": dg.MetadataValue.int(copy.size),
            "source": dg.MetadataValue.url(copy.source_url),
            "fetched_at": copy.fetched_at.isoformat(timespec="seconds"),
            "copies": copies,
        },
    )


def identity_of(archive: Archive, copy: ArchivedZip) -> Identity:
    """What tells which release an archived or staged zip is."""
    with archive.opened(copy) as path, ReleaseZip.open(path) as contents:
        return identify(copy.release, contents.described_window(), trade_days(contents.deal_files()))
