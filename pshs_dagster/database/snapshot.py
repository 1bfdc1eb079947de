"""One consistent view of several tables, for whatever reads more than one of them. What is read is told elsewhere."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext

import sqlalchemy as sa

from pshs_dagster.database.engine import translated
from pshs_dagster.database.memory import ample_memory

ROWS_AT_ONCE = 5_000
"""Bounds what is held as Python objects at a time, some 10 MB."""


@contextmanager
def snapshot(engine: sa.Engine, doing: str, *, ample: bool = False) -> Generator[sa.Connection, None, None]:
    """A connection that sees the tables as they are at its first query, whatever a load does meanwhile.

    Large results are streamed: read one to its end before the next query. Raises DatabaseError, whose text
    `doing` completes: 'could not …'. `ample` memory is for sorting the whole history.
    """
    with translated(engine, doing), engine.connect() as connection:
        options: dict[str, object] = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE}
        if connection.dialect.name == "mysql":
            # READ COMMITTED, which the engine uses for writing, would show each query another state.
            options["isolation_level"] = "REPEATABLE READ"
        connection = connection.execution_options(**options)
        with ample_memory(connection) if ample else nullcontext(), connection.begin():
            yield connection
