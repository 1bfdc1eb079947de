"""Made-up lines in MOI's formats, from one sound deal with single cells changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pshs_dagster.deals.columns import STANDARD_HEADERS

ENGLISH = ",".join(["The villages and towns urban district", *["x"] * 26, "serial number", "build case", "buildings"])

SOUND = {
    "鄉鎮市區": "淡水區",
    "交易標的": "房地(土地+建物)+車位",
    "土地位置建物門牌": "新北市淡水區沙崙路二段、新市六路一段交叉口",
    "土地移轉總面積平方公尺": "17.14",
    "都市土地使用分區": "商",
    "交易年月日": "1110713",
    "交易筆棟數": "土地1建物1車位1",
    "移轉層次": "十層",
    "總樓層數": "22",
    "建物型態": "住宅大樓(11層含以上有電梯)",
    "主要用途": "住家用",
    "主要建材": "鋼筋混凝土造",
    "建物移轉總面積平方公尺": "175.46",
    "建物現況格局-房": "3",
    "建物現況格局-廳": "2",
    "建物現況格局-衛": "2",
    "建物現況格局-隔間": "有",
    "有無管理組織": "無",
    "總價元": "12320000",
    "單價元平方公尺": "79157",
    "車位類別": "坡道平面",
    "車位移轉總面積平方公尺": "34.98",
    "車位總價元": "1200000",
    "編號": "RPPNMLMKKHHGFEF47CB",
    "建案名稱": "名軒海樂地",
    "棟及號": "H棟6-10號",
}


def line(columns: int = 31, /, **changed: str) -> str:
    """One deal as MOI writes it, with `columns` fields."""
    cells = SOUND | changed
    return ",".join(cells.get(header, "") for header in STANDARD_HEADERS[:columns])


def csv(lines: Iterable[str], columns: int = 31) -> bytes:
    """A CSV as MOI serves it: BOM, CRLF, a heading, an English row."""
    rows = [",".join(STANDARD_HEADERS[:columns]), ENGLISH, *lines]
    return b"\xef\xbb\xbf" + "".join(f"{row}\r\n" for row in rows).encode()


@dataclass(frozen=True)
class Csv:
    """A CSV of a release."""

    data: bytes
    name: str = "f_lvr_land_b.csv"
    letter: str = "f"
