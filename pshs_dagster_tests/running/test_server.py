"""The server as compose.yml declares it, its services started as processes against a real database server.

The database server gets the options of compose.yml, and accounts as the MySQL image makes them. A sandbox plays the
present day, since the sensor asks for the issue that is due now.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
import requests
import yaml
from playwright.sync_api import Page, expect
from websockets import InvalidStatus, Subprotocol
from websockets.sync.client import connect

from pshs_dagster.automation import SCHEDULE_GRACE
from pshs_dagster.releases import TAIPEI, Release, newest_issue_due
from pshs_dagster.sandbox.faults import Fault, FaultName
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.dagster import eventually
from pshs_dagster_tests.fixtures.mysql import server_or_skip
from pshs_dagster_tests.running.compose import Services, read_compose
from pshs_dagster_tests.running.nginx import Proxy, proxy_or_skip
from pshs_dagster_tests.running.server import Server, as_the_image_does

pytestmark = [pytest.mark.slow, pytest.mark.thorough, pytest.mark.mysql, pytest.mark.timeout(400)]

MONITOR_SECONDS = 3
"""How often the daemon looks after runs here; on a server it is a minute, and a test need not wait for it."""

OLDER = "2026-07-11"
"""An issue that a person asks for; it was published before the day below."""

OLDER_DAY = Release.parse("2026-07-21").published_on


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Everything started, and nothing asked for."""
    now = datetime.now(TAIPEI)
    due = newest_issue_due(now)
    if newest_issue_due(now - SCHEDULE_GRACE) != due:
        pytest.skip("An issue fell due within the last minutes, which the sensor leaves to the schedule; try again.")
    folder: Path = tmp_path_factory.mktemp("server") / "machine"
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(today=now.date(), scale=0.1, cities="f"))
        settings = {"MYSQL_PASSWORD": secrets.token_hex(12), "PORTAL_URL": sandbox.url, "CITIES": "F"}
        mysql = read_compose(settings)["services"]["mysql"]
        database = stack.enter_context(server_or_skip(mysql["command"]))
        as_the_image_does(database, mysql)
        services = stack.enter_context(Services(folder, settings, database.port))
        look_after_runs_often(services.home / "dagster.yaml")
        services.start()
        yield Server(services, sandbox, database, due)


def look_after_runs_often(path: Path) -> None:
    config = yaml.safe_load(path.read_text())
    config["run_monitoring"]["poll_interval_seconds"] = MONITOR_SECONDS
    path.write_text(yaml.safe_dump(config))


def test_the_sensor_loads_and_verifies_the_issue_that_is_due_with_nobody_at_hand(server: Server) -> None:
    release = server.due.key
    run = server.finished(release)
    assert run["status"] == "SUCCESS", server.services.log("code")[-2000:]
    assert {"key": "dagster/sensor_name", "value": "release_sensor"} in run["tags"]
    checks = server.checks(run["id"])
    assert {"release_date", "backup_intact", "every_line_accounted_for", "rows_in_database"} <= checks.keys()
    assert [name for name, passed in checks.items() if not passed] == []

    ((lines, new, rejected),) = server.rows(
        "SELECT SUM(data_lines), SUM(new_deals), SUM(rejected_lines) FROM pshs.release_files WHERE `release` = %s",
        release,
    )
    ((deals,),) = server.rows("SELECT COUNT(*) FROM pshs.deals WHERE first_release = %s", release)
    assert deals == new > 0
    assert new + rejected == lines
    # Archived where compose.yml mounts its volume.
    assert [path.name for path in (server.services.folder / "srv" / "archive").rglob("*.zip")]


def test_dagster_keeps_its_own_tables_apart_from_the_deals(server: Server) -> None:
    server.finished(server.due.key)
    tables = {name: {table for (table,) in server.rows("SHOW TABLES FROM " + name)} for name in ("pshs", "dagster")}
    assert "deals" in tables["pshs"]
    assert {"runs", "event_logs", "job_ticks"} <= tables["dagster"]
    # Each has a version table of Alembic's, by another name.
    assert tables["pshs"] & tables["dagster"] == set()
    ((runs,),) = server.rows("SELECT COUNT(*) FROM dagster.runs")
    assert runs > 0
    assert list(server.services.folder.rglob("*.db")) == []


@pytest.mark.browser
def test_the_page_shows_what_was_loaded(server: Server, page: Page) -> None:
    release = server.due.key
    server.finished(release)
    ((lines,),) = server.rows("SELECT SUM(data_lines) FROM pshs.release_files WHERE `release` = %s", release)
    page.goto(f"{server.services.url}/assets/mysql_deals?view=partitions&partition={release}")
    for told in (release, str(server.due.window), str(lines)):
        expect(page.get_by_text(told, exact=True).locator("visible=true").first).to_be_visible()


def listening(port: int) -> set[str]:
    """Addresses of this machine on which somebody listens at a port, as the kernel writes them."""
    tables = ("/proc/net/tcp", "/proc/net/tcp6")
    rows = [line.split() for table in tables if Path(table).exists() for line in Path(table).read_text().splitlines()]
    listens = [row[1] for row in rows[1:] if len(row) > 3 and row[3] == "0A"]
    return {address.split(":")[0] for address in listens if int(address.split(":")[1], 16) == port}


def test_every_service_listens_on_loopback_alone(server: Server) -> None:
    for port in server.services.ports.values():
        # 127.0.0.1, and the same as an address of version 6.
        assert listening(port) <= {"0100007F", "0000000000000000FFFF00000100007F"}
        assert listening(port)


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx before the page."""
    folder = tmp_path_factory.mktemp("nginx") / "proxy"
    with proxy_or_skip(folder, server.services.ports["webserver"], "ann", secrets.token_hex(8)) as started:
        yield started


@pytest.mark.parametrize(
    "path", ["/", "/server_info", "/graphql", "/assets/mysql_deals", "/.well-known/", "/../etc/passwd"]
)
def test_a_stranger_at_the_proxy_sees_nothing(proxy: Proxy, path: str) -> None:
    for credentials in (None, (proxy.user, "guessed"), ("somebody", proxy.password)):
        answer = requests.get(proxy.url + path, auth=credentials, verify=str(proxy.certificate), timeout=30)
        assert answer.status_code == 401
        assert "dagster" not in answer.text.lower()
    # Nor does he without TLS, where a password could be read on its way.
    plain = requests.get(f"http://127.0.0.1:{proxy.plain_port}{path}", allow_redirects=False, timeout=30)
    assert plain.status_code == 301
    assert plain.headers["Location"].startswith("https://pshs.example.org/")


def test_who_knows_the_password_finds_the_page_behind_the_proxy(proxy: Proxy) -> None:
    answer = requests.get(
        f"{proxy.url}/server_info", auth=(proxy.user, proxy.password), verify=str(proxy.certificate), timeout=30
    )
    assert answer.status_code == 200
    assert "dagster_version" in answer.json()
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_another_site_may_link_to_the_page_but_gives_no_orders_in_anybodys_name(proxy: Proxy) -> None:
    def status(site: str, mode: str) -> int:
        browser = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
        order = f"{proxy.url}/graphql?query=mutation{{setNuxSeen}}"
        known = (proxy.user, proxy.password)
        return requests.get(order, auth=known, headers=browser, verify=str(proxy.certificate), timeout=30).status_code

    for mode in ("no-cors", "cors", "websocket"):
        assert (status("cross-site", mode), status("same-site", mode)) == (403, 403)
    assert status("same-origin", "cors") == 200
    assert status("cross-site", "navigate") == 200


def test_the_page_stays_alive_behind_the_proxy(proxy: Proxy) -> None:
    address = f"{proxy.url.replace('https', 'wss')}/graphql"
    protocol = Subprotocol("graphql-ws")
    with pytest.raises(InvalidStatus) as refused, connect(address, ssl=proxy.trust(), subprotocols=[protocol]):
        pass
    assert refused.value.response.status_code == 401

    told = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
    with connect(
        address, ssl=proxy.trust(), subprotocols=[protocol], additional_headers={"Authorization": f"Basic {told}"}
    ) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {}}))
        assert json.loads(socket.recv(timeout=30))["type"] == "connection_ack"


def test_no_page_no_log_and_no_file_tells_the_password(server: Server) -> None:
    server.finished(server.due.key)
    password = server.services.settings["MYSQL_PASSWORD"]
    shown = str(server.graphql("{ instance { info } runsOrError { ... on Runs { results { runConfigYaml } } } }"))
    assert "WatchedRunLauncher" in shown
    assert password not in shown
    files = [path for path in server.services.folder.rglob("*") if path.is_file()]
    assert [path for path in files if server.sandbox.url.encode() in path.read_bytes()]
    assert [path for path in files if password.encode() in path.read_bytes()] == []
    # As anybody on the machine may read them.
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert [command for command in commands if password.encode() in command] == []


@pytest.mark.thorough
def test_history_can_be_loaded_anew_by_the_account_that_the_container_makes(server: Server) -> None:
    release = server.due.key
    server.finished(release)
    before = server.rows("SELECT serial_number, price FROM pshs.deals ORDER BY serial_number")
    rebuilt = server.services.run("code", "pshs", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert server.rows("SELECT serial_number, price FROM pshs.deals ORDER BY serial_number") == before
    # It stands among the runs that the page shows.
    jobs = server.graphql("{ runsOrError { ... on Runs { results { jobName status } } } }")["runsOrError"]["results"]
    assert {"jobName": "rebuild_history", "status": "SUCCESS"} in jobs


@pytest.mark.thorough
def test_a_run_that_went_down_with_its_code_server_is_noticed_and_can_be_asked_for_again(server: Server) -> None:
    server.finished(server.due.key)
    server.sandbox.today = OLDER_DAY
    server.sandbox.faults = (Fault(FaultName.STALL),)
    run = server.launch(OLDER)
    eventually(lambda: [path for path in server.sandbox.requests if "fileName=" in path][1:], "the download to begin")
    server.services.kill("code")
    assert not server.services.is_healthy("code")
    # Nobody can tell yet whether the run lives on, and it is not given up.
    assert server.runs(OLDER)[0]["status"] == "STARTED"

    server.sandbox.faults = ()
    server.services.start_one("code")
    server.services.wait_until_healthy("code")
    assert server.finished(OLDER, run)["status"] == "FAILURE"

    again = server.launch(OLDER)
    assert server.finished(OLDER, again)["status"] == "SUCCESS", server.services.log("code")[-2000:]
    ((loaded,),) = server.rows("SELECT COUNT(*) FROM pshs.releases WHERE `release` = %s", OLDER)
    assert loaded == 1
