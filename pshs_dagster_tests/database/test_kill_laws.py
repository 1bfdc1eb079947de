"""The law of knowledge, with kills: whatever order, repetitions and deaths, the same copies end in the same digest.

A load is killed for real (SIGKILL) before any of its statements, and done again at once or after all others. What the
content is told to be stands in `test_knowledge_laws.py`; here it is compared with the plain way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from pshs_dagster.database.reading.digest import digest
from pshs_dagster_tests.database.killed_load import killed_before
from pshs_dagster_tests.database.made_histories import loads
from pshs_dagster_tests.database.made_up import emptied
from pshs_dagster_tests.database.replay import MadeCopy, load_copy

WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")
"""A load is killed before one of these: what comes between them changes nothing."""

MOST_WRITES = 20
"""More than most loads have, so that a kill may also come too late."""


@dataclass(frozen=True)
class Attempt:
    """One load. Where `killed` counts to a write it dies before that, and is repeated: at once, or after all others."""

    copy: MadeCopy
    killed: int | None
    again_at_once: bool


@st.composite
def attempts(draw: st.DrawFn) -> tuple[list[MadeCopy], list[Attempt]]:
    """Copies, and how they come into the tables."""
    copies, order = draw(loads())
    deaths = st.none() | st.integers(1, MOST_WRITES)
    return copies, [Attempt(copy, draw(deaths), draw(st.booleans())) for copy in order]


def load_into(copy: MadeCopy, engine: sa.Engine) -> None:
    """For a process of its own."""
    load_copy(engine, copy)


def whatever_dies_the_digest_is_that_of_the_plain_way(
    engine: sa.Engine, copies: Sequence[MadeCopy], tried: Sequence[Attempt]
) -> None:
    emptied(engine)
    for copy in sorted(copies, key=lambda copy: copy.order):
        load_copy(engine, copy)
    plain = digest(engine)

    emptied(engine)
    uri = engine.url.render_as_string(hide_password=False)
    left: list[MadeCopy] = []
    for attempt in tried:
        if attempt.killed is None:
            load_copy(engine, attempt.copy)
            continue
        statement = killed_before(uri, attempt.killed, partial(load_into, attempt.copy), WRITES)
        event(f"killed before {statement.split()[0] if statement else 'nothing: the load was done'}")
        if attempt.again_at_once:
            load_copy(engine, attempt.copy)
        else:
            left.append(attempt.copy)
    for copy in left:
        load_copy(engine, copy)
    assert digest(engine) == plain


def examples(number: int) -> settings:
    """Many where there is time for it, few where not."""
    unfit = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    # Not made smaller where one fails: with a process for each kill that would take minutes.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    return settings(max_examples=number, deadline=None, suppress_health_check=unfit, phases=phases)


@pytest.mark.thorough
@pytest.mark.slow
@examples(5)
@given(made=attempts())
def test_whatever_order_repetition_and_kill_the_digest_is_the_same(
    engine: sa.Engine, made: tuple[list[MadeCopy], list[Attempt]]
) -> None:
    whatever_dies_the_digest_is_that_of_the_plain_way(engine, *made)


@pytest.mark.thorough
@pytest.mark.timeout(600)
@examples(60)
@given(made=attempts())
def test_whatever_order_repetition_and_kill_the_digest_is_the_same_in_many_histories(
    engine: sa.Engine, made: tuple[list[MadeCopy], list[Attempt]]
) -> None:
    whatever_dies_the_digest_is_that_of_the_plain_way(engine, *made)
