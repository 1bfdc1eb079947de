"""Laws of the truth over time: the tables are a function of the copies that were loaded, in whatever order.

Made-up histories are loaded in any order, with repetitions, and compared with a model that replays them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from pshs_dagster.database.engine import connect
from pshs_dagster.database.loading.verify import verify_release
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster_tests.database.made_histories import loads
from pshs_dagster_tests.database.made_up import LATER, emptied, frame, snapshot
from pshs_dagster_tests.database.replay import MadeCopy, comparable, content, load_copy, replay

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


def the_tables_are_what_a_replay_gives(engine: sa.Engine, copies: Sequence[MadeCopy], order: list[MadeCopy]) -> None:
    emptied(engine)
    for copy in order:
        load_copy(engine, copy)
    assert content(engine) == comparable(replay(copies))
    for copy in copies:
        assert verify_release(engine, copy.record, frame(copy.rows)).missing.empty


def a_copy_again_changes_nothing(engine: sa.Engine, order: list[MadeCopy]) -> None:
    emptied(engine)
    for copy in order:
        load_copy(engine, copy)
    before = snapshot(engine)
    for copy in order:
        report = load_copy(engine, copy, LATER)
        assert (report.new_deals, report.changed_deals, report.withdrawn_deals, report.reinstated_deals) == (0,) * 4
        assert snapshot(engine) == before


many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
few = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@many
@given(made=loads())
def test_in_any_order_the_tables_are_what_a_replay_gives_on_sqlite(
    sqlite_engine: sa.Engine, made: tuple[list[MadeCopy], list[MadeCopy]]
) -> None:
    the_tables_are_what_a_replay_gives(sqlite_engine, *made)


@pytest.mark.mysql
@few
@given(made=loads())
def test_in_any_order_the_tables_are_what_a_replay_gives_on_mysql(
    mysql_engine: sa.Engine, made: tuple[list[MadeCopy], list[MadeCopy]]
) -> None:
    the_tables_are_what_a_replay_gives(mysql_engine, *made)


@settings(many, max_examples=15)
@given(made=loads())
def test_a_copy_again_changes_nothing_on_sqlite(
    sqlite_engine: sa.Engine, made: tuple[list[MadeCopy], list[MadeCopy]]
) -> None:
    a_copy_again_changes_nothing(sqlite_engine, made[1])


@pytest.mark.mysql
@few
@given(made=loads())
def test_a_copy_again_changes_nothing_on_mysql(
    mysql_engine: sa.Engine, made: tuple[list[MadeCopy], list[MadeCopy]]
) -> None:
    a_copy_again_changes_nothing(mysql_engine, made[1])
