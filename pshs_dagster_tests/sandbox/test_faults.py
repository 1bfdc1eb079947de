"""Faults are written, read and played as said."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import zips
from pshs_dagster.sandbox.faults import Fault, FaultName
from pshs_dagster.sandbox.shelf import shelf_on
from pshs_dagster_tests.sandbox.reading import PRICE, SERIAL, lines_of

FIRST = Release.parse("110S2")


@pytest.mark.parametrize(
    "text",
    ["late", "html", "truncated@2026-07-01", "bad-crc@115S2", "stall", "errors:3", "missing-city:f", "twice:a@115S2"],
)
def test_a_fault_is_read_as_it_is_written(text: str) -> None:
    assert str(Fault.parse(text)) == text


def test_a_fault_without_an_argument_has_a_sensible_one() -> None:
    assert Fault.parse("errors").count == 2
    assert Fault.parse("missing-city").city == "f"
    assert Fault.parse("truncated@20260701") == Fault(FaultName.TRUNCATED, release=Release.parse("2026-07-01"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "late:3",
        "errors:0",
        "errors:many",
        "errors:²",
        "twice:y",
        "missing-city:ff",
        "html@2026-07-02",
        "html@",
    ],
)
def test_a_fault_that_is_none_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Fault.parse(text)
    assert all(name in str(refused.value) for name in FaultName)
    assert "\n" not in str(refused.value)


def test_a_fault_of_one_release_spares_the_others() -> None:
    fault = Fault.parse("html@115S2")
    assert fault.strikes(Release.parse("115S2"))
    assert not fault.strikes(Release.parse("115S1"))
    assert not fault.strikes(None)
    assert Fault.parse("html").strikes(Release.parse("115S1"))


def _small() -> dict[str, bytes]:
    return zips.release_files(Release.parse("111S2"), today=date(2022, 7, 1), scale=0.02)


def test_a_truncated_zip_cannot_be_opened() -> None:
    content = zips.zipped(_small(), date(2022, 7, 1))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(Fault.parse("truncated").in_zip(content)))


def test_a_wrong_crc_shows_when_the_file_is_read_and_not_before() -> None:
    content = zips.zipped(_small(), date(2022, 7, 1))
    spoilt = Fault.parse("bad-crc").in_zip(content)
    assert len(spoilt) == len(content)
    with zipfile.ZipFile(io.BytesIO(spoilt)) as archive:
        assert archive.testzip() == archive.namelist()[0]


def test_a_missing_city_lacks_all_its_files_and_no_other() -> None:
    whole = _small()
    left = Fault.parse("missing-city:f").in_files(whole)
    assert {name[0] for name in whole.keys() - left.keys()} == {"f"}
    assert len(whole) - len(left) == 3


def test_twice_repeats_one_deal_and_gives_another_two_prices() -> None:
    whole = _small()
    doubled = Fault.parse("twice:f").in_files(whole)
    before, after = (lines_of(files["f_lvr_land_b.csv"]) for files in (whole, doubled))
    same, dearer = after[len(before) :]
    assert after[: len(before)] == before
    assert same in before
    serial = dearer.split(",")[SERIAL]
    (former,) = [line for line in before if line.split(",")[SERIAL] == serial]
    assert int(dearer.split(",")[PRICE]) > int(former.split(",")[PRICE])
    assert {name: content for name, content in doubled.items() if name != "f_lvr_land_b.csv"} == {
        name: content for name, content in whole.items() if name != "f_lvr_land_b.csv"
    }


def test_a_late_issue_leaves_the_site_as_it_was_the_day_before() -> None:
    late = (Fault.parse("late"),)
    for today, yesterday in ((date(2022, 9, 11), date(2022, 9, 10)), (date(2022, 10, 1), date(2022, 9, 30))):
        assert shelf_on(today, FIRST, late) == shelf_on(yesterday, FIRST)
        assert shelf_on(today, FIRST) != shelf_on(yesterday, FIRST)


def test_a_late_season_is_missing_while_its_issue_is_there() -> None:
    shelf = shelf_on(date(2022, 10, 1), FIRST, (Fault.parse("late@111S3"),))
    assert shelf.current.key == "2022-10-01"
    assert shelf.seasons[0].key == "111S2"
