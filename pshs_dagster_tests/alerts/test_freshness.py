"""Dagster's own word on whether `mysql_deals` is fresh agrees with the calendar of the issues."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
from dagster._core.definitions.freshness import CronFreshnessPolicy
from dagster._utils.schedules import cron_string_iterator

from pshs_dagster.alerts.troubles import OVERDUE_AFTER
from pshs_dagster.assets.mysql_deals import mysql_deals
from pshs_dagster.releases import ISSUE_HOUR, TAIPEI, Release


def policy() -> CronFreshnessPolicy:
    found = mysql_deals.get_asset_spec(dg.AssetKey("mysql_deals")).freshness_policy
    assert isinstance(found, CronFreshnessPolicy)
    return found


def test_the_table_must_be_fresh_three_hours_after_the_hour_of_each_issue() -> None:
    issue = Release.parse("2022-12-21")
    start = datetime(2022, 12, 20, tzinfo=TAIPEI).timestamp()
    deadlines = cron_string_iterator(start, policy().deadline_cron, policy().timezone)
    for _ in range(40):
        expected = datetime.combine(issue.published_on, ISSUE_HOUR, TAIPEI) + OVERDUE_AFTER
        assert next(deadlines) == expected
        issue = issue.following()


def test_an_issue_that_is_loaded_at_any_time_of_its_day_is_fresh() -> None:
    hour = timedelta(hours=ISSUE_HOUR.hour)
    assert policy().lower_bound_delta == hour + OVERDUE_AFTER
