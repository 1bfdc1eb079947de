"""Settings: defaults, what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pshs_dagster.config import PORTAL_URL, Settings, read_settings
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import SettingsError

NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = read_settings()
    assert settings.database == f"sqlite:///{tmp_path}/data/pshs.db"
    assert settings.archive_dir == Path("data/archive")
    assert settings.portal_url == PORTAL_URL
    assert settings.cities == frozenset(CITIES)
    assert settings.history_from == "110S2"


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CITIES=F, a\nPORTAL_URL=http://file\nTZ=Asia/Taipei\n", encoding="utf-8")
    monkeypatch.setenv("PORTAL_URL", "http://environment")
    settings = read_settings()
    assert settings.cities == {"f", "a"}
    assert settings.portal_url == "http://environment"


def test_every_setting_of_the_example_is_one_that_is_read() -> None:
    example = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
    named = {text.lstrip("#").partition("=")[0] for text in example.splitlines() if "=" in text and " " not in text}
    assert named - {"TZ"} <= set(NAMES)


def test_no_secret_is_in_what_settings_show_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URI", "mysql+pymysql://pshs:hunter2@db/pshs")
    monkeypatch.setenv("ALERT_URLS", "slack://hunter2")
    settings = read_settings()
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert settings.database.endswith("hunter2@db/pshs")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CITIES", "F,L", "l is no city"),
        ("STORAGE_TYPE", "tape", "STORAGE_TYPE"),
        ("HISTORY_FROM", "2022-09-01", "season"),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told) as refused:
        read_settings()
    assert "\n" not in str(refused.value)


def test_a_bucket_is_needed_where_the_archive_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_TYPE", "s3")
    with pytest.raises(SettingsError, match="S3_BUCKET"):
        read_settings()
