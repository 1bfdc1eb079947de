"""Reading: every physical line is there, each field in its column, whatever MOI wrote."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.deals.columns import STANDARD_HEADERS
from pshs_dagster.deals.read import count_data_lines, read_file
from pshs_dagster.errors import UnreadableFile
from pshs_dagster_tests.deals.lines import SOUND, csv, line


def cells(data: bytes, header: str) -> list[str]:
    return read_file("f_lvr_land_b.csv", "f", data).cells[header].to_pylist()


def test_a_lone_quote_loses_no_row() -> None:
    data = csv([line(棟及號='"棟3號'), line(棟及號="B棟4號"), line(棟及號='B棟"1-9F號'), line(棟及號='"')])
    assert cells(data, "棟及號") == ['"棟3號', "B棟4號", 'B棟"1-9F號', '"']


def test_line_numbers_are_physical_and_the_heading_is_line_one() -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(), line()]))
    assert raw.line_numbers.tolist() == [3, 4]
    assert raw.city == "新北市"


@pytest.mark.parametrize("columns", [28, 29, 30, 31])
def test_every_era_has_its_columns(columns: int) -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(columns)], columns))
    assert raw.cells.column_names == list(STANDARD_HEADERS[:columns])
    assert raw.cells["編號"].to_pylist() == [SOUND["編號"]]


def test_commas_within_a_unit_are_put_back_with_a_termination_behind_them() -> None:
    data = csv([line(棟及號="A1棟197-1,2,3號", 解約情形="1121113全部解約"), line()])
    raw = read_file("f_lvr_land_b.csv", "f", data)
    assert raw.cells["棟及號"].to_pylist() == ["A1棟197-1,2,3號", "H棟6-10號"]
    assert raw.cells["建案名稱"].to_pylist() == ["名軒海樂地"] * 2
    assert raw.cells["解約情形"].to_pylist() == ["1121113全部解約", ""]
    assert raw.rejoined.tolist() == [True, False]


def test_commas_at_the_end_of_a_thirty_column_line_belong_to_the_unit() -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(30, 棟及號="B1,B2,B3棟5號")], 30))
    assert raw.cells["棟及號"].to_pylist() == ["B1,B2,B3棟5號"]


def test_a_comma_before_the_serial_cannot_be_put_right() -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(土地位置建物門牌="新北市淡水區,沙崙路"), line()]))
    assert raw.misfit.tolist() == [True, False]
    assert raw.rejoined.tolist() == [False, False]


def test_a_line_that_was_cut_off_is_a_misfit_and_keeps_its_place() -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(), "淡水區,房地", line()]))
    assert raw.misfit.tolist() == [False, True, False]
    assert raw.lines.to_pylist()[1] == "淡水區,房地"


def test_lines_end_at_line_feeds_only() -> None:
    odd = "A\x0b\x0c\x1c\x85\u2028棟\r1號"
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(棟及號=odd), line()]))
    assert raw.data_lines == 2
    assert raw.cells["棟及號"].to_pylist()[0] == odd


def test_blank_lines_are_no_data_and_are_told() -> None:
    raw = read_file("f_lvr_land_b.csv", "f", csv([line(), "", "  ", line(), ""]))
    assert (raw.data_lines, raw.blank_lines) == (2, 3)
    assert raw.line_numbers.tolist() == [3, 6]


def test_a_file_without_an_english_row_or_a_last_line_end_loses_nothing() -> None:
    data = (",".join(STANDARD_HEADERS) + "\r\n" + line() + "\r\n" + line()).encode()
    assert read_file("f_lvr_land_b.csv", "f", data).data_lines == 2
    assert count_data_lines(data) == 2


def old_file(*rows: str, heading: str = "土地區段位置或建物區門牌") -> bytes:
    """As published in 2012–2016: cp950, quoted, no English row, other names."""
    names = [
        {"土地位置建物門牌": heading, "單價元平方公尺": "單價每平方公尺"}.get(name, name)
        for name in STANDARD_HEADERS[:28]
    ]
    return "".join(f"{row}\r\n" for row in [",".join(names), *rows]).encode("cp950")


def test_the_oldest_files_are_quoted_and_in_big5() -> None:
    quoted = ",".join(f'"{cell}"' for cell in line(28, 備註="含車位;另計").split(",")).replace(";", ",")
    raw = read_file("F_LVR_LAND_B.CSV", "f", old_file(quoted, quoted))
    assert raw.cells["備註"].to_pylist() == ["含車位,另計"] * 2
    assert raw.cells["土地位置建物門牌"].to_pylist() == [SOUND["土地位置建物門牌"]] * 2
    assert raw.cells["單價元平方公尺"].to_pylist() == ["79157"] * 2
    assert not raw.misfit.any()


def test_a_lone_quote_in_the_oldest_files_stays_within_its_line() -> None:
    quoted = ",".join(f'"{cell}"' for cell in line(28).split(","))
    broken = quoted.replace('"十層"', '"十"層"')
    doubled = quoted.replace('"十層"', '"十""層"')
    raw = read_file("F_LVR_LAND_B.CSV", "f", old_file(quoted, broken, doubled, quoted))
    assert raw.cells["移轉層次"].to_pylist() == ["十層", '"十"層"', '十"層', "十層"]


def test_a_heading_that_moi_never_published_is_refused_in_one_sentence() -> None:
    with pytest.raises(UnreadableFile, match=r"f_lvr_land_b\.csv.*鄉鎮市區"):
        read_file("f_lvr_land_b.csv", "f", "<html>系統訊息</html>".encode())
    with pytest.raises(UnreadableFile, match="no city"):
        read_file("y_lvr_land_b.csv", "y", csv([line()]))


def test_a_new_column_behind_the_known_ones_does_no_harm() -> None:
    rows = [",".join([*STANDARD_HEADERS, "新欄位"]), line(棟及號="A,B棟") + ",新值"]
    raw = read_file("f_lvr_land_b.csv", "f", "".join(f"{row}\r\n" for row in rows).encode())
    assert raw.cells["棟及號"].to_pylist() == ["A,B棟"]
    assert not raw.misfit.any()


def test_bytes_that_are_no_utf8_cost_a_character_not_the_file() -> None:
    data = csv([line(棟及號="H棟")]).replace("H棟".encode(), b"H\xff")
    assert cells(data, "棟及號") == ["H\ufffd"]


anything = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60)


@given(st.lists(st.one_of(anything, st.builds(lambda tail: line(棟及號=tail), anything))))
def test_no_line_is_ever_lost_whatever_it_says(lines: list[str]) -> None:
    data = csv(lines)
    raw = read_file("f_lvr_land_b.csv", "f", data)
    assert raw.data_lines + raw.blank_lines == len(lines)
    assert raw.data_lines == sum(text.strip(" \t\r\x0b\x0c") != "" for text in lines)
    assert len(raw.cells) == raw.data_lines == len(raw.misfit) == len(raw.rejoined)
    assert isinstance(raw.lines, pa.Array)


@given(st.lists(st.sampled_from(["", " ", "\x0b\t", "\u3000", "\xa0", "x,y", line(), '"', "\x00", "，"])))
def test_two_ways_of_counting_agree(lines: list[str]) -> None:
    data = csv(lines)
    assert read_file("f_lvr_land_b.csv", "f", data).data_lines == count_data_lines(data)
