"""The sensor that tells people. It looks every minute, and remembers in its cursor only what was really sent.

A plain sensor, since one on the status of runs loses what it had to tell when its body raises.
"""

from collections.abc import Callable, Collection

import dagster as dg

from pshs_dagster.alerts.digest import ten_day_digest
from pshs_dagster.alerts.look import Look, is_settled, look
from pshs_dagster.alerts.messages import Message, in_one_line
from pshs_dagster.alerts.sending import Sender
from pshs_dagster.alerts.state import Memory
from pshs_dagster.alerts.telling import Told, tell
from pshs_dagster.clock import Clock
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.bulletin import bulletin
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release, newest_issue_due

INTERVAL_SECONDS = 60
"""Soon enough for a person, and a look costs some twenty small queries."""

NO_SERVICE = "Nobody is told of anything: ALERT_URLS is not set."


@dg.sensor(
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people, by ALERT_URLS, what is wrong, what is over, and what an issue brought.",
)
def alert_sensor(
    context: dg.SensorEvaluationContext,
    database: dg.ResourceParam[Database],
    clock: dg.ResourceParam[Clock],
    alert_sender: dg.ResourceParam[Sender],
    dagster_url: dg.ResourceParam[str],
) -> dg.SkipReason:
    if not alert_sender.services:
        return dg.SkipReason(NO_SERVICE)
    now = clock()
    memory = Memory.read(context.cursor)
    memory.meet(alert_sender.services)
    memory.give_up(now)
    runs = {subject: entry.run_id for subject, entry in memory.open.items()}
    found = look(context.instance, database, now, seen=memory.seen, open_runs=runs)
    lines = {subject: in_one_line(troubles) for subject, troubles in found.troubled.items()}
    memory.observe(found.troubled, found.judged, lines, now)
    _expect_digest(context.instance, memory, found, newest_issue_due(now))
    memory.seen = found.seen
    told = tell(memory, found.troubled, alert_sender, _digest(database, memory, dagster_url), clock, dagster_url)
    context.update_cursor(memory.written())
    return dg.SkipReason(_summary(told, found.troubled))


def _expect_digest(instance: dg.DagsterInstance, memory: Memory, found: Look, due: Release) -> None:
    """An issue that is newer than those told of, loaded and verified, is to be told of."""
    newest = max((release.key for release in found.loaded or () if release.is_issue), default="")
    if newest <= memory.digest or not is_settled(instance, Release.parse(newest)):
        return
    memory.expect_digest(newest)
    if memory.seen is None and newest != due.key:
        # Nobody wants the news of long ago at the first look.
        memory.digest_told = list(memory.services)


def _digest(database: Database, memory: Memory, page: str) -> Callable[[], Message | None]:
    def made() -> Message | None:
        try:
            return ten_day_digest(bulletin(database.engine, Release.parse(memory.digest)), page)
        except PshsError:
            return None

    return made


def _summary(told: Told, troubled: Collection[str]) -> str:
    wrong = f"{len(troubled)} troubled: {', '.join(sorted(troubled)[:5])}" if troubled else "Nothing is wrong"
    failed = f"; did not take a message and is told at the next look: {', '.join(told.failed)}" if told.failed else ""
    left = "; the rest is told at the next look" if told.left else ""
    return f"{wrong}; {told.sent} messages sent{failed}{left}."
