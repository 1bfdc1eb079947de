"""THE table of columns: what MOI publishes, what we call it, how it is typed, how wide it is.

Parsing, database tables, Dagster's column schema, the data dictionary and the files for people all
derive from `COLUMNS`; a column is added here and nowhere else. Rules about values are in `rules.py`.

Areas are in m², prices in NTD, dates are days in Asia/Taipei.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """How a column is held. Each name says what the frame and the database make of it."""

    TEXT = "text"
    DIGIT = "digit"
    """One digit as text: the web application serves it through `int(...)`."""
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"


@dataclass(frozen=True)
class Column:
    """One column of a deal."""

    name: str
    """As in the table `deals`, misspellings included: other software reads it by this name."""
    type: ColumnType
    zh: str
    """Description for people, Traditional Chinese."""
    en: str
    """Description for people, English."""
    header: str | None = None
    """MOI's heading in the CSV; None where the column is ours."""
    aliases: tuple[str, ...] = ()
    """What MOI called the column in other years."""
    width: int | None = None
    """Characters that our own table gives to a text; a longer text widens the column."""
    unit: str | None = None
    nullable: bool = False


TEXT, DIGIT, INTEGER, DECIMAL, DATE = ColumnType

COLUMNS: tuple[Column, ...] = (
    Column("city", TEXT, "縣市（依檔名代碼）", "City or county, from the letter of the file", width=3),
    Column("district", TEXT, "鄉鎮市區", "District, township or town", "鄉鎮市區", width=8),
    Column("object_of_transaction", TEXT, "交易標的", "What was sold: land, building, parking", "交易標的", width=16),
    Column(
        "location",
        TEXT,
        "土地位置或建物門牌",
        "Place of the land or address of the building",
        "土地位置建物門牌",
        ("土地區段位置建物區段門牌", "土地區段位置或建物區門牌", "土地區段位置或建物區段門牌"),
        width=256,  # 206 characters is the longest seen
    ),
    Column("land_total_area", DECIMAL, "土地移轉總面積", "Land area", "土地移轉總面積平方公尺", unit="m²"),
    Column("transaction_date", DATE, "交易日期", "Day of the trade", "交易年月日"),
    Column("level", TEXT, "移轉層次", "Floor or floors sold", "移轉層次", width=32),
    Column("total_floor_numbers", TEXT, "總樓層數", "Floors of the building, as published", "總樓層數", width=16),
    Column("building_state", TEXT, "建物型態", "Type of building", "建物型態", width=32),
    Column("main_use", TEXT, "主要用途", "Main use", "主要用途", width=32),
    Column("building_total_area", DECIMAL, "建物移轉總面積", "Building area", "建物移轉總面積平方公尺", unit="m²"),
    Column("room", DIGIT, "房數", "Rooms", "建物現況格局-房", width=1),
    Column("restaurant_and_living_room", DIGIT, "廳數", "Living and dining rooms", "建物現況格局-廳", width=1),
    Column("bathroom", DIGIT, "衛浴數", "Bathrooms", "建物現況格局-衛", width=1),
    Column("price", INTEGER, "總價", "Total price, parking included", "總價元", unit="NTD"),
    Column(
        "unit_price",
        INTEGER,
        "單價（每平方公尺）",
        "Price per m² as MOI computed it, 0 where it gave none",
        "單價元平方公尺",
        ("單價每平方公尺", "單價元每平方公尺"),
        unit="NTD/m²",
    ),
    Column("parking_sapce_type", TEXT, "車位類別", "Kind of parking space", "車位類別", width=16),
    Column(
        "parking_sapce_total_area",
        DECIMAL,
        "車位移轉總面積",
        "Parking area",
        "車位移轉總面積平方公尺",
        ("車位移轉總面積(平方公尺)",),
        unit="m²",
    ),
    Column("parking_sapce_price", INTEGER, "車位總價", "Parking price", "車位總價元", unit="NTD"),
    Column("note", TEXT, "備註", "Note", "備註", width=256),
    Column("serial_number", TEXT, "編號", "MOI's number of the deal", "編號", width=32, nullable=True),
    Column("build_name", TEXT, "建案名稱", "Name of the project", "建案名稱", width=64),
    Column("buildings", TEXT, "棟及號", "Building and unit", "棟及號", width=64),
    Column("termination", TEXT, "解約情形（原文）", "Cancellation as published", "解約情形", width=128),
    Column("cancelled_on", DATE, "解約日期", "First day of cancellation named there", nullable=True),
    Column("flags", TEXT, "存疑標記", "Names of the soft rules that fired, comma-joined", width=255),
    Column("source_line", INTEGER, "檔案行號", "Physical line in the CSV, the header being 1"),
)
"""Every column that parsing gives to a deal, in the order of the frame."""

BY_NAME = {column.name: column for column in COLUMNS}

PUBLISHED = tuple(column for column in COLUMNS if column.header)
"""The columns that MOI publishes and that we keep."""

COMPARED = ("district", *(column.name for column in PUBLISHED if column.name not in ("district", "serial_number")))
"""A known deal has changed where one of these differs; the serial identifies it, the rest is derived."""

STANDARD_HEADERS = (
    "鄉鎮市區",
    "交易標的",
    "土地位置建物門牌",
    "土地移轉總面積平方公尺",
    "都市土地使用分區",
    "非都市土地使用分區",
    "非都市土地使用編定",
    "交易年月日",
    "交易筆棟數",
    "移轉層次",
    "總樓層數",
    "建物型態",
    "主要用途",
    "主要建材",
    "建築完成年月",
    "建物移轉總面積平方公尺",
    "建物現況格局-房",
    "建物現況格局-廳",
    "建物現況格局-衛",
    "建物現況格局-隔間",
    "有無管理組織",
    "總價元",
    "單價元平方公尺",
    "車位類別",
    "車位移轉總面積平方公尺",
    "車位總價元",
    "備註",
    "編號",
    "建案名稱",
    "棟及號",
    "解約情形",
)
"""MOI's headings since 112S3. Earlier files have the first 28, 29 or 30 of them, some under another name."""

HEADER_ALIASES: dict[str, str] = {alias: column.header or "" for column in PUBLISHED for alias in column.aliases}
"""What MOI called a column in other years → what it calls it now."""


CITIES = {
    "a": "臺北市",
    "b": "臺中市",
    "c": "基隆市",
    "d": "臺南市",
    "e": "高雄市",
    "f": "新北市",
    "g": "宜蘭縣",
    "h": "桃園市",
    "i": "嘉義市",
    "j": "新竹縣",
    "k": "苗栗縣",
    "m": "南投縣",
    "n": "彰化縣",
    "o": "新竹市",
    "p": "雲林縣",
    "q": "嘉義縣",
    "t": "屏東縣",
    "u": "花蓮縣",
    "v": "臺東縣",
    "w": "金門縣",
    "x": "澎湖縣",
    "z": "連江縣",
}
"""MOI's letter of a city, as in `f_lvr_land_b.csv`; the others were merged away or have no such deals."""


def city_of(file: str) -> str:
    """The city of a CSV, by the letter that its name begins with; the name itself where MOI has no such city."""
    return CITIES.get(file[:1].lower(), file)
