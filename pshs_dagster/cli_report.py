"""The command that makes a report to look at: `pshs report`. `cli.py` makes it a command of `pshs`."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.errors import PshsError

if TYPE_CHECKING:
    from pshs_dagster.archive import Archive

MOST = 1 << 30
"""Bytes of a report at most; a real one has some three million."""


@click.command()
@click.argument("name", required=False, metavar="[RELEASE]")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Put a copy into this file.")
@plain_errors
def report(name: str | None, opened: bool, out: Path | None) -> None:
    """Make the report of a release: one HTML file in the archive, which opens without a network.

    RELEASE is an issue by its date, such as 2022-09-21, or a season, such as 111S2; the newest that is loaded is
    taken where none is named. Prices are those of the database at this moment.
    """
    from pshs_dagster.assets.market_report import report_key
    from pshs_dagster.config import read_settings
    from pshs_dagster.definitions import build_archive, build_defs
    from pshs_dagster.publishing.runs import publish
    from pshs_dagster.releases import Release
    from pshs_dagster.runs import open_instance

    settings = read_settings()
    wanted = Release.parse(name) if name else None
    with open_instance(settings.dagster_home) as instance:
        outcome = publish(build_defs(settings), instance, wanted, "project_absorption", "market_report")
    if outcome.problem:
        raise PshsError(outcome.problem)
    archive, key = build_archive(settings), report_key(outcome.release)
    click.echo(outcome.told["market_report"]["location"])
    if out:
        _write(out, archive.document_bytes(key, MOST))
    if opened:
        _open(out or _on_this_machine(archive, key))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise PshsError(f"{path} cannot be written: {error.strerror}.") from error


def _on_this_machine(archive: Archive, key: str) -> Path:
    """The file itself, or a copy of what lies in a bucket; the browser needs it after this command has ended."""
    path = archive.store.local_path(key)
    if path is None:
        path = Path(tempfile.mkdtemp(prefix="pshs-report-")) / key.rsplit("/", 1)[-1]
        _write(path, archive.document_bytes(key, MOST))
    return path


def _open(path: Path) -> None:
    address = path.absolute().as_uri()
    if not webbrowser.open(address):
        raise PshsError(f"No browser could be opened here: open {address} yourself.")
