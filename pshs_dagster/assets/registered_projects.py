"""`registered_projects`: MOI's list of registered pre-sale projects 預售屋建案, fetched, archived and loaded.

It has no partitions: a list is of all projects at one moment. How it is read is told in `projects`, how it is loaded
in `database/absorption`.
"""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.archive.project_lists import KeptList, ProjectLists
from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, plain_failures
from pshs_dagster.assets.previews import markdown
from pshs_dagster.clock import Clock
from pshs_dagster.database.absorption.registrations import ListLoaded, load_list
from pshs_dagster.database.database import Database
from pshs_dagster.portal import Portal, Progress, fetch_project_list
from pshs_dagster.projects.listing import Listing
from pshs_dagster.projects.read import LIST_FILE, is_wanted, read_list
from pshs_dagster.projects.unreadable import as_csv
from pshs_dagster.release_zip import ReleaseZip

NEWEST_ROWS = 10
"""Registrations that were declared last."""

UNREADABLE_ROWS = 20
"""Enough to see what is wrong; the whole list of them is beside the archived zip."""


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"http", "mysql"},
    pool=DATABASE_POOL,
    metadata={"dagster/table_name": "registered_projects"},
    description="MOI's list of registered pre-sale projects with the homes for sale: one row a registration.",
)
def registered_projects(
    portal: dg.ResourceParam[Portal],
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
    cities: dg.ResourceParam[frozenset[str]],
    progress: dg.ResourceParam[Progress],
) -> dg.MaterializeResult[Any]:
    lists = ProjectLists(archive.store, clock)
    with plain_failures():
        with TemporaryDirectory(prefix="pshs-") as folder:
            copy, is_new = lists.keep(fetch_project_list(portal, Path(folder), progress))
        listing = read_archived(lists, copy, cities)
        if listing.unreadable:
            lists.write_unreadable(copy, as_csv(listing.unreadable))
        loaded = load_list(database.ready(), listing.registrations, copy.fetched_at, clock())
    return dg.MaterializeResult(metadata=_of_copy(lists, copy, is_new) | _of_listing(listing) | _of_load(loaded))


def read_archived(lists: ProjectLists, copy: KeptList, cities: frozenset[str]) -> Listing:
    """Read the cities of an archived list. Raises ArchiveError, BadZip and UnreadableFile."""
    with lists.opened(copy) as path, ReleaseZip.open(path, name="lvr_buildcasecsv.zip") as contents:
        return read_list(file for file in contents.files(LIST_FILE) if is_wanted(file[0], cities))


def _of_copy(lists: ProjectLists, copy: KeptList, is_new: bool) -> dict[str, Any]:
    return {
        "location": lists.store.location(copy.key),
        "sha256": copy.sha256,
        "size_in_bytes": dg.MetadataValue.int(copy.size),
        "source": dg.MetadataValue.url(copy.source_url),
        "list_as_of": copy.fetched_at.isoformat(timespec="seconds"),
        "list_is_new": is_new,
    }


def _of_listing(listing: Listing) -> dict[str, Any]:
    counts = ("lines", "registrations", "repeated", "continued", "unreadable", "put_right")
    files = [[file.name, file.city, *(getattr(file, name) for name in counts)] for file in listing.files]
    unreadable = [[line.file, line.line, line.reason, line.raw] for line in listing.unreadable[:UNREADABLE_ROWS]]
    return {
        **{name: listing.total(name) for name in counts},
        "homes": sum(each.homes or 0 for each in listing.registrations),
        "without_homes": sum(each.homes is None for each in listing.registrations),
        "preview": _newest(listing),
        "files": markdown(["file", "city", *(name.replace("_", " ") for name in counts)], files),
        "unreadable_lines": markdown(["檔案 file", "行號 line", "原因 reason", "原文 as published"], unreadable),
    }


def _newest(listing: Listing) -> dg.MarkdownMetadataValue:
    newest = sorted(listing.registrations, key=lambda each: (each.declared_on or date.min, each.number), reverse=True)
    headings = ["縣市", "鄉鎮市區", "建案名稱", "戶數", "層棟戶數（原文）", "申報備查日期", "起造人"]
    rows = [
        [each.city, each.district, each.name, each.homes, each.homes_text, each.declared_on, each.builder]
        for each in newest[:NEWEST_ROWS]
    ]
    return markdown(headings, rows)


def _of_load(loaded: ListLoaded) -> dict[str, Any]:
    return {
        "dagster/row_count": loaded.rows,
        "new": loaded.written.new,
        "changed": loaded.written.changed,
        "unchanged": loaded.written.unchanged,
        "only_in_older_lists": loaded.missing,
    }
