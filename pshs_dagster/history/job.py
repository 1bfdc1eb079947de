"""The job `rebuild_history`: one run that loads everything anew from the archive, and records what that proved.

For each release it leaves what a run for that release alone would: a materialization of `mysql_deals`, and an
evaluation of every guard. What is done is told in `replay.py`.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from pshs_dagster.archive import Archive
from pshs_dagster.assets.common import DATABASE_POOL, RELEASES, plain_failures
from pshs_dagster.assets.previews import minute
from pshs_dagster.checks import GUARDS
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.history.loading import Replayed
from pshs_dagster.history.replay import Watch, Wishes, replay
from pshs_dagster.releases import Release

JOB_NAME = "rebuild_history"
OP_NAME = "replay_archive"

COUNTS = ("new", "changed", "unchanged", "rejected", "cancelled", "withdrawn", "withdrawn_outside", "reinstated")

_GUARDS = {guard.name: guard for guard in GUARDS}


class RebuildConfig(dg.Config):
    """What a person may allow; nothing need be set."""

    confirm_withdrawals: bool = False
    drop_missing: bool = False


@dg.op(name=OP_NAME, pool=DATABASE_POOL, description="Every kept copy, in the order of knowledge, into new tables.")
def replay_archive(
    context: dg.OpExecutionContext,
    config: RebuildConfig,
    archive: dg.ResourceParam[Archive],
    database: dg.ResourceParam[Database],
    cities: dg.ResourceParam[frozenset[str]],
    clock: dg.ResourceParam[Clock],
    rebuild_watch: dg.ResourceParam[Watch],
) -> None:
    wishes = Wishes(config.confirm_withdrawals, config.drop_missing)
    with plain_failures():
        replayed = replay(archive, database.ready(), cities, clock, wishes, rebuild_watch)
        refresh(database.ready(), clock())
    newest = newest_copies(replayed)
    context.instance.add_dynamic_partitions(str(RELEASES.name), [release.key for release in newest])
    for outcome in newest.values():
        for event in _events_of(outcome):
            # Evaluations are taken too, though the annotation does not say so.
            context.log_event(event)  # pyright: ignore[reportArgumentType]
    table = report_table(replayed)
    if problems := [f"{outcome.release}: {outcome.problem}" for outcome in replayed if outcome.problem]:
        told = f"The tables are rebuilt, but without {len(problems)} of {len(replayed)} copies. {' '.join(problems)}"
        raise dg.Failure(description=told, metadata={"releases": table}, allow_retries=False)
    context.add_output_metadata({"releases": table, "copies": len(replayed)})


@dg.job(
    name=JOB_NAME,
    executor_def=dg.in_process_executor,
    description="All tables anew from the archive, without the network; readers see the old ones until the end.",
)
def rebuild_history_job() -> None:
    replay_archive()


def newest_copies(replayed: Sequence[Replayed]) -> dict[Release, Replayed]:
    """What came of the newest copy of each release."""
    return {outcome.release: outcome for outcome in replayed}


def counts_of(outcome: Replayed) -> dict[str, int]:
    """The numbers of a report by the names of COUNTS; none where the copy was not loaded."""
    report = outcome.report
    if report is None:
        return {}
    numbers = (
        report.new_deals,
        report.changed_deals,
        report.unchanged_deals,
        report.rejected_lines,
        report.cancelled_deals,
        report.withdrawn_deals,
        report.withdrawn_outside,
        report.reinstated_deals,
    )
    return dict(zip(COUNTS, numbers, strict=True))


def report_table(replayed: Sequence[Replayed]) -> dg.TableMetadataValue:
    """One row a copy, in the order in which they were loaded."""
    columns = [
        dg.TableColumn("release", "string"),
        dg.TableColumn("as_of", "string"),
        dg.TableColumn("lines", "int"),
        *(dg.TableColumn(name, "int") for name in COUNTS),
        dg.TableColumn("problem", "string"),
    ]
    records = [
        dg.TableRecord(
            {
                "release": outcome.release.key,
                "as_of": minute(outcome.copy.as_of),
                "lines": outcome.report.data_lines if outcome.report else 0,
                **dict.fromkeys(COUNTS, 0),
                **counts_of(outcome),
                "problem": outcome.problem,
            }
        )
        for outcome in replayed
    ]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))


def _events_of(outcome: Replayed) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    partition = outcome.release.key
    if outcome.report is not None:
        report, copy = outcome.report, outcome.copy
        yield dg.AssetMaterialization(
            "mysql_deals",
            partition=partition,
            description="Loaded anew from the archive with all others.",
            metadata={
                "dagster/row_count": report.new_deals + report.changed_deals + report.unchanged_deals,
                **counts_of(outcome),
                "window": str(copy.release.window),
                "as_of": minute(outcome.copy.as_of),
                "sha256": copy.sha256,
                "source": dg.MetadataValue.url(copy.source_url),
                "method": report.method,
            },
        )
    for said in outcome.said:
        guard = _GUARDS.get(said.name)
        if guard is not None:
            yield dg.AssetCheckEvaluation(
                asset_key=guard.asset_key,
                check_name=guard.name,
                passed=said.verdict.passed,
                severity=said.verdict.severity,
                description=said.verdict.told or "Proved while the history was loaded anew.",
                blocking=True,
                partition=partition,
                metadata={"sha256": outcome.copy.sha256},
            )
