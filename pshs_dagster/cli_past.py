"""Commands that look back: `pshs as-of`, `pshs history`, `pshs digest`. They read the database and change nothing.

`cli.py` makes them commands of `pshs`. What they find is shown by `terminal_past.py`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pshs_dagster.cli_errors import plain_errors
from pshs_dagster.deals.columns import CITIES

LIKE_TAIWAN = str.maketrans({"台": "臺"})
"""Most people write 台北市 where MOI writes 臺北市."""


def _city(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """MOI's letter of a city, or its Chinese name, becomes the name."""
    if value is None:
        return None
    name = value.strip().translate(LIKE_TAIWAN)
    if name in CITIES.values():
        return name
    if (letter := name.lower()) in CITIES:
        return CITIES[letter]
    cities = ", ".join(f"{letter.upper()} {city}" for letter, city in CITIES.items())
    raise click.BadParameter(f"'{value}' is no city; name one by its letter or its name: {cities}.")


city_option = click.option(
    "--city", callback=_city, metavar="CITY", help="Only this one: MOI's letter, or its name (F, 新北市)."
)


@click.command("as-of")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY")
@city_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Write every deal to this file.",
)
@plain_errors
def as_of(day: datetime, city: str | None, out: Path | None) -> None:
    """Show the deals as they were known at the end of DAY, such as 2022-09-01.

    Without --out a summary is shown: how many deals each city had, and the newest.
    """
    from pshs_dagster import terminal_past
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.database import Database
    from pshs_dagster.database.reading import past
    from pshs_dagster.database.reading.parquet import write_parquet

    engine = Database(read_settings().database).ready()
    summary = past.Summary(day.date())
    frames = summary.watching(past.as_of_by_city(engine, day.date(), city))
    if out is not None:
        write_parquet(frames, out)
    else:
        for _ in frames:
            pass  # the summary looks at each
    terminal_past.show_as_of(summary, out, None if summary.total else past.first_known(engine))


@click.command()
@click.argument("serial", metavar="SERIAL")
@city_option
@plain_errors
def history(serial: str, city: str | None) -> None:
    """Tell the life of the deal with the serial number SERIAL (編號)."""
    from pshs_dagster import terminal_past
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.database import Database
    from pshs_dagster.database.reading.biography import biography

    for life in biography(Database(read_settings().database).ready(), serial, city):
        terminal_past.show_life(life)


@click.command()
@click.option("--by-table", is_flag=True, help="One digest for each table, to see which one differs.")
@plain_errors
def digest(by_table: bool) -> None:
    """Print a SHA-256 over what the tables hold.

    It is the same for the same content, on SQLite and MySQL, whatever the order in which it was loaded.
    """
    from pshs_dagster.config import read_settings
    from pshs_dagster.database.database import Database
    from pshs_dagster.database.reading.digest import combined, table_digests

    digests = table_digests(Database(read_settings().database).ready())
    if not by_table:
        click.echo(combined(digests))
        return
    for name, of_table in digests.items():
        click.echo(f"{of_table}  {name}")
