"""An archive in a folder and one in a bucket, and zips to keep in it."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime
from pathlib import Path

import pytest

from pshs_dagster.archive import Archive, FolderStore, S3Store, Store
from pshs_dagster.portal import FetchedZip
from pshs_dagster.releases import Release
from pshs_dagster_tests.archive.at_hand import ARCHIVED_AT, FETCHED_AT, ISSUE, URL, Fetch
from pshs_dagster_tests.fixtures.s3 import Bucket


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    bucket: Bucket = request.getfixturevalue("s3_bucket")
    return S3Store(bucket.client, bucket.name, "moi/presale")


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive(store, clock=lambda: ARCHIVED_AT)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """A release as it comes from the portal; the bytes are not looked into by the archive."""
    numbers = itertools.count()

    def make(data: bytes, release: Release = ISSUE, at: datetime = FETCHED_AT) -> FetchedZip:
        path = tmp_path / f"fetched-{next(numbers)}.zip"
        path.write_bytes(data)
        return FetchedZip(release, path, hashlib.sha256(data).hexdigest(), len(data), URL, at)

    return make
