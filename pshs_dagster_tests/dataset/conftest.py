"""Databases that are filled already, and an archive beside each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pshs_dagster.archive import FolderStore
from pshs_dagster.database.engine import connect
from pshs_dagster.dataset.bringing import bring
from pshs_dagster.dataset.shelf import Shelf
from pshs_dagster_tests.dataset.made import BOTH, Publisher, fill


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("filled") / "pshs.db"
    shutil.copyfile(migrated_sqlite, path)
    filled = connect(f"sqlite:///{path}")
    fill(filled)
    filled.dispose()
    return path


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, filled_sqlite: Path) -> Path:
    """The archive of that database, with a version in it, to copy."""
    folder = tmp_path_factory.mktemp("published")
    filled = connect(f"sqlite:///{filled_sqlite}")
    Publisher(filled, folder).publish()
    filled.dispose()
    return folder


@pytest.fixture
def publisher(tmp_path: Path, filled_sqlite: Path, published: Path) -> Iterator[Publisher]:
    """On SQLite and a folder, where what the database holds is published already."""
    shutil.copyfile(filled_sqlite, tmp_path / "filled.db")
    shutil.copytree(published, tmp_path / "archive")
    filled = connect(f"sqlite:///{tmp_path / 'filled.db'}")
    yield Publisher(filled, tmp_path / "archive")
    filled.dispose()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Path:
    """A folder with an export, to read."""
    shelf, folder = Shelf(FolderStore(published)), tmp_path_factory.mktemp("exported") / "out"
    newest = shelf.newest()
    assert newest is not None
    bring(shelf, newest, BOTH, folder)
    return folder


@pytest.fixture
def either(engine: sa.Engine, tmp_path: Path) -> Publisher:
    """On SQLite, and again on MySQL."""
    fill(engine)
    return Publisher(engine, tmp_path / "archive")
