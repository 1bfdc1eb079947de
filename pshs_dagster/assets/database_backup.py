"""`database_backup`: the whole database, dumped into the archive with what proves it; old backups are thinned.

It has no partitions: a backup is of everything at one moment. How it is dumped and brought back is told in
`database/keeping`, which backups stay in `archive/backups.py`.
"""

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.archive.backups import Backup, Backups
from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, plain_failures
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.keeping.dump import dump
from pshs_dagster.errors import ArchiveError


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"mysql", "s3"},
    # A load that came meanwhile would have to wait in the database.
    pool=DATABASE_POOL,
    deps=[dg.AssetKey("mysql_deals")],
    description="A dump of the whole database in the archive, with checksum, row counts and digest.",
)
def database_backup(
    context: dg.AssetExecutionContext,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    backups, now = Backups(archive.store), clock()
    with plain_failures(), tempfile.TemporaryDirectory(prefix="pshs-") as folder:
        path = Path(folder) / "dump"
        backup = backups.keep(path, dump(database.ready(), path), now)
    try:
        thinned = len(backups.thin(now))
    except ArchiveError as error:
        # The new backup is safe, and an archive from which nothing may be removed is a good one.
        context.log.warning("Old backups were not thinned: %s", error)
        thinned = 0
    location = archive.location(backup.key)
    return dg.MaterializeResult(
        metadata=_metadata(backup, location) | {"kept": len(backups.keys()), "thinned": thinned}
    )


def _metadata(backup: Backup, location: str) -> dict[str, str | dg.MetadataValue]:
    contents = backup.dump.contents
    rows = [dg.TableRecord({"table": name, "rows": rows}) for name, rows in contents.rows.items()]
    columns = [dg.TableColumn("table", "string"), dg.TableColumn("rows", "int")]
    return {
        "location": location,
        "taken_at": backup.taken_at.isoformat(timespec="seconds"),
        "sha256": backup.sha256,
        "size_in_bytes": dg.MetadataValue.int(backup.size),
        "unpacked_size_in_bytes": dg.MetadataValue.int(backup.dump.unpacked_size),
        "digest": contents.digest,
        "rows": dg.MetadataValue.table(rows, schema=dg.TableSchema(columns=columns)),
        "made_by": backup.dump.made_by,
    }
