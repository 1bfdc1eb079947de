"""Made-up deals are lifelike: shapes, formulas, details that agree, and MOI's dirt at its rates."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import dirt, places, serials, zips
from pshs_dagster_tests.sandbox.reading import DATE, NAME, PRICE, SERIAL, UNIT, deals_in, files_in, lines_of

pytestmark = pytest.mark.slow

TODAY = date(2023, 6, 8)

DISTRICT, TARGET, PLACE, AREA, UNIT_PRICE, SPACE_AREA, SPACE_PRICE = 0, 1, 2, 15, 22, 24, 25

Deals = list[tuple[str, list[str]]]


@pytest.fixture(scope="module")
def season() -> dict[str, bytes]:
    return zips.release_files(Release.parse("111S2"), today=TODAY)


@pytest.fixture(scope="module")
def deals(season: dict[str, bytes]) -> Deals:
    return deals_in(season)


def test_every_line_has_the_eras_fields_but_for_commas_in_units(deals: Deals) -> None:
    widths = Counter(len(fields) for _, fields in deals)
    assert widths[30] / len(deals) > 0.999
    assert all(len(fields) > 30 for _, fields in deals if len(fields) != 30)


def test_addresses_begin_with_city_and_district(deals: Deals) -> None:
    for city, fields in deals:
        assert fields[PLACE].startswith(CITIES[city])
    regular = [fields[PLACE].startswith(CITIES[city] + fields[DISTRICT]) for city, fields in deals if city != "v"]
    assert sum(regular) / len(regular) > 0.999


def test_areas_have_one_or_two_decimals_and_prices_none(deals: Deals) -> None:
    for _, fields in deals:
        for column in (3, AREA, SPACE_AREA):
            assert re.fullmatch(r"\d+\.\d{1,2}", fields[column])
        assert fields[PRICE].isdigit()
        assert fields[SPACE_PRICE].isdigit()


def test_unit_prices_follow_mois_formulas(deals: Deals) -> None:
    mixed_in = 0
    priced = [fields for _, fields in deals if fields[UNIT_PRICE]]
    for fields in priced:
        total, area, parking, space = (float(fields[column]) for column in (PRICE, AREA, SPACE_PRICE, SPACE_AREA))
        if parking and space:
            expected = (total - parking) / (area - space)
        else:
            expected = total / area
            mixed_in += fields[TARGET].endswith("車位")
        assert abs(int(fields[UNIT_PRICE]) - expected) < 0.51
    assert 0 < mixed_in / len(priced) < 0.1
    assert len(priced) / len(deals) > 0.99


def test_details_agree_with_the_deals(season: dict[str, bytes], deals: Deals) -> None:
    land, park = (
        [line.split(",") for name, content in season.items() if name.endswith(ending) for line in lines_of(content)[2:]]
        for ending in ("_land.csv", "_park.csv")
    )
    assert {len(fields) for fields in land} == {8}
    assert {len(fields) for fields in park} == {5}
    parcels, spaces = (Counter(fields[0] for fields in lines) for lines in (land, park))
    counted = Counter(fields[SERIAL] for _, fields in deals)
    for _, fields in deals:
        if counted[fields[SERIAL]] == 1:  # cities have serials of their own
            stated = re.fullmatch(r"土地(\d+)建物1車位(\d+)", fields[8])
            assert stated is not None
            assert (parcels[fields[SERIAL]], spaces[fields[SERIAL]]) == (int(stated[1]), int(stated[2]))


@pytest.mark.real
def test_serials_are_formed_by_the_rule_of_the_real_ones(real_data: Path) -> None:
    real = deals_in(files_in((real_data / "seasons/111S2.zip").read_bytes()))
    letters = [city.letter for city in places.CITIES]
    read = [_decoded(fields[SERIAL]) for _, fields in real]
    day, office, running, kind = (np.array(column) for column in zip(*read, strict=True))
    city = np.array([letters.index(letter) for letter, _ in real])
    made = serials.serials(city, day.astype("datetime64[D]"), office, running, kind)
    assert list(made) == [fields[SERIAL] for _, fields in real]


def _decoded(serial: str) -> tuple[str, int, int, int]:
    digits = [ord(letter) - ord(nought) for letter, nought in zip(serial[2:13], "ONMLKJIHGFE", strict=True)]
    number = sum(digit * 10**place for place, digit in enumerate(digits[:4]))
    year = 1911 + digits[8] + 10 * digits[9] + 100 * digits[10]
    day = f"{year}-{digits[6] + 10 * digits[7]:02d}-{digits[4] + 10 * digits[5]:02d}"
    return day, ord(serial[13]) - ord("A"), number, ord(serial[17]) - ord("C")


@pytest.mark.real
def test_prices_and_rooms_resemble_the_real_season(real_data: Path, deals: Deals) -> None:
    real = deals_in(files_in((real_data / "seasons/111S2.zip").read_bytes()))

    def median(source: Deals, column: int, letter: str) -> float:
        values = sorted(float(fields[column]) for city, fields in source if city == letter and fields[column])
        return values[len(values) // 2]

    for letter in "abfhn":
        assert median(deals, UNIT_PRICE, letter) == pytest.approx(median(real, UNIT_PRICE, letter), rel=0.25)
        assert median(deals, PRICE, letter) == pytest.approx(median(real, PRICE, letter), rel=0.35)

    def share(source: Deals, column: int, value: str) -> float:
        return sum(fields[column] == value for _, fields in source) / len(source)

    for column, value in ((16, "3"), (16, "2"), (TARGET, "房地(土地+建物)"), (11, "透天厝"), (26, ""), (4, "住")):
        assert share(deals, column, value) == pytest.approx(share(real, column, value), rel=0.25)


@pytest.fixture(scope="module")
def year() -> Deals:
    """Some 107,000 deals, enough to count what is rare."""
    made: Deals = []
    for key in ("111S2", "111S3", "111S4", "112S1"):
        made += deals_in(zips.release_files(Release.parse(key), today=TODAY))
    return made


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "column", "pattern"),
    [
        ("control", UNIT, "\x13"),
        ("lost", UNIT, "\ufffd"),
        ("no district", DISTRICT, "^$"),
        ("slipped room", 16, "^[0-9]{2,}$"),
        ("slipped bath", 18, "^[0-9]{2,}$"),
        ("numeral floors", 10, "^[一二三四五六七八九十]+$"),
    ],
)
def test_dirt_comes_at_about_mois_rate(year: Deals, kind: str, column: int, pattern: str) -> None:
    rate = (dirt.KINDS | dirt.CHOICES)[kind][0]
    struck = sum(bool(re.search(pattern, fields[column])) for _, fields in year)
    # Four standard deviations of chance, and the one slip that each season is sure to have.
    assert abs(struck - rate * len(year)) < 4 * (rate * len(year)) ** 0.5 + 8


@pytest.mark.parametrize(
    "pattern",
    [
        '"',
        "\x00",
        "\t",
        "&#[0-9]+;",
        "[\ue000-\uf8ff]",
        "\u5dff",
        "地上001層、夾層001層",
        "地號等22筆土地",
    ],
)
def test_every_kind_of_dirt_turns_up(year: Deals, pattern: str) -> None:
    assert any(re.search(pattern, ",".join(fields)) for _, fields in year)


def test_names_have_lost_characters_at_a_high_rate(year: Deals) -> None:
    assert 0.03 < sum("?" in fields[NAME] for _, fields in year) / len(year) < 0.08


def test_commas_shift_only_what_stands_behind_the_name(year: Deals) -> None:
    shifted = [fields for _, fields in year if len(fields) > 30]
    assert shifted
    assert all(re.fullmatch(r"[A-Z]{15}\d\d[A-Z]{2}", fields[SERIAL]) for fields in shifted)


def test_notes_tell_of_special_relations(year: Deals) -> None:
    assert 0.01 < sum("特殊關係" in fields[26] for _, fields in year) / len(year) < 0.03


@pytest.mark.parametrize("seed", range(1, 13))
@pytest.mark.parametrize("key", ["110S2", "111S2", "115S2"])
def test_even_a_small_season_has_a_line_that_cannot_be_loaded_from_its_first_day(key: str, seed: int) -> None:
    release = Release.parse(key)
    made = deals_in(zips.release_files(release, today=release.published_on, seed=seed, scale=0.002))
    assert any(fields[16] == "3333" for _, fields in made)


def test_odd_dates_are_put_in_now_and_then(year: Deals) -> None:
    odd = [fields[DATE] for _, fields in year if fields[DATE] in dirt.ODD_DATES]
    assert 0 < len(odd) < 30
