"""What is wrong, doubtful or missing: rejected lines by reason, deals by flag, issues that were never loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from pshs_dagster.database.loading.rejects import Status
from pshs_dagster.database.tables import deals, rejected_deals
from pshs_dagster.deals.rules import RULE_BY_NAME
from pshs_dagster.releases import Release
from pshs_dagster.report.picture import Gap, Told

Counts = Mapping[tuple[str, str, str, str], int]
"""By city, rule, and its words in Chinese and English."""


def rejected(connection: sa.Connection, release: Release) -> tuple[Told, ...]:
    """Reasons of the lines of a release that were rejected, be they decided by now, and of all that wait."""
    of_release, waiting = Counter[tuple[str, str, str, str]](), Counter[tuple[str, str, str, str]]()
    table = rejected_deals.c
    query = sa.select(table.release, table.city, table.status, table.reasons).where(
        sa.or_(table.release == release.key, table.status == Status.OPEN.value)
    )
    for row in connection.execute(query):
        for reason in row.reasons:
            key = (row.city, reason["rule"], reason["zh"], reason["en"])
            of_release[key] += row.release == release.key
            waiting[key] += row.status == Status.OPEN
    return _told(of_release, waiting)


def suspect(connection: sa.Connection, release: Release) -> tuple[Told, ...]:
    """Flags of the deals whose values come from a release, and of all deals."""
    mine = sa.func.sum(sa.case((deals.c.last_release == release.key, 1), else_=0))
    query = (
        sa.select(deals.c.city, deals.c.flags, sa.func.count().label("deals"), mine.label("mine"))
        .where(deals.c.flags != "")
        .group_by(deals.c.city, deals.c.flags)
    )
    of_release, in_all = Counter[tuple[str, str, str, str]](), Counter[tuple[str, str, str, str]]()
    for row in connection.execute(query):
        for flag in str(row.flags).split(","):
            rule = RULE_BY_NAME.get(flag)
            key = (row.city, flag, rule.zh if rule else flag, rule.en if rule else flag)
            of_release[key] += int(row.mine)
            in_all[key] += int(row.deals)
    return _told(of_release, in_all)


def missing_issues(loaded: Sequence[Release]) -> tuple[Gap, ...]:
    """Issues from the first window to the newest that are neither loaded nor in a season that is loaded."""
    newest = max(release.window.last for release in loaded)
    issue, found = Release.covering(min(release.window.first for release in loaded)), list[Gap]()
    while issue.window.last <= newest:
        if not any(release.window.covers(issue.window) for release in loaded):
            if found and found[-1].last == issue.preceding():
                found[-1] = Gap(found[-1].first, issue, found[-1].issues + 1)
            else:
                found.append(Gap(issue, issue, 1))
        issue = issue.following()
    return tuple(found)


def _told(of_release: Counts, in_all: Counts) -> tuple[Told, ...]:
    keys = sorted({*of_release, *in_all})
    return tuple(Told(*key, of_release.get(key, 0), in_all.get(key, 0)) for key in keys)
