"""Rules: each doubtful line is set aside with all its reasons, each odd one is loaded and says so."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pshs_dagster.deals.columns import BY_NAME, STANDARD_HEADERS
from pshs_dagster.deals.corrections import rejects_document
from pshs_dagster.deals.frame import ParsedRelease, parse_release
from pshs_dagster.deals.rules import RULES, explain
from pshs_dagster.releases import Release
from pshs_dagster_tests.deals.lines import Csv, csv, line

ISSUE = Release.parse("2022-09-01")  # trades of 2022-07-11 – 2022-07-20


def parse(*lines: str, columns: int = 31) -> ParsedRelease:
    return parse_release(ISSUE, [Csv(csv(lines, columns))], ISSUE.published_on)


def reasons(text: str) -> set[str]:
    (told,) = parse(text).lines["reasons"]
    return set(told.split(",")) if told else set()


def flags(text: str) -> set[str]:
    parsed = parse(text)
    assert parsed.lines["reasons"].tolist() == [""], "a suspect row is loaded"
    (told,) = parsed.lines["flags"]
    return set(told.split(",")) if told else set()


def test_a_sound_deal_has_neither_reason_nor_flag() -> None:
    assert reasons(line()) == set()
    assert flags(line()) == set()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"編號": ""}, "serial_malformed:serial_number"),
        ({"編號": "RPPNMLMKKHHGFEF47C"}, "serial_malformed:serial_number"),
        ({"編號": "rppnmlmkkhhgfef47cb"}, "serial_malformed:serial_number"),
        ({"交易年月日": "1110740"}, "date_invalid:transaction_date"),
        ({"交易年月日": "00001"}, "date_invalid:transaction_date"),
        ({"交易年月日": "891231"}, "date_too_early:transaction_date"),
        ({"交易年月日": "1110902"}, "date_after_release:transaction_date"),
        ({"交易年月日": "1600826"}, "date_after_release:transaction_date"),
        ({"總價元": "一千萬"}, "number_invalid:price"),
        ({"單價元平方公尺": "x"}, "number_invalid:unit_price"),
        ({"建物移轉總面積平方公尺": "百"}, "number_invalid:building_total_area"),
        ({"總價元": "0"}, "price_not_positive:price"),
        ({"總價元": ""}, "price_not_positive:price"),
        ({"總價元": "-5"}, "price_not_positive:price"),
        ({"土地移轉總面積平方公尺": "-0.5"}, "negative:land_total_area"),
        ({"車位移轉總面積平方公尺": "-1"}, "negative:parking_sapce_total_area"),
        ({"車位總價元": "-1"}, "negative:parking_sapce_price"),
        ({"建物現況格局-房": "3333"}, "digit_invalid:room"),
        ({"建物現況格局-廳": "二"}, "digit_invalid:restaurant_and_living_room"),
        ({"建物現況格局-衛": "11080414"}, "digit_invalid:bathroom"),
        ({"鄉鎮市區": "", "土地位置建物門牌": "沙崙路"}, "district_missing:district"),
    ],
)
def test_a_doubtful_line_is_rejected_for_that_reason_alone(changed: dict[str, str], reason: str) -> None:
    assert reasons(line(**changed)) == {reason}


def test_the_days_at_the_edges_are_accepted() -> None:
    assert reasons(line(交易年月日="0900101")) == set()
    assert reasons(line(交易年月日="1110901")) == set()


def test_a_line_is_told_all_its_reasons() -> None:
    wrong = line(交易年月日="1110740", 總價元="-1", 編號="?", **{"建物現況格局-房": "33"})
    assert reasons(wrong) == {
        "date_invalid:transaction_date",
        "price_not_positive:price",
        "serial_malformed:serial_number",
        "digit_invalid:room",
    }


def test_fields_that_cannot_be_put_right_reject_the_line_and_keep_its_serial() -> None:
    parsed = parse(line(土地位置建物門牌="新北市淡水區,沙崙路"))
    (row,) = parsed.rejects.to_dict("records")
    assert "field_count" in row["reasons"].split(",")
    assert row["serial_number"] == "RPPNMLMKKHHGFEF47CB"
    assert row["raw"] == line(土地位置建物門牌="新北市淡水區,沙崙路")


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"車位總價元": "0", "單價元平方公尺": "70215"}, "parking_without_price"),
        ({"車位移轉總面積平方公尺": "0.0", "單價元平方公尺": "70215"}, "parking_without_area"),
        ({"單價元平方公尺": "81000"}, "unit_price_mismatch"),
        ({"建案名稱": "仰?日新"}, "lost_characters"),
        ({"建案名稱": "仰\ufffd日新"}, "lost_characters"),
        ({"棟及號": "\ue899棟"}, "lost_characters"),
        ({"備註": "親友、員工、共有人或其他特殊關係間之交易；"}, "special_relation"),
        ({"備註": "毛胚屋；"}, "unusual_terms"),
        ({"交易年月日": "1110710"}, "outside_window"),
        ({"棟及號": "A\x13棟"}, "cleaned_text"),
        ({"棟及號": "A1,2棟"}, "rejoined_fields"),
        ({"鄉鎮市區": ""}, "district_recovered"),
    ],
)
def test_an_odd_deal_is_loaded_with_a_flag(changed: dict[str, str], flag: str) -> None:
    assert flags(line(**changed)) == {flag}


@pytest.mark.parametrize(
    "changed",
    [
        {"備註": "共有部分面積含車位總面積"},
        {"單價元平方公尺": ""},
        {"單價元平方公尺": "70215"},  # total by total, MOI's other formula
        {"單價元平方公尺": "79900"},  # within 2 %
        {"土地位置建物門牌": "新北市淡水區?街"},
        {"交易年月日": "1110711"},
        {"交易年月日": "1110720"},
    ],
)
def test_what_is_usual_is_not_flagged(changed: dict[str, str]) -> None:
    assert flags(line(**changed)) == set()


def test_a_home_without_parking_needs_no_parking_price() -> None:
    home = {"交易標的": "房地(土地+建物)", "車位類別": "", "車位移轉總面積平方公尺": "0.0", "車位總價元": "0"}
    assert flags(line(**home, 單價元平方公尺="70215")) == set()


def test_a_serial_that_repeats_to_the_letter_is_kept_once() -> None:
    parsed = parse(line(), line(), line(編號="RPPNMLMKKHHGFEF48CB"))
    assert parsed.deals["source_line"].tolist() == [3, 5]
    assert parsed.rejects["reasons"].tolist() == ["serial_repeated:serial_number"]


def test_a_serial_with_two_prices_goes_to_a_person_whole() -> None:
    parsed = parse(line(), line(總價元="12330000"), line())
    assert len(parsed.deals) == 0
    assert parsed.rejects["source_line"].tolist() == [3, 4, 5]


def test_repeated_serials_are_told_to_a_person_like_any_other_reject() -> None:
    entries = json.loads(rejects_document("2022-09-01", parse(line(), line(總價元="12330000")).rejects))
    assert [entry["總價元"] for entry in entries] == ["12320000", "12330000"]
    assert [entry["退件原因"] for entry in entries] == [["同一編號在本次發布中重複出現"]] * 2


def test_the_same_serial_in_two_cities_is_two_deals() -> None:
    there = line(鄉鎮市區="三民區", 土地位置建物門牌="高雄市三民區覺民路")
    files = [Csv(csv([line()])), Csv(csv([there]), "e_lvr_land_b.csv", "e")]
    assert parse_release(ISSUE, files, ISSUE.published_on).deals["city"].tolist() == ["新北市", "高雄市"]


def test_every_file_adds_up_and_says_what_it_held() -> None:
    parsed = parse(line(), line(編號="x"), "", line(編號="RPPNMLMKKHHGFEF48CB"))
    (file,) = parsed.files
    assert file.adds_up
    assert (file.data_lines, file.sound, file.rejected, file.blank_lines) == (3, 2, 1, 1)


def test_a_release_without_a_file_is_empty_and_typed() -> None:
    nothing = parse_release(ISSUE, [], ISSUE.published_on)
    something = parse(line())
    assert len(nothing.lines) == 0
    assert nothing.lines.dtypes.to_dict() == something.lines.dtypes.to_dict()


def test_a_person_reads_chinese_headings_reasons_and_the_line_itself() -> None:
    wrong = line(棟及號="A,B棟", **{"建物現況格局-房": "33"})
    (entry,) = json.loads(rejects_document("2022-09-01", parse(wrong).rejects))
    assert entry["退件原因"] == ["「建物現況格局-房」不是 0 到 9 的數字"]
    assert {name: entry[name] for name in STANDARD_HEADERS} | {"棟及號": "A,B棟"} == {
        name: entry[name] for name in STANDARD_HEADERS
    }
    assert (entry["發布"], entry["檔案"], entry["行號"], entry["原始內容"]) == (
        "2022-09-01",
        "f_lvr_land_b.csv",
        3,
        wrong,
    )


def test_no_rejects_leave_an_empty_list() -> None:
    assert json.loads(rejects_document("2022-09-01", parse(line()).rejects)) == []


def test_every_rule_speaks_both_languages() -> None:
    for rule in RULES:
        (reason,) = explain(f"{rule.name}:price" if "{" in rule.zh else rule.name)
        assert any("\u4e00" <= char <= "\u9fff" for char in reason.zh), rule.name
        assert reason.en.isascii(), rule.name
        assert "{" not in reason.zh + reason.en


def test_the_flags_of_every_rule_together_fit_their_column() -> None:
    width = BY_NAME["flags"].width
    assert width is not None
    assert len(",".join(rule.name for rule in RULES if not rule.hard)) <= width


def test_a_season_knows_what_was_known_when_it_was_fetched() -> None:
    season = Release.parse("111S3")
    late = Csv(csv([line(交易年月日="1111231")]))
    assert parse_release(season, [late], date(2023, 6, 1)).lines["reasons"].tolist() == [""]
    assert parse_release(season, [late], date(2022, 10, 1)).lines["reasons"].tolist() != [""]
