"""MOI's real releases through the whole flow: what is in the database equals the bytes, by another reading."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests import independent
from pshs_dagster_tests.deals.test_real_files import ZIPS, release_named
from pshs_dagster_tests.fixtures.flow import Flow, FolderPortal, settings_in
from pshs_dagster_tests.fixtures.mysql import PrivateServer, fresh_database

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.mysql]

SMALL = ("issues/20220911.zip", "seasons/112S4-chiayi.zip")
"""An issue and a season, of the two widths that files of this decade have; as small as can be."""

FETCHED = {"111S1-as-of-2022-05": datetime(2022, 5, 20, tzinfo=TAIPEI)}
"""When a zip was fetched, where it is not the day below; a later copy of a season knows more."""

DOUBTFUL = {"111S1-as-of-2023-06": "花蓮縣"}
"""The copy that lacks more than a tenth of a city's deals of its window, and so waits for a person."""

LATER = datetime(2026, 10, 1, 12, 0, tzinfo=TAIPEI)


@contextmanager
def installation(server: PrivateServer, folder: Path) -> Generator[Flow]:
    with (
        fresh_database(server) as uri,
        Flow(folder, settings_in(folder, "http://127.0.0.1:9", uri)) as flow,
    ):
        yield flow


@pytest.fixture(scope="module")
def installed(mysql_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """One installation on MySQL for some releases, as in life."""
    with installation(mysql_server, tmp_path_factory.mktemp("real")) as flow:
        yield flow


@pytest.fixture(scope="module")
def all_installed(mysql_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """One installation on MySQL for all of the releases."""
    with installation(mysql_server, tmp_path_factory.mktemp("all-real")) as flow:
        yield flow


@pytest.mark.parametrize("zip_name", SMALL)
def test_every_line_is_in_deals_or_rejected_and_every_value_is_as_published(
    installed: Flow, real_data: Path, zip_name: str
) -> None:
    every_line_is_in_deals_or_rejected_and_every_value_is_as_published(installed, real_data, zip_name)


@pytest.mark.thorough
@pytest.mark.parametrize("zip_name", ZIPS)
def test_all_that_is_at_hand_comes_together_with_every_value_as_published(
    all_installed: Flow, real_data: Path, zip_name: str
) -> None:
    every_line_is_in_deals_or_rejected_and_every_value_is_as_published(all_installed, real_data, zip_name)


def every_line_is_in_deals_or_rejected_and_every_value_is_as_published(
    installed: Flow, real_data: Path, zip_name: str
) -> None:
    """Load a release and look for each of its lines."""
    release = release_named(zip_name)
    path = real_data / zip_name
    installed.overrides["portal"] = FolderPortal({release.key: path}, FETCHED.get(path.stem, LATER))
    outcome = installed.run(release.key)
    if path.stem in DOUBTFUL:
        assert outcome.problem.startswith(f"withdrawals failed: Would withdraw {DOUBTFUL[path.stem]}")
        outcome = installed.run(release.key, confirm_withdrawals=True)
    assert outcome.verified, outcome.problem
    for name, data in independent.csvs(path).items():
        width = data.split(b"\n", 1)[0].count(b",") + 1
        deals = _deals(installed, release.key, CITIES[name[0]])
        known = {
            serial for (serial,) in installed.rows("SELECT serial_number FROM deals WHERE city = :c", c=CITIES[name[0]])
        }
        rejected = _rejected(installed, release.key, name)
        for number, fields in independent.data_lines(data):
            if number in rejected:
                assert rejected[number].split(",") == fields
                continue
            assert fields[27] in known
            # What a newer release knows of a deal stands there by right; that it is there is what counts.
            stored = deals.get(fields[27])
            if stored is not None and independent.is_plain(fields):
                expected = independent.deal(fields, width) | {"source_line": number}
                assert {key: stored[key] for key in expected} == expected
    told = installed.number("SELECT SUM(data_lines) FROM release_files WHERE `release` = :r", r=release.key)
    assert told == sum(len(independent.data_lines(data)) for data in independent.csvs(real_data / zip_name).values())


def _deals(installed: Flow, release: str, city: str) -> dict[str, dict[str, object]]:
    with installed.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT * FROM deals WHERE last_release = %s AND city = %s", (release, city)
        ).mappings()
        return {
            row["serial_number"]: dict(row) | {"transaction_date": row["transaction_date"].isoformat()} for row in rows
        }


def _rejected(installed: Flow, release: str, file: str) -> dict[int, str]:
    rows = installed.rows("SELECT line, raw FROM rejected_deals WHERE `release` = :r AND file = :f", r=release, f=file)
    return {int(str(line)): str(raw) for line, raw in rows}
