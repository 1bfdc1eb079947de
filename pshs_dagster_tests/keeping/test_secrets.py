"""No password on a command line, in the environment of a program, on the disk, in a log, a manifest or an event."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from pshs_dagster.archive.backups import Backups
from pshs_dagster.backup_job import run_backup
from pshs_dagster.cli import main
from pshs_dagster.database.engine import connect
from pshs_dagster.database.keeping.clients import option_file
from pshs_dagster.database.keeping.dump import dump
from pshs_dagster.errors import DatabaseError
from pshs_dagster_tests.fixtures.flow import Flow, settings_in
from pshs_dagster_tests.fixtures.mysql import PrivateServer
from pshs_dagster_tests.keeping.conftest import Standing

PASSWORD = " qu\"o'te #no;comment \\ back\\slash\\n %41 $HOME "
"""All that an option file, a shell, a URL or a command line could stumble over. The driver knows no Chinese here."""

SPY = """
for process in /proc/[0-9]*; do tr '\\0' ' ' < $process/cmdline; echo; done >> {folder}/commands 2> /dev/null
tr '\\0' '\\n' < /proc/$$/environ >> {folder}/environment
grep -rl '[n]o;comment\\|[n]o%3Bcomment' {folder} >> {folder}/files 2> /dev/null
exec "$REAL" "$@"
"""
"""Looks at every process, and at what lies on the disk, in the moment in which the real program begins."""


@pytest.fixture
def account(mysql_server: PrivateServer, mysql_uri: str) -> Iterator[sa.URL]:
    """An account with PASSWORD, without a right so far, and an empty database."""
    mysql_server.execute("CREATE USER 'odd'@'127.0.0.1' IDENTIFIED BY %s", PASSWORD)
    yield sa.make_url(mysql_uri).set(username="odd", password=PASSWORD)
    mysql_server.execute("DROP USER 'odd'@'127.0.0.1'")


@pytest.mark.mysql
def test_a_password_of_every_kind_works_and_is_seen_by_nobody(
    account: sa.URL,
    mysql_server: PrivateServer,
    tmp_path: Path,
    standing_in: Standing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mysql_server.execute(f"GRANT ALL ON `{account.database}`.* TO 'odd'@'127.0.0.1'")
    for name in ("mariadb-dump", "mysqldump", "mariadb", "mysql"):
        standing_in(name, SPY.format(folder=tmp_path))
    uri = account.render_as_string(hide_password=False)
    with Flow(tmp_path, settings_in(tmp_path, "http://127.0.0.1:9", uri)) as flow:
        outcome = run_backup(flow.definitions, flow.instance)
        assert outcome.problem == ""
        events = "".join(str(event) for event in flow.instance.all_logs(outcome.run_id))
        newest = Backups(flow.archive.store).newest()

    into = "into_by_name"
    mysql_server.create_database(into)
    mysql_server.execute(f"GRANT ALL ON `{into}`.* TO 'odd'@'127.0.0.1'")
    monkeypatch.setenv("PSHS_RESTORE_INTO", account.set(database=into).render_as_string(hide_password=False))
    monkeypatch.setenv("STORAGE_DIR", str(tmp_path / "archive"))
    restored = CliRunner().invoke(main, ["restore"])
    assert restored.exit_code == 0, restored.output
    mysql_server.drop_database(into)

    seen = {
        "commands": (tmp_path / "commands").read_text(),
        "environment": (tmp_path / "environment").read_text(),
        "files": (tmp_path / "files").read_text(),
        "events": events,
        "logs": caplog.text,
        "manifest": newest.to_json().decode(),
        "output": restored.output,
        "history": "".join(map(_texts, tmp_path.rglob("*.db"))),
    }
    assert "mariadb" in seen["commands"]
    for where, text in seen.items():
        assert "no;comment" not in text, where
        assert "no%3Bcomment" not in text, where
    assert seen["files"] == ""


def _texts(database: Path) -> str:
    with sqlite3.connect(database) as connection:
        return "".join(connection.iterdump())


@pytest.mark.mysql
def test_few_rights_are_needed_and_the_missing_one_is_named(
    account: sa.URL, mysql_server: PrivateServer, source: sa.Engine, tmp_path: Path
) -> None:
    database = source.url.database
    few = account.set(database=database).render_as_string(hide_password=False)
    mysql_server.execute(f"GRANT SELECT, SHOW VIEW, TRIGGER ON `{database}`.* TO 'odd'@'127.0.0.1'")
    engine = connect(few)
    with pytest.raises(DatabaseError, match=f"GRANT LOCK TABLES ON `{database}`.* TO this account"):
        dump(engine, tmp_path / "dump")
    mysql_server.execute(f"GRANT LOCK TABLES ON `{database}`.* TO 'odd'@'127.0.0.1'")
    engine.dispose()
    assert dump(engine, tmp_path / "dump").contents.rows["deals"] == 3
    engine.dispose()


@pytest.fixture
def database_uri(mysql_uri: str) -> str:
    return mysql_uri


def test_what_a_url_says_of_socket_and_certificates_reaches_the_programs() -> None:
    by_socket = option_file(sa.make_url("mysql+pymysql://u@/x?unix_socket=/run/my.sock")).decode()
    assert 'socket="/run/my.sock"' in by_socket
    assert "host" not in by_socket
    secure = option_file(sa.make_url("mysql+pymysql://u@db:3307/x?ssl_ca=/etc/ca.pem")).decode()
    for line in ('host="db"', 'port="3307"', 'ssl-ca="/etc/ca.pem"', 'loose-ssl-verify-server-cert="1"'):
        assert line in secure.splitlines()
