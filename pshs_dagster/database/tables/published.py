"""Tables of what was published and what became of it: deals, releases, rejected lines, the ledgers.

The columns of a deal derive from `deals/columns.py`. What is computed from them is in `computed.py`.
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

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""BIGINT as contracted; SQLite numbers rows by itself for INTEGER only."""

_long_text = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
"""A raw line may be of any length: TEXT ends at 64 KiB."""

_json_or_null = sa.JSON(none_as_null=True)

_tokens = sa.Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql")
"""Names of copies, comma-joined, as `Copy.token` spells them: some twenty characters each, a copy a month at most."""


def numbered() -> sa.Column[Any]:
    """The id that the database gives each row."""
    return sa.Column("id", ROW_ID, primary_key=True, autoincrement=True)


def moments() -> list[sa.Column[Any]]:
    """When a row was made, and when it was changed last."""
    return [sa.Column(name, sa.DateTime, server_default=NOW) for name in ("created_at", "updated_at")]


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
        *moments(),
    ]


deals = sa.Table(
    "deals",
    metadata,
    numbered(),
    *_columns_of_a_deal(),
    sa.Index("uq_deals_city_serial_number", "city", "serial_number", unique=True),
    sa.Index("ix_deals_city", "city"),
    sa.Index("ix_deals_district", "district"),
    sa.Index("ix_deals_transaction_date", "transaction_date"),
    # By the name, as others look projects up, and with all that tells when a project opened.
    sa.Index("ix_deals_project", "build_name", "city", "district", "transaction_date"),
    # What a release was the last to tell of is found without a look at the whole history.
    sa.Index("ix_deals_last_release", "last_release"),
    comment="Pre-sale deals: the current view, one row a deal",
    **MYSQL_OPTIONS,
)

withdrawn_deals = sa.Table(
    "withdrawn_deals",
    metadata,
    sa.Column("id", ROW_ID, primary_key=True, autoincrement=False, comment="The id that the row had in deals"),
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
    numbered(),
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
    numbered(),
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
    numbered(),
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
