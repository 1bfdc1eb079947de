"""The command `pshs status`: what is wrong right now. `cli.py` makes it a command of `pshs`."""

from __future__ import annotations

import json

import click

from pshs_dagster.alerts.troubles import Kind
from pshs_dagster.cli_errors import plain_errors


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: one object on standard output.")
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="What is not to count as wrong, e.g. rejects, which wait for a person; repeatable.",
)
@plain_errors
def status(as_json: bool, ignored: tuple[str, ...]) -> None:
    """Tell what is wrong right now: overdue, failed, rejected lines that wait, the daemon not alive, and so on.

    The exit status is 0 where nothing is wrong and 1 where something is, so that it serves as a health check.
    """
    from pshs_dagster import terminal_status
    from pshs_dagster.alerts.status import right_now
    from pshs_dagster.clock import taipei_now
    from pshs_dagster.config import read_settings

    settings, now = read_settings(), taipei_now()
    troubles = [trouble for trouble in right_now(settings, now) if trouble.kind not in ignored]
    if as_json:
        found = {"well": not troubles, "at": now.isoformat(), "troubles": [trouble.to_json() for trouble in troubles]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        terminal_status.show_status(troubles, now, settings.dagster_url)
    click.get_current_context().exit(1 if troubles else 0)
