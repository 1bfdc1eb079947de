"""What a database holds, in a form that proves another one to hold the same."""

from __future__ import annotations

import json
from hashlib import sha256

import sqlalchemy as sa

from pshs_dagster.archive.backups import Contents
from pshs_dagster.database.reading.digest import LEFT_OUT, TABLES, combined, digests_seen_by


def contents_of(connection: sa.Connection, *, with_digest: bool = True) -> Contents:
    """Rows of every table, and the digest of the project's own, as `connection` sees them: give it one snapshot.

    Without the digest, its fields are blank.
    """
    names = sorted(sa.inspect(connection).get_table_names())
    rows = {name: int(connection.scalar(_count(name)) or 0) for name in names}
    if not with_digest:
        return Contents(rows, "", {}, "")
    digests = digests_seen_by(connection)
    return Contents(rows, combined(digests), digests, scheme())


def scheme() -> str:
    """What the digest of this version goes over, in short."""
    covered = {table.name: sorted({column.name for column in table.columns} - LEFT_OUT) for table in TABLES}
    return sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()[:16]


def differences(found: Contents, wanted: Contents) -> list[str]:
    """What is not as it should be, in words; none where all is. Digests count where both have one."""
    names = sorted(found.rows.keys() | wanted.rows.keys())
    told = [
        f"{name} has {found.rows[name]:,} rows instead of {wanted.rows[name]:,}"
        if name in found.rows and name in wanted.rows
        else f"the table {name} is {'missing' if name in wanted.rows else 'one too many'}"
        for name in names
        if found.rows.get(name) != wanted.rows.get(name)
    ]
    if found.digest and wanted.digest and found.digest != wanted.digest:
        both = found.digest_by_table.keys() & wanted.digest_by_table.keys()
        tables = sorted(name for name in both if found.digest_by_table[name] != wanted.digest_by_table[name])
        told.append(f"the digest of {', '.join(tables) or 'the whole'} differs")
    return told


def _count(name: str) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(sa.table(name))
