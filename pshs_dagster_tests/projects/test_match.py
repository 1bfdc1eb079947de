"""Which registered project a name is, by which method; and what is left alone."""

from __future__ import annotations

from collections import Counter

import pytest

from pshs_dagster.projects import match as matching
from pshs_dagster.projects.match import CONFIDENCE, METHODS, Match, Name, Project, match, project_names

CITY, DISTRICT, NEXT = "新北市", "淡水區", "八里區"
BUILDER = "詠勝建設股份有限公司 負責人：王大明"


def found(name: str, *listed: str | Project, district: str = DISTRICT, builder: str = BUILDER) -> Match:
    projects = [each if isinstance(each, Project) else Project(CITY, DISTRICT, each) for each in listed]
    (result,) = match([Name(CITY, district, name)], {project: [builder] for project in projects})
    return result


@pytest.mark.parametrize(
    ("name", "listed", "method"),
    [
        ("海天", "海天", "exact"),
        ("家泰家?", "家泰家?", "exact"),
        ("長虹 PARK 32", "長虹PARK32", "normalised"),
        ("青松二期", "青松第2期", "phase"),
        ("文華?", "文華苑", "lost_characters"),
        ("早安?國揚", "早安．國揚", "lost_characters"),
        ("文華\ue7b2", "文華硯", "lost_characters"),
        ("文華硯", "文華?", "lost_characters"),
        ("詠勝欣宇", "欣宇", "builder"),
        ("欣宇", "詠勝建設-欣宇", "builder"),
        ("欣宇", "欣宇新建工程", "generic_words"),
    ],
)
def test_each_method_finds_what_it_is_for(name: str, listed: str, method: str) -> None:
    result = found(name, listed, "別的建案", "另一個")
    assert result.project == Project(CITY, DISTRICT, listed)
    assert (result.method, result.confidence) == (method, CONFIDENCE[method])


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("青松一期", "青松二期"),
        ("青松", "青松二期"),
        ("海天", "海天一色"),
        ("大?", "大硯"),
        ("?", "硯"),
        ("和發欣宇", "欣宇"),
        ("文華?二期", "文華苑三期"),
        ("", "海天"),
    ],
)
def test_what_only_looks_alike_is_no_match(name: str, listed: str) -> None:
    result = found(name, listed)
    assert (result.project, result.method, result.confidence) == (None, "none", 0)


def test_several_projects_that_fit_are_told_and_none_is_taken() -> None:
    result = found("文華?", "文華苑", "文華硯", "文華")
    assert (result.project, result.method) == (None, "ambiguous")
    assert [each.name for each in result.candidates] == ["文華硯", "文華苑"]


def test_a_lost_character_is_one_character_where_that_fits() -> None:
    assert found("文華?", "文華苑", "文華").project == Project(CITY, DISTRICT, "文華苑")
    assert found("文華?", "文華").project == Project(CITY, DISTRICT, "文華")


def test_a_better_method_goes_before_another() -> None:
    assert found("欣宇", "欣宇", "詠勝欣宇").project == Project(CITY, DISTRICT, "欣宇")


def test_another_district_of_the_city_is_found_where_it_is_the_only_one() -> None:
    there = Project(CITY, NEXT, "海 天")
    result = found("海天", there, Project("臺中市", "西屯區", "海天"))
    assert (result.project, result.method) == (there, "other_district")
    assert found("海天", there, Project(CITY, "林口區", "海天")).method == "ambiguous"
    assert found("海天", there, "海天").project == Project(CITY, DISTRICT, "海天")


def test_a_name_without_a_district_is_looked_for_in_the_city() -> None:
    assert found("海天", "海天", district="").method == "other_district"


def test_registrations_of_one_name_share_the_spelling_that_most_have() -> None:
    registrations = [(CITY, DISTRICT, name) for name in ("海天", "海天", "海．天")] + [(CITY, NEXT, "海．天")]
    names = project_names(registrations)
    assert names[CITY, DISTRICT, "海．天"] == names[CITY, DISTRICT, "海天"] == "海天"
    assert names[CITY, NEXT, "海．天"] == "海．天"


def test_the_work_grows_with_the_names_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by the keys that are made, and by the patterns that are held against names."""
    made: Counter[str] = Counter()
    true = matching.normalised

    def counted(name: str) -> str:
        made["keys"] += 1
        return true(name)

    monkeypatch.setattr(matching, "normalised", counted)

    def work(size: int) -> int:
        made.clear()
        projects = {Project(CITY, f"{at % 30}區", f"建案{at}"): [BUILDER] for at in range(size)}
        results = match([Name(CITY, f"{at % 30}區", f"建案 {at}") for at in range(size)], projects)
        assert {each.method for each in results} == {"normalised"}
        return made["keys"]

    assert work(400) == 2 * work(200)


def test_every_method_has_its_confidence_and_later_ones_have_less() -> None:
    confidences = [CONFIDENCE[method] for method in METHODS]
    assert confidences == sorted(confidences, reverse=True)
