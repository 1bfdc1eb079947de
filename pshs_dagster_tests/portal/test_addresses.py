"""Where a release is to be had, and whether it can be there yet or still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pshs_dagster.errors import NotPublished, SettingsError
from pshs_dagster.portal import Portal
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.portal import (
    ACTIVE,
    CURRENT_ZIP,
    HISTORY,
    ScriptedPortal,
    history_page,
    page,
)
from pshs_dagster_tests.portal.at_hand import (
    EARLIER,
    EARLIER_ZIP,
    NEW,
    NOW,
    SEASON,
    SEASON_ZIP,
    PortalAt,
)


class TestWhereAReleaseIs:
    def test_each_kind_of_release_has_its_address(self, portal: Portal) -> None:
        assert portal.request_for(SEASON) == SEASON_ZIP
        assert portal.request_for(EARLIER) == EARLIER_ZIP
        assert portal.request_for(NEW) == CURRENT_ZIP

    def test_an_issue_that_is_not_due_is_not_asked_for(self, site: ScriptedPortal, portal_at: PortalAt) -> None:
        portal = portal_at(NOW - timedelta(days=1))
        with pytest.raises(NotPublished, match="2022-09-21 10:00"):
            portal.request_for(NEW)
        assert site.requests == []

    def test_on_its_day_an_issue_may_be_there_before_its_hour(self, portal_at: PortalAt) -> None:
        assert portal_at(NOW - timedelta(hours=9)).request_for(NEW) == CURRENT_ZIP

    def test_a_season_of_the_future_is_not_asked_for(self, site: ScriptedPortal, portal: Portal) -> None:
        with pytest.raises(NotPublished, match="2022-10-01"):
            portal.request_for(Release.parse("111S3"))
        assert site.requests == []

    def test_days_are_days_in_taipei(self, portal_at: PortalAt) -> None:
        autumn = Release.parse("111S3")
        before = datetime(2022, 9, 30, 15, 59, tzinfo=UTC)
        with pytest.raises(NotPublished):
            portal_at(before).request_for(autumn)
        assert "111S3" in portal_at(before + timedelta(minutes=1)).request_for(autumn)

    def test_an_issue_of_an_earlier_quarter_is_to_be_had_in_its_season(self, portal: Portal) -> None:
        with pytest.raises(NotPublished, match=r"no longer .* load 111S2\."):
            portal.request_for(Release.parse("2022-06-21"))

    def test_an_issue_that_was_dropped_early_waits_for_its_season(self, portal: Portal) -> None:
        with pytest.raises(NotPublished, match="load 111S3 from 2022-10-01 on"):
            portal.request_for(Release.parse("2022-08-21"))

    def test_when_a_quarter_begins_only_its_first_issue_is_current(
        self, site: ScriptedPortal, portal_at: PortalAt
    ) -> None:
        site.on(HISTORY, page(history_page()))
        portal = portal_at(datetime(2022, 10, 1, 10, tzinfo=TAIPEI))
        assert portal.request_for(Release.parse("2022-10-01")) == CURRENT_ZIP
        with pytest.raises(NotPublished, match="load 111S3"):
            portal.request_for(NEW)

    @pytest.mark.parametrize("url", ["", "plvr.land.moi.gov.tw", "ftp://plvr.land.moi.gov.tw", "https://"])
    def test_an_address_that_is_none_is_a_wrong_setting(self, url: str) -> None:
        with pytest.raises(SettingsError, match="PORTAL_URL"):
            Portal(url, clock=lambda: NOW)

    def test_a_doubled_slash_does_no_harm(self, site: ScriptedPortal, portal_at: PortalAt) -> None:
        portal_at(url=site.url + "/").published()
        assert ACTIVE in site.requests
