"""Lists and deals of Tamsui in a database. No tests here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pshs_dagster.database.absorption.absorb import absorb
from pshs_dagster.database.absorption.registrations import ListLoaded, load_list
from pshs_dagster.database.tables import project_absorption
from pshs_dagster.projects.listing import Registration
from pshs_dagster.projects.read import read_list
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.database.made_up import (
    NOW,
    deal,
)
from pshs_dagster_tests.projects.made_lists import csv
from pshs_dagster_tests.projects.reckoning import Place, Rows, stored

MAY = datetime(2023, 5, 5, 9, 30, tzinfo=TAIPEI)
JUNE = datetime(2023, 6, 5, 9, 30, tzinfo=TAIPEI)

SEA: Place = ("新北市", "淡水區", "海天")


def registered(*lines: str, file: str = "f_lvr_buildcase.csv") -> tuple[Registration, ...]:
    return read_list([(file, csv(lines))]).registrations


def load_rows(engine: sa.Engine, *lines: str, as_of: datetime = MAY, now: datetime = NOW) -> ListLoaded:
    return load_list(engine, registered(*lines), as_of, now)


def table(engine: sa.Engine, which: sa.Table) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(each) for each in connection.execute(sa.select(which)).mappings()]


def absorbed(engine: sa.Engine) -> Rows:
    absorb(engine, NOW)
    return stored(table(engine, project_absorption))


def sale(number: int, month: int = 7, day: int = 13, **values: Any) -> dict[str, Any]:
    """A home of 海天 in Tamsui that was traded in 2022."""
    traded = pd.Timestamp(2022, month, day)
    return deal(
        f"S{number}", line=number, transaction_date=traded, district="淡水區", **{"build_name": "海天"} | values
    )


def cancelled(**values: Any) -> dict[str, Any]:
    return {"termination": "1120105全部解約", "cancelled_on": pd.Timestamp(2023, 1, 5), **values}
