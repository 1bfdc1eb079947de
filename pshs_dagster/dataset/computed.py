"""The tables of the data product that are computed from deals, and MOI's list of projects beside them.

How they are computed stands in .sql files of the database, which are part of the data product.
"""

from __future__ import annotations

from pshs_dagster.dataset.fields import DataTable, Field, FieldType, Split
from pshs_dagster.deals.columns import BY_NAME

TEXT, INTEGER, NUMBER, DATE, MOMENT = FieldType

CITY, DISTRICT = Field.of(BY_NAME["city"]), Field.of(BY_NAME["district"])
BUILD_NAME, ROOM = Field.of(BY_NAME["build_name"]), Field.of(BY_NAME["room"])
YEAR = Field("year", TEXT, "交易年（西元）", "Year of the trade")
MONTH = Field("month", TEXT, "交易月", "Month of the trade, two digits")
PRICE, UNIT_PRICE, SIZE = "萬元", "萬元/坪", "坪"

SHARE = "share"
"""0.05 is 5 %."""


def _quartiles(name: str, zh: str, en: str, unit: str) -> tuple[Field, ...]:
    parts = (
        ("q1", "第一四分位數", "First quartile"),
        ("median", "中位數", "Median"),
        ("q3", "第三四分位數", "Third quartile"),
    )
    return tuple(
        Field(f"{name}_{part}", NUMBER, f"{zh}{part_zh}", f"{part_en} of the {en}", unit, nullable=True)
        for part, part_zh, part_en in parts
    )


def _changes(name: str, zh: str, en: str) -> tuple[Field, ...]:
    against = (("month", "較上月", "month before"), ("year", "較去年同月", "same month of the year before"))
    return tuple(
        Field(
            f"{name}_{since}_change",
            NUMBER,
            f"{zh}{since_zh}變動",
            f"Change of the {en} to the {since_en}",
            SHARE,
            True,
        )
        for since, since_zh, since_en in against
    )


COMPUTED = (
    DataTable(
        "deal_statistics",
        "各建案按月、房數統計（房地＋車位、住家用，不含解約）",
        "Projects by month and rooms: homes with parking, cancelled deals left out",
        (
            CITY,
            DISTRICT,
            YEAR,
            MONTH,
            BUILD_NAME,
            ROOM,
            Field("count_num", INTEGER, "交易筆數", "Number of deals"),
            Field("avg_total_price", NUMBER, "平均總價", "Average total price", PRICE),
            Field("avg_house_price", NUMBER, "平均房屋價格（不含車位）", "Average price without the parking", PRICE),
            Field(
                "avg_house_unit_price",
                NUMBER,
                "平均單價（不含車位）",
                "Average unit price without the parking",
                UNIT_PRICE,
            ),
            Field(
                "mixed_parking_num",
                INTEGER,
                "其中車位未單獨計價或計面積的筆數",
                "Of count_num, deals whose parking has no price or no area of its own",
            ),
        ),
        order=("city", "district", "year", "month", "build_name", "room"),
        key=("city", "district", "year", "month", "build_name", "room"),
        split=Split(year="year"),
    ),
    DataTable(
        "project_statistics",
        "一年內開賣建案近 1、3、6 個完整月份統計，按坪數分組",
        "Projects that opened within a year, over their last 1, 3 and 6 complete months, by size",
        (
            CITY,
            DISTRICT,
            BUILD_NAME,
            Field("months", INTEGER, "統計月數", "1, 3 or 6, back from last_month", "months"),
            Field("size", TEXT, "淨坪數分組", "Bucket of the net area in 坪: 0-10, 10-20, 20-30, 30-40, 40+", SIZE),
            Field("opened_on", DATE, "首筆交易日", "Day of the first deal"),
            Field("last_month", TEXT, "最近完整月份", "The last complete month, such as 2022-07"),
            Field("count_num", INTEGER, "交易筆數", "Number of deals"),
            Field("mean_unit_price", NUMBER, "平均單價", "Mean unit price", UNIT_PRICE),
            Field("median_unit_price", NUMBER, "單價中位數", "Median unit price", UNIT_PRICE),
            Field("mean_total_price", NUMBER, "平均總價", "Mean total price", PRICE),
            Field("median_total_price", NUMBER, "總價中位數", "Median total price", PRICE),
        ),
        order=("city", "district", "build_name", "months", "size"),
        key=("city", "district", "build_name", "months", "size"),
    ),
    DataTable(
        "market_statistics",
        "各鄉鎮市區按月行情",
        "The market of each district by month",
        (
            CITY,
            DISTRICT,
            YEAR,
            MONTH,
            Field(
                "status", TEXT, "final 已定、provisional 暫定", "final, or provisional while deals are still to come"
            ),
            Field("deals_num", INTEGER, "計價筆數", "Deals that the prices are of"),
            Field("cancelled_num", INTEGER, "解約筆數（不計價）", "Cancelled deals, in no price"),
            Field(
                "left_out_num",
                INTEGER,
                "存疑及特殊關係筆數（不計價）",
                "Suspect and special-relation deals, in no price",
            ),
            *_quartiles("unit_price", "單價", "unit price", UNIT_PRICE),
            *_quartiles("total_price", "總價", "total price", PRICE),
            *_quartiles("size", "淨坪數", "net area", SIZE),
            *_changes("deals", "筆數", "number of deals"),
            *_changes("unit_price", "單價中位數", "median unit price"),
            *_changes("total_price", "總價中位數", "median total price"),
        ),
        order=("city", "district", "year", "month"),
        key=("city", "district", "year", "month"),
        split=Split(year="year"),
    ),
    DataTable(
        "registered_projects",
        "內政部預售屋建案備查清單，一次備查一列",
        "MOI's list of registered pre-sale projects, one row a registration",
        (
            CITY,
            DISTRICT,
            Field(
                "project_number",
                TEXT,
                "備查編號；無者以 ~ 開頭自編",
                "MOI's number; made up, after a ~, where there is none",
            ),
            Field("build_name", TEXT, "建案名稱", "Name of the project as listed"),
            Field(
                "project_name",
                TEXT,
                "同一建案各次備查共用的名稱",
                "The name that the registrations of one project share, be they spelt otherwise",
            ),
            Field("homes", INTEGER, "銷售戶數", "Homes for sale", "homes", nullable=True),
            Field("homes_text", TEXT, "層棟戶數（原文）", "Floors, buildings and homes as published"),
            Field("location", TEXT, "坐落街道", "Street"),
            Field("builder", TEXT, "起造人", "Builder, as published"),
            Field("main_use", TEXT, "主要用途", "Main use"),
            Field("permit", TEXT, "建造執照", "Building permit"),
            Field("permitted_on", DATE, "建照核發日期", "Day of the permit", nullable=True),
            Field("declared_on", DATE, "申報備查日期", "Day of the registration", nullable=True),
            Field("selling_period", TEXT, "銷售期間", "Period of sale as published"),
            Field(
                "completed_on",
                DATE,
                "第一次登記日期",
                "Day on which the finished building was registered",
                nullable=True,
            ),
            Field("listed_as_of", MOMENT, "最近載有此建案的清單時點", "Moment of the newest list that had it"),
        ),
        order=("city", "project_number"),
        key=("city", "project_number"),
    ),
    DataTable(
        "project_matches",
        "交易中的建案名稱與備查建案的對應",
        "The projects that deals name, and the registered projects that they are",
        (
            CITY,
            DISTRICT,
            Field("build_name", TEXT, "交易中的建案名稱", "Name of the project as it stands in deals"),
            Field("registered_district", TEXT, "備查建案的鄉鎮市區", "District of the registered project"),
            Field(
                "registered_name",
                TEXT,
                "備查建案名稱；空白為無對應",
                "project_name of registered_projects; blank where nothing matches",
            ),
            Field("method", TEXT, "對應方式", "How they were found to be one, or ambiguous, or none"),
            Field("confidence", NUMBER, "對應信心，0 到 1", "1 is certain, 0 is no match"),
        ),
        order=("city", "district", "build_name"),
        key=("city", "district", "build_name"),
    ),
    DataTable(
        "project_absorption",
        "各備查建案按月去化（當月有交易才有列）",
        "How much of each registered project is sold, a row for each month with a trade",
        (
            CITY,
            DISTRICT,
            Field("build_name", TEXT, "備查建案名稱", "Name of the registered project: its project_name"),
            YEAR,
            MONTH,
            Field("homes", INTEGER, "銷售戶數", "Homes for sale, all permits", "homes", nullable=True),
            Field("deals_num", INTEGER, "當月成交戶數", "Homes traded in the month", "homes"),
            Field("cancelled_num", INTEGER, "其中至今已解約", "Of those, cancelled by now", "homes"),
            Field(
                "sold_num",
                INTEGER,
                "至當月底累計成交（扣除解約）",
                "Traded by the end of the month, not cancelled",
                "homes",
            ),
            Field(
                "absorption", NUMBER, "去化率", "sold_num of homes; above 1 where more were sold", SHARE, nullable=True
            ),
        ),
        order=("city", "district", "build_name", "year", "month"),
        key=("city", "district", "build_name", "year", "month"),
    ),
)
