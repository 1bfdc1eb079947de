"""SQLAlchemy tables: what the database holds, once for SQLite and MySQL.

The columns of a deal derive from `deals/columns.py`. Another application reads `deals` and
`deal_statistics` by these names, and may have created them: `conform.py` brings such tables up to
these definitions. How rows get in and out is not told here.

Areas are in m², prices in NTD; every DATETIME is wall time in Asia/Taipei.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.deals.columns import BY_NAME, COLUMNS, Column, ColumnType

NOW = sa.text("CURRENT_TIMESTAMP")
"""For rows that others insert; our own statements always name the moment, from the clock passed in."""

MYSQL_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
"""Transactions, and every character of Unicode."""

RELEASE_WIDTH = 16
FILE_WIDTH = 64
CITY_WIDTH = BY_NAME["city"].width

LATE_COLUMNS = frozenset({"serial_number", "termination", "cancelled_on", "flags", "source_line"})
"""Columns of a deal that the other application does not know, so that its INSERT must work without them."""

LINE_NUMBERS = frozenset({"source_line"})
"""Integers that INT always holds; prices reach 10 digits and need BIGINT."""

metadata = sa.MetaData()

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""BIGINT as contracted; SQLite numbers rows by itself for INTEGER only."""

_long_text = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
"""A raw line may be of any length: TEXT ends at 64 KiB."""

_json_or_null = sa.JSON(none_as_null=True)

_tokens = sa.Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql")
"""Names of copies, comma-joined, as `Copy.token` spells them: some twenty characters each, a copy a month at most."""


def _type_of(column: Column) -> sa.types.TypeEngine[Any]:
    if column.name == "serial_number":
        # Compared byte for byte: serials that differ in case only are different deals.
        exact = mysql.VARCHAR(column.width, charset="utf8mb4", collation="utf8mb4_bin")
        return sa.String(column.width).with_variant(exact, "mysql")
    match column.type:
        case ColumnType.TEXT | ColumnType.DIGIT:
            return sa.String(column.width)
        case ColumnType.INTEGER:
            return sa.Integer() if column.name in LINE_NUMBERS else sa.BigInteger()
        case ColumnType.DECIMAL:
            return sa.Double()  # single precision loses hundredths of a m²
        case ColumnType.DATE:
            return sa.Date()


def _deal_column(column: Column) -> sa.Column[Any]:
    default = None
    if column.name in LATE_COLUMNS and not column.nullable:
        default = "0" if column.type is ColumnType.INTEGER else ""
    comment = f"{column.zh} {column.en}" + (f", {column.unit}" if column.unit else "")
    return sa.Column(column.name, _type_of(column), nullable=column.nullable, server_default=default, comment=comment)


def _columns_of_a_deal() -> list[sa.Column[Any]]:
    """What `deals` and `withdrawn_deals` have in common: all but the id."""
    return [
        *(_deal_column(column) for column in COLUMNS),
        sa.Column(
            "first_release",
            sa.String(RELEASE_WIDTH),
            nullable=False,
            server_default="",
            comment="Release with the earliest knowledge of the deal",
        ),
        sa.Column(
            "last_release",
            sa.String(RELEASE_WIDTH),
            nullable=False,
            server_default="",
            comment="Release that the values come from",
        ),
        sa.Column("as_of", sa.DateTime, comment="Moment whose knowledge the values carry"),
        # The release's own row does not tell: a season is rebuilt, and then carries later knowledge.
        sa.Column("first_as_of", sa.DateTime, comment="Moment of the earliest knowledge, for first_release"),
        sa.Column(
            "earlier_sightings",
            _tokens,
            comment="Copies that held the deal before (last_release, as_of), oldest first; NULL where none did",
        ),
        sa.Column("created_at", sa.DateTime, server_default=NOW),
        sa.Column("updated_at", sa.DateTime, server_default=NOW),
    ]


deals = sa.Table(
    "deals",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    *_columns_of_a_deal(),
    sa.Index("uq_deals_city_serial_number", "city", "serial_number", unique=True),
    sa.Index("ix_deals_city", "city"),
    sa.Index("ix_deals_district", "district"),
    sa.Index("ix_deals_transaction_date", "transaction_date"),
    sa.Index("ix_deals_build_name", "build_name"),
    # What a release was the last to tell of is found without a look at the whole history.
    sa.Index("ix_deals_last_release", "last_release"),
    comment="Pre-sale deals: the current view, one row a deal",
    **MYSQL_OPTIONS,
)

withdrawn_deals = sa.Table(
    "withdrawn_deals",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False, comment="The id that the row had in deals"),
    *_columns_of_a_deal(),
    sa.Column("withdrawn_release", sa.String(RELEASE_WIDTH), nullable=False),
    sa.Column("withdrawn_at", sa.DateTime, nullable=False),
    sa.Index("ix_withdrawn_deals_city_serial_number", "city", "serial_number"),
    comment="Rows of deals that MOI no longer publishes",
    **MYSQL_OPTIONS,
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("release", sa.String(RELEASE_WIDTH), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False, comment="issue or season"),
    sa.Column("as_of", sa.DateTime, nullable=False),
    sa.Column("window_from", sa.Date, nullable=False),
    sa.Column("window_to", sa.Date, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False, comment="Bytes of the zip"),
    sa.Column("source_url", sa.String(1024), nullable=False),
    sa.Column("fetched_at", sa.DateTime, nullable=False),
    sa.Column("loaded_at", sa.DateTime, nullable=False),
    comment="One row a loaded release: its newest copy",
    **MYSQL_OPTIONS,
)

release_copies = sa.Table(
    "release_copies",
    metadata,
    sa.Column("release", sa.String(RELEASE_WIDTH), primary_key=True),
    sa.Column("as_of", sa.DateTime, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(8), nullable=False, comment="issue or season"),
    sa.Column("window_from", sa.Date, nullable=False),
    sa.Column("window_to", sa.Date, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False, comment="Bytes of the zip"),
    sa.Column("source_url", sa.String(1024), nullable=False),
    sa.Column("fetched_at", sa.DateTime, nullable=False),
    sa.Column("loaded_at", sa.DateTime, nullable=False),
    sa.Column("cities", sa.JSON, nullable=False, comment="Cities that have a file in the copy, of those loaded"),
    sa.Column(
        "rejected", sa.JSON, nullable=False, comment="[city, serial] of rejected lines: in the copy, without a value"
    ),
    sa.Column(
        "corrected", _json_or_null, comment="Rejected lines that people made sound, and those that name no serial"
    ),
    sa.Column(
        "corrections_seen",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        comment="Highest id of corrections that was known when the copy was loaded",
    ),
    sa.Index("ix_release_copies_as_of", "as_of"),
    comment="One row a copy of a release: a set of bytes, and the moment whose knowledge it carries",
    **MYSQL_OPTIONS,
)

release_files = sa.Table(
    "release_files",
    metadata,
    sa.Column("release", sa.String(RELEASE_WIDTH), primary_key=True),
    sa.Column("file", sa.String(FILE_WIDTH), primary_key=True),
    sa.Column("data_lines", sa.Integer, nullable=False),
    sa.Column("new_deals", sa.Integer, nullable=False),
    sa.Column("changed_deals", sa.Integer, nullable=False),
    sa.Column("unchanged_deals", sa.Integer, nullable=False),
    sa.Column("rejected_lines", sa.Integer, nullable=False),
    sa.Column("withdrawn_deals", sa.Integer, nullable=False, server_default="0"),
    sa.Column("withdrawn_outside", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancelled_deals", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reinstated_deals", sa.Integer, nullable=False, server_default="0"),
    comment="What the last load of a release that changed something did with each of its files",
    **MYSQL_OPTIONS,
)

deal_events = sa.Table(
    "deal_events",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    sa.Column("serial_number", sa.String(32), nullable=False),
    sa.Column("event", sa.String(16), nullable=False, comment="changed, cancelled, withdrawn, reinstated, corrected"),
    sa.Column("release", sa.String(RELEASE_WIDTH), nullable=False),
    sa.Column("as_of", sa.DateTime, nullable=False),
    sa.Column("changes", sa.JSON, nullable=False, comment='{"note": ["old", "new"]}'),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sa.Index("ix_deal_events_city_serial_number", "city", "serial_number"),
    sa.Index("ix_deal_events_release", "release"),
    sa.Index("ix_deal_events_as_of", "as_of"),
    comment="Ledger of what happened to deals after they were new",
    **MYSQL_OPTIONS,
)

rejected_deals = sa.Table(
    "rejected_deals",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("release", sa.String(RELEASE_WIDTH), nullable=False),
    sa.Column("file", sa.String(FILE_WIDTH), nullable=False),
    sa.Column("line", sa.Integer, comment="Physical line; NULL where the newest copy has the line no more"),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    # Text, since a serial may be rejected for being anything but a serial.
    sa.Column("serial_number", _long_text, nullable=False),
    sa.Column("raw", _long_text, nullable=False, comment="The line as published"),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, server_default="open"),
    sa.Column("published", _json_or_null, comment="The fields of the line by MOI's headings"),
    sa.Index("uq_rejected_deals_release_file_line", "release", "file", "line", unique=True),
    comment="Lines that could not be loaded as they stand",
    **MYSQL_OPTIONS,
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("city", sa.String(CITY_WIDTH), nullable=False),
    sa.Column("serial_number", sa.String(32), nullable=False),
    sa.Column("field", sa.String(64), nullable=False, comment="Column of deals; blank where something was dismissed"),
    sa.Column("old_value", sa.Text, nullable=False),
    sa.Column("new_value", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("editor", sa.String(128), nullable=False),
    sa.Column("edited_on", sa.Date, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, comment="applied, stale, superseded"),
    sa.Column("release", sa.String(RELEASE_WIDTH), comment="Release that the person looked at"),
    sa.Column("as_of", sa.DateTime, comment="Moment whose knowledge that carried"),
    sa.Column("file", sa.String(FILE_WIDTH), comment="CSV of a rejected line"),
    sa.Column("raw", _long_text, comment="The rejected line as published; NULL where a deal was corrected"),
    sa.Column("recorded_at", sa.DateTime),
    sa.Column("document", sa.String(255), comment="The file that brought it"),
    sa.Column("published_flags", sa.String(255), comment="Flags of the deal before corrections that are applied"),
    sa.Index("ix_corrections_city_serial_number", "city", "serial_number"),
    comment="What people corrected, and why",
    **MYSQL_OPTIONS,
)

_average = sa.Numeric(20, 4, asdecimal=False)
"""Averages are decimals: whole NTD would not agree with the sums that they come from."""

_exact_name = sa.String(BY_NAME["build_name"].width).with_variant(
    mysql.VARCHAR(BY_NAME["build_name"].width, charset="utf8mb4", collation="utf8mb4_bin"), "mysql"
)
"""Compared byte for byte: names that differ in case or in a rare character are different projects."""

deal_statistics = sa.Table(
    "deal_statistics",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
    sa.Index("uq_deal_statistics_group", "city", "district", "year", "month", "build_name", "room", unique=True),
    sa.Index("ix_deal_statistics_year_month", "year", "month"),
    comment="Counts and averages of deals",
    **MYSQL_OPTIONS,
)

project_statistics = sa.Table(
    "project_statistics",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
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
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
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
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
    sa.Index("uq_registered_projects_number", "city", "project_number", unique=True),
    sa.Index("ix_registered_projects_name", "city", "district", "project_name"),
    comment="MOI's list of registered pre-sale projects: one row a registration",
    **MYSQL_OPTIONS,
)

project_matches = sa.Table(
    "project_matches",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
    sa.Index("uq_project_matches_name", "city", "district", "build_name", unique=True),
    sa.Index("ix_project_matches_registered", "city", "registered_district", "registered_name"),
    comment="The projects that deals name, and the registered projects that they are",
    **MYSQL_OPTIONS,
)

project_absorption = sa.Table(
    "project_absorption",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
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
    sa.Column("created_at", sa.DateTime, server_default=NOW),
    sa.Column("updated_at", sa.DateTime, server_default=NOW),
    sa.Index("uq_project_absorption_month", "city", "district", "build_name", "year", "month", unique=True),
    comment="How much of each registered project is sold, by month",
    **MYSQL_OPTIONS,
)

ABSORPTION = (registered_projects, project_matches, project_absorption)
"""MOI's list of projects, and what it tells together with `deals`."""

STAYING = (*STATISTICS, *ABSORPTION)
"""Tables that a rebuild of the deals leaves in place."""
