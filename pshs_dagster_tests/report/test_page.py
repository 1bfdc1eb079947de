"""The page as bytes: it carries what the picture says, nothing of it can run, and every word is in both languages."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from pshs_dagster.report.page import HERE, SCRIPTS, page
from pshs_dagster.report.picture import Market, Picture
from pshs_dagster_tests.report.made import HOSTILE, national_picture, small_picture

CHINESE = re.compile(r"[\u4e00-\u9fff]")

SAME = ("dash", "range", "with_unit", "other_language", "other_language_label")
"""Words that are no words, or those of the other language."""


class Reader(HTMLParser):
    """The elements of a page, and what stands in its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.within: dict[str, str] = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = dict(attrs).get("id") or tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.within[self._inside] = self.within.get(self._inside, "") + data


@pytest.fixture(scope="module")
def picture() -> Picture:
    return small_picture()


@pytest.fixture(scope="module")
def read(picture: Picture) -> Reader:
    return Reader(page(picture).decode())


@pytest.fixture(scope="module")
def data(read: Reader) -> dict[str, Any]:
    return json.loads(read.within["data"])


def test_a_hostile_name_is_data_and_nothing_else(read: Reader, data: dict[str, Any]) -> None:
    assert HOSTILE in data["names"]
    assert read.tags.count("script") == 3
    assert "img" not in read.tags
    for character in ("<", ">", "\u2028"):
        assert character not in read.within["data"]


def test_nothing_is_fetched_and_only_the_page_s_own_script_may_run(read: Reader) -> None:
    (policy,) = (value for tag, _, value in read.attributes if tag == "meta" and value.startswith("default-src"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for rule, element in (("script-src", "script"), ("style-src", "style")):
        digest = b64encode(sha256(read.within[element].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert [name for _, name, _ in read.attributes if name in ("src", "style") or name.startswith("on")] == []
    assert {value[0] for _, name, value in read.attributes if name == "href"} == {"#"}


def test_the_page_carries_every_market_of_the_picture(data: dict[str, Any], picture: Picture) -> None:
    columns, start, carried = data["markets"], 0, dict[tuple[str, str], list[tuple[Any, ...]]]()
    names = ("deals", "cancelled", "left_out", "unit_q1", "unit_median", "unit_q3", "total_median", "size")
    for place, rows in zip(columns["place"], columns["rows"], strict=True):
        carried[tuple(data["places"][place])] = [
            (data["months"][columns["month"][row]], *(columns[name][row] for name in names))
            for row in range(start, start + rows)
        ]
        start += rows
    assert carried == {(market.city, market.district): _rows(market) for market in picture.markets}
    assert [data["months"][month] for month in data["provisional"]] == sorted(picture.provisional)


def _rows(market: Market) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for month in market.months:
        assert month.unit_price
        assert month.total_price
        prices = (*month.unit_price, month.total_price.median)
        found.append((month.month, month.deals, month.cancelled, month.left_out, *prices, month.size))
    return found


def test_what_a_project_sold_can_be_added_up_from_what_the_page_carries(data: dict[str, Any]) -> None:
    projects = data["absorption"]["projects"]
    assert (projects["homes"][0], projects["sold"][0], projects["before"][0]) == (50, 20, 0)
    assert data["months"][projects["first"][0]] == "2026-01"
    assert (projects["deals"][0], projects["cancelled"][0]) == ([10, 0, 12], [0, 0, 2])
    assert (projects["homes"][1], projects["sold"][1], projects["method"][1]) == (None, None, "")


def test_the_same_picture_gives_the_same_bytes(picture: Picture) -> None:
    assert page(picture) == page(small_picture())


def test_moments_are_told_in_taipei_s_time(data: dict[str, Any], picture: Picture) -> None:
    assert picture.made_at == datetime.fromisoformat("2026-07-21T04:30:00+00:00")
    assert data["made"] == "2026-07-21 12:30"


def test_every_word_is_there_in_both_languages() -> None:
    words: dict[str, Any] = json.loads((HERE / "words.json").read_text(encoding="utf-8"))
    words.pop("cities")
    scripts = "\n".join((HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    template = (HERE / "template.html").read_text(encoding="utf-8")
    used = set(re.findall(r"""(?:\bt|withUnit)\("(\w+)\"""", scripts)) | set(re.findall(r'data-word="(\w+)"', template))
    assert used - words.keys() == set()
    blanks = {name: [set(re.findall(r"\{(\w+)\}", text)) for text in word] for name, word in words.items()}
    assert [name for name, (zh, en) in blanks.items() if zh != en] == []
    spelt = {
        name for name in words if name not in ("dash", "range", "with_unit", "other_language", "other_language_label")
    }
    assert [name for name in spelt if not all(words[name])] == []
    assert [name for name in spelt if not CHINESE.search(words[name][0])] == []
    # Words of the field may stand beside their translation.
    own = re.compile(r"[淡水坪萬元不動產交易實價登錄\s(),]+")
    assert [name for name in spelt if CHINESE.search(own.sub("", words[name][1]))] == []


def test_no_word_in_a_script_is_shown_in_one_language_only() -> None:
    for name in SCRIPTS:
        text = (HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8")
        code = re.sub(r"//.*|/\*.*?\*/", "", text, flags=re.DOTALL) if "/**" in text else re.sub(r"//.*", "", text)
        assert re.findall(r'"[^"]*[\u4e00-\u9fff]{2,}[^"]*"', code) == []


@pytest.mark.thorough
def test_the_whole_country_stays_below_three_megabytes() -> None:
    assert len(page(national_picture())) < 3_000_000
