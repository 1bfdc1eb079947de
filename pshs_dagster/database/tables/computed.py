"""Tables of what is computed from deals, and of MOI's list of registered projects. A rebuild leaves them in place."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.database.tables.published import (
    CITY_WIDTH,
    MYSQL_OPTIONS,
    metadata,
    moments,
    numbered,
)
from pshs_dagster.deals.columns import BY_NAME

_average = sa.Numeric(20, 4, asdecimal=False)
"""Averages are decimals: whole NTD would not agree with the sums that they come from."""

_exact_name = sa.String(BY_NAME["build_name"].width).with_variant(
    mysql.VARCHAR(BY_NAME["build_name"].width, charset="utf8mb4", collation="utf8mb4_bin"), "mysql"
)
"""Compared byte for byte: names that differ in case or in a rare character are different projects."""

deal_statistics = sa.Table(
    "deal_statistics",
    metadata,
    numbered(),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    sa.Column("district", sa.String(BY_NAME["district"].width), nullable=False),
    sa.Column("year", sa.String(4), nullable=False),
    sa.Column("month", sa.String(2), nullable=False),
    sa.Column("build_name", _exact_name, nullable=False),
    sa.Column("room", sa.String(BY_NAME["room"].width), nullable=False),
    sa.Column("count_num", sa.Integer, nullable=False),
    sa.Column("avg_total_price", _average, nullable=False),
    sa.Column("avg_house_price", _average, nullable=False),
    sa.Column("avg_house_unit_price", _average, nullable=False),
    sa.Column(
        "mixed_parking_num",
        sa.Integer,
        nullable=False,
        server_default="0",
        comment="Of count_num, deals whose parking has no price or no area of its own",
    ),
    *moments(),
    sa.Index("uq_deal_statistics_group", "city", "district", "year", "month", "build_name", "room", unique=True),
    sa.Index("ix_deal_statistics_year_month", "year", "month"),
    comment="Counts and averages of deals",
    **MYSQL_OPTIONS,
)

project_statistics = sa.Table(
    "project_statistics",
    metadata,
    numbered(),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    sa.Column("district", sa.String(BY_NAME["district"].width), nullable=False),
    sa.Column("build_name", _exact_name, nullable=False),
    sa.Column("months", sa.Integer, nullable=False, comment="1, 3 or 6, back from last_month"),
    sa.Column("size", sa.String(8), nullable=False, comment="Net area in 坪: 0-10, 10-20, 20-30, 30-40, 40+"),
    sa.Column("opened_on", sa.Date, nullable=False, comment="Day of the first deal"),
    sa.Column("last_month", sa.String(7), nullable=False, comment="The last complete month, such as 2022-07"),
    sa.Column("count_num", sa.Integer, nullable=False),
    sa.Column("mean_unit_price", _average, nullable=False, comment="萬元 per 坪"),
    sa.Column("median_unit_price", _average, nullable=False, comment="萬元 per 坪"),
    sa.Column("mean_total_price", _average, nullable=False, comment="萬元"),
    sa.Column("median_total_price", _average, nullable=False, comment="萬元"),
    *moments(),
    sa.Index("uq_project_statistics_group", "city", "district", "build_name", "months", "size", unique=True),
    comment="Projects that opened within a year, over their last months, by size",
    **MYSQL_OPTIONS,
)


def _quartiles(name: str, unit: str) -> list[sa.Column[Any]]:
    return [sa.Column(f"{name}_{part}", _average, comment=unit) for part in ("q1", "median", "q3")]


def _changes(name: str) -> list[sa.Column[Any]]:
    return [
        sa.Column(f"{name}_{since}_change", _average, comment=f"Share, against the {before}; NULL where there is none")
        for since, before in (("month", "month before"), ("year", "same month of the year before"))
    ]


market_statistics = sa.Table(
    "market_statistics",
    metadata,
    numbered(),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    sa.Column("district", sa.String(BY_NAME["district"].width), nullable=False),
    sa.Column("year", sa.String(4), nullable=False),
    sa.Column("month", sa.String(2), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, server_default="provisional", comment="final or provisional"),
    sa.Column("deals_num", sa.Integer, nullable=False, comment="Deals that the prices are of"),
    sa.Column("cancelled_num", sa.Integer, nullable=False, comment="Cancelled deals, in no price"),
    sa.Column("left_out_num", sa.Integer, nullable=False, comment="Suspect and special-relation deals, in no price"),
    *_quartiles("unit_price", "萬元 per 坪"),
    *_quartiles("total_price", "萬元"),
    *_quartiles("size", "坪"),
    *_changes("deals"),
    *_changes("unit_price"),
    *_changes("total_price"),
    *moments(),
    sa.Index("uq_market_statistics_group", "city", "district", "year", "month", unique=True),
    sa.Index("ix_market_statistics_month", "year", "month"),
    comment="The market of a district by month: counts, quartiles and changes",
    **MYSQL_OPTIONS,
)

statistics_months = sa.Table(
    "statistics_months",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True, comment="Month of the trade, such as 2022-07"),
    sa.Column("deals", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.BigInteger, nullable=False),
    sa.Column(
        "trace", sa.String(64), nullable=False, server_default="", comment="Of ids and moments; blank where it may lie"
    ),
    comment="The deals that the statistics of each month were computed from",
    **MYSQL_OPTIONS,
)

STATISTICS = (deal_statistics, project_statistics, market_statistics, statistics_months)
"""Computed from `deals`, and read by other programs meanwhile: a rebuild leaves them in place until they are anew."""

PROJECT_WIDTH = 128
"""Characters of a project's name, in MOI's list of projects or in `deals`: 41 is the longest seen."""

DISTRICT_WIDTH = BY_NAME["district"].width


def _exact(width: int | None) -> sa.types.TypeEngine[Any]:
    """A text that is compared byte for byte, with texts of tables that sort in any way: so it can be looked up by
    what stands in another program's `deals`."""
    return sa.String(width).with_variant(mysql.VARCHAR(width, charset="utf8mb4", collation="utf8mb4_bin"), "mysql")


registered_projects = sa.Table(
    "registered_projects",
    metadata,
    numbered(),
    sa.Column("city", _exact(CITY_WIDTH), nullable=False),
    sa.Column("district", _exact(DISTRICT_WIDTH), nullable=False),
    sa.Column("project_number", _exact(64), nullable=False, comment="編號; made up, after a ~, where MOI gives none"),
    sa.Column("build_name", _exact(PROJECT_WIDTH), nullable=False, comment="建案名稱"),
    sa.Column(
        "project_name",
        _exact(PROJECT_WIDTH),
        nullable=False,
        comment="The build_name that registrations of one project share, be they spelt otherwise",
    ),
    sa.Column("homes", sa.Integer, comment="戶數 for sale; NULL where the list does not tell"),
    sa.Column("homes_text", sa.Text, nullable=False, comment="層棟戶數 as published"),
    sa.Column("location", sa.Text, nullable=False, comment="坐落街道"),
    sa.Column("builder", sa.Text, nullable=False, comment="起造人"),
    sa.Column("main_use", sa.Text, nullable=False, comment="主要用途"),
    sa.Column("permit", sa.Text, nullable=False, comment="建造執照"),
    sa.Column("permitted_on", sa.Date, comment="建照核發日期"),
    sa.Column("declared_on", sa.Date, comment="申報備查日期"),
    sa.Column("selling_period", sa.Text, nullable=False, comment="銷售期間"),
    sa.Column("completed_on", sa.Date, comment="第1次登記日期, when the finished building was first registered"),
    sa.Column("listed_as_of", sa.DateTime, nullable=False, comment="Moment of the newest list that had it"),
    *moments(),
    sa.Index("uq_registered_projects_number", "city", "project_number", unique=True),
    sa.Index("ix_registered_projects_name", "city", "district", "project_name"),
    comment="MOI's list of registered pre-sale projects: one row a registration",
    **MYSQL_OPTIONS,
)

project_matches = sa.Table(
    "project_matches",
    metadata,
    numbered(),
    sa.Column("city", _exact(CITY_WIDTH), nullable=False),
    sa.Column("district", _exact(DISTRICT_WIDTH), nullable=False),
    sa.Column("build_name", _exact(PROJECT_WIDTH), nullable=False, comment="As it stands in deals"),
    sa.Column("registered_district", _exact(DISTRICT_WIDTH), nullable=False),
    sa.Column(
        "registered_name",
        _exact(PROJECT_WIDTH),
        nullable=False,
        comment="project_name of registered_projects; blank where nothing matches",
    ),
    sa.Column("method", sa.String(32), nullable=False, comment="How they were found to be one, or ambiguous, or none"),
    sa.Column("confidence", sa.Numeric(3, 2, asdecimal=False), nullable=False, comment="1 is certain, 0 is no match"),
    *moments(),
    sa.Index("uq_project_matches_name", "city", "district", "build_name", unique=True),
    sa.Index("ix_project_matches_registered", "city", "registered_district", "registered_name"),
    comment="The projects that deals name, and the registered projects that they are",
    **MYSQL_OPTIONS,
)

project_absorption = sa.Table(
    "project_absorption",
    metadata,
    numbered(),
    sa.Column("city", _exact(CITY_WIDTH), nullable=False),
    sa.Column("district", _exact(DISTRICT_WIDTH), nullable=False),
    sa.Column(
        "build_name", _exact(PROJECT_WIDTH), nullable=False, comment="Of the registered project: its project_name"
    ),
    sa.Column("year", sa.String(4), nullable=False),
    sa.Column("month", sa.String(2), nullable=False),
    sa.Column("homes", sa.Integer, comment="For sale, all permits; NULL where the list does not tell"),
    sa.Column("deals_num", sa.Integer, nullable=False, comment="Homes traded in the month"),
    sa.Column("cancelled_num", sa.Integer, nullable=False, comment="Of those, cancelled by now"),
    sa.Column("sold_num", sa.Integer, nullable=False, comment="Traded by the end of the month, and not cancelled"),
    sa.Column("absorption", sa.Numeric(10, 4, asdecimal=False), comment="sold_num of homes; above 1 where more sold"),
    *moments(),
    sa.Index("uq_project_absorption_month", "city", "district", "build_name", "year", "month", unique=True),
    comment="How much of each registered project is sold, by month",
    **MYSQL_OPTIONS,
)

ABSORPTION = (registered_projects, project_matches, project_absorption)
"""MOI's list of projects, and what it tells together with `deals`."""

STAYING = (*STATISTICS, *ABSORPTION)
"""Tables that a rebuild of the deals leaves in place."""
