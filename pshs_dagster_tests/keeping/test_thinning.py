"""Which backups stay: 8 weekly, 12 monthly, and whatever is younger than a week."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pshs_dagster.archive.backups import thinned

SUNDAY = date(2026, 11, 22)

days_of_two_years = st.sets(st.dates(date(2025, 1, 1), date(2026, 12, 31)), max_size=120)
todays = st.dates(date(2026, 6, 1), date(2026, 12, 31))


def weekly(number: int) -> set[date]:
    """So many Sundays, the last of which is SUNDAY."""
    return {SUNDAY - timedelta(weeks=back) for back in range(number)}


def test_a_year_and_a_half_of_sundays_leaves_eight_weeks_and_twelve_months() -> None:
    kept = thinned(weekly(80), SUNDAY)
    # Counted on a calendar: the last eight Sundays, and the last one of each month before these.
    eight = {SUNDAY - timedelta(weeks=back) for back in range(8)}
    assert min(eight) == date(2026, 10, 4)
    months = {date(2026, 9, 27), date(2026, 8, 30), date(2026, 7, 26), date(2026, 6, 28), date(2026, 5, 31)}
    months |= {date(2026, 4, 26), date(2026, 3, 29), date(2026, 2, 22), date(2026, 1, 25), date(2025, 12, 28)}
    assert kept == eight | months


def test_what_was_made_on_demand_in_the_last_days_stays() -> None:
    on_demand = {SUNDAY - timedelta(days=back) for back in range(7)}
    assert on_demand <= thinned(weekly(20) | on_demand, SUNDAY)
    assert thinned(on_demand, SUNDAY + timedelta(days=30)) == {SUNDAY}


def test_a_year_without_backups_is_no_reason_to_remove_one() -> None:
    kept = thinned(weekly(8), SUNDAY)
    assert thinned(weekly(8) | {date(2027, 12, 1)}, date(2027, 12, 1)) >= kept - {min(kept)}


def test_a_day_in_the_future_takes_nobodys_place() -> None:
    wrong = {date(2099, 1, 1) + timedelta(weeks=week) for week in range(20)}
    assert thinned(weekly(8) | wrong, SUNDAY) == weekly(8) | wrong


@given(days_of_two_years, todays)
def test_the_newest_of_each_week_and_month_stays_and_not_much_else(days: set[date], today: date) -> None:
    kept = thinned(days, today)
    past = {day for day in days if day <= today}
    assert kept <= days
    assert len({day for day in kept if day <= today - timedelta(days=7)}) <= 8 + 12
    weeks = sorted({day - timedelta(days=day.weekday()) for day in past})[-8:]
    for monday in weeks:
        assert max(day for day in past if timedelta(0) <= day - monday < timedelta(days=7)) in kept
    months = sorted({day.replace(day=1) for day in past})[-12:]
    for first in months:
        assert max(day for day in past if day.replace(day=1) == first) in kept


@given(days_of_two_years, todays)
def test_thinning_after_each_backup_leaves_what_thinning_once_does(days: set[date], today: date) -> None:
    past = sorted(day for day in days if day <= today)
    there: set[date] = set()
    for day in past:
        there = set(thinned(there | {day}, day))
    assert thinned(there, today) == thinned(past, today)
