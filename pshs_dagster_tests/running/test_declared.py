"""What compose.yml, Dockerfile and env.example declare: what strangers reach, what starts, what is told to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pshs_dagster.config import Settings
from pshs_dagster_tests.fixtures.dagster import ROOT
from pshs_dagster_tests.running.compose import environment_of, filled, read_compose

OURS = ("code", "daemon", "webserver")

SECRETS = {
    "MYSQL_PASSWORD": "database-secret",
    "MYSQL_ROOT_PASSWORD": "root-secret",
    "AWS_SECRET_ACCESS_KEY": "bucket-secret",
    "ALERT_URLS": "json://alert-secret@example.org",
}

EXTERNAL = "mysql+pymysql://ann:rds-secret@rds.example.org/pshs"


def services(**settings: str) -> dict[str, Any]:
    return read_compose(settings)["services"]


def lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


def test_a_stranger_on_the_network_finds_no_open_port() -> None:
    published = {name: service.get("ports", []) for name, service in services().items()}
    assert published == {"mysql": [], "code": [], "daemon": [], "webserver": ["127.0.0.1:3000:3000"]}
    assert services(WEB_PORT="8000")["webserver"]["ports"] == ["127.0.0.1:8000:3000"]
    assert [
        name for name, service in services().items() if "network_mode" in service or service.get("privileged")
    ] == []


def test_every_service_comes_back_and_says_whether_it_is_well() -> None:
    for service in services().values():
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_nothing_starts_before_what_it_needs_is_well() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in services().items()}
    for needed in needs.values():
        assert {rule["condition"] for rule in needed.values()} <= {"service_healthy"}
    assert set(needs["code"]) == {"mysql"}
    assert set(needs["daemon"]) == set(needs["webserver"]) == {"code"}


def test_one_image_serves_for_all_of_dagster_and_another_is_named_by_one_setting() -> None:
    for settings in ({}, {"PSHS_IMAGE": "registry.example.org/ann/pshs:v1"}):
        assert {services(**settings)[name]["image"] for name in OURS} == {
            settings.get("PSHS_IMAGE", "pshs_dagster:latest")
        }


def test_an_external_database_needs_one_setting_and_no_container() -> None:
    declared = services(DATABASE_URI=EXTERNAL)
    assert {environment_of(declared[name], {})["DATABASE_URI"] for name in OURS} == {EXTERNAL}
    # A service with a profile starts only where the profile is on, and nobody insists on it.
    assert declared["mysql"]["profiles"] == ["mysql"]
    assert [name for name in OURS if "profiles" in declared[name]] == []
    assert declared["code"]["depends_on"]["mysql"]["required"] is False

    last = [line for line in lines_of("deploy/env.example") if line][-1]
    name, _, value = last.partition("=")
    assert name == "COMPOSE_PROFILES"
    assert filled(value, {}) == "mysql"
    assert "mysql" not in filled(value, {"DATABASE_URI": EXTERNAL}).split(",")


def test_without_one_everybody_finds_the_container() -> None:
    declared = services(MYSQL_PASSWORD="abc")
    uri = "mysql+pymysql://pshs:abc@mysql:3306/pshs"
    assert {environment_of(declared[name], {})["DATABASE_URI"] for name in OURS} == {uri}
    mysql = declared["mysql"]["environment"]
    assert (mysql["MYSQL_USER"], mysql["MYSQL_PASSWORD"], mysql["MYSQL_DATABASE"]) == ("pshs", "abc", "pshs")


def test_every_setting_of_the_project_reaches_the_code_server() -> None:
    given = set(services()["code"]["environment"])
    assert {name.upper() for name in Settings.model_fields} <= given
    # What .env does not set is not set to a blank.
    assert "S3_BUCKET" not in environment_of(services()["code"], {})
    assert environment_of(services()["code"], {"S3_BUCKET": "deals"})["S3_BUCKET"] == "deals"


def test_secrets_come_from_the_settings_and_go_where_they_are_needed() -> None:
    declared = services(**SECRETS)
    told = {
        secret: {name for name, service in declared.items() if value in str(environment_of(service, SECRETS))}
        for secret, value in SECRETS.items()
    }
    assert told == {
        "MYSQL_PASSWORD": {"mysql", *OURS},
        "MYSQL_ROOT_PASSWORD": {"mysql"},
        "AWS_SECRET_ACCESS_KEY": {"code"},
        "ALERT_URLS": {"code"},
    }
    for service in declared.values():
        beyond = {key: value for key, value in service.items() if key != "environment"}
        assert [secret for secret in SECRETS.values() if secret in str(beyond)] == []
    blank = {line for line in lines_of("deploy/env.example") if re.match(r"#?(MYSQL\w*PASSWORD|AWS\w*KEY\w*)=", line)}
    assert [line for line in blank if not line.endswith("=")] == []


def test_what_is_fetched_from_elsewhere_has_a_pinned_version() -> None:
    from_lines = [line.split()[1] for line in lines_of("Dockerfile") if line.startswith("FROM ")]
    stages = {line.split()[-1] for line in lines_of("Dockerfile") if line.startswith("FROM ")}
    elsewhere = [image for image in from_lines if image not in stages]
    for image in (*elsewhere, services()["mysql"]["image"]):
        assert re.search(r":\d+\.\d+\.\d+", image), image
    assert re.match(r"mysql:8\.", services()["mysql"]["image"])


def stage(name: str) -> str:
    """What the Dockerfile says of one stage."""
    stages = re.split(r"^(?=FROM )", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return next(text for text in stages if re.match(rf"FROM \S+ AS {name}\n", text))


def test_the_shipped_image_runs_as_nobody_in_particular_and_holds_no_compiler() -> None:
    shipped = stage("runtime") + stage("server")
    assert re.findall(r"^USER (.*)$", stage("server"), flags=re.MULTILINE) == ["pshs"]
    assert "--uid 10001" in shipped
    assert re.findall(r"gcc|g\+\+|build-essential|-dev\b|pip wheel", shipped) == []
    # What is installed was built in another stage, and nothing is fetched for it here.
    assert "--no-index" in shipped
    assert "HEALTHCHECK" in shipped
    # A plain build gives this stage, and the tests add to what it is made from.
    assert (ROOT / "Dockerfile").read_text().rstrip().endswith(stage("server").rstrip())
    assert stage("test").startswith("FROM runtime ")
    assert stage("server").startswith("FROM runtime ")


@pytest.mark.parametrize("name", [".env", "data", ".git"])
def test_secrets_and_data_stay_out_of_the_image(name: str) -> None:
    assert name in lines_of(".dockerignore")
