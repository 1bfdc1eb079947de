"""Asset checks: the proof that a release is what it should be, that nothing was lost, and that nothing is stale.

Each check reads back what it judges in another way than the asset made it. A materialization proves nothing:
a release is verified when the latest evaluation of every check in GUARDS holds for it.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pandas as pd

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import RELEASES, plain_failures, release_of, withdrawals_confirmed
from pshs_dagster.assets.handover import hand_over, record_of
from pshs_dagster.assets.previews import markdown
from pshs_dagster.assets.s3_backup import identity_of
from pshs_dagster.assets.values import known_on
from pshs_dagster.clock import Clock
from pshs_dagster.database.correcting.entries import line_entries
from pshs_dagster.database.database import Database
from pshs_dagster.database.loading.load import LoadReport
from pshs_dagster.database.loading.verify import newest_created_at, verify_release
from pshs_dagster.database.loading.withdrawals import would_withdraw
from pshs_dagster.database.reading.history import release_before
from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.overlay import Overlay, laid_over
from pshs_dagster.deals.read import count_data_lines
from pshs_dagster.errors import ArchiveError
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.releases import TAIPEI
from pshs_dagster.verdicts import WARN, Verdict, on_identity, on_rejection

EXPECTED_CITY_LINES = 20
"""A city with at least so many lines in one release has never been without a file in the next."""

SHOWN = 20
"""Rows of a difference that a person is shown."""

_FROM_BACKUP = {"s3_backup": dg.AssetIn("s3_backup")}
_FROM_CORRECTED = {"corrected_deals": dg.AssetIn("corrected_deals")}
_FROM_PARSED = {"parsed_deals": dg.AssetIn("parsed_deals")}


@dg.asset_check(asset="raw_zip", blocking=True, partitions_def=RELEASES)
def release_date(archive: dg.ResourceParam[Archive], raw_zip: ArchivedZip) -> dg.AssetCheckResult:
    """The zip is the release that was asked for, by what it says of itself and by the trade dates of its rows."""
    with plain_failures():
        identity = identity_of(archive, raw_zip)
    metadata = {
        "asked_for": identity.release.key,
        "window": str(identity.release.window),
        "described": str(identity.described or "nothing"),
        "rows": identity.rows,
        "in_window": identity.in_window,
        "stray_dates": identity.stray,
        "no_date": identity.no_date,
        "looks_like": str(identity.looks_like or "nothing"),
    }
    return _result(on_identity(identity), metadata)


@dg.asset_check(asset="s3_backup", blocking=True, partitions_def=RELEASES)
def backup_intact(archive: dg.ResourceParam[Archive], s3_backup: ArchivedZip) -> dg.AssetCheckResult:
    """What the archive holds, read back, has the size and the SHA-256 that were fetched."""
    metadata = {"sha256": s3_backup.sha256, "location": archive.location(s3_backup.key)}
    try:
        archive.verify(s3_backup)
    except ArchiveError as error:
        return dg.AssetCheckResult(passed=False, metadata=metadata, description=str(error))
    return dg.AssetCheckResult(passed=True, metadata=metadata)


@dg.asset_check(asset="parsed_deals", blocking=True, partitions_def=RELEASES, additional_ins=_FROM_BACKUP)
def every_line_accounted_for(
    archive: dg.ResourceParam[Archive],
    cities: dg.ResourceParam[frozenset[str]],
    parsed_deals: ParsedRelease,
    s3_backup: ArchivedZip,
) -> dg.AssetCheckResult:
    """For each CSV, the data lines counted from the archived bytes are the sound lines and the rejected ones."""
    with plain_failures(), archive.opened(s3_backup) as path, ReleaseZip.open(path) as contents:
        physical = {f.name: count_data_lines(f.data) for f in contents.deal_files() if f.letter in cities}
    lines = parsed_deals.lines
    distinct = lines.drop_duplicates(["file", "source_line"])
    rejected: Counter[str] = Counter(distinct.loc[distinct["reasons"] != "", "file"])
    sound: Counter[str] = Counter(distinct.loc[distinct["reasons"] == "", "file"])
    names = sorted(physical.keys() | set(lines["file"]))
    wrong = [name for name in names if physical.get(name, 0) != sound[name] + rejected[name]]
    rows = [[name, physical.get(name, 0), sound[name], rejected[name]] for name in names]
    return dg.AssetCheckResult(
        passed=not wrong and len(distinct) == len(lines),
        metadata={
            "lines": sum(physical.values()),
            "sound": sound.total(),
            "rejected": rejected.total(),
            "files": markdown(["file", "lines in the bytes", "sound", "rejected"], rows),
        },
        description=f"Lines are missing or double in {', '.join(wrong)}." if wrong else None,
    )


@dg.asset_check(asset="parsed_deals", partitions_def=RELEASES)
def cities_present(
    database: dg.ResourceParam[Database], cities: dg.ResourceParam[frozenset[str]], parsed_deals: ParsedRelease
) -> dg.AssetCheckResult:
    """No city that had deals in the release before is without a file now. MOI leaves the file of a city without
    deals out, so that a lost file looks like a quiet city: this warns, and a person looks."""
    with plain_failures():
        before, files = release_before(database.ready(), parsed_deals.release)
    present = {file.name.lower() for file in parsed_deals.files}
    missing = {
        file.file: file.data_lines
        for file in files
        if file.data_lines >= EXPECTED_CITY_LINES
        and file.file.lower() not in present
        and file.file.lower()[:1] in cities
    }
    told = ", ".join(f"{name} ({lines} lines in {before})" for name, lines in missing.items())
    return dg.AssetCheckResult(
        passed=not missing,
        severity=WARN,
        metadata={"files": len(present), "release_before": str(before or "none"), "missing": told or "none"},
        description=f"Without a file this time: {told}." if missing else None,
    )


@dg.asset_check(asset="parsed_deals", blocking=True, partitions_def=RELEASES, additional_ins=_FROM_BACKUP)
def withdrawals(
    context: dg.AssetCheckExecutionContext,
    database: dg.ResourceParam[Database],
    parsed_deals: ParsedRelease,
    s3_backup: ArchivedZip,
) -> dg.AssetCheckResult:
    """A season takes no more than a tenth of a city's deals of its window away; beyond that a person confirms."""
    with plain_failures():
        engine = database.ready()
        # Not from `corrected_deals`, which comes after this check.
        over = hand_over(parsed_deals, laid_over(parsed_deals, line_entries(engine), known_on(s3_backup)))
        gone = would_withdraw(engine, record_of(s3_backup), over.deals, over.rejected)
    doubtful = [city for city in gone if city.is_doubtful]
    confirmed = withdrawals_confirmed(context.run)
    told = ", ".join(f"{city.city} {city.in_window} of {city.known_in_window}" for city in doubtful)
    rows = [[city.city, city.in_window, city.outside, city.known_in_window] for city in gone]
    advice = f"run `pshs load {parsed_deals.release} --confirm-withdrawals`"
    return dg.AssetCheckResult(
        passed=not doubtful,
        severity=WARN if confirmed else dg.AssetCheckSeverity.ERROR,
        metadata={
            "in_window": sum(city.in_window for city in gone),
            "outside_window": sum(city.outside for city in gone),
            "confirmed": confirmed,
            "cities": markdown(["city", "in the window", "outside", "known in the window"], rows),
        },
        description=f"Would withdraw {told}; if MOI's file is whole, {advice}." if doubtful else None,
    )


@dg.asset_check(asset="rejected_deals", blocking=True, partitions_def=RELEASES, additional_ins=_FROM_PARSED)
def rejection_rate(rejected_deals: int, parsed_deals: ParsedRelease) -> dg.AssetCheckResult:
    """Few lines are rejected: from 1 % this warns, at 10 % it fails and nothing is loaded."""
    lines, rejected = len(parsed_deals.lines), rejected_deals
    reasons = Counter(reason for told in parsed_deals.rejects["reasons"] for reason in told.split(","))
    metadata = {
        "rate": rejected / lines if lines else 0.0,
        "rejected": rejected,
        "lines": lines,
        "reasons": markdown(["reason", "lines"], reasons.most_common()),
    }
    return _result(on_rejection(rejected, lines), metadata)


@dg.asset_check(
    asset="mysql_deals",
    blocking=True,
    partitions_def=RELEASES,
    additional_ins=_FROM_BACKUP | _FROM_PARSED | _FROM_CORRECTED,
)
def rows_in_database(
    database: dg.ResourceParam[Database], parsed_deals: ParsedRelease, s3_backup: ArchivedZip, corrected_deals: Overlay
) -> dg.AssetCheckResult:
    """Every serial of the release that was not rejected is in `deals`, with the release's values or newer ones; where
    a person has corrected a line or a value, with that."""
    deals = hand_over(parsed_deals, corrected_deals).deals
    with plain_failures():
        found = verify_release(database.ready(), record_of(s3_backup), deals)
    wrong = len(found.missing) + len(found.different)
    return dg.AssetCheckResult(
        passed=wrong == 0,
        metadata={
            "expected": found.expected,
            "missing": len(found.missing),
            "different": len(found.different),
            "known_newer": found.newer,
            "missing_serials": _serials(found.missing),
            "different_serials": _serials(found.different),
        },
        description=f"{len(found.missing)} deals are missing and {len(found.different)} differ." if wrong else None,
    )


@dg.asset_check(asset="mysql_deals", blocking=True, partitions_def=RELEASES)
def created_at(
    context: dg.AssetCheckExecutionContext,
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
    mysql_deals: LoadReport | None,
) -> dg.AssetCheckResult:
    """The newest deal that this release brought was created on the day of this run, Asia/Taipei."""
    release = release_of(context)
    with plain_failures():
        newest = newest_created_at(database.ready(), release.key)
    started = context.instance.get_run_record_by_id(context.run.run_id)
    first = started.create_timestamp.astimezone(TAIPEI).date() if started else clock().date()
    today = clock().astimezone(TAIPEI).date()
    brought = mysql_deals.new_deals if mysql_deals else 0
    metadata = {"newest": str(newest), "today": str(today), "new_deals": brought}
    if brought == 0:
        told = "This run brought no new deal; that none is missing rests on rows_in_database."
        return dg.AssetCheckResult(passed=True, metadata=metadata, description=told)
    # A run that begins before midnight and ends after it has two days.
    fresh = newest is not None and min(first, today) <= newest.date() <= today
    told = None if fresh else f"{brought} deals are new, but the newest was created on {newest}, not today ({today})."
    return dg.AssetCheckResult(passed=fresh, metadata=metadata, description=told)


CHECKS = (
    release_date,
    backup_intact,
    every_line_accounted_for,
    cities_present,
    withdrawals,
    rejection_rate,
    rows_in_database,
    created_at,
)

GUARDS = tuple(spec.key for check in CHECKS for spec in check.check_specs if spec.blocking)
"""The blocking checks: a release is verified when all of them hold."""


def _result(verdict: Verdict, metadata: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=verdict.passed, severity=verdict.severity, metadata=metadata, description=verdict.told or None
    )


def _serials(rows: pd.DataFrame) -> str:
    told = [f"{row['city']} {row['serial_number']}" for row in rows.head(SHOWN).to_dict("records")]
    return ", ".join(told) or "none"
