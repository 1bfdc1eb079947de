"""`pshs backup` and `pshs restore`, as a person types them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest
import sqlalchemy as sa

from pshs_dagster.archive import FolderStore
from pshs_dagster.archive.backups import Backups
from pshs_dagster.cli import main
from pshs_dagster.database.engine import connect
from pshs_dagster.database.reading.digest import digest
from pshs_dagster_tests.fixtures.flow import ROOT
from pshs_dagster_tests.keeping.conftest import Standing, await_that, content

pytestmark = pytest.mark.slow

Pshs = Callable[..., click.testing.Result]


@pytest.fixture
def home(source: sa.Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with the settings of an installation on `source`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URI", source.url.render_as_string(hide_password=False))
    monkeypatch.setenv("STORAGE_DIR", str(tmp_path / "archive"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


@pytest.fixture
def pshs(home: Path) -> Pshs:  # noqa: ARG001
    def run(*arguments: str, **environment: str) -> click.testing.Result:
        return click.testing.CliRunner().invoke(main, list(arguments), env=environment)

    return run


@pytest.fixture
def database_uri(tmp_path: Path) -> str:
    """What is told here does not depend on the kind of database."""
    return f"sqlite:///{tmp_path / 'pshs.db'}"


def test_a_backup_is_told_and_the_newest_is_restored(pshs: Pshs, source: sa.Engine, empty_uri: str, home: Path) -> None:
    told = pshs("backup")
    assert told.exit_code == 0, told.output
    (key,) = Backups(FolderStore(home / "archive")).keys()
    assert str(home / "archive" / key) in told.output
    assert f"digest {digest(source)}; 1 backups kept, 0 removed." in told.output

    done = pshs("restore", "--into", empty_uri)
    assert done.exit_code == 0, done.output
    assert f"digest {digest(source)}, as backed up." in done.output
    restored = connect(empty_uri)
    assert content(restored) == content(source)
    restored.dispose()


def test_a_file_is_restored_by_its_name_or_its_path(pshs: Pshs, home: Path) -> None:
    pshs("backup")
    (key,) = Backups(FolderStore(home / "archive")).keys()
    for number, name in enumerate((key, key.removeprefix("backups/"), f"archive/{key}")):
        done = pshs("restore", name, PSHS_RESTORE_INTO=f"sqlite:///restored-{number}.db")
        assert done.exit_code == 0, done.output
        assert (home / f"restored-{number}.db").exists()


def test_a_second_restore_is_refused_in_one_line(pshs: Pshs, empty_uri: str) -> None:
    pshs("backup")
    assert pshs("restore", "--into", empty_uri).exit_code == 0
    again = pshs("restore", "--into", empty_uri)
    assert again.exit_code == 1
    assert again.output.count("\n") == 1
    assert "is not empty" in again.output


def test_a_damaged_backup_is_refused_before_anything_is_made(pshs: Pshs, empty_uri: str, home: Path) -> None:
    pshs("backup")
    (key,) = Backups(FolderStore(home / "archive")).keys()
    path = home / "archive" / key
    path.write_bytes(path.read_bytes()[:-1])
    done = pshs("restore", "--into", empty_uri)
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert f"{path} is damaged" in done.output
    assert not Path(empty_uri.removeprefix("sqlite:///")).exists()


def test_without_a_backup_or_a_target_it_is_said_what_to_do(pshs: Pshs, empty_uri: str) -> None:
    assert "make one with `pshs backup`" in pshs("restore", "--into", empty_uri).output
    nowhere = pshs("restore")
    assert nowhere.exit_code == 2
    assert "--into" in nowhere.output


def test_help_tells_where_a_password_belongs(pshs: Pshs) -> None:
    told = " ".join(pshs("restore", "--help").output.split())
    assert "PSHS_RESTORE_INTO" in told
    assert "others on this machine can see what stands on a command line" in told


def test_an_archive_that_cannot_be_written_is_one_line(pshs: Pshs, home: Path) -> None:
    (home / "archive").write_text("a file where the folder should be")
    done = pshs("backup")
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert str(home / "archive") in done.output


@pytest.mark.slow
@pytest.mark.mysql
class TestKilled:
    @pytest.fixture
    def database_uri(self, mysql_uri: str) -> str:
        return mysql_uri

    @pytest.mark.thorough
    def test_a_backup_that_was_killed_half_way_does_not_count_and_holds_nobody_up(
        self, home: Path, pshs: Pshs, source: sa.Engine, standing_in: Standing
    ) -> None:
        begun, once = home / "begun", home / "once"
        for name in ("mariadb-dump", "mysqldump"):
            # The first time it hangs in the middle, for as long as whoever started it lives.
            half = f'if [ ! -e {once} ]; then touch {once}; "$REAL" "$@" | head -c 6000; touch {begun}; '
            standing_in(name, half + 'tail -f --pid=$PPID /dev/null; exit; fi\nexec "$REAL" "$@"\n')
        command = [sys.executable, "-m", "pshs_dagster.cli", "backup"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, env=environment, cwd=home, stderr=subprocess.DEVNULL) as process:
            try:
                await_that(lambda: begun.exists() or process.poll() is not None)
                assert process.poll() is None
            finally:
                process.kill()
        backups = Backups(FolderStore(home / "archive"))
        assert backups.keys() == ()

        done = pshs("backup")
        assert done.exit_code == 0, done.output
        assert backups.newest().dump.contents.digest == digest(source)
