"""What is wrong right now, for whoever asks: all that the sensor would tell, and whether what it needs is there.

It only reads. Nothing is shown here; `terminal_status.py` does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from pshs_dagster.alerts.look import look
from pshs_dagster.alerts.troubles import Kind, Trouble
from pshs_dagster.config import Settings
from pshs_dagster.database.database import Database
from pshs_dagster.database.reading.bulletin import open_rejects
from pshs_dagster.database.reading.history import loaded_releases
from pshs_dagster.definitions import build_archive
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster.runs import open_instance

SILENT_AFTER = timedelta(minutes=5)
"""The daemon's threads show that they are alive every half minute, unless they wait for a slow sensor."""


def right_now(settings: Settings, now: datetime) -> list[Trouble]:
    """Everything that is wrong at `now` (aware) with the installation that the settings name."""
    database = Database(settings.database)
    return [
        *_of_dagster(settings, database, now),
        *_of_stores(settings, database),
    ]


def of_daemon(instance: dg.DagsterInstance, now: datetime) -> Iterator[Trouble]:
    """Whether each part of the daemon that this instance needs has shown itself lately."""
    beats = {name: beat.timestamp for name, beat in instance.get_daemon_heartbeats().items()}
    needed = instance.get_required_daemon_types()
    silent = [name for name in needed if now.timestamp() - beats.get(name, 0.0) > SILENT_AFTER.total_seconds()]
    if not silent:
        return
    if not beats:
        told = "It was never started: nothing runs by itself. Start dagster-daemon, or `make dev`."
    else:
        last = max((beats[name] for name in silent if name in beats), default=None)
        since = f" since {datetime.fromtimestamp(last, TAIPEI):%Y-%m-%d %H:%M}" if last else ""
        told = f"{', '.join(silent)} silent{since}: start dagster-daemon again, and see its log."
    yield Trouble(Kind.DAEMON, "dagster-daemon", "", told)


def _of_dagster(settings: Settings, database: Database, now: datetime) -> list[Trouble]:
    """The daemon, failed checks, failed runs, overdue issues."""
    try:
        with open_instance(settings.dagster_home) as instance:
            troubled = look(instance, database, now).troubled
            return [*of_daemon(instance, now), *(trouble for troubles in troubled.values() for trouble in troubles)]
    except (dg.DagsterError, SQLAlchemyError, OSError) as error:
        # The kind of the error alone: its text may hold an address with a password, or a whole statement.
        told = f"Dagster's own storage does not answer ({type(error).__name__}): see DAGSTER_HOME and its dagster.yaml."
        return [Trouble(Kind.DAGSTER, "Dagster", "", told)]


def _of_stores(settings: Settings, database: Database) -> list[Trouble]:
    """The database, rejected lines in it, and the archive."""
    found: list[Trouble] = []
    newest: Release | None = None
    try:
        newest = max((row.release for row in loaded_releases(database.engine)), key=_age, default=None)
        for release, lines in open_rejects(database.engine).items():
            told = f"{lines:,} rejected lines wait for a person: see `pshs review {release}`."
            found.append(Trouble(Kind.REJECTS, release, "", told, counts={"rejected": lines}))
    except PshsError as error:
        found.append(Trouble(Kind.DATABASE, "database", "", str(error)))
    try:
        found += _of_archive(settings, newest)
    except PshsError as error:
        found.append(Trouble(Kind.ARCHIVE, "archive", "", str(error)))
    return found


def _of_archive(settings: Settings, newest: Release | None) -> Iterator[Trouble]:
    """Whether the archive answers, and has the newest release that is loaded."""
    archive = build_archive(settings)
    if newest is None:
        archive.store.exists("raw")
    elif archive.newest(newest) is None:
        told = f"{archive.location('raw')} has no copy of {newest}, which is loaded: see that it is the right place."
        yield Trouble(Kind.ARCHIVE, "archive", "", told)


def _age(release: Release) -> tuple[object, ...]:
    return release.published_on, release.window.last
