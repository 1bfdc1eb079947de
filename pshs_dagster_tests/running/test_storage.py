"""Where Dagster's own tables go, by the one setting that names the database of the deals."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import dagster as dg
import pytest
import yaml
from sqlalchemy.engine import make_url

from pshs_dagster.errors import DatabaseError, SettingsError
from pshs_dagster.server.storage import StorageBesideDeals, dagster_database, set_up_alone
from pshs_dagster_tests.fixtures.dagster import ROOT
from pshs_dagster_tests.fixtures.mysql import PrivateServer, server_or_skip

SECRET = "not-for-your-eyes"


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    """A server of its own: the name of Dagster's database is given."""
    with server_or_skip() as started:
        yield started


def test_it_is_the_same_server_account_and_password_but_another_database() -> None:
    url = dagster_database("mysql+pymysql://ann:s%40cret@db.example.org:3307/pshs?local_infile=1")
    assert (url.username, url.password, url.host, url.port) == ("ann", "s@cret", "db.example.org", 3307)
    assert url.database == "dagster"
    assert dict(url.query) == {}


def test_what_is_asked_of_tls_holds_for_both() -> None:
    url = dagster_database("mysql+pymysql://ann@db.example.org/pshs?ssl_ca=/ca.pem&ssl_check_hostname=true")
    assert dict(url.query) == {"ssl_ca": "/ca.pem", "ssl_verify_cert": "true", "ssl_verify_identity": "true"}


@pytest.mark.parametrize(
    "uri", [f"no url with {SECRET}", "sqlite:///pshs.db", f"mysql+pymysql://ann:{SECRET}@db.example.org/dagster"]
)
def test_a_setting_that_will_not_do_is_refused_without_telling_it(uri: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URI") as refused:
        dagster_database(uri)
    assert SECRET not in str(refused.value)


@pytest.mark.mysql
def test_the_database_is_made_where_it_is_missing(
    server: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URI", server.uri("pshs"))
    (tmp_path / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
    for _ in range(2):
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            instance.add_dynamic_partitions("releases", ["2026-07-11"])
            assert instance.get_dynamic_partitions("releases") == ["2026-07-11"]
    assert ("dynamic_partitions",) in server.execute("SHOW TABLES FROM dagster")
    ((charset,),) = server.execute(
        "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = 'dagster'"
    )
    assert charset == "utf8mb4"
    # A partition, a run or a message may well be Chinese.
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.add_dynamic_partitions("releases", ["預售屋𠮷"])
        assert "預售屋𠮷" in instance.get_dynamic_partitions("releases")


@pytest.mark.mysql
def test_all_that_start_at_a_time_find_the_tables_made_once(server: PrivateServer) -> None:
    server.execute("DROP DATABASE IF EXISTS dagster")
    together = Barrier(4)

    def start(_: int) -> object:
        together.wait()
        storage = StorageBesideDeals.from_config_value(None, {"mysql_url": server.uri("pshs")})  # pyright: ignore[reportArgumentType]
        return storage.run_storage.get_runs()

    with ThreadPoolExecutor(together.parties) as threads:
        assert list(threads.map(start, range(together.parties))) == [[]] * together.parties


@pytest.mark.mysql
def test_who_may_not_make_it_is_told_what_to_ask_for(server: PrivateServer) -> None:
    server.execute("CREATE USER 'guest'@'127.0.0.1' IDENTIFIED BY %s", SECRET)
    url = make_url(server.uri("pshs")).set(username="guest", password=SECRET)
    theirs = dagster_database(url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseError, match="CREATE DATABASE dagster") as refused, set_up_alone(theirs):
        pass
    assert "guest" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_server_runs_like_an_installation_of_ones_own_but_for_storage() -> None:
    server, own = (yaml.safe_load((ROOT / path).read_text()) for path in ("deploy/dagster.yaml", "dagster.yaml"))
    assert {name: server[name] for name in server if name != "storage"} == own
