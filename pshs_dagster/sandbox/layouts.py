"""How a zip of MOI is laid out in each era: headers, English rows, schemas, manifest, and what it says of itself.

Texts are those of the real files. What stands in the rows belongs to `deals.py`, bytes to `zips.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pshs_dagster.deals.columns import CITIES, STANDARD_HEADERS
from pshs_dagster.releases import ROC_OFFSET, Release, Window

BASE_COLUMNS = 28
"""Up to 110S2 a file has neither 建案名稱, 棟及號 nor 解約情形."""

ENGLISH_ROW = (
    "The villages and towns urban district",
    "transaction sign",
    "land sector position building sector house number plate",
    "land shifting total area square meter",
    "the use zoning or compiles and checks",
    "the non-metropolis land use district",
    "non-metropolis land use",
    "transaction year month and day",
    "transaction pen number",
    "shifting level",
    "total floor number",
    "building state",
    "main use",
    "main building materials",
    "construction to complete the years",
    "building shifting total area",
    "Building present situation pattern - room",
    "building present situation pattern - hall",
    "building present situation pattern - health",
    "building present situation pattern - compartmented",
    "Whether there is manages the organization",
    "total price NTD",
    "the unit price (NTD / square meter)",
    "the berth category",
    "berth shifting total area square meter",
    "the berth total price NTD",
    "the note",
    "serial number",
    "build case",
    "buildings",
    "termination type",
)

LAND_HEADERS = (
    "編號",
    "土地位置",
    "土地移轉面積(平方公尺)",
    "使用分區或編定",
    "權利人持分分母",
    "權利人持分分子",
    "移轉情形",
    "地號",
)
LAND_ENGLISH = (
    "The serial number",
    " land position",
    "land shifting area square meter",
    "the use zoning or compiles and checks",
    "",
    "",
    "",
    "land parcel",
)
EARLY_LAND_HEADERS = ("編號", "土地區段位置", "土地移轉面積平方公尺", "使用分區或編定")

PARK_HEADERS = ("編號", "車位類別", "車位價格", "車位面積平方公尺", "車位所在樓層")
PARK_ENGLISH = ("Serial number", "berth category", "berth price", "berth area square meter", "")

BUILD_TITLES = ("編號", "屋齡", "建物移轉面積平方公尺", "主要用途", "主要建材", "建築完成日期", "總層數", "建物分層")


@dataclass(frozen=True)
class Era:
    """How MOI laid its files out for a while."""

    columns: int
    """Fields of a line of the main file."""
    land_columns: int
    park_columns: int
    xml: bool
    """Whether the zip describes itself in build_time.xml (UTF-8), not in build.ttt (Big5)."""

    @property
    def headers(self) -> tuple[str, ...]:
        return STANDARD_HEADERS[: self.columns]

    @property
    def land_headers(self) -> tuple[str, ...]:
        return LAND_HEADERS if self.land_columns == len(LAND_HEADERS) else EARLY_LAND_HEADERS


EARLY = Era(BASE_COLUMNS, land_columns=4, park_columns=4, xml=False)
NAMED = Era(29, land_columns=8, park_columns=5, xml=False)
UNITS = Era(30, land_columns=8, park_columns=5, xml=False)
TERMINATIONS = Era(31, land_columns=8, park_columns=5, xml=True)

_FIRST_MONTHS_OF_110S3 = date(2022, 1, 1)
"""Copies of 110S3 from before this day had 建案名稱 only."""


def era_of(release: Release, today: date) -> Era:
    """The layout of a release as served on `today`; an issue has the layout of the season that it belongs to."""
    season = release.covering_season()
    start = season.window.last
    if start <= Release.season(110, 2).window.last:
        return EARLY
    if not release.is_issue and release.key == "110S3" and today < _FIRST_MONTHS_OF_110S3:
        return NAMED
    return UNITS if start < Release.season(112, 3).window.last else TERMINATIONS


def description(release: Release, *, page: bool = False) -> str:
    """What MOI says a release contains, e.g. in build.ttt; `page` gives the wording of the page of the current issue.

    Sales go by the date of their registration, a month after; pre-sales by the date of the trade, in some
    seasons up to 110S2 by that of the declaration.
    """
    sales, presales = _registered(release), release.window
    newer = era_of(release, release.published_on).xml
    if page or newer:
        rents = "及訂約日期" if newer else "申報日期"  # rentals go by the date of the contract of late
        return (
            f"資料內容：登記日期 {_full(sales)}之買賣案件，{rents} {_full(presales)}之租賃案件，"
            f"及交易日期{' ' if page else ''}{_full(presales)}之預售屋案件"
        )
    words = f"資料內容：登記日期自 {_short(sales)}之買賣案件，申報日期自 {_short(presales)}之租賃"
    if release.key in ("110S1", "110S2"):
        return f"{words}、預售屋交易案件"
    return f"{words}案件，及交易日期自{_short(presales)}之預售屋案件"


def schemas(era: Era, release: Release) -> dict[str, tuple[str, ...]]:
    """File name → the column titles that it lists."""
    sale = STANDARD_HEADERS[: max(era.columns, 29)]  # the early schema already told of 建案名稱
    build = BUILD_TITLES if release.window.last < date(2023, 2, 10) else (*BUILD_TITLES, "移轉情形")
    return {
        "schema-main-sale.csv": sale,
        "schema-land.csv": era.land_headers,
        "schema-park.csv": PARK_HEADERS[: era.park_columns],
        "schema-build.csv": build,
    }


MANIFEST_KINDS = {
    "": ("schema-main-sale.csv", "預售屋買賣"),
    "_land": ("schema-land.csv", "土地預售屋買賣"),
    "_park": ("schema-park.csv", "停車場預售屋買賣"),
}


def manifest_row(letter: str, suffix: str) -> tuple[str, str, str]:
    """The line of manifest.csv for a file of a city."""
    schema, kind = MANIFEST_KINDS[suffix]
    return f"{letter}_lvr_land_b{suffix}.csv", schema, CITIES[letter] + kind


def _registered(release: Release) -> Window:
    """Sales are registered a month after the trade dates of the pre-sales that they are published with."""
    first, after = release.window.first, release.window.last + timedelta(days=1)
    return Window(_month_later(first), _month_later(after) - timedelta(days=1))


def _month_later(day: date) -> date:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)


def _short(window: Window) -> str:
    first, last = window.first, window.last
    return (
        f"{first.year - ROC_OFFSET}年{first.month}月{first.day} 至 {last.year - ROC_OFFSET}年{last.month}月{last.day}日"
    )


def _full(window: Window) -> str:
    return _short(window).replace(" 至", "日至")
