"""What the stories of faults share: a site of their own that can go down, somebody who is told, an untroubled twin."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pshs_dagster.portal import Patience, Portal
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.conftest import _apprise_is_loaded as _apprise_is_loaded
from pshs_dagster_tests.alerts.conftest import receiver as receiver
from pshs_dagster_tests.faults.hours import EARLIER, ISSUE, Holdings, at_its_hour, go_to, run_in_time
from pshs_dagster_tests.fixtures.dagster import free_port
from pshs_dagster_tests.fixtures.flow import SMALL, Flow, settings_in

SEED = 4
"""Of the deals that the sandbox makes up; with this one a line of ISSUE is rejected."""

IMPATIENT = Patience(attempts=2, backoff=0.01, read=0.5)
"""The hours that a site is down pass by the clock of the test alone."""


def load_in_time(flow: Flow, site: Sandbox, issue: str) -> None:
    """Load an issue on its day, when all is well."""
    site.today = Release.parse(issue).published_on
    go_to(flow, at_its_hour(issue))
    outcome = run_in_time(flow, issue)
    assert outcome.verified, outcome.problem


@pytest.fixture(scope="session")
def _site() -> Iterator[Sandbox]:
    with Sandbox(today=Release.parse(ISSUE).published_on, scale=SMALL, seed=SEED, port=free_port()) as site:
        yield site


@pytest.fixture
def site(_site: Sandbox) -> Iterator[Sandbox]:
    """MOI's site on the day of ISSUE, on a port that it keeps when it is stopped and started again."""
    yield _site
    _site.stop()
    _site.faults = ()
    _site.start()


@pytest.fixture(scope="session")
def lived_folder(tmp_path_factory: pytest.TempPathFactory, _site: Sandbox) -> Path:
    """The folder of an installation on SQLite that has loaded EARLIER, to copy."""
    folder = tmp_path_factory.mktemp("lived")
    with Flow(folder, settings_in(folder, _site.url)) as flow:
        load_in_time(flow, _site, EARLIER)
    _site.today = Release.parse(ISSUE).published_on
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, _site: Sandbox, lived_folder: Path) -> Holdings:
    """What an installation holds that has loaded EARLIER and ISSUE, and never had any trouble."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(lived_folder, folder, dirs_exist_ok=True)
    with Flow(folder, settings_in(folder, _site.url)) as flow:
        load_in_time(flow, _site, ISSUE)
        assert flow.number("SELECT COUNT(*) FROM rejected_deals") > 0
        return Holdings.of(flow)


@pytest.fixture
def troubled(tmp_path: Path, site: Sandbox, lived_folder: Path) -> Iterator[Flow]:
    """An installation on SQLite and a local folder that has loaded EARLIER; trouble comes on the day of ISSUE."""
    folder = tmp_path / "troubled"
    shutil.copytree(lived_folder, folder)
    with Flow(folder, settings_in(folder, site.url)) as flow:
        begin(flow)
        yield flow


def begin(flow: Flow) -> None:
    """It is the hour of ISSUE, and a site that is down is waited for no minutes."""
    go_to(flow, at_its_hour(ISSUE))
    flow.overrides["portal"] = Portal(flow.settings.portal_url, clock=flow.clock, patience=IMPATIENT)
