"""Connections: which URLs are taken, and what is said when one does not work."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect, describe, translated, write_transaction
from pshs_dagster.errors import DatabaseError, SettingsError


@pytest.mark.parametrize(
    "uri",
    [
        "nonsense",
        "",
        "postgresql://user:topsecret@host/name",
        "mysql+pymysql://user:topsecret@host",
        "mysql+mysqldb://user:topsecret@host/name",
        "mysql+pymysql://user:topsecret@host:port/name",
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(uri: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URI") as caught:
        connect(uri)
    assert "topsecret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_in_one_sentence_without_the_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer
        uri = f"mysql://pshs:topsecret@127.0.0.1:{closed.getsockname()[1]}/deals"
        with pytest.raises(DatabaseError, match="does not answer") as caught:
            connect(uri)
    assert "topsecret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pshs:***@127.0.0.1" in str(caught.value)


@pytest.mark.mysql
def test_a_wrong_password_is_told_without_it(mysql_uri: str) -> None:
    wrong = sa.make_url(mysql_uri).set(password="topsecret").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match="Access denied") as caught:
        connect(wrong)
    assert "topsecret" not in str(caught.value)


def test_a_password_among_the_options_of_a_url_is_hidden_too() -> None:
    engine = sa.create_engine("mysql+pymysql://host/name?user=pshs&password=topsecret")
    assert "topsecret" not in describe(engine)


def test_the_folder_of_a_sqlite_database_is_made(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new' / 'folder' / 'pshs.db'}")
    try:
        assert (tmp_path / "new" / "folder" / "pshs.db").exists()
    finally:
        engine.dispose()


def test_a_folder_that_cannot_be_made_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseError, match="DATABASE_URI"):
        connect(f"sqlite:///{tmp_path / 'file' / 'pshs.db'}")


def test_a_transaction_takes_even_its_tables_back(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'pshs.db'}")
    try:
        with pytest.raises(DatabaseError), translated(engine, "go on"):
            _make_a_table_and_fail(engine)
        assert sa.inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


def _make_a_table_and_fail(engine: sa.Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(sa.text("CREATE TABLE half (done INTEGER)"))
        connection.execute(sa.text("SELECT broken"))


def test_a_write_transaction_is_kept(empty_engine: sa.Engine) -> None:
    with write_transaction(empty_engine) as connection:
        connection.execute(sa.text("CREATE TABLE whole (done INTEGER)"))
        connection.execute(sa.text("INSERT INTO whole VALUES (7)"))
    with empty_engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT done FROM whole")) == 7


def test_what_the_database_says_becomes_one_line_without_statement_or_values(empty_engine: sa.Engine) -> None:
    with (
        pytest.raises(DatabaseError, match="could not count") as caught,
        translated(empty_engine, "count"),
        empty_engine.connect() as connection,
    ):
        connection.execute(sa.text("SELECT :value FROM nowhere"), {"value": "private"})
    assert "nowhere" in str(caught.value)
    assert "private" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.mysql
def test_no_password_is_logged(mysql_uri: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        engine = connect(mysql_uri)
        engine.dispose()
    password = sa.make_url(mysql_uri).password
    assert password
    assert password not in caplog.text


@pytest.mark.mysql
def test_a_value_that_does_not_fit_is_an_error_on_mysql(mysql_engine: sa.Engine) -> None:
    with write_transaction(mysql_engine) as connection:
        connection.execute(sa.text("CREATE TABLE narrow (value VARCHAR(2))"))
    with (
        pytest.raises(DatabaseError, match="too long"),
        translated(mysql_engine, "insert"),
        write_transaction(mysql_engine) as connection,
    ):
        connection.execute(sa.text("INSERT INTO narrow VALUES ('abc')"))
