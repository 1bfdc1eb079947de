"""Keys of names, and the number of homes in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.projects.homes import homes_of
from pshs_dagster.projects.names import normalised, phase_key, plain_key

NAMES = st.text(
    st.one_of(st.sampled_from("台臺巿市ＡａΩǅ?？\ufffd\ue7b2．-—Ⅱﬁ㍿\u3000 '+İ"), st.characters()), max_size=12
)


@given(NAMES)
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)
    assert phase_key(phase_key(name)) == phase_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("長虹 PARK 32", "長虹PARK32"),
        ("寶舖ＣＡＲＥ", "寶舖care"),
        ("天山興家Ⅱ", "天山興家II"),
        ("早安．國揚", "早安國揚"),
        ("OHIYO「花漾城」", "Ohiyo-花漾城"),
        ("台北灣", "臺北灣"),
        ("府前巿", "府前市"),
        ("家泰家?.", "家泰家\ufffd"),
        ("森(A區)", "森A區"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("青松一期", "青松二期"), ("MOMA", "MOMA+"), ("青松NO.7", "青松NO.8")])
def test_what_tells_projects_apart_stays(one: str, other: str) -> None:
    assert phase_key(normalised(one)) != phase_key(normalised(other))


def test_a_name_of_nothing_but_marks_is_its_own_key() -> None:
    assert normalised("+－") == "+"
    assert normalised("——") == "——"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("青松第二期", "青松2期"),
        ("青松二期", "青松2期"),
        ("青松12期", "青松12期"),
        ("青松第十二期B", "青松12期B"),
        ("期待", "期待"),
    ],
)
def test_phases_are_written_one_way(name: str, key: str) -> None:
    assert phase_key(name) == key


def test_generic_words_go_unless_nothing_else_is_there() -> None:
    assert plain_key("欣宇新建工程") == "欣宇"
    assert plain_key("社區") == "社區"


@pytest.mark.parametrize(
    ("text", "homes"),
    [
        ("210", 210),
        (" ２１０ ", 210),
        ("1,234", 1234),
        ("210.0", 210),
        ("210戶", 210),
        ("3棟,銷售戶數共 210 戶", 210),
        ("地上15層地下3層2棟210戶", 210),
        ("住宅208戶、店鋪2戶", 210),
        ("210戶(含店鋪2戶)", 210),
        ("住宅208戶、店鋪2戶，合計210戶", 210),
        ("總戶數:210", 210),
        ("(210戶)", 210),
        ("地上15層1棟", None),
        ("", None),
        ("0", None),
        ("1110105", None),
        ("詳附表", None),
    ],
)
def test_the_number_of_homes_is_found_wherever_it_stands(text: str, homes: int | None) -> None:
    assert homes_of(text) == homes
