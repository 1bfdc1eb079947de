"""The command that computes statistics: `pshs statistics`. `cli.py` makes it a command of `pshs`."""

from __future__ import annotations

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every month anew, also where no deal has changed.")
@plain_errors
def statistics(everything: bool) -> None:
    """Bring deal_statistics, project_statistics and market_statistics up to date with the deals.

    Loading a release does so by itself. Readers see the old rows until the new ones are there.
    """
    from pshs_dagster.config import read_settings
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.runs import open_instance
    from pshs_dagster.statistics_job import run_statistics

    settings = read_settings()
    with open_instance(settings.dagster_home) as instance:
        outcome = run_statistics(build_defs(settings), instance, everything=everything)
    if outcome.problem:
        raise PshsError(outcome.problem)
    told = outcome.told
    click.echo(f"{told['months']} months of trades computed anew; {told['deals']:,} deals counted, as deals has them.")
    for name in ("deal_statistics", "project_statistics", "market_statistics"):
        click.echo(f"{name}: {told[name]:,} rows became others.")
