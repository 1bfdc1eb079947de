"""What the tests of the portal share: releases, addresses, a sound zip, pauses that are not taken. No tests here."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from pshs_dagster.portal import Portal
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.portal import (
    Answer,
    zip_bytes,
)

NOW = datetime(2022, 9, 21, 10, 0, tzinfo=TAIPEI)
NEW, LAST, EARLIER = (Release.parse(key) for key in ("2022-09-21", "2022-09-11", "2022-09-01"))
SEASON = Release.parse("111S1")
SEASON_ZIP = "/DownloadSeason?season=111S1&type=zip&fileName=lvr_landcsv.zip"
EARLIER_ZIP = "/DownloadHistory?type=history&fileName=20220901"
WINDOW = "111年8月1日至 111年8月10日"

SOUND = zip_bytes({"f_lvr_land_b.csv": random.Random(1).randbytes(200_000)})
"""Noise, so that a zip cut off after 1,000 bytes is one indeed."""


PortalAt = Callable[..., Portal]


def zip_answer(data: bytes = SOUND) -> Answer:
    return Answer(data, headers={"Content-Type": "application/octet-stream"})


class Pauses(list[float]):
    """The pauses that were asked for; none is taken."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
