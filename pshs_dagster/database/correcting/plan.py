"""What a person's edits would do: each held against the tables, the ledger and the rules. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.plan_deals import plan_deals
from pshs_dagster.database.correcting.plan_lines import plan_lines
from pshs_dagster.database.correcting.steps import Plan, Step
from pshs_dagster.database.snapshot import snapshot
from pshs_dagster.review.edits import Edit, Kind


def plan(engine: sa.Engine, edits: Sequence[Edit]) -> Plan:
    """What these edits would do. Raises DatabaseError."""
    with snapshot(engine, "tell what the corrections would do") as connection:
        return plan_in(connection, edits)


def plan_in(connection: sa.Connection, edits: Sequence[Edit]) -> Plan:
    """The same as a connection sees the tables."""
    ledger = read_ledger(connection)
    lines = [edit for edit in edits if edit.row_key.kind is Kind.LINE]
    deals = [edit for edit in edits if edit.row_key.kind is Kind.DEAL]
    steps: dict[int, Step] = {}
    for some, planned in (
        (lines, plan_lines(connection, ledger, lines)),
        (deals, plan_deals(connection, ledger, deals)),
    ):
        steps |= {id(edit): step for edit, step in zip(some, planned, strict=True)}
    return Plan(tuple(steps[id(edit)] for edit in edits))
