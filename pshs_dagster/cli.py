"""The command `pshs`. Commands are thin: they read the settings, call the project, and show the result.

Everything that changes data goes through the Dagster instance. Exit status 0 means done and verified; an error
is one line on standard error and a status of 1, wrong usage is 2.
"""

from __future__ import annotations

import sys
import warnings
from datetime import datetime
from typing import TYPE_CHECKING

import click

from pshs_dagster import (
    cli_alerts,
    cli_backup,
    cli_export,
    cli_history,
    cli_past,
    cli_projects,
    cli_report,
    cli_review,
    cli_statistics,
    cli_status,
)
from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError
from pshs_dagster.releases import TAIPEI, Release

if TYPE_CHECKING:
    from pshs_dagster.portal import Portal


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pshs_dagster")
def main() -> None:
    """Registered prices of pre-sale houses (預售屋實價登錄): from the ministry's site into a database."""
    # Dagster calls some of what this project uses a preview; a user of the command can do nothing about it.
    warnings.simplefilter("ignore")


@main.command()
@click.option("--all", "every", is_flag=True, help="A row for each release, also for the many that are lost alike.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Up to the end of this day.  [default: now]")
@plain_errors
def releases(every: bool, until: datetime | None) -> None:
    """Show each issue and season since HISTORY_FROM: verified, failed, to be had, or covered by a season."""
    from pshs_dagster import overview, terminal
    from pshs_dagster.clock import taipei_now
    from pshs_dagster.config import read_settings

    now = until.replace(hour=23, minute=59, tzinfo=TAIPEI) if until else taipei_now()
    rows, trouble = overview.releases(read_settings(), now)
    terminal.show_releases(rows, every=every)
    if trouble:
        raise PshsError(trouble)


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="RELEASE…|latest")
@click.option(
    "--confirm-withdrawals",
    is_flag=True,
    help="Let a season withdraw the many deals that it no longer holds, after a person has looked at them.",
)
@plain_errors
def load(names: tuple[str, ...], confirm_withdrawals: bool) -> None:
    """Fetch, archive, load and verify releases.

    RELEASE is an issue by its date, such as 2022-09-21, or a season, such as 111S2; `latest` is the newest issue.
    """
    from pshs_dagster import terminal
    from pshs_dagster.config import read_settings
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.overview import portal_of
    from pshs_dagster.runs import open_instance, run_release

    settings = read_settings()
    wanted = [_newest(portal_of(settings)) if name == "latest" else Release.parse(name) for name in names]
    with open_instance(settings.dagster_home) as instance, terminal.download_progress() as progress:
        outcomes = []
        for release in dict.fromkeys(wanted):
            progress.begin(release)
            outcome = run_release(
                build_defs(settings, progress=progress), instance, release, confirm_withdrawals=confirm_withdrawals
            )
            outcomes.append(outcome)
            terminal.tell(outcome)
    terminal.show_outcomes(outcomes)
    failed = [outcome for outcome in outcomes if not outcome.verified]
    if failed:
        names_failed = ", ".join(outcome.release.key for outcome in failed)
        raise PshsError(f"{len(failed)} of {len(outcomes)} releases not verified: {names_failed}.")


@main.command()
@click.option("--port", default=8123, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day that it plays.  [default: today]")
@click.option("--seed", default=1, show_default=True, help="Another seed makes other deals.")
@click.option("--scale", default=1.0, show_default=True, help="Share of the real number of deals.")
@click.option("--fault", "faults", multiple=True, help="What goes wrong, e.g. late, truncated@2026-07-01; repeatable.")
@plain_errors
def sandbox(port: int, today: datetime | None, seed: int, scale: float, faults: tuple[str, ...]) -> None:
    """Serve made-up releases in MOI's formats, offline, until Ctrl-C.

    Point PORTAL_URL at the address it prints.
    """
    from pshs_dagster.sandbox.faults import Fault
    from pshs_dagster.sandbox.server import Sandbox

    day = today.date() if today else datetime.now(TAIPEI).date()
    stand_in = Sandbox(today=day, seed=seed, scale=scale, faults=[Fault.parse(fault) for fault in faults], port=port)
    stand_in.serve(lambda url: click.echo(f"PORTAL_URL={url}"))


def _newest(portal: Portal) -> Release:
    current = portal.published().current
    if current is None:
        raise PshsError("The portal does not tell which issue is the current one; name the release by its date.")
    return current


for command in (cli_history.init, cli_history.rebuild, cli_past.as_of, cli_past.history, cli_past.digest):
    main.add_command(command)
for command in (cli_backup.backup, cli_backup.restore):
    main.add_command(command)
for command in (cli_review.review, cli_review.correct, cli_review.corrections):
    main.add_command(command)
for command in (cli_alerts.alerts, cli_status.status, cli_statistics.statistics):
    main.add_command(command)
for command in (cli_projects.projects, cli_report.report, cli_export.export):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
