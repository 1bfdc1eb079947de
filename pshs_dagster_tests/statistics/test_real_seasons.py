"""A real season, loaded and refreshed, against pandas over another reading of MOI's own bytes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.assets.handover import file_lines, rejected_serials, sound_deals
from pshs_dagster.database.loading.load import load_release
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.deals.frame import parse_release
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests import independent
from pshs_dagster_tests.database.made_up import NOW, copy_of
from pshs_dagster_tests.statistics import reckoning
from pshs_dagster_tests.statistics.stored import deals_of, everything, stored, windows_of

pytestmark = [pytest.mark.thorough, pytest.mark.real, pytest.mark.slow]

SEASON = "111S3"


def test_a_season_is_what_its_bytes_say(engine: sa.Engine, real_data: Path) -> None:
    path = real_data / "seasons" / f"{SEASON}.zip"
    release = Release.parse(SEASON)
    with ReleaseZip.open(path) as contents:
        parsed = parse_release(release, contents.deal_files(), date(2023, 6, 1))
    rejected = rejected_serials(parsed.rejects)
    load_release(engine, copy_of(SEASON), sound_deals(parsed), file_lines(parsed), NOW, rejected=rejected)
    done = refresh(engine, datetime(2023, 7, 1, 12, tzinfo=TAIPEI))
    assert str(done.last_complete) == "2022-07"
    raw = _raw(path, set(parsed.rejects["serial_number"]))
    found = reckoning.deal_statistics(raw)
    assert len(found) > 3_000
    assert reckoning.differences(stored(engine, "deal_statistics"), found) == []
    deals, tables = deals_of(engine), everything(engine)
    market = reckoning.market_statistics(deals, windows_of(engine))
    assert reckoning.differences(tables["market_statistics"], market) == []
    projects = reckoning.project_statistics(deals, "2022-07")
    assert reckoning.differences(tables["project_statistics"], projects) == []
    assert any(key[:2] == ("新北市", "淡水區") for key in projects)
    assert compare(engine).differences == ()


def test_the_unit_price_is_the_one_that_moi_computes(real_data: Path) -> None:
    raw = _raw(real_data / "seasons" / f"{SEASON}.zip", set())
    told = raw[raw["unit_price"] > 0]
    ours = reckoning.priced(told)["unit"] * 10_000 * 0.3025
    near = (ours / told["unit_price"] - 1).abs() < 0.01
    assert near.mean() > 0.999


def _raw(path: Path, rejected: set[str]) -> pd.DataFrame:
    """The lines of the bytes as deals, without those that were rejected."""
    rows: list[dict[str, object]] = []
    for name, data in independent.csvs(path).items():
        width = data.split(b"\n", 1)[0].count(b",") + 1
        for _, fields in independent.data_lines(data):
            if fields[27] not in rejected:
                row = independent.deal(fields, width)
                district = fields[0] or fields[2][3:6]  # blank in some rows, whose address tells it
                rows.append(row | {"city": CITIES[name[0]], "district": district, "cancelled_on": None, "flags": ""})
    return pd.DataFrame(rows)
