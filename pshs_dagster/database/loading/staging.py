"""The temporary tables through which a release goes into `deals`, and the fastest way into them.

`staged` holds the rows of the release, `plan` what is to become of each; `merge.py` fills the plan and
carries it out. Both belong to one connection.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from pshs_dagster.database.loading.rows import NAMES, TEXTS, Rows
from pshs_dagster.database.schema.actual import collations
from pshs_dagster.database.schema.conform import LONGEST_VARCHAR
from pshs_dagster.database.tables import FILE_WIDTH, deals, withdrawn_deals
from pshs_dagster.errors import DatabaseError

logger = logging.getLogger(__name__)

Columns = TypeVarTuple("Columns")

LOAD_DATA = "LOAD DATA LOCAL INFILE"
MULTI_ROW = "multi-row INSERT"
EXECUTEMANY = "SQLite executemany"

REFUSALS = frozenset({1148, 3948, 4166, 2068})
"""Error numbers of MySQL and MariaDB for local files that the server, or the client, does not allow."""

KEY = ("city", "serial_number")
"""What identifies a deal."""

ALLOWED = sa.text("SELECT @@local_infile")
"""Whether the server takes local files, as it says itself."""

_LOAD_DATA = Path(__file__).with_name("load_data.sql")


@dataclass(frozen=True)
class Staging:
    """The two temporary tables of a load; `row_no` ties them together."""

    staged: sa.Table
    plan: sa.Table
    key_indexes: Mapping[str, str] = field(default_factory=dict[str, str])
    """By which index the deals of a table are found by their keys. The server would choose by what it believes of
    the table, which after a load may still be that it is empty, and then compare every row with every row."""

    def found_by_key(self, query: sa.Select[*Columns], *tables: sa.Table) -> sa.Select[*Columns]:
        """The query, with the advice to MySQL to look the deals of these tables up."""
        for table in tables:
            if table.name in self.key_indexes:
                query = query.with_hint(table, f"FORCE INDEX (`{self.key_indexes[table.name]}`)", "mysql")
        return query


@contextmanager
def staging_tables(connection: sa.Connection, lengths: Mapping[str, int]) -> Generator[Staging, None, None]:
    """Empty staging tables, wide enough for texts of these lengths, for the time of the block."""
    staging = _tables(connection, lengths)
    _drop(connection, staging)
    staging.staged.create(connection, checkfirst=False)
    staging.plan.create(connection, checkfirst=False)
    try:
        yield staging
    finally:
        with suppress(SQLAlchemyError):  # where the connection is broken they are gone already
            _drop(connection, staging)


def fill(connection: sa.Connection, staged: sa.Table, rows: Rows) -> str:
    """Put the rows into the staging table; gives the name of the way that was taken."""
    if connection.dialect.name != "mysql":
        _insert(connection, staged, rows)
        return EXECUTEMANY
    if connection.scalar(ALLOWED) and _load_data(connection, rows):
        logger.info("%d rows staged by %s.", len(rows), LOAD_DATA)
        return LOAD_DATA
    logger.info("%d rows staged by %s: the server takes no local files (local_infile).", len(rows), MULTI_ROW)
    _insert(connection, staged, rows)
    return MULTI_ROW


def _tables(connection: sa.Connection, lengths: Mapping[str, int]) -> Staging:
    # The keys sort as in `deals`, for else MySQL could not look them up in its index.
    sorting = collations(connection, deals.name) if connection.dialect.name == "mysql" else {}
    widths = tuple(
        (name, length) for name, length in lengths.items() if length > (getattr(deals.c[name].type, "length", 0) or 0)
    )
    staging = _staging(widths, tuple(sorting.get(name) for name in KEY))
    indexes = {table.name: name for table in (deals, withdrawn_deals) for name in _key_index(connection, table)}
    return replace(staging, key_indexes=indexes)


def _key_index(connection: sa.Connection, table: sa.Table) -> list[str]:
    """The name of the index over the key, which is ours unless somebody made his own before; at most one."""
    if connection.dialect.name != "mysql":
        return []
    indexes = sa.inspect(connection).get_indexes(table.name)
    return [str(index["name"]) for index in indexes if tuple(index["column_names"]) == KEY][:1]


@lru_cache(maxsize=8)
def _staging(widths: tuple[tuple[str, int], ...], sorting: tuple[str | None, ...]) -> Staging:
    """Kept, so that SQLAlchemy need not spell the statements anew for each load."""
    wider = dict(widths)
    collation_of: dict[str, str | None] = dict(zip(KEY, sorting, strict=True))

    def copied(name: str) -> sa.Column[Any]:
        kind = deals.c[name].type
        if name in TEXTS and isinstance(kind, sa.String):
            kind = _text_type(wider.get(name, kind.length or 0), collation_of.get(name))
        return sa.Column(name, kind, nullable=deals.c[name].nullable)

    def row_no_and_file() -> tuple[sa.Column[Any], sa.Column[Any]]:
        number = sa.Column("row_no", sa.Integer, primary_key=True, autoincrement=False)
        return number, sa.Column("file", sa.String(FILE_WIDTH), nullable=False)

    metadata = sa.MetaData()
    options: dict[str, Any] = {"prefixes": ["TEMPORARY"], "mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    columns = (copied(name) for name in NAMES if name in deals.c)
    action = sa.Column("action", sa.SmallInteger, nullable=False)
    return Staging(
        sa.Table("pshs_staged_deals", metadata, *row_no_and_file(), *columns, **options),
        sa.Table("pshs_merge_plan", metadata, *row_no_and_file(), action, **options),
    )


def _text_type(length: int, collation: str | None) -> sa.types.TypeEngine[Any]:
    if length > LONGEST_VARCHAR:
        return sa.Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4", collation=collation), "mysql")
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation=collation), "mysql")


def _drop(connection: sa.Connection, staging: Staging) -> None:
    # Not Table.drop: without the word TEMPORARY MySQL commits the transaction.
    kind = "TEMPORARY TABLE" if connection.dialect.name == "mysql" else "TABLE"
    for table in (staging.staged, staging.plan):
        connection.execute(sa.DDL(f"DROP {kind} IF EXISTS {table.name}"))


def _insert(connection: sa.Connection, staged: sa.Table, rows: Rows) -> None:
    # The driver's own executemany: SQLAlchemy would look at every value again.
    dialect: Any = type(connection.dialect)
    style = "format" if connection.dialect.name == "mysql" else "qmark"
    statement = str(sa.insert(staged).compile(dialect=dialect(paramstyle=style)))
    for part in rows.tuples():
        connection.exec_driver_sql(statement, part)


def _load_data(connection: sa.Connection, rows: Rows) -> bool:
    """Whether the server took the file. Raises DatabaseError where it did not take every value as it is."""
    with tempfile.NamedTemporaryFile(prefix="pshs-", suffix=".tsv") as file:
        for content in rows.tab_separated():
            file.write(content)
        file.flush()
        try:
            result = connection.execute(sa.text(_LOAD_DATA.read_text(encoding="utf-8")), {"path": file.name})
        except OperationalError as error:
            if error.orig is not None and error.orig.args and error.orig.args[0] in REFUSALS:
                return False
            raise
        # With LOCAL the server only warns of a value that does not fit, strict or not.
        warnings = connection.execute(sa.text("SHOW WARNINGS LIMIT 1")).all()
    if warnings or result.rowcount != len(rows):
        first = warnings[0][2] if warnings else "no warning"
        raise DatabaseError(
            f"The database took {result.rowcount} of {len(rows)} rows as they are ({first}): nothing was loaded."
        )
    return True
