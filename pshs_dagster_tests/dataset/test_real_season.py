"""A real season as the data product has it, against another reading of MOI's own bytes."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from pshs_dagster.assets.handover import file_lines, rejected_serials, sound_deals
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.releases import Release
from pshs_dagster_tests import independent
from pshs_dagster_tests.database.made_up import NOW, copy_of
from pshs_dagster_tests.dataset.made import AFTERWARDS, Publisher

pytestmark = [pytest.mark.thorough, pytest.mark.real, pytest.mark.slow]

SEASON = "112S1"
"""Trades of 11 November to 10 February, and stray ones of other years."""


def test_a_season_is_what_its_bytes_say(engine: sa.Engine, real_data: Path, tmp_path: Path) -> None:
    path = real_data / "seasons" / f"{SEASON}.zip"
    with ReleaseZip.open(path) as contents:
        parsed = parse_release(Release.parse(SEASON), contents.deal_files(), date(2023, 6, 1))
    rejected = rejected_serials(parsed.rejects)
    load_release(engine, copy_of(SEASON), sound_deals(parsed), file_lines(parsed), NOW, rejected=rejected)
    refresh(engine, AFTERWARDS)
    publisher = Publisher(engine, tmp_path / "archive")
    publisher.publish(SEASON)
    publisher.export(tmp_path / "out")

    lines = _lines(path, {serial for _, serial in rejected})
    assert len(lines) > 10_000
    counts = Counter((city, str(deal["transaction_date"])[:4]) for (city, _), deal in lines.items())
    assert len({year for _, year in counts}) > 1
    found: set[tuple[str, str]] = set()
    for file in (tmp_path / "out" / "deals").glob("*/*.parquet"):
        rows = pq.read_table(file).to_pylist()
        city = file.parent.name.partition("-")[2]
        assert len(rows) == counts.pop((city, file.stem)), file
        for row in rows:
            found.add((city, row["serial_number"]))
            expected = lines[city, row["serial_number"]]
            told = {name: row[name] for name in expected} | {"transaction_date": str(row["transaction_date"])}
            assert told == expected
        with (tmp_path / "out" / "csv" / file.parent.name / f"{file.stem}.csv").open(
            encoding="utf-8-sig", newline=""
        ) as sheet:
            _, *cells = csv.reader(sheet)
        place = list(rows[0]).index("location")
        assert [line[place].removeprefix("'") for line in cells] == [row["location"] for row in rows]
    assert not counts
    assert found == lines.keys()


def _lines(path: Path, rejected: set[str]) -> dict[tuple[str, str], dict[str, object]]:
    """The deals that the bytes have, by city and serial: what can be told by position, without the lines that were
    rejected; of those with characters that are cleaned the numbers only."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for name, data in independent.csvs(path).items():
        width = data.split(b"\n", 1)[0].count(b",") + 1
        for _, fields in independent.data_lines(data):
            deal = independent.deal(fields, width)
            if fields[27] in rejected:
                continue
            if not independent.is_plain(fields):
                deal = {name: value for name, value in deal.items() if not isinstance(value, str) or "date" in name}
            found[CITIES[name[0]], fields[27]] = deal
    return found
