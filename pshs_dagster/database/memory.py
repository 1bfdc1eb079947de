"""Memory that a connection may take of the server for one large query, and gives back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa

MEMORY = {"tmp_table_size": 256 << 20, "max_heap_table_size": 256 << 20, "sort_buffer_size": 32 << 20}
"""Bytes that the server may take for the groups of the whole history, and to sort them; beyond its own small limits
it writes them to disk, and takes four times as long."""


@contextmanager
def ample_memory(connection: sa.Connection) -> Generator[None]:
    """Let the server group the whole history in memory, within a block that begins and ends outside a transaction."""
    if connection.dialect.name != "mysql":
        yield
        return
    with connection.begin():
        for name, size in MEMORY.items():
            connection.exec_driver_sql(f"SET SESSION {name} = {size}")
    try:
        yield
    finally:
        if not connection.invalidated:
            with connection.begin():
                for name in MEMORY:
                    connection.exec_driver_sql(f"SET SESSION {name} = DEFAULT")
