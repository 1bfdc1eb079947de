"""The words of alerts, in Traditional Chinese and English: bounded in length, and without any secret.

Messages are plain text. What is wrong is decided in `troubles.py`; the words of the digest are in `digest.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pshs_dagster.alerts.troubles import Kind, Trouble
from pshs_dagster.errors import UnknownRelease
from pshs_dagster.releases import TAIPEI, Release

TITLE_LENGTH = 120
"""Characters. What a mail's subject, or the head of a chat message, shows."""

BODY_LENGTH = 1800
"""Characters. Discord takes 2,000 with the title; other services take more."""

REASON_LENGTH = 500
"""Characters of one reason, so that several fit into a message."""

LINE_LENGTH = 240
"""Characters of a trouble that is told in one line."""

SUBJECT_LENGTH = 48
"""Characters of what a title is about, so that it says what is wrong, too."""

READ = 10_000
"""Characters of a text that are looked at: an error may carry megabytes."""

COUNTS_SHOWN = 8

ELLIPSIS = "…"

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.CHECK: ("檢查未通過", "check failed"),
    Kind.WITHDRAWALS: ("撤下待確認", "withdrawals wait for confirmation"),
    Kind.RUN: ("執行失敗", "run failed"),
    Kind.OVERDUE: ("逾時未驗證", "overdue"),
    Kind.REJECTS: ("退件待更正", "rejected lines wait"),
    Kind.DAEMON: ("常駐程式未執行", "daemon not alive"),
    Kind.DATABASE: ("資料庫異常", "database"),
    Kind.ARCHIVE: ("存檔異常", "archive"),
    Kind.DAGSTER: ("Dagster 異常", "Dagster"),
}
"""Each in Traditional Chinese and in English."""

CHECKS: Mapping[str, tuple[str, str]] = {
    "release_date": ("檔案不是所要的發布", "the file is not the release that was asked for"),
    "backup_intact": ("存檔的檔案與下載時不同", "the archived file is not what was fetched"),
    "every_line_accounted_for": ("有資料列遺漏或重複", "lines are missing or double"),
    "rejection_rate": ("退件太多，格式可能已變更", "too many lines are rejected; the format may have changed"),
    "rows_in_database": ("資料庫內容與發布不符", "the database does not hold what was published"),
    "every_line_of_the_list": ("建案清單有資料列遺漏", "lines of the list of projects are missing"),
    "absorption_matches_deals": ("去化與成交資料不符", "absorption does not agree with the deals"),
    "dataset_complete": (
        "資料集檔案損壞，或列數與 deals 不符",
        "files of the data product are damaged, or do not have the rows of deals",
    ),
    "statistics_match_deals": ("統計與成交資料不符", "the statistics do not agree with the deals"),
    "created_at": ("新成交的建立日期不是今天", "new deals were not created today"),
    "withdrawals": (
        "這一季少了許多已知的成交；請先看內政部的檔案是否完整，完整才確認",
        "the season lacks many deals that are known; see whether MOI's file is whole, and confirm if it is",
    ),
}
"""What it means that a check fails."""

STEPS: Mapping[str, tuple[str, str]] = {
    "raw_zip": ("下載", "fetching"),
    "s3_backup": ("存檔", "archiving"),
    "parsed_deals": ("解析", "parsing"),
    "rejected_deals": ("記錄退件", "recording rejected lines"),
    "corrected_deals": ("套用更正", "applying corrections"),
    "mysql_deals": ("載入資料庫", "loading into the database"),
    "statistics": ("計算統計", "computing statistics"),
    "registered_projects": ("取得建案清單", "fetching the list of projects"),
    "project_absorption": ("計算去化", "computing absorption"),
    "market_report": ("製作報告", "making the report"),
    "deals_dataset": ("發布資料集", "publishing the data product"),
    "compute_statistics": ("計算統計", "computing statistics"),
    "take_file": ("收下更正檔", "taking a file of corrections"),
    "database_backup": ("備份資料庫", "backing up the database"),
    "replay_archive": ("重建歷史", "rebuilding the history"),
}
"""What a step does."""

COUNTS: Mapping[str, str] = {
    "lines": "列數",
    "rows": "列數",
    "sound": "正常",
    "rejected": "退件",
    "rate": "比率",
    "expected": "應有",
    "missing": "缺少",
    "different": "不同",
    "known_newer": "另有新值",
    "in_window": "期間內",
    "outside_window": "期間外",
    "stray_dates": "期間外日期",
    "no_date": "無日期",
    "new_deals": "新成交",
}
"""The numbers of checks in Chinese."""

_CREDENTIALS = re.compile(r"(?<=://)\S*@(?=[\w\[])")
"""All between `://` and the last `@` of a word: a password may hold a `/` or an `@` itself."""

_NAMED_SECRET = re.compile(
    r"\b(pass(?:word|wd)?|secret|token|api[-_]?key|access[-_]?key|signature|x-amz-[a-z-]+|bearer)"
    r"((?:\s*[=:]\s*|(?<=bearer)\s+)['\"]?)[^\s&,;'\"]+",
    re.IGNORECASE,
)


class Mood(StrEnum):
    """How a service may colour a message."""

    TROUBLE = "failure"
    OVER = "success"
    NEWS = "info"


@dataclass(frozen=True)
class Message:
    """What is sent: a title of one line and a body of several, both bounded."""

    title: str
    body: str
    mood: Mood

    @classmethod
    def of(cls, title: str, lines: Sequence[str], mood: Mood) -> Message:
        """A message whose texts are bounded and scrubbed; lines at the end are left out first."""
        return cls(f"[pshs] {clipped(scrubbed(title), TITLE_LENGTH - 7)}", clipped_lines(lines, BODY_LENGTH), mood)


def about_trouble(troubles: Sequence[Trouble], page: str) -> Message:
    """What is wrong with one thing. `page` is the address of Dagster's page."""
    subject = troubles[0].subject
    kinds = list(dict.fromkeys(trouble.kind for trouble in troubles))
    zh, en = "、".join(KINDS[kind][0] for kind in kinds), ", ".join(KINDS[kind][1] for kind in kinds)
    title = f"{clipped(subject, SUBJECT_LENGTH)}：{zh} {en}"
    lines = [*_release_line(subject)]
    for trouble in troubles:
        lines += ["", *_lines_of(trouble, page)]
    return Message.of(title, [line for place, line in enumerate(lines) if line or place], Mood.TROUBLE)


def about_many(troubled: Mapping[str, Sequence[Trouble]], page: str) -> Message:
    """Many things went wrong at once: a line each."""
    lines = [in_one_line(troubles) for troubles in troubled.values()]
    title = f"{len(troubled)} 件異常 {len(troubled)} troubles at once"
    return Message.of(title, [f"詳見 see: {link(page, '')}", "", *lines], Mood.TROUBLE)


def about_end(subject: str, was: Sequence[str], since: datetime, until: datetime, page: str) -> Message:
    """What was wrong with one thing is over."""
    lines = [
        *_release_line(subject),
        f"自 since {_minute(since)}，至 until {_minute(until)}",
        "先前 it was:",
        *was,
        f"詳見 see: {link(page, '')}",
    ]
    return Message.of(f"{clipped(subject, SUBJECT_LENGTH)}：已恢復正常 over", lines, Mood.OVER)


def about_ends(ended: Mapping[str, Sequence[str]], page: str) -> Message:
    """Many troubles are over at once: a line each."""
    lines = [f"{subject}: {'; '.join(was)}" for subject, was in ended.items()]
    title = f"{len(ended)} 件已恢復正常 {len(ended)} troubles are over"
    return Message.of(title, [f"詳見 see: {link(page, '')}", "", *lines], Mood.OVER)


def a_test(now: datetime, page: str) -> Message:
    """What `pshs alerts test` sends."""
    lines = [
        f"{_minute(now)} 的測試訊息，收到即表示通知可用。",
        f"A test of {_minute(now)}: that it arrived means that alerts do.",
        link(page, ""),
    ]
    return Message.of("測試 test", lines, Mood.NEWS)


def in_one_line(troubles: Sequence[Trouble]) -> str:
    """What is wrong with one thing, in LINE_LENGTH characters."""
    told = "; ".join(f"{KINDS[t.kind][0]} {KINDS[t.kind][1]} {t.where} {t.reason}".strip() for t in troubles)
    return clipped(scrubbed(f"{troubles[0].subject}: {told}"), LINE_LENGTH)


def link(page: str, run_id: str) -> str:
    """Where Dagster's page shows a run, or itself where there is none; without the credentials of a proxy."""
    address = scrubbed(page).replace("***@", "").rstrip("/")
    return f"{address}/runs/{run_id}" if run_id else address


def scrubbed(text: str) -> str:
    """The text on one line, without passwords in URLs and values that are named secrets."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text[:READ]).split())
    return _NAMED_SECRET.sub(r"\1\2***", _CREDENTIALS.sub("***@", flat))


def clipped(text: str, length: int) -> str:
    """The text in `length` characters; what was cut off shows as an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + ELLIPSIS


def clipped_lines(lines: Sequence[str], length: int) -> str:
    """As many of the lines as `length` characters hold."""
    kept: list[str] = []
    left = length
    for line in map(scrubbed, lines):
        if len(line) + 1 > left:
            kept.append(clipped(line, left - 1) if left > len(ELLIPSIS) + 1 else ELLIPSIS)
            break
        kept.append(line)
        left -= len(line) + 1
    return "\n".join(kept)[:length]


def number(value: float) -> str:
    """A number with its thousands apart; a share in per cent."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.1%}"


def _release_line(subject: str) -> list[str]:
    try:
        release = Release.parse(subject)
    except UnknownRelease:
        return []
    return [f"發布 release {release}，交易 trades {release.window}"]


def _lines_of(trouble: Trouble, page: str) -> list[str]:
    zh, en = KINDS[trouble.kind]
    lines = [f"【{zh} {en}】{trouble.where}".rstrip()]
    if words := _meaning(trouble):
        lines += [f"{words[0]}。", f"{words[1][:1].upper()}{words[1][1:]}."]
    # The link before the reason: where a message is cut, it is cut at the end.
    lines.append(f"{'執行 run' if trouble.run_id else '詳見 see'}: {link(page, trouble.run_id)}")
    if trouble.kind is Kind.WITHDRAWALS:
        lines.append(f"確認 confirm: pshs load {trouble.subject} --confirm-withdrawals")
    if trouble.reason:
        lines.append(f"原因 reason: {clipped(scrubbed(trouble.reason), REASON_LENGTH)}")
    if told := _numbers(trouble.counts):
        lines.append(f"數字 numbers: {told}")
    return lines


def _meaning(trouble: Trouble) -> tuple[str, str] | None:
    match trouble.kind:
        case Kind.CHECK | Kind.WITHDRAWALS:
            return CHECKS.get(trouble.where)
        case Kind.RUN:
            zh, en = STEPS.get(trouble.where, ("", ""))
            return (f"「{zh}」這一步失敗", f"{en} failed") if zh else None
        case Kind.OVERDUE:
            return "應發布三小時後仍未驗證", "not verified three hours after it should have been published"
        case _:
            return None


def _numbers(counts: Mapping[str, float]) -> str:
    shown = list(counts.items())[:COUNTS_SHOWN]
    return "、".join(f"{COUNTS.get(name, '')} {name} {number(value)}".strip() for name, value in shown)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(TAIPEI):%Y-%m-%d %H:%M}"
