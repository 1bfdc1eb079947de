"""Commands that keep the database safe: `pshs backup` and `pshs restore`. `cli.py` makes them commands of `pshs`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError

INTO = "PSHS_RESTORE_INTO"


@click.command()
@plain_errors
def backup() -> None:
    """Dump the whole database into the archive, and thin old backups.

    Of the newest 8 weeks and the newest 12 months with a backup the last one stays, and all of the last seven days.
    """
    from pshs_dagster.backup_job import run_backup
    from pshs_dagster.config import read_settings
    from pshs_dagster.definitions import build_defs
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    with open_instance(settings.dagster_home) as instance:
        outcome = run_backup(build_defs(settings), instance)
    if outcome.problem:
        raise PshsError(outcome.problem)
    told = outcome.told
    click.echo(f"{told['location']}  {int(str(told['size_in_bytes'])):,} bytes")
    click.echo(f"digest {told['digest']}; {told['kept']} backups kept, {told['thinned']} removed.")


@click.command()
@click.argument("name", required=False, metavar="[FILE]")
@click.option(
    "--into",
    required=True,
    envvar=INTO,
    show_envvar=True,
    metavar="URL",
    help="The empty database, e.g. mysql+pymysql://user@host/name or sqlite:///restored.db. A URL with a password "
    f"belongs into the environment variable {INTO}: others on this machine can see what stands on a command line.",
)
@plain_errors
def restore(name: str | None, into: str) -> None:
    """Restore a backup into an empty database, and prove that it holds what was backed up.

    FILE is the name of a backup in the archive, or the path of one with its manifest beside it; without it the newest
    one in the archive is taken. A database that is not empty is refused; one that cannot be restored in full is left
    empty.
    """
    from pshs_dagster.archive.backups import Backups, beside
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.keeping.restore import restore as restored
    from pshs_dagster.definitions import build_archive

    with tempfile.TemporaryDirectory(prefix="pshs-") as folder:
        if name is not None and Path(name).is_file():
            path, chosen = Path(name), beside(Path(name))
        else:
            backups = Backups(build_archive(read_settings()).store)
            chosen = backups.newest() if name is None else backups.find(name)
            path = backups.local(chosen, Path(folder))
        found = restored(path, chosen.dump, into)
    click.echo(
        f"Restored {chosen.key.rsplit('/', 1)[-1]} of {chosen.taken_at:%Y-%m-%d %H:%M}: "
        f"{sum(found.rows.values()):,} rows in {len(found.rows)} tables, as backed up."
    )
    if found.digest:
        click.echo(f"digest {found.digest}, as backed up.")
    else:
        click.echo(
            "Its digest was made by another version of pshs and cannot be compared; rows and checksum are proved.",
            err=True,
        )
