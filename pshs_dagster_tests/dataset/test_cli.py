"""`pshs export`, as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click.testing
import pyarrow.parquet as pq
import pytest

from pshs_dagster.cli import main
from pshs_dagster_tests.fixtures.flow import Flow

Export = Callable[..., click.testing.Result]


@pytest.fixture
def pshs_export(loaded_flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """The command, on an installation that has loaded the current issue."""
    settings = loaded_flow.settings
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URI", settings.database)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    monkeypatch.setenv("STORAGE_DIR", str(settings.archive_dir))
    monkeypatch.setenv("PORTAL_URL", settings.portal_url)

    def run(*arguments: str) -> click.testing.Result:
        return click.testing.CliRunner().invoke(main, ["export", *arguments])

    return run


def test_the_newest_release_is_published_and_brought(
    pshs_export: Export, loaded_flow: Flow, current: str, earlier_issue: str
) -> None:
    done = pshs_export("--out", "out")
    assert done.exit_code == 0, done.output
    assert f"{current}:" in done.output
    rows = sum(pq.read_metadata(path).num_rows for path in Path("out").glob("deals/*/*.parquet"))
    assert rows == loaded_flow.number("SELECT COUNT(*) FROM deals")
    assert json.loads(Path("out/datapackage.json").read_bytes())["version"] == current
    again = pshs_export(current, "--csv", "--out", "sheets")
    assert again.exit_code == 0, again.output
    assert "0 of them written" in again.output
    assert list(Path("sheets").rglob("*.csv"))
    assert not list(Path("sheets").rglob("*.parquet"))
    refused = pshs_export(earlier_issue)
    assert refused.exit_code == 1
    assert f"{earlier_issue} was never published" in refused.output


def test_a_folder_of_somebody_is_refused_before_any_work(pshs_export: Export, loaded_flow: Flow) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.docx").write_text("years of work")
    done = pshs_export("--out", "mine")
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "thesis.docx" in done.output
    assert not (loaded_flow.settings.archive_dir / "dataset").exists()
