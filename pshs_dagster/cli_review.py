"""Commands about corrections: `review`, `correct`, `corrections`. `cli.py` makes them commands of `pshs`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError, ReviewFileError


@click.command()
@click.argument("names", nargs=-1, metavar="[RELEASE…]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="FILE.xlsx or FILE.json.")
@click.option("--suspects", is_flag=True, help="Also deals that are loaded and carry flags.")
@plain_errors
def review(names: tuple[str, ...], out: Path, suspects: bool) -> None:
    """Write what waits for a person into a file: all that is open, or that of some releases.

    Correct it in Excel or LibreOffice, then hand it in by `pshs correct FILE`, or put it into the archive's folder
    `corrected`.
    """
    from pshs_dagster import terminal_review
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.correcting.waiting import review_rows
    from pshs_dagster.database.database import Database
    from pshs_dagster.releases import Release
    from pshs_dagster.review.reading import write_review

    releases = [Release.parse(name).key for name in names]
    rows = review_rows(Database(read_settings().database).ready(), releases, suspects=suspects)
    if rows:
        write_review(out, rows)
    terminal_review.show_written(rows, out)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask: for scripts.")
@plain_errors
def correct(file: Path, yes: bool) -> None:
    """Take a file of `pshs review` back: show what it would do, ask, record it, and load what is sound now.

    A row that is still wrong is told with its reasons and changes nothing; the others count all the same.
    """
    from pshs_dagster import terminal_review
    from pshs_dagster.clock import taipei_now
    from pshs_dagster.config import read_settings
    from pshs_dagster.correcting.runs import load_touched, record_file
    from pshs_dagster.correcting.taking import hand_in
    from pshs_dagster.database.correcting.carry_out import releases_to_load
    from pshs_dagster.database.correcting.plan import plan
    from pshs_dagster.database.database import Database
    from pshs_dagster.definitions import build_archive, build_defs
    from pshs_dagster.review.reading import read_bytes, read_file
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    data = read_file(file)
    try:
        returned = read_bytes(file.name, data)
    except ReviewFileError as error:
        for problem in error.problems[1:]:
            terminal_review.say(problem)
        raise
    engine = Database(settings.database).ready()
    planned = plan(engine, returned.edits)
    terminal_review.show_outcomes((*planned.outcomes, *returned.untouched), returned.rows)
    if not planned.does_something:
        terminal_review.say("The file changes nothing.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise PshsError("Nobody is there to be asked: repeat with --yes to carry this out.")
        click.confirm("Carry this out?", abort=True, err=True)
    with open_instance(settings.dagster_home) as instance:
        definitions = build_defs(settings)
        key = hand_in(build_archive(settings), file.name, data, taipei_now())
        recorded = record_file(definitions, instance, key)
        if recorded.problem:
            raise PshsError(recorded.problem)
        terminal_review.say(f"Recorded; the report is {recorded.report}")
        outcomes = load_touched(definitions, instance, releases_to_load(engine))
    terminal_review.show_loaded(outcomes)
    if failed := [outcome.release.key for outcome in outcomes if not outcome.verified]:
        raise PshsError(f"Recorded, but not loaded yet: {', '.join(failed)}. The sensor tries again in an hour.")


@click.command()
@click.option("--status", "statuses", multiple=True, type=click.Choice(["applied", "stale", "superseded"]))
@plain_errors
def corrections(statuses: tuple[str, ...]) -> None:
    """List the ledger: who corrected what, when and why, and whether it still holds."""
    from pshs_dagster import terminal_review
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.correcting.listing import listed
    from pshs_dagster.database.database import Database

    terminal_review.show_ledger(listed(Database(read_settings().database).engine, statuses))
