"""Made-up files are laid out like MOI's, era by era."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from pshs_dagster.releases import Release, described_window
from pshs_dagster.sandbox import zips
from pshs_dagster_tests.sandbox.reading import lines_of

TODAY = date(2026, 9, 25)

REAL = [
    ("seasons/111S2.zip", "111S2"),
    ("seasons/112S1.zip", "112S1"),
    ("seasons/112S4-chiayi.zip", "112S4"),
    ("issues/20220701.zip", "2022-07-01"),
    ("issues/20260921-tainan.zip", "2026-09-21"),
]


def _heads(content: zipfile.ZipFile, ending: str) -> set[tuple[str, ...]]:
    return {tuple(lines_of(content.read(name))[:2]) for name in content.namelist() if name.lower().endswith(ending)}


def _made(key: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(zips.release_zip(Release.parse(key), today=TODAY, scale=0.05)))


@pytest.mark.real
@pytest.mark.parametrize(("path", "key"), REAL)
def test_headers_are_those_of_the_real_files(real_data: Path, path: str, key: str) -> None:
    with zipfile.ZipFile(real_data / path) as real, _made(key) as made:
        assert _heads(made, "_lvr_land_b.csv") == _heads(real, "_lvr_land_b.csv")


@pytest.mark.real
def test_details_and_schemas_are_those_of_the_real_files(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "seasons/111S2.zip") as real, _made("111S2") as made:
        for ending in ("_land.csv", "_park.csv"):
            assert _heads(made, ending) == _heads(real, ending)
        for name in ("schema-main-sale.csv", "schema-land.csv", "schema-park.csv", "schema-build.csv"):
            assert made.read(name).split() == real.read(name).split()


@pytest.mark.real
def test_the_early_land_detail_has_the_columns_that_its_real_schema_lists(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "seasons/109S2.zip") as real, _made("110S2") as made:
        for name in ("schema-main-sale.csv", "schema-land.csv", "schema-park.csv"):
            assert made.read(name).split() == real.read(name).split()


@pytest.mark.real
def test_the_manifest_describes_files_in_the_words_of_the_real_one(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "seasons/111S2.zip") as real, _made("111S2") as made:
        known = set(lines_of(real.read("manifest.csv")))
        ours = lines_of(made.read("manifest.csv"))
        assert ours[0] in known
        assert len(ours) > 40
        assert set(ours) - known <= {line for line in ours if line.startswith("z_")}  # Lienchiang had none that season


@pytest.mark.real
@pytest.mark.parametrize("key", ["110S4", "111S2", "111S3", "112S1"])
def test_build_ttt_says_what_the_real_one_says(real_data: Path, key: str) -> None:
    with zipfile.ZipFile(real_data / f"seasons/{key}.zip") as real, _made(key) as made:
        assert made.read("build.ttt") == real.read("build.ttt")


@pytest.mark.parametrize(
    ("key", "today", "columns"),
    [
        ("110S2", TODAY, 28),
        ("110S3", date(2021, 11, 1), 29),
        ("110S3", TODAY, 30),
        ("112S2", TODAY, 30),
        ("112S3", TODAY, 31),
        ("2021-06-21", TODAY, 28),
        ("2021-07-01", TODAY, 30),
        ("2023-06-21", TODAY, 30),
        ("2023-07-01", TODAY, 31),
    ],
)
def test_each_era_has_its_columns(key: str, today: date, columns: int) -> None:
    files = zips.release_files(Release.parse(key), today=today, scale=0.05)
    heads = {
        lines_of(content)[row].count(",")
        for name, content in files.items()
        if "land_b.csv" in name.lower()
        for row in (0, 1)
    }
    assert heads == {columns - 1}


@pytest.mark.parametrize("key", ["110S2", "111S1", "115S2", "2021-07-01", "2022-01-21", "2026-03-01", "2026-09-21"])
def test_a_zip_says_which_window_it_covers(key: str) -> None:
    release = Release.parse(key)
    files = zips.release_files(release, today=TODAY, scale=0.01)
    said = files["build.ttt"].decode("big5") if "build.ttt" in files else files["build_time.xml"].decode()
    assert ("build_time.xml" in files) == (release.window.first >= date(2023, 5, 11))
    assert described_window(said) == release.window


def test_every_file_of_the_manifest_is_in_the_zip() -> None:
    with _made("112S4") as made:
        listed = {line.split(",")[0] for line in lines_of(made.read("manifest.csv"))[1:]}
        assert listed == {name.lower() for name in made.namelist() if "_lvr_land_" in name}
