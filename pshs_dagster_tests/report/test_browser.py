"""The page in a real browser, opened from the disk: a home buyer looks for Tamsui, a journalist for the country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from pshs_dagster.report.page import page as made_page
from pshs_dagster_tests.report.made import HOSTILE, national_picture, small_picture

pytestmark = [pytest.mark.browser]

TAMSUI = "#city=新北市&district=淡水區"
PHONE, DESK, PAPER = 360, 1200, 703
"""Widths in pixels; the last is what A4 has between its margins."""


@dataclass
class Report:
    """A report on the disk, open in a browser without a network; `heard` is what it complained of or asked for."""

    page: Page
    path: Path
    heard: list[str] = field(default_factory=list[str])

    def open(self, place: str = "", width: int = DESK) -> None:
        """Open the file anew, at a place."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.goto("about:blank")
        self.page.goto(self.path.as_uri() + place)
        self.drawn()

    def drawn(self) -> None:
        """Wait until it says that it is."""
        expect(self.page.locator("html")).to_have_attribute("data-drawn", "true")

    def section(self, name: str) -> Locator:
        return self.page.locator(f"section#{name}")

    def column(self, section: str, heading: str) -> list[str]:
        """What the first table of a section shows in a column."""
        table = self.section(section).locator("table").first
        headings = [text.split(" ")[0].split("\n")[0] for text in table.locator("thead th").all_inner_texts()]
        return table.locator(f"tbody tr > :nth-child({headings.index(heading) + 1})").all_inner_texts()

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "small.html").write_bytes(made_page(small_picture()))
    return folder


@pytest.fixture(scope="module")
def opened(browser: BrowserContext, folder: Path) -> Iterator[Report]:
    """The small report, without a network."""
    browser.set_offline(True)
    with browser.new_page() as page:
        yield _listening(page, folder / "small.html")


@pytest.fixture
def report(opened: Report) -> Report:
    """The report in Chinese, as it is first opened; whatever the test before did."""
    opened.page.emulate_media(media="screen", color_scheme="light")
    opened.open("#lang=zh")
    opened.heard.clear()
    return opened


def _listening(page: Page, path: Path) -> Report:
    report = Report(page, path)
    page.on("console", lambda message: report.heard.append(message.text))
    page.on("pageerror", lambda error: report.heard.append(str(error)))
    page.on("request", lambda request: report.heard.append(request.url) if "small.html" not in request.url else None)
    return report


def test_a_home_buyer_finds_tamsui_in_two_clicks(report: Report) -> None:
    report.page.locator("#cities").get_by_role("button", name="新北市").click()
    report.page.locator("#districts").get_by_role("button", name="淡水區").click()
    expect(report.page.locator("#chosen")).to_have_text("新北市淡水區")
    # April is the newest complete month: 30 in April 2025, one more each month.
    figures = report.section("prices").locator(".figures")
    expect(figures).to_contain_text("42.00 萬元/坪")
    expect(figures).to_contain_text("37.00–47.00")
    expect(figures).to_contain_text("+40.0%")
    expect(report.section("brought")).to_contain_text("新登錄 37 件")
    expect(report.section("happenings")).to_contain_text("1150601全部解約")
    assert set(report.column("opened", "建案")) == {"淡海一號", HOSTILE}
    report.page.go_back()
    expect(report.page.locator("#chosen")).to_have_text("新北市")
    assert report.heard == []


def test_a_link_leads_to_the_place_and_what_is_typed_too(report: Report) -> None:
    report.open(TAMSUI)
    expect(report.page.locator("#chosen")).to_have_text("新北市淡水區")
    expect(report.page.locator("#districts").get_by_role("button", name="淡水區")).to_have_attribute(
        "aria-pressed", "true"
    )
    report.page.locator("#find").fill("西屯")
    report.page.locator("#find").press("Enter")
    expect(report.page.locator("#chosen")).to_have_text("臺中市西屯區")
    assert "district=" in report.page.url
    report.open("#city=無此市&district=<b>")
    expect(report.page.locator("#chosen")).to_have_text("全國")


def test_pointer_keys_and_a_finger_read_the_values_of_a_month(report: Report) -> None:
    report.open(TAMSUI)
    chart = report.section("prices").get_by_role("slider")
    tip = report.section("prices").locator(".tip")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    report.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 60)
    expect(tip).to_contain_text("2026-05 未完整")
    expect(tip).to_contain_text("43.00 萬元/坪")
    chart.focus()
    report.page.keyboard.press("Home")
    expect(tip).to_contain_text("2025-04")
    report.page.keyboard.press("ArrowRight")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r"2025-05; 單價中位數 31\.00 萬元/坪"))
    report.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    chart.dispatch_event("pointerdown", {"clientX": box["x"] + 60, "clientY": box["y"] + 60, "pointerType": "touch"})
    expect(tip).to_contain_text("2025-04")
    assert report.section("prices").locator("line.line.open").count() == 1
    summary = report.section("prices").get_by_text("圖表資料（表格）")
    summary.click()
    expect(report.section("prices").locator(".chart-data tbody tr")).to_have_count(14)


def test_tables_sort_by_a_click_and_by_keys(report: Report) -> None:
    heading = report.section("prices").get_by_role("button", name="單價中位數").last
    cell = report.section("prices").locator("thead th").nth(1)
    assert report.column("prices", "單價中位數") == ["57.00", "47.00"]
    expect(cell).to_have_attribute("aria-sort", "descending")
    heading.click()
    expect(cell).to_have_attribute("aria-sort", "ascending")
    assert report.column("prices", "單價中位數") == ["47.00", "57.00"]
    heading.focus()
    report.page.keyboard.press("Enter")
    assert report.column("prices", "縣市") == ["新北市", "臺中市"]
    report.section("prices").get_by_role("button", name="新北市").click()
    expect(report.page.locator("#chosen")).to_have_text("新北市")
    expect(report.section("prices").get_by_role("heading", level=2)).to_be_in_viewport()
    assert report.column("prices", "鄉鎮市區") == ["板橋區", "淡水區"]


def test_projects_are_narrowed_by_span_and_size_and_their_absorption_is_shown(report: Report) -> None:
    report.open(TAMSUI)
    opened = report.section("opened")
    opened.get_by_role("button", name="30–40 坪").press("Enter")
    # The section was drawn anew, and the keyboard stays where it was.
    expect(opened.get_by_role("button", name="30–40 坪")).to_be_focused()
    assert report.column("opened", "建案") == ["淡海一號"]
    opened.get_by_role("button", name="近 1 個月").click()
    expect(opened).to_contain_text("此地區沒有資料。")
    absorption = report.section("absorption")
    assert report.column("absorption", "去化率") == ["40.0%", "—"]
    assert report.column("absorption", "配對") == ["正規化後相同 95.0%", "沒有配對到成交"]
    expect(absorption.get_by_role("slider")).to_have_attribute(
        "aria-valuetext", re.compile("已售 20 / 50 戶; 去化率 40.0%")
    )
    report.page.locator("#districts").get_by_role("button", name="板橋區").click()
    absorption.get_by_text("未能配對的成交建案 (1)").click()
    expect(absorption).to_contain_text("無名之家")


def test_the_largest_revision_comes_first_with_old_and_new_value(report: Report) -> None:
    table = report.section("happenings").locator(".table").nth(1)
    expect(table.locator("tbody tr").first).to_contain_text("810")
    assert "−90" in table.locator("tbody tr").first.inner_text()
    assert "−10.0%" in table.locator("tbody tr").first.inner_text()


def test_english_is_one_click_away_and_is_remembered(report: Report) -> None:
    report.open()
    report.page.get_by_role("button", name="Switch to English").click()
    expect(report.page.locator("html")).to_have_attribute("lang", "en")
    expect(report.page.get_by_role("heading", level=1)).to_have_text("Registered prices of pre-sale homes")
    report.open()
    expect(report.section("prices").get_by_role("heading", level=2)).to_contain_text("Prices and trend")
    text = report.page.locator("body").inner_text()
    for place in ("10k NTD/ping", "Open Government Data License", "New Taipei 新北市", "2 issues"):
        assert place in text
    assert "undefined" not in text
    assert "NaN" not in text
    assert report.heard == []


def test_a_phone_shows_the_page_without_scrolling_sideways(report: Report) -> None:
    report.open(f"{TAMSUI}&lang=en", PHONE)
    assert report.overflow <= 0
    report.open(f"{TAMSUI}&lang=zh", PHONE)
    assert report.overflow <= 0
    for heading in report.page.locator("main h2").all():
        expect(heading).to_be_visible()


def test_on_paper_there_are_all_sections_no_controls_and_no_table_is_cut(report: Report) -> None:
    report.open(TAMSUI, PAPER)
    report.page.emulate_media(media="print", color_scheme="dark")
    for section in ("brought", "prices", "opened", "absorption", "happenings", "quality", "about"):
        expect(report.section(section)).to_be_visible()
    for control in ("#chooser", "#language", ".controls", "#sections", ".tip"):
        expect(report.page.locator(control).first).to_be_hidden()
    assert report.overflow <= 0
    wide = "tables => tables.filter(table => table.scrollWidth > table.parentElement.clientWidth).length"
    assert report.page.locator("table").evaluate_all(wide) == 0
    assert report.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert report.page.pdf().startswith(b"%PDF-")


@pytest.mark.thorough
def test_the_whole_country_is_drawn_and_says_when(browser: BrowserContext, folder: Path) -> None:
    path = folder / "national.html"
    path.write_bytes(made_page(national_picture()))
    with browser.new_page() as page:
        report = Report(page, path)
        page.on("pageerror", lambda error: report.heard.append(str(error)))
        report.open("#city=新北市")
        expect(report.section("prices").locator("tbody tr").first).to_be_visible()
        assert page.evaluate("performance.getEntriesByName('report')[0].duration") > 0
        assert report.heard == []
