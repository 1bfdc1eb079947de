"""Rejected lines as files for people: Chinese column names, reasons in Chinese, the line as published.

A person reads such a file, and corrects from it; how lines come to be rejected is told by `rules.py`.
"""

from __future__ import annotations

import json

import pandas as pd

from pshs_dagster.deals.rules import explain

RELEASE, FILE, LINE, CITY, REASONS, RAW = "發布", "檔案", "行號", "縣市", "退件原因", "原始內容"
"""Keys that stand beside MOI's own headings."""


def rejects_document(release: str, rejects: pd.DataFrame) -> str:
    """Rejected lines of a release → JSON: a list of objects, empty where nothing was rejected."""
    entries = [
        {
            RELEASE: release,
            FILE: line["file"],
            LINE: line["source_line"],
            CITY: line["city"],
            REASONS: [reason.zh for reason in explain(line["reasons"])],
            **json.loads(line["published"]),
            RAW: line["raw"],
        }
        for line in rejects.to_dict("records")
    ]
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"


def rejects_for_table(rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejected lines as the table `rejected_deals` holds them: reasons as a list of objects in both languages."""
    told = [
        [{"rule": r.rule, "column": r.column, "zh": r.zh, "en": r.en} for r in explain(reasons)]
        for reasons in rejects["reasons"]
    ]
    kept = rejects[["file", "source_line", "city", "serial_number", "raw", "published"]]
    return kept.assign(reasons=pd.Series(told, index=rejects.index, dtype=object))
