"""Fixtures that every part of the tests may use; those for one service are in `fixtures/`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = [
    "pshs_dagster_tests.fixtures.mysql",
    "pshs_dagster_tests.fixtures.dagster",
    "pshs_dagster_tests.fixtures.s3",
    "pshs_dagster_tests.fixtures.portal",
    "pshs_dagster_tests.fixtures.sqlite",
    "pshs_dagster_tests.fixtures.engines",
    "pshs_dagster_tests.fixtures.flow",
]


def pytest_configure() -> None:
    """In the background of a shell SIGINT is ignored, and Dagster then ignores SIGTERM too: what it started for a run
    would never end."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever goes through a run of Dagster is slow, and what is slow comes first: no worker ends alone with it."""
    for item in items:
        if "sandbox_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not any(item.iter_markers("slow")) and not any(item.iter_markers("browser")))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of MOI's real files, which the project does not carry."""
    root = Path(__file__).parents[1]
    folder = Path(os.environ.get("PSHS_REAL_DATA", root.parent / "shared" / "moi"))
    if not folder.is_dir():
        pytest.skip(f"MOI's real files are not at {folder}; set PSHS_REAL_DATA to their folder to run this test")
    return folder
