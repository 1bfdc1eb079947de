"""A site that is well, and portals that look at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from pshs_dagster.portal import Patience, Portal, open_session
from pshs_dagster_tests.fixtures.portal import (
    CURRENT_ZIP,
    ScriptedPortal,
)
from pshs_dagster_tests.portal.at_hand import (
    NOW,
    WINDOW,
    Pauses,
    PortalAt,
    zip_answer,
)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def site(scripted_portal: ScriptedPortal) -> ScriptedPortal:
    """A site that is well on the morning of 21 September 2022, its new issue being out."""
    scripted_portal.offer(window=WINDOW, issues=("20220901", "20220911"), seasons=("111S1", "110S4"))
    scripted_portal.on(CURRENT_ZIP, zip_answer())
    return scripted_portal


@pytest.fixture
def portal(site: ScriptedPortal, pauses: Pauses) -> Iterator[Portal]:
    with open_session() as session:
        yield Portal(site.url, clock=lambda: NOW, session=session, sleep=pauses)


@pytest.fixture
def portal_at(site: ScriptedPortal, pauses: Pauses) -> Iterator[PortalAt]:
    """A portal with another clock or another patience."""
    with open_session() as session:

        def make(now: datetime = NOW, patience: Patience | None = None, url: str | None = None) -> Portal:
            return Portal(url or site.url, clock=lambda: now, session=session, sleep=pauses, patience=patience)

        yield make
