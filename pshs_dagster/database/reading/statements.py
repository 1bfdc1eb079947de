"""The .sql files that compute tables, as they stand: for whoever wants to run them on the data product."""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("statistics", "absorption")
"""Rooms of the database that have such files."""


def sql_files() -> dict[str, str]:
    """The text of each file by its name, comments and all."""
    rooms = (Path(__file__).parents[1] / folder for folder in FOLDERS)
    return {path.name: path.read_text(encoding="utf-8") for room in rooms for path in sorted(room.glob("*.sql"))}
