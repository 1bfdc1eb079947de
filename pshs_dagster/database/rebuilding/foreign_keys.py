"""What other programs bind to our tables on MySQL: foreign keys that refer to them, and what would not outlive a swap.

InnoDB lets a foreign key follow the table that it refers to when that is renamed, whatever `foreign_key_checks` says.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

logger = logging.getLogger(__name__)

_REFERRING = sa.text("""
    SELECT k.constraint_schema AS child_schema, k.table_name AS child, k.constraint_name AS name,
           k.column_name AS column_name, k.referenced_table_name AS parent, k.referenced_column_name AS parent_column,
           r.delete_rule AS delete_rule, r.update_rule AS update_rule
    FROM information_schema.key_column_usage AS k
    JOIN information_schema.referential_constraints AS r
      ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
     AND r.table_name = k.table_name
    WHERE k.referenced_table_schema = :schema AND k.constraint_schema <> :schema
    ORDER BY k.constraint_schema, k.table_name, k.constraint_name, k.ordinal_position
""")

_OWN = sa.text("""
    SELECT CONCAT('foreign key ', constraint_name) AS told FROM information_schema.referential_constraints
    WHERE constraint_schema = DATABASE() AND table_name IN :names
    UNION ALL
    SELECT CONCAT('trigger ', trigger_name) AS told FROM information_schema.triggers
    WHERE event_object_schema = DATABASE() AND event_object_table IN :names
    ORDER BY told
""").bindparams(sa.bindparam("names", expanding=True))


def bound_to(connection: sa.Connection, tables: Sequence[str]) -> list[str]:
    """Triggers on these tables, and foreign keys of theirs, in words."""
    return [str(row.told) for row in connection.execute(_OWN, {"names": list(tables)})]


def lead_back(connection: sa.Connection, schema: str, prefix: str) -> None:
    """Have keys that refer to `schema`.`prefix`… refer to the table of that name in the connection's database.

    Their rows are not checked: a deal that is no longer there has left its followers as it would without a swap.
    """
    keys: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(_REFERRING, {"schema": schema}):
        keys[row.child_schema, row.child, row.name].append(row)
    if not keys:
        return
    connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    try:
        for (child_schema, child, name), rows in keys.items():
            # Two statements: in one, MariaDB takes the key that is added for one that is there already.
            for statement in _again(connection, child_schema, child, name, rows, prefix):
                connection.exec_driver_sql(statement)
            logger.info("Table %s.%s: key %s refers to the new table.", child_schema, child, name)
    except BaseException:
        connection.invalidate()  # it must not go back to the pool without its checks
        raise
    connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")


def _again(
    connection: sa.Connection, child_schema: str, child: str, name: str, rows: Sequence[Any], prefix: str
) -> tuple[str, str]:
    preparer: Any = connection.dialect.identifier_preparer
    quote = preparer.quote_identifier
    parent = f"{quote(str(connection.engine.url.database))}.{quote(rows[0].parent.removeprefix(prefix))}"
    columns = ", ".join(quote(row.column_name) for row in rows)
    parent_columns = ", ".join(quote(row.parent_column) for row in rows)
    altered = f"ALTER TABLE {quote(child_schema)}.{quote(child)}"
    return (
        f"{altered} DROP FOREIGN KEY {quote(name)}",
        f"{altered} ADD CONSTRAINT {quote(name)} FOREIGN KEY ({columns}) REFERENCES {parent} ({parent_columns}) "
        f"ON DELETE {rows[0].delete_rule} ON UPDATE {rows[0].update_rule}",
    )
