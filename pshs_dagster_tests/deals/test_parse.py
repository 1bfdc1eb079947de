"""Parsing: text becomes what it stands for, exactly, and what stands for nothing is told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.deals import parse
from pshs_dagster.deals.read import gather, read_file
from pshs_dagster_tests.deals.lines import csv, line


def parsed(*lines: str) -> parse.ParsedLines:
    return parse.parse_lines(gather([read_file("f_lvr_land_b.csv", "f", csv(lines))]))


@given(st.dates(min_value=date(1912, 1, 1), max_value=date(2910, 12, 31)))
def test_every_day_of_the_calendar_is_read_from_its_roc_form(day: date) -> None:
    text = f"{day.year - 1911}{day:%m%d}"
    days, bad = parse.parse_roc_days(pa.array([text.zfill(6), text.zfill(7)]))
    assert days.astype(object).tolist() == [day, day]
    assert not bad.any()


@pytest.mark.parametrize(
    "text", ["", "00001", "1040000", "1090040", "1110431", "1110229", "11107131", "111/07/13", "一一一0713", "-110713"]
)
def test_what_is_no_day_is_told(text: str) -> None:
    days, bad = parse.parse_roc_days(pa.array([text, "1110713"]))
    assert bad.tolist() == [True, False]
    assert np.isnat(days[0])


def test_a_leap_day_is_a_day() -> None:
    assert parse.parse_roc_days(pa.array(["1130229"]))[0].astype(object).tolist() == [date(2024, 2, 29)]


@given(st.lists(st.integers(-(10**17), 10**17)))
def test_whole_numbers_survive_exactly(numbers: list[int]) -> None:
    values, bad = parse.parse_integers(pa.array([str(number) for number in numbers], pa.string()))
    assert values.tolist() == numbers
    assert not bad.any()


@given(st.lists(st.decimals(0, 10**9, places=2)))
def test_areas_survive_to_the_hundredth(areas: list[object]) -> None:
    values, bad = parse.parse_decimals(pa.array([str(area) for area in areas], pa.string()))
    assert values.tolist() == [float(str(area)) for area in areas]
    assert not bad.any()


@pytest.mark.parametrize("text", ["一千", "1e5", "12.5", "1 000", "0x10", "--1", "9" * 19, "NaN", "inf"])
def test_what_is_no_whole_number_is_told_and_never_guessed(text: str) -> None:
    values, bad = parse.parse_integers(pa.array([text]))
    assert (values.tolist(), bad.tolist()) == ([0], [True])


def test_blanks_are_zero_or_empty() -> None:
    blanks = {"單價元平方公尺": "", "車位總價元": "", "車位移轉總面積平方公尺": "", "建物現況格局-房": "", "備註": ""}
    values = parsed(line(**blanks)).values.iloc[0]
    assert (values["unit_price"], values["parking_sapce_price"], values["parking_sapce_total_area"]) == (0, 0, 0.0)
    assert (values["room"], values["note"], values["termination"]) == ("0", "", "")


@pytest.mark.parametrize(("text", "digit", "bad"), [("3", "3", False), ("03", "3", False), ("", "0", False)])
def test_rooms_are_one_digit(text: str, digit: str, bad: bool) -> None:
    values, unparsed = parse.parse_digits(pa.array([text]))
    assert (values.tolist(), unparsed.tolist()) == ([digit], [bad])


@pytest.mark.parametrize("text", ["22", "3333", "11080414", "-1", "三", "1.0", "10"])
def test_rooms_that_slipped_are_told(text: str) -> None:
    assert parse.parse_digits(pa.array([text]))[1].tolist() == [True]


def test_control_characters_go_and_entities_are_decoded_and_only_those_lines_are_marked() -> None:
    lines = parsed(
        line(棟及號="A\x00棟1\x1362\t號"),
        line(棟及號="&#151;棟&#223;號", 備註="A&amp;B"),
        line(土地位置建物門牌="新北市淡水區樂活26街&大學路"),
        line(棟及號="&#19;&lt;棟"),
    )
    assert lines.values["buildings"].tolist() == ["A棟162號", "—棟ß號", "H棟6-10號", "<棟"]
    assert lines.values["note"].tolist()[1] == "A&B"
    assert lines.values["location"].tolist()[2] == "新北市淡水區樂活26街&大學路"
    assert lines.cleaned.tolist() == [True, True, False, True]


@given(st.text(st.characters(exclude_characters='\n\r,&"', exclude_categories=["Cs", "Cc"]), max_size=300))
def test_text_is_kept_to_the_letter(text: str) -> None:
    lines = parsed(line(棟及號=text, 備註=text), line())
    assert lines.values["buildings"].tolist()[0] == text
    assert lines.values["note"].tolist()[0] == text
    assert not lines.cleaned.any()


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("", None),
        ("1121113全部解約", date(2023, 11, 13)),
        ("全部解約1121113", date(2023, 11, 13)),
        ("1121113部分解約;1130105全部解約", date(2023, 11, 13)),
        ("解約;1130105", date(2024, 1, 5)),
        ("112年1月3日解約", date(2023, 1, 3)),
        ("1121340解約;1130105解約", date(2024, 1, 5)),
        ("編號11211130001解約", None),
        ("全部解約", None),
    ],
)
def test_the_first_day_of_a_cancellation_is_found(told: str, day: date | None) -> None:
    found = parse.first_cancellation(pa.array([told, "", told]))
    assert found.astype(object).tolist() == [day, None, day]


def test_the_cancellation_stays_as_published() -> None:
    values = parsed(line(解約情形="1121113全部解約")).values.iloc[0]
    assert values["termination"] == "1121113全部解約"
    assert values["cancelled_on"].date() == date(2023, 11, 13)


def test_years_that_no_timestamp_holds_are_still_days() -> None:
    lines = parsed(line(交易年月日="1600826"), line(交易年月日="5000101"))
    assert lines.days.astype(object).tolist() == [date(2071, 8, 26), date(2411, 1, 1)]
    assert lines.values["transaction_date"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("letter", "address", "district"),
    [
        ("e", "高雄市三民區覺民路", "三民區"),
        ("h", "桃園市平鎮區新富路", "平鎮區"),
        ("d", "臺南市新市區中華路", "新市區"),
        ("d", "台南市東區園區路", "東區"),
        ("x", "澎湖縣馬公市文康街", "馬公市"),
        ("j", "新竹縣竹東鎮市場路", "竹東鎮"),
        ("o", "新竹市介壽路", "新竹市"),
        ("v", "臺東縣臺東市更生路", "台東市"),
        ("f", "某路一段", ""),
        ("f", "高雄市三民區覺民路", ""),
    ],
)
def test_a_blank_district_is_read_from_an_address_of_its_city(letter: str, address: str, district: str) -> None:
    data = csv([line(鄉鎮市區="", 土地位置建物門牌=address)])
    lines = parse.parse_lines(gather([read_file("x.csv", letter, data)]))
    assert lines.values["district"].tolist() == [district]
    assert lines.district_recovered.tolist() == [district != ""]


def test_the_lookalike_of_a_district_becomes_the_character() -> None:
    assert parsed(line(鄉鎮市區="臺東巿")).values["district"].tolist() == ["臺東市"]
