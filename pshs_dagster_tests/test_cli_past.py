"""`pshs as-of`, `pshs history` and `pshs digest`, as a person types them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click.testing
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pshs_dagster.cli import main
from pshs_dagster.database.engine import connect
from pshs_dagster.database.reading import digest as digests
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.database.made_up import TAICHUNG, copy_of, deal, load
from pshs_dagster_tests.fixtures.mysql import fresh_database

Pshs = Callable[..., click.testing.Result]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def known_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that an issue and a season were loaded into. The tests only read it."""
    if request.param == "sqlite":
        yield filled(f"sqlite:///{tmp_path_factory.mktemp('known') / 'pshs.db'}")
    else:
        with fresh_database(request.getfixturevalue("mysql_server")) as uri:
            yield filled(uri)


def filled(uri: str) -> str:
    engine = connect(uri)
    migrate(engine)
    load(engine, "2022-09-01", [deal("A", price=1_000), deal("B", TAICHUNG, build_name="[red]之星")])
    load(engine, copy_of("111S3", date(2022, 10, 5)), [deal("A", price=2_000, note="更正"), deal("C")])
    engine.dispose()
    return uri


@pytest.fixture
def pshs(known_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pshs:
    """The command, on that database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URI", known_uri)

    def run(*arguments: str) -> click.testing.Result:
        return click.testing.CliRunner().invoke(main, list(arguments))

    return run


def test_as_of_shows_how_many_deals_each_city_had_and_the_newest(pshs: Pshs) -> None:
    then = pshs("as-of", "2022-09-30")
    assert then.exit_code == 0, then.output
    assert "--out FILE.parquet" in then.output
    assert [city for city in ("新北市", "臺中市") if city in then.output] == ["新北市", "臺中市"]
    assert "1,000" in then.output
    assert "2,000" not in then.output
    # What MOI publishes is no markup.
    assert "[red]之星" in then.output


@pytest.mark.parametrize("name", ["B", "b", "臺中市", "台中市"])
def test_a_city_is_named_by_its_letter_or_its_name(pshs: Pshs, name: str) -> None:
    told = pshs("as-of", "2022-09-30", "--city", name)
    assert "臺中市" in told.output
    assert "新北市" not in told.output


def test_what_is_no_city_is_wrong_usage(pshs: Pshs) -> None:
    told = pshs("as-of", "2022-09-30", "--city", "東京")
    assert told.exit_code == 2
    assert "A 臺北市" in told.output


def test_as_of_writes_every_deal_to_a_file(pshs: Pshs, tmp_path: Path) -> None:
    told = pshs("as-of", "2022-10-05", "--city", "F", "--out", "deals.parquet")
    assert told.exit_code == 0, told.output
    assert "2 deals" in told.output
    written = pq.read_table(tmp_path / "deals.parquet").to_pydict()
    assert dict(zip(written["serial_number"], written["price"], strict=True))["A"] == 2_000
    assert written["serial_number"] == ["A", "C"]


def test_a_day_before_all_knowledge_says_when_it_begins(pshs: Pshs) -> None:
    told = pshs("as-of", "2022-08-31")
    assert (told.exit_code, told.output.strip()) == (
        0,
        "No deal was known at the end of 2022-08-31; knowledge begins on 2022-09-01.",
    )


def test_a_file_that_cannot_be_written_is_one_line(pshs: Pshs) -> None:
    told = pshs("as-of", "2022-09-30", "--out", "no-folder/deals.parquet")
    assert told.exit_code == 1
    assert told.output.startswith("Error: no-folder/deals.parquet cannot be written: ")
    assert told.output.count("\n") == 1


def test_what_is_no_day_is_wrong_usage(pshs: Pshs) -> None:
    assert pshs("as-of", "2022-13-01").exit_code == 2


def test_history_tells_the_life_of_a_deal(pshs: Pshs) -> None:
    told = pshs("history", "A")
    assert told.exit_code == 0, told.output
    for words in ("首次發布 first published", "2022-09-01", "內容變更 changed", "111S3", "1,000 → 2,000", "更正"):
        assert words in told.output
    assert told.output.index("2022-09-01") < told.output.index("2022-10-05")


def test_history_of_an_unknown_serial_is_one_line(pshs: Pshs) -> None:
    told = pshs("history", "NOBODY")
    assert told.exit_code == 1
    assert told.output.startswith("Error: No deal NOBODY is known")
    assert told.output.count("\n") == 1


def test_digest_prints_one_line_that_changes_with_the_content(
    pshs: Pshs, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URI", filled(database_uri))
    before = pshs("digest").output
    assert before.strip() == bytes.fromhex(before).hex()
    assert pshs("digest").output == before
    engine = connect(database_uri)
    load(
        engine,
        copy_of("111S3", date(2022, 11, 5)),
        [deal("A", price=3_000), deal("C", transaction_date=pd.Timestamp(2022, 7, 1))],
    )
    engine.dispose()
    assert pshs("digest").output != before


def test_digest_by_table_names_each_table(pshs: Pshs) -> None:
    lines = [line.split() for line in pshs("digest", "--by-table").output.splitlines()]
    assert [name for _, name in lines] == [table.name for table in digests.TABLES]
    assert len({spelt for spelt, _ in lines}) == len(lines)
