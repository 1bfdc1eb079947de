"""What a release holds at a time, and how releases relate.

A season holds what its nine issues held, less what was withdrawn since, with some of that declared anew, and with
deals that were declared too late for any issue. Early seasons, in early copies, also hold many trades from outside
their window. Later copies know more: cancellations, late deals, deals that moved here from the season before.
An issue never changes. Rates are those measured on thirteen issues and the season that covered them, and on two
copies of 110S3 and 111S1. How a deal looks does not belong here.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from pshs_dagster.releases import Release
from pshs_dagster.sandbox import dirt, serials
from pshs_dagster.sandbox.deals import NEVER, ORDER, Stream, as_days, evenly_traded, made, rekeyed
from pshs_dagster.sandbox.draw import Days, Ints, Keys, Mask, below, keys, unit

ISSUE_DEALS = 2_630
"""Deals of an issue at scale 1, on average: with the late ones, 25,700 in a season."""

LATE = 0.09
"""Late deals of a season, as a share of those in its issues."""

WITHDRAWN = 0.011
"""Of the deals in issues: 49 of 4,450."""

DECLARED_ANEW = 2 / 3
"""Of the withdrawn: 32 of 49."""

MOVED = 0.06
"""Late deals that first stand in the season before, until it is rebuilt."""

REBUILT_AFTER = timedelta(days=200)

STRAYS = 4_000
"""Trades from outside the window in each early season at scale 1."""

STRAY_SEASONS = ("110S2", "110S3", "110S4", "111S1")

REBUILT = date(2023, 6, 1)
"""By this day MOI had rebuilt its early seasons and dropped nearly all the strays of most."""

STRAYS_KEPT = {"110S2": 0.4, "110S3": 0.7}
"""What a rebuilt season keeps of its strays: in 110S3 most trades are of 2020 to this day."""

STRAYS_KEPT_ELSEWHERE = 0.01

STRAYS_SHARED = 0.3
"""Strays that also stand in the season after."""

_LATE_SLOT, _ANEW_SLOT, _STRAY_SLOT, _WINDOW_SLOTS, _SEASON_SLOTS = 8, 14, 20, 8, 6

_CACHED_WINDOWS = 12
"""A season's nine windows and three issues after it."""


def deals_of(release: Release, *, today: date, seed: int, scale: float) -> pd.DataFrame:
    """The deals of a release as a copy fetched on `today` shows them, in the order of MOI's files."""
    if release.is_issue:
        frame, known = _window(release, seed, scale), release.published_on
    else:
        frame, known = _season(release, today, seed, scale), today
    return _with_terminations(frame, np.datetime64(known, "D"))


def _season(season: Release, today: date, seed: int, scale: float) -> pd.DataFrame:
    now = np.datetime64(today, "D")
    windows = pd.concat([_window(issue, seed, scale) for issue in season.issues()], ignore_index=True)
    withdrawn = as_days(windows, "_withdrawn")
    parts = [windows[withdrawn > now], _anew(windows, season, now)]
    for source, host in ((season, season.preceding()), (season.following(), season)):
        late = _late(source, seed, scale)
        elsewhere = late["_moves"].to_numpy(dtype=np.bool_) & (today < host.published_on + REBUILT_AFTER)
        here = elsewhere if host is season else ~elsewhere
        parts.append(late[here & (as_days(late, "_declared") < now)].drop(columns="_moves"))
    for source in (season, season.preceding()):
        if {source.key, season.key} <= set(STRAY_SEASONS):
            strays = _strays(source, seed, scale)
            parts.append(strays[_strays_shown(strays, season, today, shared=source is not season)])
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(ORDER, kind="stable", ignore_index=True)


@lru_cache(maxsize=_CACHED_WINDOWS)
def _window(issue: Release, seed: int, scale: float) -> pd.DataFrame:
    """What an issue publishes, with the day on which each deal will be withdrawn."""
    name = f"issue {issue.key}"
    busy = 0.85 + 0.3 * float(unit(keys(seed, name, 1), "busy")[0])
    count = max(1, round(ISSUE_DEALS * scale * busy))
    traded = evenly_traded(seed, name, issue.window.first, issue.window.last, count)
    lag = below(keys(seed, name, count), "declared", 31)  # the law gives thirty days
    frame = dirt.soiled(made(Stream(name, traded, lag, _decade(issue) % _WINDOW_SLOTS), seed=seed, scale=scale))
    key = _keys(frame)
    after = 1 - (25 * np.log1p(-unit(key, "withdrawn after"))).astype(np.int64)
    leaves = unit(key, "withdrawn") < WITHDRAWN
    withdrawn = np.where(leaves, np.datetime64(issue.published_on, "D") + after, NEVER)
    return frame.assign(_withdrawn=withdrawn.astype(np.int64))


def _anew(windows: pd.DataFrame, season: Release, now: np.datetime64) -> pd.DataFrame:
    """Withdrawn deals that were declared again: the same unit and price under a new serial, which the note tells."""
    again = (as_days(windows, "_withdrawn") < NEVER) & (_chance(windows, "anew") < DECLARED_ANEW)
    frame = windows[again].reset_index(drop=True)
    city, office, kind = (frame[name].to_numpy(dtype=np.int64) for name in ("_city_number", "_office", "_kind"))
    declared = as_days(frame, "_withdrawn")
    running = serials.running_numbers(city, declared, office, _ANEW_SLOT + _quarter(season) % _SEASON_SLOTS)
    former = serials.application_numbers(
        city, as_days(frame, "_declared"), office, frame["_running"].to_numpy(dtype=np.int64)
    )
    note = "原申報序號" + former + "撤銷，重新申報" + frame["備註"].to_numpy(dtype=object)
    frame = frame.assign(
        編號=serials.serials(city, declared, office, running, kind),
        備註=note,
        _running=running,
        _declared=declared.astype(np.int64),
        _key=rekeyed(_keys(frame), "anew"),
    )
    return frame[declared <= now]


@lru_cache(maxsize=3)
def _late(season: Release, seed: int, scale: float) -> pd.DataFrame:
    """Deals that no issue held: two thirds are known when the season first appears, the others by and by.

    The first of them is there from the beginning and spoilt, so that even a small season has a line to reject.
    """
    name = f"late {season.key}"
    count = max(1, round(LATE * 9 * ISSUE_DEALS * scale))
    traded = evenly_traded(seed, name, season.window.first, season.window.last, count)
    key = keys(seed, name, count)
    published = np.datetime64(season.published_on, "D")
    soon = (unit(key, "soon") < 2 / 3) | (key == key[0])
    by_then = (published - traded).astype(np.int64) - 35
    lag = np.where(soon, 31 + (unit(key, "early") * by_then).astype(np.int64), 50 + by_then)
    lag = np.where(soon, lag, lag + (unit(key, "later") ** 2 * 250).astype(np.int64))
    slot = _LATE_SLOT + _quarter(season) % _SEASON_SLOTS
    frame = dirt.soiled(made(Stream(name, traded, lag, slot), seed=seed, scale=scale))
    spoilt = _keys(frame) == key[0]
    moves = (_chance(frame, "moves") < MOVED) & ~spoilt
    return dirt.slipped(frame, spoilt).assign(_withdrawn=_never(count), _moves=moves)


@lru_cache(maxsize=2)
def _strays(season: Release, seed: int, scale: float) -> pd.DataFrame:
    """Trades of one month to two years before the window, declared within the quarter."""
    name = f"strays {season.key}"
    count = max(1, round(STRAYS * scale))
    last = season.window.first - timedelta(days=30)
    traded = evenly_traded(seed, name, last - timedelta(days=600), last, count)
    declared = evenly_traded(seed, f"{name} declared", season.window.first, season.window.last, count)
    slot = _STRAY_SLOT + _quarter(season) % _SEASON_SLOTS
    stream = Stream(name, traded, (declared - traded).astype(np.int64), slot)
    return dirt.soiled(made(stream, seed=seed, scale=scale)).assign(_withdrawn=_never(count))


def _strays_shown(strays: pd.DataFrame, host: Release, today: date, *, shared: bool) -> Mask:
    share = STRAYS_KEPT.get(host.key, STRAYS_KEPT_ELSEWHERE) if today >= REBUILT else 1.0
    kept = _chance(strays, "kept") < share
    return kept & (_chance(strays, "shared") < STRAYS_SHARED) if shared else kept


def _with_terminations(frame: pd.DataFrame, known: np.datetime64) -> pd.DataFrame:
    """Fills in 解約情形 with what is known on a day; now and then a part was dissolved before."""
    cancelled = as_days(frame, "_cancelled")
    told = cancelled <= known
    words = serials.date_texts(cancelled[told]) + "全部解約"
    earlier = serials.date_texts(cancelled[told] - 7) + "部分解約;"
    several = _chance(frame, "dissolved twice")[told] < 0.08
    column = np.full(len(frame), "", dtype=object)
    column[told] = np.where(several, earlier + words, words)
    return frame.assign(解約情形=column)


def _keys(frame: pd.DataFrame) -> Keys:
    return frame["_key"].to_numpy(dtype=np.uint64)


def _chance(frame: pd.DataFrame, name: str) -> np.ndarray:
    return unit(_keys(frame), name)


def _never(count: int) -> Ints:
    days: Days = np.full(count, NEVER)
    return days.astype(np.int64)


def _decade(issue: Release) -> int:
    """Issues numbered in order."""
    day = issue.published_on
    return (day.year * 12 + day.month) * 3 + day.day // 10


def _quarter(season: Release) -> int:
    """Seasons numbered in order."""
    day = season.published_on
    return day.year * 4 + day.month // 3
