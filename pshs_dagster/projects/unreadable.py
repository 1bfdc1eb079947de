"""The lines of a list that tell of no project, as a file for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from pshs_dagster.projects.listing import UnreadableLine

HEADINGS = ("檔案 file", "行號 line", "原因 reason", "原文 as published")


def as_csv(lines: Sequence[UnreadableLine]) -> bytes:
    """UTF-8 with a BOM, as Excel wants it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows((line.file, line.line, line.reason, line.raw) for line in lines)
    return text.getvalue().encode("utf-8-sig")
