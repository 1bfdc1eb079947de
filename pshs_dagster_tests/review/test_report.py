"""The report that lies beside a file when it was done."""

from __future__ import annotations

from datetime import UTC, datetime

from markdown_it import MarkdownIt

from pshs_dagster.errors import ReviewFileError
from pshs_dagster.review.report import Outcome, Result, refusal, report

NOW = datetime(2022, 9, 21, 2, 5, tzinfo=UTC)


def outcome(where: str, result: Result, zh: str = "已載入。", en: str = "It is loaded.") -> Outcome:
    return Outcome(where, "新北市", "RPXNMLTKJHOGFAB18CA", result, zh, en)


def test_every_row_is_told_in_both_languages_and_counted() -> None:
    told = report(
        "修正.xlsx",
        [
            outcome("第 2 列 (row 2)", Result.CORRECTED),
            outcome("第 3 列 (row 3)", Result.STILL_WRONG, "總價為零。", "The price is zero."),
            outcome("第 4 列 (row 4)", Result.CORRECTED),
        ],
        NOW,
    )
    assert "2022-09-21 10:05 (Asia/Taipei)" in told
    assert "- 已修正 (corrected): 2\n- 仍有問題 (still wrong): 1\n" in told
    rows = [line for line in told.splitlines() if line.startswith("| 第")]
    assert rows[1] == (
        "| 第 3 列 (row 3) | 新北市 | RPXNMLTKJHOGFAB18CA | 仍有問題 (still wrong) | 總價為零。 The price is zero. |"
    )
    assert len(rows) == 3


def test_a_file_that_changes_nothing_says_so() -> None:
    assert "檔案中沒有任何更動。The file changes nothing." in report("修正.xlsx", [], NOW)


def test_a_refused_file_has_each_problem_on_a_line() -> None:
    told = refusal("修正.xlsx", ReviewFileError("審查!A1：一 one", "審查!B2：二 two"), NOW)
    assert "- 審查!A1：一 one\n- 審查!B2：二 two\n" in told


def test_texts_out_of_a_file_are_no_mark_up() -> None:
    hostile = "[x](javascript:1) <script> a|b\n# c ![i](http://x/)"
    told = report(hostile, [outcome("第 2 列", Result.NOT_OPEN, hostile, hostile)], NOW)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(told)
    assert "<script" not in html
    assert "<a " not in html
    assert "<img" not in html
    assert html.count("<tr>") == 2
    assert html.count("<h1>") == 1
    assert html.count("<td>") == 5
