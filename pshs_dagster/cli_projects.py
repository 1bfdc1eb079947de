"""The command `pshs projects`: MOI's list of registered projects. `cli.py` makes it a command of `pshs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.option("--unmatched", is_flag=True, help="Fetch nothing: list what is not matched, on both sides.")
@click.option("--city", metavar="LETTER", help="With --unmatched, only this city: MOI's letter, such as F.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="With --unmatched, write the list to a file for Excel (UTF-8 with BOM).",
)
@plain_errors
def projects(unmatched: bool, city: str | None, out: Path | None) -> None:
    """Fetch MOI's list of registered pre-sale projects, archive and load it.

    How much of each project is sold is computed from it with the next release that is published.
    """
    if unmatched:
        _show_unmatched(city, out)
        return
    if city or out:
        raise click.UsageError("--city and --out belong to --unmatched.")
    _fetch()


def _fetch() -> None:
    from pshs_dagster.config import read_settings
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.projects_job import run_projects
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    with open_instance(settings.dagster_home) as instance:
        outcome = run_projects(build_defs(settings), instance)
    if outcome.problem:
        raise PshsError(outcome.problem)
    told: Mapping[str, object] = outcome.told
    known = "" if told["list_is_new"] else ", which was known already"
    click.echo(f"{told['location']}{known}")
    click.echo(
        f"{told['lines']} lines: {told['registrations']} registrations, {told['repeated']} repeated, "
        f"{told['continued']} continued, {told['unreadable']} unreadable."
    )
    click.echo(
        f"{told['new']} new, {told['changed']} changed, {told['unchanged']} unchanged; "
        f"{told['only_in_older_lists']} only in older lists; {told['without_homes']} without a number of homes."
    )


def _show_unmatched(city: str | None, out: Path | None) -> None:
    from pshs_dagster import terminal_projects
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.absorption.reading import unmatched
    from pshs_dagster.database.database import Database
    from pshs_dagster.deals.columns import CITIES

    if city and city.lower() not in CITIES:
        raise PshsError(f"{city} is no city; MOI's letters are {', '.join(CITIES)}.")
    engine = Database(read_settings().database).ready()
    names, listed = unmatched(engine, CITIES[city.lower()] if city else "")
    if out is None:
        terminal_projects.show_unmatched(names, listed)
        return
    try:
        out.write_bytes(terminal_projects.unmatched_csv(names, listed))
    except OSError as error:
        raise PshsError(f"{out} cannot be written ({error.strerror}): name another file.") from error
    click.echo(f"{out}: {len(names)} projects of deals, {len(listed)} registered projects.")
