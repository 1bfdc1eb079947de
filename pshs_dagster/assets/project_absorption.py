"""`project_absorption`: the projects of `deals` matched to registered ones, and how much of each is sold by month 去化.

It is computed for a release, from the deals as they are after it and from the newest list that was fetched. What
absorption is, and how names are matched, is told in `database/absorption` and `projects`.
"""

from collections import Counter
from typing import Any

import dagster as dg
import sqlalchemy as sa

from pshs_dagster.archive import Archive
from pshs_dagster.archive.project_lists import ProjectLists
from pshs_dagster.assets.common import DATABASE_POOL, GROUP, OWNERS, RELEASES, plain_failures
from pshs_dagster.assets.previews import markdown
from pshs_dagster.clock import Clock
from pshs_dagster.database.absorption.absorb import Absorbed, absorb
from pshs_dagster.database.absorption.reading import figures, unmatched_names, unmatched_projects
from pshs_dagster.database.database import Database
from pshs_dagster.projects.match import CONFIDENCE

SHOWN = 20
"""Rows of each kind that a person is shown; `pshs projects --unmatched` gives all."""


@dg.asset(
    deps=[dg.AssetKey("mysql_deals"), dg.AssetKey("registered_projects")],
    partitions_def=RELEASES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"mysql"},
    pool=DATABASE_POOL,
    metadata={"dagster/table_name": "project_absorption"},
    description="How much of each registered project is sold, by month; what cannot be matched is listed.",
)
def project_absorption(
    archive: dg.ResourceParam[Archive], database: dg.ResourceParam[Database], clock: dg.ResourceParam[Clock]
) -> dg.MaterializeResult[Any]:
    with plain_failures():
        newest = ProjectLists(archive.store, clock).newest()
        engine = database.ready()
        done = absorb(engine, clock())
        told = _matches(done) | _figures(engine, done) | _unmatched(engine, done)
    told["list_as_of"] = (
        newest.fetched_at.isoformat(timespec="seconds") if newest else "none: fetch one with `pshs projects`"
    )
    return dg.MaterializeResult(metadata=told)


def _matches(done: Absorbed) -> dict[str, Any]:
    matches = done.matched.matches
    names = Counter(each.method for each in matches)
    homes: Counter[str] = Counter()
    for each in matches:
        homes[each.method] += done.matched.homes[each.name]
    all_homes = homes.total()
    rows = [
        [method, confidence, names[method], _share(names[method], len(matches)), _share(homes[method], all_homes)]
        for method, confidence in CONFIDENCE.items()
    ]
    matched = [each for each in matches if each.project is not None]
    return {
        "names": len(matches),
        "matched_names": len(matched),
        "matched_share": _part(len(matched), len(matches)),
        "matched_homes_share": _part(sum(done.matched.homes[each.name] for each in matched), all_homes),
        "methods": markdown(["method", "confidence", "names", "share of names", "share of homes traded"], rows),
    }


def _figures(engine: sa.Engine, done: Absorbed) -> dict[str, Any]:
    found = figures(engine)
    latest = ["city", "district", "project", "month", "homes", "traded", "sold", "absorption"]
    return {
        "dagster/row_count": found.rows,
        "written": done.written,
        "projects": found.projects,
        "projects_without_homes": found.without_homes,
        "oversold_projects": len(found.oversold),
        "oversold": markdown(["city", "district", "project", "homes", "sold"], found.oversold[:SHOWN]),
        "preview": markdown(latest, found.latest),
    }


def _unmatched(engine: sa.Engine, done: Absorbed) -> dict[str, Any]:
    names = unmatched_names(done.matched.matches, done.matched.homes)
    with engine.connect() as connection:
        projects = unmatched_projects(connection, done.matched.matches)
    deals = [
        [each.name.city, each.name.district, each.name.text, each.homes, each.method, "、".join(each.candidates)]
        for each in names[:SHOWN]
    ]
    listed = [[each.city, each.district, each.name, each.homes] for each in projects[:SHOWN]]
    return {
        "unmatched_names": len(names),
        "projects_without_deals": len(projects),
        "unmatched": markdown(["city", "district", "project", "traded", "method", "candidates"], deals),
        "without_deals": markdown(["city", "district", "project", "homes"], listed),
    }


def _part(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _share(part: int, whole: int) -> str:
    return f"{_part(part, whole):.1%}"
