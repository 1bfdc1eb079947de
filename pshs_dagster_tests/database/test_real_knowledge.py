"""MOI's real revisions: what the tables tell of them equals what a comparison of the bytes gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pshs_dagster.assets.handover import file_lines, sound_deals
from pshs_dagster.database.loading.load import LoadReport, ReleaseRecord, load_release
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.database.loading.withdrawals import CityWithdrawals, would_withdraw
from pshs_dagster.database.tables import deal_events, deals, withdrawn_deals
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.deals.frame import ParsedRelease, parse_release
from pshs_dagster.errors import WithdrawalsNotConfirmed
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests import independent
from pshs_dagster_tests.database.made_up import NOW, emptied
from pshs_dagster_tests.database.replay import content
from pshs_dagster_tests.deals.lines import Csv

pytestmark = [pytest.mark.thorough, pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]

ISSUES = ("20220701", "20220711", "20220721", "20220801", "20220811", "20220821", "20220901", "20220911")

ON_MYSQL = pytest.mark.parametrize("engine", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""Eighty thousand rows a time: that both databases come to the same is shown on fewer, in `test_laws.py`."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Real:
    """A real copy of a release: where it is, and when it was fetched."""

    path: Path
    release: Release
    fetched: datetime
    cities: str = "".join(CITIES)

    @property
    def record(self) -> ReleaseRecord:
        as_of = self.release.as_of(self.fetched)
        sha256 = f"{self.path.stem}{self.cities}".ljust(64, "0")
        return ReleaseRecord(self.release, as_of, sha256, 1, "https://example.org", self.fetched)

    @property
    def csvs(self) -> dict[str, bytes]:
        return {n: data for n, data in independent.csvs(self.path).items() if n[0].lower() in self.cities}


def issue(folder: Path, day: str) -> Real:
    release = Release.parse(day)
    return Real(folder / "issues" / f"{day}.zip", release, release.as_of(NOW))


def season(folder: Path, name: str, key: str, fetched: str, cities: str = "".join(CITIES)) -> Real:
    return Real(
        folder / f"{name}.zip", Release.parse(key), datetime.fromisoformat(fetched).replace(tzinfo=TAIPEI), cities
    )


@cache
def parsed(real: Real) -> ParsedRelease:
    files = [Csv(data, name, name[0].lower()) for name, data in real.csvs.items()]
    return parse_release(real.release, files, real.fetched.date())


@cache
def rejected_in(real: Real) -> set[Key]:
    rejects = parsed(real).rejects
    return set(zip(rejects["city"], rejects["serial_number"], strict=True))


def load_real(engine: sa.Engine, real: Real, confirmed: bool = True) -> LoadReport:
    release = parsed(real)
    frame = sound_deals(release)
    lines = file_lines(release)
    rejected = sorted(rejected_in(real))
    moment = NOW + timedelta(days=9)
    report = load_release(engine, real.record, frame, lines, moment, rejected=rejected, confirm_withdrawals=confirmed)
    verified = verify_release(engine, real.record, frame)
    assert verified.holds
    return report


@cache
def published(real: Real) -> dict[Key, tuple[dict[str, object], bool]]:
    """The deals of the bytes by another reading, and whether each is plain enough to compare every field."""
    found: dict[Key, tuple[dict[str, object], bool]] = {}
    for name, data in real.csvs.items():
        width = data.split(b"\n", 1)[0].count(b",") + 1
        for _, fields in independent.data_lines(data):
            plain = independent.is_plain(fields)
            found[CITIES[name[0].lower()], fields[27]] = (independent.deal(fields, width), plain)
    return found


def keys_of(engine: sa.Engine, table: sa.Table) -> set[Key]:
    with engine.connect() as connection:
        return {(row[0], row[1]) for row in connection.execute(sa.select(table.c.city, table.c.serial_number))}


def events_of(engine: sa.Engine, event: str) -> dict[Key, dict[str, Any]]:
    query = sa.select(deal_events).where(deal_events.c.event == event)
    with engine.connect() as connection:
        return {(row.city, row.serial_number): row.changes for row in connection.execute(query)}


def in_every_order(engine: sa.Engine, orders: Sequence[Sequence[Real]], look: Callable[[], None]) -> None:
    """Load in each order; all of them end in the same tables, which `look` judges."""
    outcomes: list[Any] = []
    for order in orders:
        emptied(engine)
        for real in order:
            load_real(engine, real)
        look()
        outcomes.append(content(engine))
    assert all(outcome == outcomes[0] for outcome in outcomes)


@ON_MYSQL
def test_both_copies_of_a_rebuilt_season_come_to_the_same_in_both_orders(engine: sa.Engine, real_data: Path) -> None:
    old = season(real_data, "republished/111S1-as-of-2022-05", "111S1", "2022-05-20T12:00")
    new = season(real_data, "republished/111S1-as-of-2023-06", "111S1", "2023-06-20T12:00")
    before, after = published(old), published(new)
    sound_before, sound_after = before.keys() - rejected_in(old), after.keys() - rejected_in(new)
    gone = sound_before - after.keys()
    assert len(gone) > 20_000  # what it is all about

    def look() -> None:
        assert keys_of(engine, deals) >= sound_after
        assert keys_of(engine, deals) - sound_after == sound_before & rejected_in(new)
        assert keys_of(engine, withdrawn_deals) == gone
        withdrawn = events_of(engine, "withdrawn")
        assert withdrawn.keys() == gone
        window = new.release.window
        for key, changes in withdrawn.items():
            outside = not str(window.first) <= str(before[key][0]["transaction_date"]) <= str(window.last)
            assert changes.get("outside_window", False) == outside
        _replacements_are_right(withdrawn, before, {key: after[key][0] for key in sound_after})
        _changes_are_right(events_of(engine, "changed"), before, after, sound_before & sound_after)

    in_every_order(engine, [(old, new), (new, old)], look)


@ON_SQLITE
def test_a_rebuilt_season_that_lacks_much_of_a_city_waits_for_a_person(engine: sa.Engine, real_data: Path) -> None:
    old = season(real_data, "republished/111S1-as-of-2022-05", "111S1", "2022-05-20T12:00")
    new = season(real_data, "republished/111S1-as-of-2023-06", "111S1", "2023-06-20T12:00")
    load_real(engine, old)
    before = content(engine)
    known, there, window = published(old), published(new).keys(), new.release.window
    judged, lacking, outside = Counter[str](), Counter[str](), Counter[str]()
    for key in known.keys() - rejected_in(old):
        if str(window.first) <= str(known[key][0]["transaction_date"]) <= str(window.last):
            judged[key[0]] += 1
            lacking[key[0]] += key not in there
        else:
            outside[key[0]] += key not in there
    expected = [
        CityWithdrawals(city, lacking[city], outside[city], judged[city])
        for city in sorted(judged | outside)
        if lacking[city] or outside[city]
    ]
    frame = parsed(new).deals
    assert would_withdraw(engine, new.record, frame, sorted(rejected_in(new))) == expected
    doubtful = [city for city in expected if city.in_window > 20 and city.in_window * 10 > city.known_in_window]
    assert [city.city for city in doubtful] == ["花蓮縣"]
    told = f"花蓮縣 {doubtful[0].in_window} of {doubtful[0].known_in_window}"
    with pytest.raises(WithdrawalsNotConfirmed, match=told):
        load_real(engine, new, confirmed=False)
    assert content(engine) == before
    report = load_real(engine, new, confirmed=True)
    assert (report.withdrawn_deals, report.withdrawn_outside) == (lacking.total(), outside.total())
    assert would_withdraw(engine, new.record, frame, sorted(rejected_in(new))) == []
    assert load_real(engine, new, confirmed=False).withdrawn_deals == 0


def _replacements_are_right(
    withdrawn: dict[Key, dict[str, Any]],
    before: dict[Key, tuple[dict[str, object], bool]],
    there: dict[Key, dict[str, object]],
) -> None:
    """A withdrawn deal names the smallest serial of the same unit, price and day; judged where lines are plain."""
    serials: dict[tuple[object, ...], list[str]] = {}
    for (city, serial), deal in there.items():
        serials.setdefault(_place(city, deal), []).append(serial)
    for key, changes in withdrawn.items():
        deal, plain = before[key]
        if plain and (deal["build_name"] or deal["buildings"]):
            found = serials.get(_place(key[0], deal))
            assert changes.get("replaced_by") == ([None, min(found)] if found else None)


def _place(city: str, deal: dict[str, object]) -> tuple[object, ...]:
    return city, deal["build_name"], deal["buildings"], deal["price"], deal["transaction_date"]


def _changes_are_right(
    changed: dict[Key, dict[str, Any]],
    before: dict[Key, tuple[dict[str, object], bool]],
    after: dict[Key, tuple[dict[str, object], bool]],
    both: set[Key],
) -> None:
    assert changed.keys() <= both
    for key in both:
        (old, old_plain), (new, new_plain) = before[key], after[key]
        if old_plain and new_plain:
            expected = {name: [old[name], new[name]] for name in old if old[name] != new[name]}
            told = {name: pair for name, pair in changed.get(key, {}).items() if name != "district"}
            assert told == expected


def test_a_season_tells_what_became_of_its_issues(engine: sa.Engine, real_data: Path) -> None:
    issues = [issue(real_data, day) for day in ISSUES]
    whole = season(real_data, "seasons/111S3", "111S3", "2023-06-20T12:00", cities="f")
    of_issues = {key: deal for real in issues for key, deal in published(real).items()}
    of_season = published(whole)
    sound = {key for real in issues for key in published(real).keys() - rejected_in(real)}
    gone = sound - of_season.keys()
    late = of_season.keys() - rejected_in(whole) - of_issues.keys()
    assert gone
    assert late

    def look() -> None:
        assert keys_of(engine, withdrawn_deals) == gone
        withdrawn = events_of(engine, "withdrawn")
        assert withdrawn.keys() == gone
        # Issues hold nothing from outside their windows.
        assert not any("outside_window" in changes for changes in withdrawn.values())
        there = {key: of_season[key][0] for key in of_season.keys() - rejected_in(whole)}
        _replacements_are_right(withdrawn, of_issues, there)
        with engine.connect() as connection:
            query = sa.select(deals.c.city, deals.c.serial_number).where(deals.c.first_release == "111S3")
            assert {(row[0], row[1]) for row in connection.execute(query)} == late
        _changes_are_right(events_of(engine, "changed"), of_issues, of_season, sound & there.keys())

    in_every_order(engine, [(*issues, whole), (whole, *reversed(issues))], look)
