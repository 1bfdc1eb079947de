"""Laws: the tables are a function of the copies that were loaded and of the ledger, in whatever order they came.

Made-up copies are loaded in any order, and between them a person corrects some of what waits. In the end everything
is loaded anew in the order of knowledge, which must not change anything; and each day must be what it would be if
nothing had come after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from pshs_dagster.database.correcting.entries import read_ledger
from pshs_dagster.database.correcting.waiting import review_rows
from pshs_dagster.database.engine import connect, write_transaction
from pshs_dagster.database.loading.load import ReleaseRecord
from pshs_dagster.database.reading.digest import table_digests
from pshs_dagster.database.reading.past import as_of
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.tables import corrections
from pshs_dagster.releases import TAIPEI
from pshs_dagster.review.edits import Edit, Kind
from pshs_dagster_tests.correcting.desk import (
    A,
    B,
    C,
    Copies,
    arrives,
    catches_up,
    edited,
    given_back,
    let_go,
    rebuilt,
    season,
)
from pshs_dagster_tests.database.made_up import copy_of, emptied
from pshs_dagster_tests.database.test_past import assert_same, known_in
from pshs_dagster_tests.deals.lines import line

pytestmark = pytest.mark.thorough

ROOMS = "建物現況格局-房"

VARIANTS: dict[str, dict[str, str]] = {
    "sound": {},
    "other price": {"總價元": "9000000"},
    "odd": {"單價元平方公尺": "1"},
    "odder": {"單價元平方公尺": "1", "備註": "親友"},
    "bad": {ROOMS: "3333"},
    "worse": {ROOMS: "3333", "總價元": "0"},
    "otherwise bad": {ROOMS: "44"},
    "cancelled": {"解約情形": "1110801全部解約", "單價元平方公尺": "1"},
}

RECORDS = [copy_of("2022-09-01"), copy_of("2022-09-11"), season(5, 9), season(1, 10), season(5, 10), season(9, 10)]

FIRST = datetime.combine(min(record.as_of for record in RECORDS).date(), time(6), TAIPEI)


@dataclass(frozen=True)
class Sitting:
    """A person works after so many copies have come: what becomes of each waiting row, by turns."""

    after: int
    at: datetime
    choices: Sequence[str]


@st.composite
def lines_of_a_copy(draw: st.DrawFn) -> list[str]:
    lines: list[str] = []
    for serial in (A, B, C):
        kind = draw(st.sampled_from(["absent", "nameless", "crippled", "twice", *VARIANTS, *VARIANTS]))
        if kind in VARIANTS:
            lines.append(line(編號=serial, **VARIANTS[kind]))
        elif kind == "nameless":
            lines.append(line(編號="", 建案名稱=serial))
        elif kind == "crippled":
            lines.append(line(編號=serial[:-1] + "?", 建案名稱=serial))
        elif kind == "twice":
            lines += [line(編號=serial), line(編號=serial, 總價元="9000000")]
    return list(draw(st.permutations(lines)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Copies, list[ReleaseRecord], list[Sitting]]:
    """Copies, the order in which they come, and when a person sits down to correct."""
    records = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=5, unique=True))
    copies = {record: draw(lines_of_a_copy()) for record in records}
    order = list(draw(st.permutations(records)))
    # What is decided later is recorded later.
    afters = sorted(draw(st.lists(st.integers(1, len(order)), min_size=1, max_size=3)))
    sittings = [
        Sitting(
            after,
            FIRST + timedelta(days=12 * number + draw(st.integers(0, 11)), hours=number),
            draw(st.lists(st.sampled_from(["right", "right", "other", "let go", "leave"]), min_size=1, max_size=6)),
        )
        for number, after in enumerate(afters)
    ]
    return copies, order, sittings


def sit_down(engine: sa.Engine, sitting: Sitting) -> None:
    edits: list[Edit] = []
    for number, row in enumerate(review_rows(engine, suspects=True)):
        choice = sitting.choices[number % len(sitting.choices)]
        where = f"row {number}"
        new: dict[str, str] = {"unit_price": "79157" if choice == "right" else "79158"}
        if row.kind is Kind.LINE:
            new = {"room": "3" if choice == "right" else "2", "price": "12320000"}
            if row.serial_number == "":
                new["serial_number"] = row.fields["build_name"]
        if choice == "let go":
            edits.append(let_go(row, where))
        elif choice != "leave":
            new = {name: text for name, text in new.items() if row.fields[name] != text}
            edits += [edited(row, where, **new)] if new else []
    given_back(engine, *edits, now=sitting.at)


def lived(engine: sa.Engine, copies: Copies, order: Sequence[ReleaseRecord], sittings: Sequence[Sitting]) -> None:
    """Load the copies in this order, with the sittings between them."""
    emptied(engine)
    for number, record in enumerate(order, 1):
        arrives(engine, record, copies[record])
        for sitting in sittings:
            if sitting.after == number:
                sit_down(engine, sitting)
                catches_up(engine, {known: copies[known] for known in order[:number]})
                assert catches_up(engine, {known: copies[known] for known in order[:number]}) == 0


def a_rebuild_changes_nothing(engine: sa.Engine, history: tuple[Copies, list[ReleaseRecord], list[Sitting]]) -> None:
    lived(engine, *history)
    note(str(history[1]))
    before = table_digests(engine)
    rebuilt(engine, history[0])
    assert table_digests(engine) == before


def each_day_is_as_if_nothing_came_after(
    engine: sa.Engine, other: sa.Engine, history: tuple[Copies, list[ReleaseRecord], list[Sitting]]
) -> None:
    copies, order, sittings = history
    lived(engine, copies, order, sittings)
    with engine.connect() as connection:
        written = [dict(row) for row in connection.execute(sa.select(corrections)).mappings()]
        entries = read_ledger(connection).lines
    moments = [*(record.as_of for record in copies), *(sitting.at for sitting in sittings)]
    for day in sorted({moment.astimezone(TAIPEI).date() for moment in moments}):
        end = datetime.combine(day + timedelta(days=1), time())
        emptied(other)
        with write_transaction(other) as connection:
            rows: list[dict[str, Any]] = [row for row in written if row["recorded_at"] < end]
            if rows:
                connection.execute(sa.insert(corrections), rows)
        for record in (record for record in order if record.as_of.astimezone(TAIPEI).date() <= day):
            by_then = [entry for entry in entries if entry.recorded_at < end]
            arrives(other, record, copies[record], entries=by_then)
        assert_same(as_of(engine, day), known_in(other))


many = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
few = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def sqlite_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    folder: Path = tmp_path_factory.mktemp("laws")
    engines = connect(f"sqlite:///{folder / 'one.db'}"), connect(f"sqlite:///{folder / 'other.db'}")
    for engine in engines:
        migrate(engine)
    yield engines
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="module")
def one_mysql_engine(migrated_mysql: str) -> Iterator[sa.Engine]:
    engine = connect(migrated_mysql)
    yield engine
    engine.dispose()


@many
@given(history=histories())
def test_a_rebuild_changes_nothing_on_sqlite(sqlite_engines: tuple[sa.Engine, sa.Engine], history: Any) -> None:
    a_rebuild_changes_nothing(sqlite_engines[0], history)


@pytest.mark.mysql
@few
@given(history=histories())
def test_a_rebuild_changes_nothing_on_mysql(one_mysql_engine: sa.Engine, history: Any) -> None:
    a_rebuild_changes_nothing(one_mysql_engine, history)


@many
@given(history=histories())
def test_each_day_is_as_if_nothing_came_after(sqlite_engines: tuple[sa.Engine, sa.Engine], history: Any) -> None:
    each_day_is_as_if_nothing_came_after(*sqlite_engines, history)
