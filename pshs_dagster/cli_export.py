"""The command that publishes the data product and brings it to a folder: `pshs export`. `cli.py` makes it one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError

if TYPE_CHECKING:
    from pshs_dagster.config import Settings
    from pshs_dagster.dataset.descriptor import Package
    from pshs_dagster.dataset.shelf import Shelf
    from pshs_dagster.releases import Release

ASSET = "deals_dataset"


@click.command()
@click.argument("name", required=False, metavar="[RELEASE]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Bring every file there, verified: a folder that is new or empty, or holds an earlier export.",
)
@click.option("--parquet", "forms", flag_value="parquet", multiple=True, help="With --out: tables as Parquet only.")
@click.option("--csv", "forms", flag_value="csv", multiple=True, help="With --out: the deals as CSV for Excel only.")
@plain_errors
def export(name: str | None, out: Path | None, forms: tuple[str, ...]) -> None:
    """Publish the data product for researchers: Parquet and CSV with schema, dictionary, quality page and licence.

    It is published as the version of the newest release that is loaded, and files that did not change are not written
    anew. Another RELEASE, such as 2022-09-21, is brought as it was published.
    """
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.database import Database
    from pshs_dagster.database.reading.standing import standing
    from pshs_dagster.dataset.bringing import bring, refuse
    from pshs_dagster.dataset.descriptor import CSV, PARQUET
    from pshs_dagster.dataset.shelf import Shelf
    from pshs_dagster.definitions import build_archive
    from pshs_dagster.releases import Release

    settings = read_settings()
    if out is not None:
        refuse(out)  # before all the work
    wanted = Release.parse(name) if name else None
    now = standing(Database(settings.database).ready())
    if wanted is not None and now is not None and wanted != now.release:
        shelf = Shelf(build_archive(settings).store)
        package = shelf.version(wanted)
        if package is None:
            raise PshsError(
                f"{wanted} was never published, and the newest release in the tables is {now.release}: export that, or "
                "see what was known on a day by `pshs as-of`."
            )
        _tell(shelf, package, "as it was published")
    else:
        package, written = _publish(settings, wanted)
        shelf = Shelf(build_archive(settings).store)
        _tell(shelf, package, f"{written} of them written, the others as they were")
    if out is not None:
        brought = bring(shelf, package, frozenset(forms or (PARQUET, CSV)), out)
        size = sum(each.size for each in brought.resources)
        click.echo(
            f"{len(brought.resources):,} files, {size:,} bytes, verified, are in {out}: see dictionary.md there."
        )


def _publish(settings: Settings, release: Release | None) -> tuple[Package, int]:
    """The version that a run has published, and how many files it wrote."""
    from pshs_dagster.dataset.shelf import Shelf
    from pshs_dagster.definitions import build_archive, build_defs
    from pshs_dagster.publishing.runs import publish
    from pshs_dagster.runs import open_instance

    with open_instance(settings.dagster_home) as instance:
        outcome = publish(build_defs(settings), instance, release, "project_absorption", ASSET)
    if outcome.problem:
        raise PshsError(outcome.problem)
    package = Shelf(build_archive(settings).store).version(outcome.release)
    assert package is not None, "what was published is there"
    return package, int(str(outcome.told[ASSET]["files_written"]))


def _tell(shelf: Shelf, package: Package, how: str) -> None:
    click.echo(f"{package.version}: {len(package.resources):,} files, {how}.")
    click.echo(shelf.location(package))
