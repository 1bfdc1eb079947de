"""Corrected deals in the tables: MOI's own values put back before a load, and the corrections applied anew after it.

So what is told of copies and their order never sees a value that a person wrote. Both happen within the transaction
of the load. What holds is decided in `deals/amending.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from pshs_dagster.database.correcting.entries import Ledger, grouped
from pshs_dagster.database.loading.ledger import by_city
from pshs_dagster.database.loading.lives import last_copy
from pshs_dagster.database.loading.moves import filled
from pshs_dagster.database.tables import corrections, deals, withdrawn_deals
from pshs_dagster.deals.amending import Amended, Status, amended, restored
from pshs_dagster.deals.columns import COMPARED
from pshs_dagster.deals.overlay import Key
from pshs_dagster.deals.texts import flags_after
from pshs_dagster.deals.timeline import Copy

WRITTEN = (*COMPARED, "cancelled_on", "flags")
"""What a correction may change, and what follows from it."""

_texts = sa.Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4"), "mysql")

others = sa.Table(
    "pshs_amended",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, _texts if isinstance(deals.c[name].type, sa.String) else deals.c[name].type) for name in WRITTEN),
    prefixes=["TEMPORARY"],
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
)


@dataclass(frozen=True)
class StoredDeal:
    """A row of `deals` or `withdrawn_deals`: the columns WRITTEN, and the city."""

    table: sa.Table
    id: int
    values: dict[str, Any]
    newest: Copy | None
    """The copy that its values come from."""

    @property
    def release(self) -> str:
        return self.newest.release.key if self.newest else ""


def stored_deals(connection: sa.Connection, keys: Iterable[Key]) -> dict[Key, StoredDeal]:
    """The rows of these deals, of those that are there, be they withdrawn or not."""
    wanted = {(city, serial) for city, serial in keys if serial}
    found: dict[Key, StoredDeal] = {}
    for table in (withdrawn_deals, deals):
        columns = [table.c[name] for name in ("id", "city", "serial_number", *WRITTEN, "last_release", "as_of")]
        for city, serials in by_city(wanted):
            query = sa.select(*columns).where(table.c.city == city, table.c.serial_number.in_(serials))
            for row in connection.execute(query).mappings():
                key = (row["city"], row["serial_number"])
                if key in wanted:  # a collation may find more
                    newest = last_copy(row["last_release"], row["as_of"]) if row["as_of"] else None
                    values = {name: row[name] for name in ("city", "serial_number", *WRITTEN)}
                    found[key] = StoredDeal(table, row["id"], values, newest)
    return found


def put_back(connection: sa.Connection, ledger: Ledger) -> None:
    """Put MOI's values where corrections are applied now."""
    applied = grouped(entry for entry in ledger.amendments if entry.status == Status.APPLIED)
    changed: list[tuple[StoredDeal, dict[str, Any]]] = []
    for key, deal in stored_deals(connection, applied).items() if applied else ():
        values = restored(deal.values, applied[key])
        flags = [told for entry in applied[key] if (told := ledger.published_flags[entry.id]) is not None]
        changed.append((deal, values | ({"flags": flags[-1]} if flags else {})))
    _write(connection, changed)


def apply_anew(connection: sa.Connection, ledger: Ledger, now: datetime | None = None) -> None:
    """Apply every correction that holds to the values of MOI's, which stand in the tables; tell each what it is worth.

    Rows are updated at `now` (naive, Taipei); without it they keep their moments, as after a load that repeats what
    was there.
    """
    if not ledger.amendments:
        return
    stored = stored_deals(connection, ledger.amendments_of)
    results: dict[Key, Amended] = {}
    for key, entries in ledger.amendments_of.items():
        deal = stored.get(key)
        results[key] = amended(deal.values, deal.newest, entries) if deal else amended({}, None, entries)
    changed = [(stored[key], result.values) for key, result in results.items() if result.values]
    _write(connection, [(deal, values) for deal, values in _with_flags(changed)], now)
    _tell(connection, ledger, results, stored)


def _with_flags(changed: Sequence[tuple[StoredDeal, dict[str, Any]]]) -> list[tuple[StoredDeal, dict[str, Any]]]:
    before = [deal.values for deal, _ in changed]
    after = [deal.values | values for deal, values in changed]
    flags = flags_after([row["flags"] for row in before], before, after, [deal.release for deal, _ in changed])
    return [(deal, values | {"flags": told}) for (deal, values), told in zip(changed, flags, strict=True)]


def _tell(
    connection: sa.Connection, ledger: Ledger, results: dict[Key, Amended], stored: dict[Key, StoredDeal]
) -> None:
    """Write what became of each correction, where that is another than before."""
    told: list[dict[str, Any]] = []
    for key, result in results.items():
        for number, status in result.statuses.items():
            flags = stored[key].values["flags"] if status is Status.APPLIED else None
            if (ledger.statuses[number], ledger.published_flags[number]) != (status, flags):
                told.append({"b_id": number, "b_status": status.value, "b_flags": flags})
    if told:
        connection.execute(
            sa.update(corrections)
            .where(corrections.c.id == sa.bindparam("b_id"))
            .values(status=sa.bindparam("b_status"), published_flags=sa.bindparam("b_flags")),
            told,
        )


def _write(
    connection: sa.Connection, changed: Sequence[tuple[StoredDeal, dict[str, Any]]], now: datetime | None = None
) -> None:
    for table in (deals, withdrawn_deals):
        rows = [
            {"id": deal.id, **{name: values.get(name, deal.values[name]) for name in WRITTEN}}
            for deal, values in changed
            if deal.table is table and any(deal.values[name] != value for name, value in values.items())
        ]
        if not rows:
            continue
        values: dict[str, Any] = {name: others.c[name] for name in WRITTEN}
        # The moment is named, so that a server which moves it by itself leaves it.
        values["updated_at"] = table.c.updated_at if now is None else sa.literal(now, sa.DateTime)
        with filled(connection, others, rows):
            connection.execute(sa.update(table).where(table.c.id == others.c.id).values(values))
