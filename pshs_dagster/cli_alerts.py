"""The commands `pshs alerts …`. `cli.py` makes them commands of `pshs`; what they send is told in `alerts/`."""

from __future__ import annotations

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError, SettingsError


@click.group()
def alerts() -> None:
    """Tell people what is wrong, through the services that ALERT_URLS names."""


@alerts.command()
@plain_errors
def test() -> None:
    """Send one message to each service, and tell which of them took it."""
    from pshs_dagster import terminal_status
    from pshs_dagster.alerts.messages import a_test
    from pshs_dagster.alerts.sending import AppriseSender
    from pshs_dagster.clock import taipei_now
    from pshs_dagster.config import read_settings

    settings = read_settings()
    sender = AppriseSender(settings.alerts)
    if not sender.services:
        raise SettingsError("ALERT_URLS is not set: give one or more apprise URLs in the environment or in .env.")
    message = a_test(taipei_now(), settings.dagster_url)
    failed: list[str] = []
    for service in sender.services:
        sent = sender.send(service, message)
        terminal_status.tell_sent(service, sent)
        if not sent:
            failed.append(service)
    if failed:
        raise PshsError(
            f"{len(failed)} of {len(sender.services)} services did not take the message: {', '.join(failed)}. "
            "See that the URL is right and that the service can be reached from here."
        )
