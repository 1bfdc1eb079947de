"""Lists as bytes: rows with too many commas or too few, other headings, and the law that no line is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pshs_dagster.errors import UnreadableFile
from pshs_dagster.projects.listing import Listing, Registration
from pshs_dagster.projects.read import NO_DISTRICT, NO_NAME, RAGGED, TOO_LONG, count_lines, day_of, is_wanted, read_list
from pshs_dagster_tests.projects.made_lists import ENGLISH, HEADINGS, ORDINARY, csv, row


def read(*lines: str, name: str = "f_lvr_buildcase.csv") -> Listing:
    return read_list([(name, csv(lines))])


def only(*lines: str) -> Registration:
    (found,) = read(*lines).registrations
    return found


def is_ordinary(found: Registration) -> None:
    """Every cell that is kept stands where it belongs."""
    assert (found.city, found.district, found.name) == ("新北市", "淡水區", "海天")
    assert (found.location, found.builder) == (ORDINARY["坐落街道"], ORDINARY["起造人"])
    assert (found.permit, found.number) == (ORDINARY["建造執照"], "F110000001")
    assert (found.declared_on, found.permitted_on) == (date(2022, 1, 5), date(2021, 5, 5))


def test_an_ordinary_row_is_a_registration() -> None:
    found = only(row())
    is_ordinary(found)
    assert (found.homes, found.line, found.completed_on) == (120, 3, None)


@pytest.mark.parametrize(
    "cells",
    [
        {"層棟戶數": "3棟,銷售戶數共 120 戶"},
        {"銷售期間": "自售:1110110~1111231,代銷:無"},
        {"坐落基地": "海鷗段12,13,14-1,15地號"},
        {"銷售期間": "自售:1110110~售完為止,代銷:1110201~售完為止", "坐落基地": "海鷗段12地號,13地號"},
        {"建造執照": "110淡建字第00123號"},
    ],
)
def test_commas_within_cells_shift_nothing(cells: dict[str, str]) -> None:
    found = only(row(1, **cells))
    is_ordinary(found)
    assert found.homes == 120
    assert found.selling_period == cells.get("銷售期間", ORDINARY["銷售期間"])


def test_a_thousand_homes_with_a_comma_are_a_thousand() -> None:
    found = only(row(層棟戶數="1,234"))
    is_ordinary(found)
    assert found.homes == 1234


def test_two_builders_are_one_cell() -> None:
    found = only(row(起造人="詠勝建設股份有限公司,和發開發股份有限公司"))
    assert (found.builder, found.homes) == ("詠勝建設股份有限公司,和發開發股份有限公司", 120)


def test_a_row_that_ends_early_is_read_as_far_as_it_goes() -> None:
    listing = read(row().rsplit(",", 6)[0], row(2, 建案名稱="河岸"))
    first, second = listing.registrations
    assert (first.name, first.homes, first.declared_on) == ("海天", 120, date(2022, 1, 5))
    assert first.number.startswith("~")
    assert second.number == "F110000002"
    assert listing.total("put_right") == 1


def test_a_line_break_within_a_cell_makes_no_second_row() -> None:
    listing = read(row(坐落基地="海鷗段12地號\n及13地號"), row(坐落基地="海鷗段1,\n2地號", 編號="F110000002"))
    assert [each.number for each in listing.registrations] == ["F110000001", "F110000002"]
    assert (listing.lines, listing.total("continued"), listing.total("unreadable")) == (4, 2, 0)


def test_quoted_cells_may_hold_commas_and_a_lone_quote_is_a_character() -> None:
    quoted = ",".join(f'"{cell}"' for cell in (ORDINARY | {"建案名稱": "海,天"}).values())
    listing = read(quoted, row(2, 建案名稱='海"天'), row(3, 建案名稱='"河岸"'))
    assert [each.name for each in listing.registrations] == ["海,天", '海"天', "河岸"]


def test_what_tells_of_no_project_is_listed_with_its_line() -> None:
    lines = ["※以上資料由起造人申報", row(3, 鄉鎮市區=""), row(4, 建案名稱="  "), row(5, 建案名稱="很" * 129)]
    lines += [row(6) + "," * 99]
    listing = read(row(), *lines)
    assert [(each.line, each.raw) for each in listing.unreadable] == list(enumerate(lines, 4))
    assert [each.reason for each in listing.unreadable] == [NO_DISTRICT, NO_DISTRICT, NO_NAME, TOO_LONG, RAGGED]


def test_a_registration_that_stands_twice_counts_once_as_the_later_line_has_it() -> None:
    listing = read(row(層棟戶數="100"), row(2), row(層棟戶數="110"))
    assert [(each.number, each.homes) for each in listing.registrations] == [("F110000001", 110), ("F110000002", 120)]
    assert (listing.total("registrations"), listing.total("repeated")) == (2, 1)


def test_a_number_that_two_projects_share_loses_neither() -> None:
    listing = read(row(), row(建案名稱="河岸"), row(建案名稱="海 天"))
    assert sorted(each.name for each in listing.registrations) == ["河岸", "海 天"]
    assert len({each.number for each in listing.registrations}) == 2


def test_columns_are_found_by_heading_wherever_they_stand() -> None:
    headings = "縣市,編號,社區名稱,行政區,總戶數,備註"
    data = csv(["臺北市,A1234,大安首席,大安區,45戶,無", "台中市,B1234,綠園,西屯區,30,"], headings, "CITY,NUMBER")
    first, second = read_list([("lvr_buildcase.csv", data)]).registrations
    assert (first.city, first.district, first.name, first.homes, first.number) == (
        "臺北市",
        "大安區",
        "大安首席",
        45,
        "A1234",
    )
    assert (second.city, second.permit) == ("臺中市", "")


def test_a_file_of_no_known_city_is_told_as_unreadable() -> None:
    listing = read_list([("y_lvr_buildcase.csv", csv([row()])), ("a_lvr_buildcase.csv", csv([row()]))])
    assert [each.file for each in listing.unreadable] == ["y_lvr_buildcase.csv"]


def test_dirt_within_names_is_as_deals_have_it() -> None:
    found = only(row(鄉鎮市區="板橋區", 建案名稱="海&#65533;天\x13"))
    assert found.name == "海\ufffd天"
    assert read(row(鄉鎮市區="東區"), name="o_lvr_buildcase.csv").registrations[0].district == "新竹市"
    assert read(row(鄉鎮市區="竹北巿"), name="j_lvr_buildcase.csv").registrations[0].district == "竹北市"


def test_an_old_encoding_is_read_and_the_english_row_may_be_missing() -> None:
    data = f"{HEADINGS}\r\n{row()}\r\n".encode("cp950")
    is_ordinary(read_list([("f_lvr_buildcase.csv", data)]).registrations[0])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no CSV"),
        ([("f_lvr_buildcase.csv", b"")], "empty"),
        ([("f_lvr_buildcase.csv", csv([]))], "no project"),
        ([("f_lvr_buildcase.csv", "編號,備註\r\n1,2\r\n".encode())], "heading"),
        ([("f_lvr_buildcase.csv", csv([row()], "鄉鎮市區,建案名稱,建案名稱"))], "twice"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(files: list[tuple[str, bytes]], words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as error:
        read_list(files)
    assert "\n" not in str(error.value)


def test_files_of_other_cities_are_not_wanted() -> None:
    assert is_wanted("F_lvr_buildcase.csv", {"f"})
    assert not is_wanted("a_lvr_buildcase.csv", {"f"})
    assert is_wanted("lvr_buildcase.csv", {"f"})
    assert not is_wanted("manifest.csv", {"f"})


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1110713", date(2022, 7, 13)),
        ("991113", date(2010, 11, 13)),
        ("111/7/13", date(2022, 7, 13)),
        ("111年07月13日", date(2022, 7, 13)),
        ("1110230", None),
        ("", None),
        ("尚未", None),
    ],
)
def test_days_are_those_of_the_republic(text: str, day: date | None) -> None:
    assert day_of(text) == day


CELLS = st.text(st.sampled_from('海天區1戶,"\n\r年公司~ '), max_size=12)
LINES = st.lists(
    st.one_of(
        st.just(row()),
        st.builds(lambda number, cell: row(number, 坐落基地=cell), st.integers(1, 3), CELLS),
        st.builds(lambda cut: row(2)[:cut], st.integers(0, 120)),
        CELLS,
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_no_line_is_ever_lost(lines: list[str]) -> None:
    data = csv([row(99), *lines])
    listing = read_list([("f_lvr_buildcase.csv", data)])
    names = ("registrations", "repeated", "continued", "unreadable")
    physical = [line for line in data.decode("utf-8-sig").split("\n") if line.strip()]
    assert sum(listing.total(name) for name in names) == listing.lines == count_lines(data)
    assert listing.lines == len(physical) - 1 - (physical[1].strip() == ENGLISH)
    assert len(listing.registrations) == listing.total("registrations")
    assert len(listing.unreadable) == listing.total("unreadable")
