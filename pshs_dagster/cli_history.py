"""Commands that load the history anew: `pshs init` and `pshs rebuild`. `cli.py` makes them commands of `pshs`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError

if TYPE_CHECKING:
    import dagster as dg

    from pshs_dagster.config import Settings
    from pshs_dagster.history.replay import Wishes
    from pshs_dagster.history.runs import Rebuilt
    from pshs_dagster.releases import Release

confirm_option = click.option(
    "--confirm-withdrawals", is_flag=True, help="Withdraw deals also where a season lacks suspiciously many."
)


@click.command()
@confirm_option
@click.option("--drop-missing", is_flag=True, help="Go on where loaded releases are no longer in the archive.")
@plain_errors
def rebuild(confirm_withdrawals: bool, drop_missing: bool) -> None:
    """Load everything anew from the archive, without the network.

    Readers see the present tables until the new ones are whole. Corrections, decided rejects, ids and created_at of
    known deals stay, as do rows and columns of other programs.
    """
    from pshs_dagster import terminal_history
    from pshs_dagster.config import read_settings
    from pshs_dagster.history.replay import Wishes
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    with open_instance(settings.dagster_home) as instance:
        rebuilt = _rebuild(settings, instance, Wishes(confirm_withdrawals, drop_missing))
    terminal_history.show_rebuilt(rebuilt)
    if rebuilt.problem:
        raise PshsError(rebuilt.problem)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: for scripts.")
@confirm_option
@plain_errors
def init(yes: bool, confirm_withdrawals: bool) -> None:
    """Fetch the whole history and load it anew.

    Every season from HISTORY_FROM and every issue that MOI still has is fetched and archived; then the tables are
    built anew from the archive, as by `pshs rebuild`. What cannot be fetched is named at the end with a status of 1;
    what the archive has of it is loaded all the same.
    """
    from pshs_dagster import terminal_history
    from pshs_dagster.config import read_settings
    from pshs_dagster.history.replay import Wishes
    from pshs_dagster.history.runs import wanted
    from pshs_dagster.overview import portal_of
    from pshs_dagster.releases import Release
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    if not yes and not sys.stdin.isatty():
        raise PshsError("Nobody is there to be asked: repeat with --yes to load the whole history anew.")
    releases = wanted(portal_of(settings).published(), Release.parse(settings.history_from))
    if not yes:
        seasons = sum(not release.is_issue for release in releases)
        click.confirm(
            f"Fetch {seasons} seasons and {len(releases) - seasons} issues, and then empty the project's own rows "
            "and load them anew?",
            abort=True,
        )
    with open_instance(settings.dagster_home) as instance:
        unfetched = _fetch_all(settings, instance, releases)
        # What is loaded and cannot be had any more is given up only where all that was asked for is there.
        rebuilt = _rebuild(settings, instance, Wishes(confirm_withdrawals, drop_missing=not unfetched))
    terminal_history.show_rebuilt(rebuilt)
    problems = [f"{release} was not fetched: {problem}" for release, problem in unfetched.items()]
    if rebuilt.problem:
        problems.append(rebuilt.problem)
    if problems:
        raise PshsError(" ".join(problems))


def _fetch_all(settings: Settings, instance: dg.DagsterInstance, releases: list[Release]) -> dict[Release, str]:
    """Fetch one after the other; gives those that could not be, and why."""
    from pshs_dagster import terminal, terminal_history
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.history.runs import fetch

    problems: dict[Release, str] = {}
    with terminal.download_progress() as progress:
        definitions = build_defs(settings, progress=progress)
        for release in releases:
            progress.begin(release)
            problem = fetch(definitions, instance, release)
            terminal_history.tell_fetched(release, problem)
            if problem:
                problems[release] = problem
    return problems


def _rebuild(settings: Settings, instance: dg.DagsterInstance, wishes: Wishes) -> Rebuilt:
    from pshs_dagster import terminal_history
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.history.runs import run_rebuild

    with terminal_history.rebuild_progress() as watch:
        return run_rebuild(lambda watching: build_defs(settings, rebuild_watch=watching), instance, wishes, watch)
