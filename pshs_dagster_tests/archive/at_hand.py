"""What the tests of the archive share. No tests here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.archive.stores import Digest
from pshs_dagster.portal import FetchedZip
from pshs_dagster.releases import TAIPEI, Release

ISSUE, SEASON = Release.parse("2022-09-21"), Release.parse("111S2")
FETCHED_AT = datetime(2022, 9, 21, 10, 5, 7, tzinfo=TAIPEI)
ARCHIVED_AT = FETCHED_AT + timedelta(minutes=1)
URL = "https://plvr.land.moi.gov.tw/Download?type=zip&fileName=lvr_landcsv.zip"


Fetch = Callable[..., FetchedZip]


def bytes_of(archive: Archive, copy: ArchivedZip) -> bytes:
    return b"".join(archive.store.chunks(copy.key))


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest(), len(data))
