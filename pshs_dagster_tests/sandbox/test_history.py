"""Releases relate as MOI's do: seasons hold their issues, less what was withdrawn, with what came late."""

from __future__ import annotations

from datetime import date

import pytest

from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import history, serials, zips
from pshs_dagster_tests.sandbox.reading import DATE, PRICE, SERIAL, TERMINATION, UNIT, by_serial, deals_in, stray_dates

pytestmark = [pytest.mark.thorough, pytest.mark.slow]

NOTE = 26
LONG_AFTER = date(2026, 9, 25)


def _files(key: str, today: date = LONG_AFTER, *, scale: float = 0.3, seed: int = 1) -> dict[str, bytes]:
    return zips.release_files(Release.parse(key), today=today, scale=scale, seed=seed)


def _issues(season: str) -> dict[tuple[str, str], list[str]]:
    published: dict[tuple[str, str], list[str]] = {}
    for issue in Release.parse(season).issues():
        published |= by_serial(_files(issue.key))
    return published


def test_the_same_seed_makes_the_same_bytes_and_another_does_not() -> None:
    release = Release.parse("111S2")
    once = zips.release_zip(release, today=LONG_AFTER, scale=0.02)
    assert zips.release_zip(release, today=LONG_AFTER, scale=0.02) == once
    assert zips.release_zip(release, today=LONG_AFTER, scale=0.02, seed=2) != once


def test_a_window_does_not_depend_on_what_was_made_before() -> None:
    alone = _files("2022-07-01")
    history._window.cache_clear()  # pyright: ignore[reportPrivateUsage]
    _files("111S3")
    assert _files("2022-07-01") == alone


def test_scale_one_is_the_size_of_a_real_season() -> None:
    deals = len(deals_in(_files("111S2", scale=1.0)))
    assert 25_700 * 0.9 < deals < 25_700 * 1.1


def test_scale_multiplies_deals() -> None:
    small, large = (len(deals_in(_files("111S2", scale=scale))) for scale in (0.1, 0.4))
    assert large == pytest.approx(4 * small, rel=0.05)


def test_cities_share_the_deals_as_in_real_seasons() -> None:
    cities = [city for city, _ in deals_in(_files("111S2", scale=1.0))]
    for letter, share in {"a": 0.042, "b": 0.198, "f": 0.164, "h": 0.198, "k": 0.026}.items():
        assert cities.count(letter) / len(cities) == pytest.approx(share, rel=0.15)


def test_a_city_without_deals_has_no_file() -> None:
    files = _files("2022-07-01", scale=0.05)
    assert any(name.lower().startswith("f_lvr_land_b") for name in files)
    assert not any(name.lower().startswith("z_lvr_land_b") for name in files)


def test_only_the_cities_asked_for_are_made_and_they_are_the_same() -> None:
    everything = _files("111S2", scale=0.05)
    some = zips.release_files(Release.parse("111S2"), today=LONG_AFTER, scale=0.05, cities=["F", "a"])
    assert {name[0] for name in some if "_lvr_land_" in name} == {"a", "f"}
    assert some["f_lvr_land_b.csv"] == everything["f_lvr_land_b.csv"]


def test_a_serial_is_a_citys_only_one_over_all_releases() -> None:
    published: dict[tuple[str, str], str] = {}
    for season in ("111S2", "111S3", "111S4", "112S1"):
        deals = deals_in(_files(season))
        keys = {(city, fields[SERIAL]) for city, fields in deals}
        assert len(keys) == len(deals)
        assert not keys & published.keys()
        assert {len(serial) for _, serial in keys} == {serials.LENGTH}
        published |= dict.fromkeys(keys, season)


def test_an_issue_trades_within_its_window_and_never_changes() -> None:
    release = Release.parse("2026-03-11")
    files = zips.release_files(release, today=date(2026, 3, 11), scale=1.0)
    assert stray_dates(files, release) <= len(deals_in(files)) * 0.002
    assert zips.release_files(release, today=date(2027, 3, 11), scale=1.0) == files


def test_a_season_holds_its_issues_less_what_was_withdrawn() -> None:
    issues, season = _issues("111S3"), by_serial(_files("111S3"))
    gone = issues.keys() - season.keys()
    assert 0.005 < len(gone) / len(issues) < 0.02
    assert all(season[key] == issues[key] for key in issues.keys() & season.keys())
    late = len(season.keys() - issues.keys())
    assert 0.07 < late / len(issues) < 0.12


def test_two_thirds_of_the_withdrawn_come_back_under_a_new_serial_that_the_note_explains() -> None:
    issues, season = _issues("111S3"), by_serial(_files("111S3"))
    gone = [issues[key] for key in issues.keys() - season.keys()]
    again = [fields for fields in season.values() if "撤銷，重新申報" in fields[NOTE]]
    units = {(fields[2], fields[DATE], fields[PRICE], fields[UNIT]) for fields in gone}
    assert all((fields[2], fields[DATE], fields[PRICE], fields[UNIT]) in units for fields in again)
    assert 0.4 < len(again) / len(gone) < 0.9


def test_a_later_copy_of_a_season_has_more_late_deals() -> None:
    first, later = (by_serial(_files("111S2", day)) for day in (date(2022, 7, 1), date(2023, 6, 8)))
    assert len(later.keys() - first.keys()) > len(first) * 0.01


def test_a_rebuilding_moves_deals_to_the_season_of_their_trade() -> None:
    before, after = date(2022, 12, 1), date(2023, 6, 8)
    moved = by_serial(_files("111S2", before)).keys() & by_serial(_files("111S3", after)).keys()
    assert len(moved) > 10
    assert not moved & by_serial(_files("111S2", after)).keys()
    assert not moved & by_serial(_files("111S3", before)).keys()
    assert stray_dates(_files("111S2", before), Release.parse("111S2")) >= len(moved)


def test_early_copies_of_early_seasons_are_full_of_strays_that_a_rebuilding_drops() -> None:
    release = Release.parse("111S1")
    early, late = (_files("111S1", day) for day in (date(2022, 5, 1), date(2023, 6, 8)))
    assert stray_dates(early, release) > 1_000
    assert 0 < stray_dates(late, release) < 50
    assert stray_dates(_files("111S3", date(2023, 6, 8)), Release.parse("111S3")) < 10
    assert stray_dates(_files("110S3"), Release.parse("110S3")) > 500


def test_consecutive_early_seasons_share_identical_rows() -> None:
    earlier, later = (by_serial(_files(season, date(2022, 5, 1))) for season in ("110S3", "110S4"))
    shared = earlier.keys() & later.keys()
    assert len(shared) > 100
    assert all(earlier[key] == later[key] for key in shared)


def test_cancellations_are_told_once_they_have_happened() -> None:
    def cancelled(today: date) -> dict[tuple[str, str], str]:
        return {
            key: fields[TERMINATION]
            for key, fields in by_serial(_files("112S4", today, scale=1.0)).items()
            if len(fields) == 31 and fields[TERMINATION]
        }

    early, late = cancelled(date(2024, 1, 1)), cancelled(date(2026, 9, 25))
    assert set(early) < set(late)
    assert 0.007 < len(late) / len(deals_in(_files("112S4", scale=1.0))) < 0.013
    assert all(words.endswith("全部解約") for words in late.values())
    assert max(early.values()).split(";")[-1][:7] <= "1130101"
    assert any("部分解約;" in words for words in late.values())


def test_a_scale_that_cannot_be_is_refused() -> None:
    for scale in (0.0, -1.0, 1e6):
        with pytest.raises(SettingsError, match="scale"):
            _files("111S2", scale=scale)
