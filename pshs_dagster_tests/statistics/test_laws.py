"""The law of statistics over made-up histories: after any loads, in any order, a refresh is a full computation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pshs_dagster.database.engine import connect
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster_tests.database.made_up import NOW, emptied
from pshs_dagster_tests.database.replay import MadeCopy, load_copy
from pshs_dagster_tests.database.test_knowledge_laws import loads
from pshs_dagster_tests.statistics import reckoning
from pshs_dagster_tests.statistics.stored import deals_of, everything, windows_of
from pshs_dagster_tests.statistics.test_keeping_up import anew

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('laws') / 'pshs.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def mysql_engine(migrated_mysql: str) -> Iterator[sa.Engine]:
    engine = connect(migrated_mysql)
    yield engine
    engine.dispose()


@st.composite
def kept_up(draw: st.DrawFn) -> list[tuple[MadeCopy, bool]]:
    """Loads in any order, some of them without a refresh: its run was killed."""
    _, order = draw(loads())
    return [(copy, draw(st.integers(0, 3)) > 0) for copy in order]


def a_refresh_is_a_full_computation(engine: sa.Engine, history: list[tuple[MadeCopy, bool]]) -> None:
    emptied(engine)
    for copy, refreshed in history:
        load_copy(engine, copy)
        if refreshed:
            refresh(engine, NOW)
    refresh(engine, NOW)
    found = everything(engine)
    assert found == anew(engine)
    deals = deals_of(engine)
    if len(deals):
        market = reckoning.market_statistics(deals, windows_of(engine))
        assert reckoning.differences(found["deal_statistics"], reckoning.deal_statistics(deals)) == []
        assert reckoning.differences(found["market_statistics"], market) == []


many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
few = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@many
@given(history=kept_up())
def test_on_sqlite(sqlite_engine: sa.Engine, history: list[tuple[MadeCopy, bool]]) -> None:
    a_refresh_is_a_full_computation(sqlite_engine, history)


@pytest.mark.mysql
@few
@given(history=kept_up())
def test_on_mysql(mysql_engine: sa.Engine, history: list[tuple[MadeCopy, bool]]) -> None:
    a_refresh_is_a_full_computation(mysql_engine, history)
