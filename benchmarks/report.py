"""`RESULTS.md`: a section a benchmark, each replaced whole when it is measured anew."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pshs_dagster.releases import TAIPEI

RESULTS = Path(__file__).with_name("RESULTS.md")

VERSIONS = ("dagster", "pandas", "pyarrow", "numpy", "sqlalchemy", "pymysql")

HEAD = """# Results

Ratios within one run come first: the machine is shared and noisy, so that seconds say little by themselves.
Repeat with `make bench`.
"""


def machine() -> str:
    """The machine and the versions, in one line."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"model name\s*: (.*)", cpuinfo.read_text())):
        model = found[1]
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {versions}"


def write_section(title: str, lines: Sequence[str]) -> None:
    """Put a section into RESULTS.md, in place of the one of that title."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    told = f"\nMeasured on {datetime.now(TAIPEI):%Y-%m-%d}: {machine()}.\n\n" + "\n".join(lines) + "\n\n"
    sections[title] = told
    body = "".join(f"## {name}\n{content}" for name, content in sections.items())
    RESULTS.write_text(f"{HEAD}\n{body}".rstrip() + "\n", encoding="utf-8")
