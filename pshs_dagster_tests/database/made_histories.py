"""Made-up histories for hypothesis: copies of a few releases that know this and that of ten deals. No tests here."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from pshs_dagster.database.loading.load import ReleaseRecord
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.database.made_up import CITY_OF, NEW_TAIPEI, TAICHUNG, deal
from pshs_dagster_tests.database.replay import MadeCopy

ISSUES = ("2022-06-11", "2022-06-21", "2022-07-01", "2022-07-11", "2022-09-21")
SEASONS = ("111S2", "111S3")
"""The first two issues lie in the window of the first season, the others in that of the second."""

KEYS = [(city, serial) for city in CITY_OF.values() for serial in "ABCDE"]

FIRST_FETCH = datetime.combine(date(2022, 6, 20), time(), TAIPEI)
"""Season copies come among the issues, some at the very moment of one."""


def season_copy(key: str, half_days: int) -> ReleaseRecord:
    fetched = FIRST_FETCH + timedelta(hours=12 * half_days)
    return ReleaseRecord(Release.parse(key), fetched, f"{key}@{half_days}@".ljust(64, "0"), 1, "https://x", fetched)


def issue_copy(key: str) -> ReleaseRecord:
    issue = Release.parse(key)
    as_of = issue.as_of(FIRST_FETCH)
    return ReleaseRecord(issue, as_of, key.ljust(64, "0"), 1, "https://x", as_of)


records = st.one_of(
    st.sampled_from(ISSUES).map(issue_copy),
    st.builds(season_copy, st.sampled_from(SEASONS), st.integers(0, 30)),
)

TERMINATIONS = {"": pd.NaT, "1111113全部解約": pd.Timestamp(2022, 11, 13), "1111201解約": pd.Timestamp(2022, 12, 1)}
DAYS = [pd.Timestamp(2022, 7, 13), pd.Timestamp(2022, 4, 1), pd.Timestamp(2020, 1, 1)]


@st.composite
def made_copies(draw: st.DrawFn) -> MadeCopy:
    """A copy in which each of ten deals is absent, rejected or sound with values that may be others elsewhere."""
    record = draw(records)
    files = draw(st.sampled_from([(NEW_TAIPEI, TAICHUNG), (NEW_TAIPEI,), (TAICHUNG,), ()]))
    rows: list[dict[str, Any]] = []
    rejected: list[tuple[str, str]] = []
    for file in files:
        for serial in "ABCDE":
            kind = draw(st.sampled_from(["absent", "absent", "rejected", "plain", "plain", "other"]))
            if kind == "rejected":
                rejected.append((CITY_OF[file], serial))
            if kind == "plain":
                rows.append(deal(serial, file))
            if kind == "other":
                rows.append(_other_deal(draw, serial, file))
    return MadeCopy(record, rows, rejected, files)


def _other_deal(draw: st.DrawFn, serial: str, file: str) -> dict[str, Any]:
    termination = draw(st.sampled_from(list(TERMINATIONS)))
    return deal(
        serial,
        file,
        line=draw(st.integers(3, 4)),
        price=draw(st.sampled_from([12_340_000, 5])),
        build_name=draw(st.sampled_from(["遠雄之星", "遠雄之星 ", "", "𠀀"])),
        buildings=draw(st.sampled_from(["A棟12樓", ""])),
        building_total_area=draw(st.sampled_from([406.97, 0.1])),
        transaction_date=draw(st.sampled_from(DAYS)),
        flags=draw(st.sampled_from(["", "suspect"])),
        termination=termination,
        cancelled_on=TERMINATIONS[termination],
    )


histories = st.lists(
    made_copies(), min_size=1, max_size=7, unique_by=lambda copy: (copy.record.release.key, copy.record.as_of)
)


@st.composite
def loads(draw: st.DrawFn) -> tuple[list[MadeCopy], list[MadeCopy]]:
    """Copies, and the order in which they are loaded: any, some of them again."""
    copies = draw(histories)
    repeated = draw(st.lists(st.sampled_from(copies), max_size=3))
    return copies, list(draw(st.permutations([*copies, *repeated])))
