"""`pshs status` and `pshs alerts test`, as a person or a health check uses them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from click.testing import CliRunner, Result
from dagster._daemon.types import DaemonHeartbeat

from pshs_dagster.alerts.status import SILENT_AFTER, of_daemon
from pshs_dagster.cli import main
from pshs_dagster.clock import taipei_now
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.alerts.receiver import Receiver
from pshs_dagster_tests.fixtures.flow import Flow


def environment(flow: Flow, **changed: str) -> dict[str, str]:
    """What a person would have in `.env`."""
    return {
        "DAGSTER_HOME": str(flow.folder),
        "DATABASE_URI": flow.settings.database,
        "STORAGE_TYPE": "LOCAL",
        "STORAGE_DIR": str(flow.folder / "archive"),
        "PORTAL_URL": flow.settings.portal_url,
        "ALERT_URLS": "",
        **changed,
    }


def pshs(env: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=dict(env))


def troubles(env: Mapping[str, str], *arguments: str) -> dict[str, dict[str, Any]]:
    """What `pshs status --json` says, by kind; its exit status says the same."""
    done = pshs(env, "status", "--json", *arguments)
    said = json.loads(done.stdout)
    assert said["well"] is not bool(said["troubles"])
    assert done.exit_code == (0 if said["well"] else 1)
    return {trouble["kind"]: trouble for trouble in said["troubles"]}


def beat(instance: dg.DagsterInstance, seconds_ago: float = 0, *, but: str = "") -> None:
    """The daemon shows that it is alive."""
    for name in instance.get_required_daemon_types():
        if name != but:
            moment = taipei_now().timestamp() - seconds_ago
            instance.add_daemon_heartbeat(DaemonHeartbeat(moment, name, daemon_id="one", errors=[]))


def test_a_fresh_installation_has_an_issue_overdue_and_no_daemon(flow: Flow, issue: str) -> None:
    found = troubles(environment(flow))
    assert found.keys() == {"overdue", "daemon"}
    assert found["overdue"]["subject"] == issue
    assert "never started" in found["daemon"]["reason"]


def test_all_is_well_when_the_issue_is_verified_and_the_daemon_alive(flow: Flow, issue: str) -> None:
    beat(flow.instance)
    assert flow.run(issue).verified
    assert troubles(environment(flow), "--ignore", "rejects") == {}
    done = pshs(environment(flow), "status", "--ignore", "rejects")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert "一切正常 all is well" in done.stdout

    with flow.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO rejected_deals (release, file, line, city, serial_number, raw, reasons) "
            "VALUES ('111S2', 'f_lvr_land_b.csv', 3, '新北市', 'X', 'x', '[]')"
        )
    assert "pshs review 111S2" in troubles(environment(flow))["rejects"]["reason"]

    shutil.rmtree(flow.folder / "archive")
    gone = troubles(environment(flow))["archive"]
    assert issue in gone["reason"]
    assert str(flow.folder / "archive") in gone["reason"]


def test_what_failed_is_told_with_its_reason_and_its_run(flow: Flow, sandbox: Sandbox, issue: str) -> None:
    sandbox.faults = [Fault.parse("late")]
    outcome = flow.run(issue)
    failed = troubles(environment(flow))["check"]
    assert (failed["subject"], failed["where"], failed["run_id"]) == (issue, "release_date", outcome.run_id)
    done = pshs(environment(flow, DAGSTER_URL="http://pshs.test"), "status")
    assert done.exit_code == 1
    assert "檢查未通過 check failed" in done.stdout
    assert f"http://pshs.test/runs/{outcome.run_id}" in done.stdout.replace("│", "").replace(" ", "").replace("\n", "")


def test_a_database_that_is_down_is_told_without_its_password(flow: Flow) -> None:
    uri = "mysql+pymysql://pshs:hunter2@127.0.0.1:1/pshs"
    for arguments in (("status",), ("status", "--json")):
        done = pshs(environment(flow, DATABASE_URI=uri), *arguments)
        assert done.exit_code == 1
        assert "127.0.0.1:1" in done.stdout
        assert "hunter2" not in done.output
        assert "Traceback" not in done.output


def test_an_archive_that_is_down_is_told(flow: Flow) -> None:
    env = environment(
        flow,
        STORAGE_TYPE="S3",
        S3_BUCKET="pshs",
        S3_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="hunter2",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_MAX_ATTEMPTS="1",
    )
    assert "pshs" in troubles(env)["archive"]["reason"]


def test_an_instance_that_cannot_be_opened_is_told(flow: Flow) -> None:
    home = flow.folder / "broken"
    home.mkdir()
    (home / "history").write_text("a file in the place of a folder")
    assert "storage" in troubles(environment(flow, DAGSTER_HOME=str(home)))["dagster"]["reason"]


def test_a_daemon_that_went_silent_is_told_and_which_part_of_it(flow: Flow) -> None:
    now = taipei_now()
    beat(flow.instance, but="SENSOR")
    (silent,) = of_daemon(flow.instance, now)
    assert silent.reason.startswith("SENSOR silent: ")
    beat(flow.instance)
    assert list(of_daemon(flow.instance, now)) == []
    later = now + SILENT_AFTER + timedelta(minutes=1)
    (silent,) = of_daemon(flow.instance, later)
    assert f"silent since {now:%Y-%m-%d %H:%M}" in silent.reason


def test_a_wrong_address_of_the_page_is_told(flow: Flow) -> None:
    done = pshs(environment(flow, DAGSTER_URL="pshs.test"), "status")
    assert done.exit_code == 1
    assert "DAGSTER_URL" in done.output


def test_alerts_test_says_for_each_service_whether_it_took_the_message(
    flow: Flow, receiver: Receiver, other_receiver: Receiver
) -> None:
    env = environment(flow, ALERT_URLS=f"{receiver.url} {other_receiver.url}")
    done = pshs(env, "alerts", "test")
    assert (done.exit_code, done.stdout.count("已送出 sent")) == (0, 2)
    assert "測試 test" in receiver.taken[0].title

    other_receiver.status = 500
    done = pshs(env, "alerts", "test")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["json://127.0.0.1: 已送出 sent", "json://127.0.0.1 (2): 未送出 not sent"]
    assert "1 of 2 services" in done.stderr
    assert "hunter2" not in done.output


def test_alerts_test_without_a_service_says_which_setting_to_set(flow: Flow) -> None:
    done = pshs(environment(flow), "alerts", "test")
    assert done.exit_code == 1
    assert "ALERT_URLS is not set" in done.stderr
