"""MOI's real files, against a reading that shares nothing with ours: nothing lost, nothing altered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pshs_dagster.deals.frame import ParsedRelease, parse_release
from pshs_dagster.deals.identity import identify, trade_days
from pshs_dagster.releases import Release
from pshs_dagster_tests import independent
from pshs_dagster_tests.deals.lines import Csv

pytestmark = pytest.mark.real

ZIPS = [
    *(f"issues/{day}.zip" for day in ("20220701", "20220711", "20220721", "20220801", "20220811", "20220821")),
    *("issues/20220901.zip", "issues/20220911.zip", "issues/20260921-tainan.zip"),
    *(f"seasons/{season}.zip" for season in ("109S2", "110S4", "111S2", "111S3", "112S1", "112S4-chiayi")),
    *("republished/111S1-as-of-2022-05.zip", "republished/111S1-as-of-2023-06.zip"),
]


SOON = (
    *("issues/20220821.zip", "issues/20220911.zip", "issues/20260921-tainan.zip"),
    *("seasons/109S2.zip", "seasons/112S1.zip", "seasons/112S4-chiayi.zip"),
)
"""Issues and seasons of every width that MOI's files have had, and a season of the whole country: what a short
run of the tests looks at. The others repeat it."""


def soon(zips: Iterable[str]) -> list[Any]:
    """Zips as parameters; those that repeat what others show are for the thorough tests."""
    return [pytest.param(name, marks=() if name in SOON else pytest.mark.thorough) for name in zips]


def release_named(path: str) -> Release:
    name = Path(path).stem
    return Release.parse(name[:8] if name.startswith("20") else name.partition("-")[0])


def parse_zip(path: Path) -> ParsedRelease:
    release = release_named(path.name)
    files = [Csv(data, name, name[0]) for name, data in independent.csvs(path).items()]
    return parse_release(release, files, release.published_on if release.is_issue else date(2026, 10, 1))


@pytest.mark.parametrize("zip_name", soon(ZIPS))
def test_every_line_is_loaded_or_rejected_and_every_field_is_as_published(real_data: Path, zip_name: str) -> None:
    parsed = parse_zip(real_data / zip_name)
    for name, data in independent.csvs(real_data / zip_name).items():
        published = dict(independent.data_lines(data))
        width = data.split(b"\n", 1)[0].count(b",") + 1
        mine = parsed.lines[parsed.lines["file"] == name]
        assert mine["source_line"].tolist() == list(published)
        for row in mine[mine["reasons"] == ""].to_dict("records"):
            fields = published[row["source_line"]]
            if not independent.is_plain(fields):
                assert "cleaned_text" in row["flags"]
                continue
            expected = independent.deal(fields, width)
            got = {key: row[key] for key in expected} | {"transaction_date": f"{row['transaction_date']:%Y-%m-%d}"}
            assert got == expected
        for row in mine[mine["reasons"] != ""].to_dict("records"):
            assert row["raw"].split(",") == published[row["source_line"]]


@pytest.mark.parametrize("zip_name", soon(ZIPS))
def test_few_lines_are_rejected_and_none_for_its_shape(real_data: Path, zip_name: str) -> None:
    parsed = parse_zip(real_data / zip_name)
    assert len(parsed.rejects) <= 0.01 * len(parsed.lines)
    assert not parsed.lines["reasons"].str.contains("field_count|serial").any()


@pytest.mark.parametrize("zip_name", ZIPS)
def test_each_zip_is_known_for_the_release_that_it_is(real_data: Path, zip_name: str) -> None:
    release = release_named(zip_name)
    files = [Csv(data, name, name[0]) for name, data in independent.csvs(real_data / zip_name).items()]
    described = release.window if zip_name.startswith(("seasons/109S2", "republished")) else None
    rows = trade_days(files)
    assert identify(release, described, rows).problem is None
    assert identify(release.following(), described, rows).problem is not None
    assert identify(release.preceding(), described, rows).problem is not None
