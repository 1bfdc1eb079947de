"""What was loaded so far."""

from __future__ import annotations

import sqlalchemy as sa

from pshs_dagster.database.reading.history import loaded_releases, release_files
from pshs_dagster_tests.database.made_up import copy_of, deal, load


def test_a_database_without_tables_has_no_releases(empty_engine: sa.Engine) -> None:
    assert loaded_releases(empty_engine) == []
    assert release_files(empty_engine, "111S2") == ()


def test_releases_are_told_by_their_windows(engine: sa.Engine) -> None:
    for release in ("111S3", "2022-09-21", "109S4"):
        load(engine, release, [deal("A1")])
    assert [loaded.release.key for loaded in loaded_releases(engine)] == ["109S4", "111S3", "2022-09-21"]
    assert [loaded.record for loaded in loaded_releases(engine)] == [
        copy_of(release) for release in ("109S4", "111S3", "2022-09-21")
    ]


def test_a_release_that_is_not_loaded_has_no_files(engine: sa.Engine) -> None:
    assert release_files(engine, "111S2") == ()
