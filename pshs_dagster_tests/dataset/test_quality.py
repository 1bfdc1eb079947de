"""The quality page tells what is missing and doubtful."""

from __future__ import annotations

from dataclasses import replace

from pshs_dagster.dataset.quality import Brought, Quality, missing, quality_page
from pshs_dagster.releases import Release

QUALITY = Quality(
    brought=[Brought(Release.parse("112S1"), 1_234, 1_000, 34, 190, 10, 3)],
    deals=1_224,
    suspect=7,
    flags={"lost_characters": 4, "special_relation": 5},
    cancelled=2,
    without_serial=0,
    withdrawn=3,
    rejected={"open": 9, "corrected": 1},
    events={"changed": 34},
    provisional=["2022-11", "2023-02"],
)


def test_issues_that_nothing_covers_are_missing() -> None:
    there = [Release.parse(name) for name in ("112S1", "2023-04-11", "2023-05-01")]
    # Trades of 11 November to 10 February, of the end of February, of the middle of March.
    assert [each.key for each in missing(there)] == ["2023-04-01", "2023-04-21"]
    assert missing([*there, Release.parse("112S2")]) == []
    assert missing([]) == []


def test_the_page_has_each_number_with_its_words() -> None:
    page = quality_page(QUALITY)
    assert "| 112S1 | 2022-11-11 – 2023-02-10 | 1,234 | 1,000 | 34 | 190 | 10 | 3 |" in page
    assert "交易 1,224 筆，其中解約 2 筆、存疑 7 筆" in page
    assert "| special_relation | 備註載明特殊關係人交易 | the note tells of a special relation | 5 |" in page
    assert "| open | 待處理 | 9 |" in page
    assert "2022-11、2023-02" in page
    assert "無編號" not in page
    assert "None: a release covers" in page


def test_rows_of_another_program_and_gaps_are_told() -> None:
    late = Brought(Release.parse("2023-05-01"), 1, 1, 0, 0, 0, 0)
    page = quality_page(replace(QUALITY, without_serial=5, brought=[*QUALITY.brought, late]))
    assert "5 筆無編號" in page
    assert "| 2023-04-21 | 2023-03-01 – 2023-03-10 |" in page
