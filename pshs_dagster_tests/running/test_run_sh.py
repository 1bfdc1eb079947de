"""run.sh, with stand-ins for docker, ssh and scp: what it does in which order, and what it never does.

The project lies in a folder with a blank in its name, as do key and password file: what is not quoted falls apart.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pshs_dagster_tests.fixtures.dagster import ROOT
from pshs_dagster_tests.fixtures.mysql import REQUIRE_SERVICES
from pshs_dagster_tests.running.standins import Call, StandIns

pytestmark = pytest.mark.slow

PASSWORD = "registry-secret-1"
DATABASE_PASSWORD = "database-secret-2"
USER = "ann's robot $(touch pwned)"
"""Registries give such names to robots; here it would do something where it is not quoted."""

HOST = "ann@server.example.org"
IMAGE = "registry.example.org/ann/pshs"

REMOTE = ("--target", HOST, "--image", IMAGE, "--tag", "v1")


@dataclass
class Project:
    """A copy of what run.sh needs, and somebody who runs it."""

    folder: Path
    machines: StandIns

    @property
    def settings(self) -> Path:
        return self.folder / ".env"

    @property
    def key(self) -> Path:
        return self.folder / "my key.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / "my password"

    @property
    def login(self) -> tuple[str, ...]:
        return ("--docker-user", USER, "--docker-pass", str(self.password_file))

    @property
    def everything(self) -> tuple[str, ...]:
        """Every option of a start on another machine."""
        return (*REMOTE, "--ssh-pem", str(self.key), *self.login, "--init", "1")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.machines.run([str(self.folder / "run.sh"), *arguments])

    def done(self, *arguments: str) -> list[Call]:
        """What was called by a run that went well."""
        before = len(self.machines.calls)
        run = self.run(*arguments)
        assert run.returncode == 0, run.stderr
        return self.machines.calls[before:]

    def deployed(self) -> dict[str, str]:
        """The settings that the other machine got."""
        lines = (self.machines.remote / "pshs_dagster" / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project, and nothing run."""
    return make_project(tmp_path)


@dataclass(frozen=True)
class Deployed:
    """A project that was started on another machine with every option, once for all who only look."""

    project: Project
    run: subprocess.CompletedProcess[str]
    calls: list[Call]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    project = make_project(tmp_path_factory.mktemp("deployed"))
    run = project.run(*project.everything)
    assert run.returncode == 0, run.stderr
    return Deployed(project, run, project.machines.calls)


def make_project(place: Path) -> Project:
    folder = place / "my project"
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    for name in ("run.sh", "compose.yml"):
        shutil.copy(ROOT / name, folder)
    made = Project(folder, StandIns(place / "machines"))
    made.settings.write_text(
        (ROOT / "deploy" / "env.example")
        .read_text()
        .replace("MYSQL_PASSWORD=\n", f"MYSQL_PASSWORD={DATABASE_PASSWORD}\n")
        .replace("MYSQL_ROOT_PASSWORD=\n", "MYSQL_ROOT_PASSWORD=another\n")
    )
    made.key.write_text("a key")
    made.password_file.write_text(PASSWORD)
    return made


def positions(calls: list[Call], *parts: str) -> list[int]:
    """Where in the calls each of these is first found; a part that is not found fails the test."""
    lines = [f"{call.host}: {call.line}" for call in calls]
    return [next((i for i, line in enumerate(lines) if part in line), -1) for part in parts]


def test_on_this_machine_it_builds_tests_and_starts_and_reaches_no_other(project: Project) -> None:
    calls = project.done("--target", "local")

    assert {call.program for call in calls} == {"docker"}
    order = positions(calls, "--target server", "--target test", "docker run --rm", "docker compose")
    assert order == [0, 1, 2, 3]
    assert [call for call in calls if "push" in call.arguments or "login" in call.arguments] == []
    for build in calls[:2]:
        assert build.arguments[:2] == ["buildx", "build"]
        assert build.arguments[build.arguments.index("--platform") + 1] == "linux/amd64"
        assert build.arguments[-1] == str(project.folder)
    # What is tested is what was built, and what was built is what is started.
    tags = [build.arguments[build.arguments.index("--tag") + 1] for build in calls[:2]]
    assert calls[2].arguments[-1] == tags[1]
    assert calls[3].environment["PSHS_IMAGE"] == tags[0]
    assert {"up", "--wait"} <= set(calls[3].arguments)
    assert calls[3].arguments[calls[3].arguments.index("--file") + 1] == str(project.folder / "compose.yml")


def test_on_another_machine_everything_happens_in_its_order(deployed: Deployed) -> None:
    project, calls = deployed.project, deployed.calls
    image = f"{IMAGE}:v1"
    order = positions(
        calls,
        "--target test",
        ": docker run --rm",
        ": docker login",
        f": docker push {image}",
        ": scp",
        f"{HOST}: docker login",
        f"{HOST}: docker pull {image}",
        f"{HOST}: docker compose up",
        f"{HOST}: docker compose exec -T code pshs init --yes",
    )
    assert -1 not in order
    assert order == sorted(order)
    assert {call.arguments[call.arguments.index("-i") + 1] for call in calls if call.program in ("ssh", "scp")} == {
        str(project.key)
    }
    there = project.machines.remote / "pshs_dagster"
    assert {call.folder for call in calls if call.host and "compose" in call.arguments} == {str(there)}
    for name in ("compose.yml", "deploy/mysql-init.sql"):
        assert (there / name).read_bytes() == (ROOT / name).read_bytes()
    assert project.deployed()["PSHS_IMAGE"] == image


def test_settings_reach_the_other_machine_for_its_owner_alone(deployed: Deployed) -> None:
    project = deployed.project
    there = project.machines.remote / "pshs_dagster" / ".env"
    assert there.stat().st_mode & 0o777 == 0o600
    assert project.deployed()["MYSQL_PASSWORD"] == DATABASE_PASSWORD
    assert sorted(path.name for path in there.parent.iterdir()) == [".env", "compose.yml", "deploy"]


def test_no_password_is_on_a_command_line_or_told(deployed: Deployed) -> None:
    run, calls = deployed.run, deployed.calls
    shown = run.stdout + run.stderr + "\n".join(call.line for call in calls)
    environments = "\n".join(str(call.environment) for call in calls)
    for secret in (PASSWORD, DATABASE_PASSWORD):
        assert secret not in shown
        assert secret not in environments
    logins = [call for call in calls if "login" in call.arguments]
    assert [call.host for call in logins] == ["", HOST]
    for login in logins:
        assert login.input == PASSWORD
        assert {"--password-stdin", USER, "registry.example.org"} <= set(login.arguments)


def test_docker_stays_logged_in_nowhere(deployed: Deployed) -> None:
    project = deployed.project
    folders = {call.environment["DOCKER_CONFIG"] for call in deployed.calls if "login" in call.arguments}
    assert len(folders) == 2
    assert [folder for folder in folders if Path(folder).exists()] == []
    assert project.machines.leftovers == []
    assert list(project.machines.home.iterdir()) == []


def test_a_hostile_name_is_data_and_no_command(deployed: Deployed) -> None:
    assert list(deployed.project.folder.parent.rglob("pwned")) == []


@pytest.mark.parametrize("target", ["local", HOST])
@pytest.mark.parametrize(("uri", "profile"), [("", "mysql"), ("mysql+pymysql://ann:secret@rds.example.org/pshs", "")])
def test_one_setting_decides_whether_a_database_is_started(
    project: Project, target: str, uri: str, profile: str
) -> None:
    if uri:
        project.settings.write_text(f"DATABASE_URI={uri}\n")
    # What the shell happens to have set is not meant.
    project.machines.variables["DATABASE_URI"] = "mysql+pymysql://shell@elsewhere/pshs"
    calls = project.done("--target", target, "--image", IMAGE)
    up = next(call for call in calls if "up" in call.arguments)
    if target == "local":
        assert up.environment["COMPOSE_PROFILES"] == profile
        assert "DATABASE_URI" not in up.environment
    else:
        assert project.deployed()["COMPOSE_PROFILES"] == profile
        assert project.deployed().get("DATABASE_URI", "") == uri


def test_history_is_loaded_only_when_it_was_asked_for(project: Project) -> None:
    assert positions(project.done("--target", "local"), "pshs init") == [-1]
    assert positions(project.done("--target", "local", "--init", "0"), "pshs init") == [-1]
    calls = project.done("--target", "local", "--init", "1")
    up, init = positions(calls, " up ", "exec -T code pshs init --yes")
    assert 0 <= up < init


@pytest.mark.parametrize(
    ("failing", "step"),
    [
        ("--target server", "building the image"),
        ("--target test", "building the image with the tests"),
        ("docker run", "running the tests in the image"),
        ("docker login", "logging in to the registry"),
        ("docker push", "pushing the image"),
        ("scp ", f"copying compose.yml to {HOST}"),
        ("cat > pshs_dagster/.env.new", f"copying the settings to {HOST}"),
        ("docker pull", f"fetching the image on {HOST}"),
        ("docker compose up", "starting, and waiting until every container is healthy"),
        ("docker compose exec", "loading the history"),
    ],
)
def test_it_says_which_step_failed_and_does_nothing_after_it(project: Project, failing: str, step: str) -> None:
    project.machines.fail_at(failing)
    run = project.run(*project.everything)
    assert run.returncode == 7
    told = run.stderr.splitlines()[-1]
    assert f"failed at this step: {step} " in told
    assert project.machines.leftovers == []
    steps = [line for line in run.stdout.splitlines() if line.startswith("== ")]
    assert steps[-1] == f"== {step}"


def test_run_again_it_does_the_same_again(project: Project) -> None:
    project.machines.fail_at("docker compose up")
    assert project.run(*project.everything).returncode == 7
    project.machines.fail_at("")
    first = [call.line for call in project.done(*project.everything)]
    before = project.deployed()
    assert [call.line for call in project.done(*project.everything)] == first
    assert project.deployed() == before


@pytest.mark.parametrize("where", ["local", "remote"])
def test_a_dry_run_prints_every_command_and_does_nothing(project: Project, where: str) -> None:
    arguments = project.everything if where == "remote" else ("--target", "local", "--init", "1")
    run = project.run(*arguments, "--dry-run")
    assert run.returncode == 0, run.stderr
    assert project.machines.calls == []
    assert list(project.machines.remote.iterdir()) == []
    printed = [shlex.split(line[2:]) for line in run.stdout.splitlines() if line.startswith("+ ")]

    carried_out = [call for call in project.done(*arguments) if not call.host]
    for call in carried_out:
        assert [words for words in printed if contains(words, call)], f"not printed: {call.line}"
    named = [words for words in printed if set(words) & {"docker", "ssh", "scp"}]
    assert len(named) == len(carried_out)


def contains(words: list[str], call: Call) -> bool:
    """Whether a printed command is this call, whatever stands before it or is read by it."""
    wanted = [call.program, *call.arguments]
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words)))


REFUSED: dict[str, Callable[[Project], tuple[str, ...]]] = {
    "no target": lambda _: (),
    "a target that is an option of ssh": lambda _: ("--target", "-oProxyCommand=touch pwned"),
    "a target with a command": lambda _: ("--target", "ann@host; touch pwned", "--image", IMAGE),
    "a target with a blank": lambda _: ("--target", "ann@my host", "--image", IMAGE),
    "a host without an account": lambda _: ("--target", "server.example.org", "--image", IMAGE),
    "an image that is an option": lambda _: ("--target", "local", "--image", "--privileged"),
    "an image with a blank": lambda _: ("--target", "local", "--image", "a b"),
    "an image that no registry has": lambda _: ("--target", HOST, "--image", "pshs"),
    "a tag with a command": lambda _: ("--target", "local", "--tag", "$(touch pwned)"),
    "an account without a password": lambda _: (*REMOTE, "--docker-user", "ann"),
    "a password without an account": lambda project: (*REMOTE, "--docker-pass", str(project.password_file)),
    "a password file that is not there": lambda _: (*REMOTE, "--docker-user", "ann", "--docker-pass", "nowhere"),
    "a key that is not there": lambda _: (*REMOTE, "--ssh-pem", "nowhere"),
    "settings that are not there": lambda _: ("--target", "local", "--env-file", "nowhere"),
    "another init": lambda _: ("--target", "local", "--init", "yes"),
    "an option without its value": lambda _: ("--target", "local", "--tag"),
    "an unknown option": lambda _: ("--target", "local", "--force"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(project: Project, why: str) -> None:
    run = project.run(*REFUSED[why](project))
    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("run.sh: ")
    assert project.machines.calls == []
    assert list(project.folder.parent.rglob("pwned")) == []


@pytest.mark.parametrize("password", ["", "with@sign", "with blank"])
def test_a_password_that_would_not_do_in_an_url_is_refused_without_being_told(project: Project, password: str) -> None:
    project.settings.write_text(f'MYSQL_PASSWORD="{password}"\nMYSQL_ROOT_PASSWORD=sound\n')
    run = project.run("--target", "local")
    assert run.returncode == 2
    assert "MYSQL_PASSWORD" in run.stderr
    assert not password or password not in run.stderr
    assert project.machines.calls == []


def test_shell_scripts_are_clean() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        if os.environ.get(REQUIRE_SERVICES) == "1":
            pytest.fail("No shellcheck here: `apt-get install shellcheck`.", pytrace=False)
        pytest.skip("No shellcheck here: `apt-get install shellcheck`.")
    scripts = [ROOT / "run.sh", *(path for path in (ROOT / "scripts").iterdir() if path.suffix != ".py")]
    checked = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
