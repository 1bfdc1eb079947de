"""The tests' own server: gone afterwards, and honest where it cannot be had."""

from __future__ import annotations

import socket

import pytest
from pymysql.err import ProgrammingError

from pshs_dagster_tests.fixtures import mysql as fixtures
from pshs_dagster_tests.fixtures.mysql import REQUIRE_SERVICES, PrivateServer, server_or_skip


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(fixtures, "SERVER_FOLDERS", ())


@pytest.mark.usefixtures("nothing_installed")
def test_without_a_server_tests_are_skipped_with_a_word_on_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_SERVICES, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install mariadb-server"), server_or_skip():
        pass


@pytest.mark.usefixtures("nothing_installed")
def test_without_a_server_tests_fail_where_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_SERVICES, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install mariadb-server"), server_or_skip():
        pass


@pytest.mark.mysql
def test_a_server_is_gone_after_its_block_even_when_that_failed(mysql_server: PrivateServer) -> None:
    assert mysql_server.port  # installed: what follows does not skip
    server = PrivateServer(["--local-infile=0"])
    with pytest.raises(ProgrammingError), server:
        server.execute("SELECT * FROM pshs_nowhere.nothing")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0
