"""The asset checks of registered projects and absorption. They guard nothing, but people are told."""

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.archive.project_lists import ProjectLists
from pshs_dagster.assets.common import RELEASES, plain_failures
from pshs_dagster.assets.previews import markdown
from pshs_dagster.assets.registered_projects import read_archived
from pshs_dagster.clock import Clock
from pshs_dagster.database.absorption.comparing import compare, registrations_as_of
from pshs_dagster.database.database import Database
from pshs_dagster.projects.read import LIST_FILE, count_lines, is_wanted
from pshs_dagster.release_zip import ReleaseZip

SHOWN = 20


@dg.asset_check(asset="registered_projects")
def every_line_of_the_list(
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
    cities: dg.ResourceParam[frozenset[str]],
) -> dg.AssetCheckResult:
    """Each line of the newest archived list is a registration in the table, a repetition, part of one, or told as
    unreadable."""
    lists = ProjectLists(archive.store, clock)
    with plain_failures():
        copy = lists.newest()
        if copy is None:
            return dg.AssetCheckResult(passed=False, description="No list is archived: run `pshs projects`.")
        with lists.opened(copy) as path, ReleaseZip.open(path) as contents:
            lines = sum(count_lines(data) for name, data in contents.files(LIST_FILE) if is_wanted(name, cities))
        listing = read_archived(lists, copy, cities)
        stored = registrations_as_of(database.ready(), copy.fetched_at)
    others = sum(listing.total(name) for name in ("repeated", "continued", "unreadable"))
    return dg.AssetCheckResult(
        passed=lines == stored + others,
        metadata={"lines": lines, "in_table": stored, "others": others, "unreadable": listing.total("unreadable")},
        description=None
        if lines == stored + others
        else f"{lines} lines of the list, but {stored} registrations and {others} other lines: run `pshs projects`.",
    )


@dg.asset_check(asset="project_absorption", partitions_def=RELEASES)
def absorption_matches_deals(database: dg.ResourceParam[Database]) -> dg.AssetCheckResult:
    """Each project that deals name is matched once, and each city's homes traded under a matched name are in
    `project_absorption`."""
    with plain_failures():
        found = compare(database.ready())
    rows = [list(difference) for difference in found.differences[:SHOWN]]
    told = f"{len(found.differences)} differences between deals and absorption: materialize project_absorption again."
    return dg.AssetCheckResult(
        passed=not found.differences,
        metadata={
            "names": found.names,
            "homes": found.homes,
            "differences": markdown(["city", "what", "in deals", "in the tables"], rows),
        },
        description=told if found.differences else None,
    )


ABSORPTION_CHECKS = (every_line_of_the_list, absorption_matches_deals)
