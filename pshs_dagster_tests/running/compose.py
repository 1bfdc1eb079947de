"""What compose.yml declares, started as processes of this machine: its very commands, environments and healthchecks.

A container is a host of its own with ports of its own; here all are on loopback, so names and ports are exchanged for
free ones, and folders of the image for temporary ones. Nothing else is changed. What the services should do is no
concern of this module.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from pshs_dagster_tests.fixtures.dagster import ROOT, START_SECONDS, eventually, free_port

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>(?:[^{}]|\$\{[^{}]*\})*))?\}")
"""A variable of compose with its default, in which another may stand; `$$` is a plain `$`."""

CONTAINER_PORTS = {"code": "4000", "webserver": "3000"}
"""Where services listen in their containers."""

IMAGE_FOLDERS = ("/srv/dagster", "/srv/archive")
"""Folders of the image that containers write into."""


def filled(value: Any, settings: Mapping[str, str]) -> Any:
    """A value of compose.yml with its variables filled in, as compose does it. No value is `None`, as in YAML."""
    if isinstance(value, dict):
        return {name: filled(inner, settings) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, settings) for inner in value]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        if match.group() == "$$":
            return "$"
        return settings.get(match["name"], "") or filled(match["default"] or "", settings)

    return VARIABLE.sub(put, value)


def read_compose(settings: Mapping[str, str]) -> dict[str, Any]:
    """compose.yml with these settings in its .env."""
    return filled(yaml.safe_load((ROOT / "compose.yml").read_text()), settings)


def environment_of(service: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, str]:
    """The variables that a container gets; one without a value is passed on where it is set."""
    given: dict[str, str | None] = service.get("environment", {})
    passed = {name: settings.get(name) if value is None else value for name, value in given.items()}
    return {name: value for name, value in passed.items() if value is not None}


@dataclass
class Services:
    """The services of compose.yml but the database, in `folder`; processes end with the block.

    `database_port` is where MySQL is; `settings` is what stands in .env.
    """

    folder: Path
    settings: Mapping[str, str]
    database_port: int
    ports: dict[str, int] = field(default_factory=dict[str, int])
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])
    _healthy: set[str] = field(default_factory=set[str])

    def __enter__(self) -> Self:
        self.declared: dict[str, Any] = read_compose(self.settings)["services"]
        self.ports = {name: free_port() for name in CONTAINER_PORTS}
        # As the image is laid out by the Dockerfile.
        (self.folder / "app").mkdir(parents=True)
        shutil.copytree(ROOT / "deploy", self.folder / "app" / "deploy")
        (self.folder / "srv" / "dagster").mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "dagster.yaml", self.folder / "srv" / "dagster")
        (self.folder / "logs").mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.kill(name)

    @property
    def url(self) -> str:
        """Where the web page is."""
        return f"http://127.0.0.1:{self.ports['webserver']}"

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "srv" / "dagster"

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service, and of this machine no more than is needed to find programs."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            # What a container is given from the image; the project itself is not installed in its own tests.
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
            **{key: self._here(value) for key, value in environment_of(self.declared[name], self.settings).items()},
        }

    def start(self) -> None:
        """Start every service after those that it depends on are healthy, and wait until all are."""
        for name in self._in_order():
            self.start_one(name)
        for name in self._processes:
            self.wait_until_healthy(name)

    def start_one(self, name: str) -> None:
        """Start one service."""
        for needed in self.declared[name].get("depends_on", {}):
            if needed in self._processes:
                self.wait_until_healthy(needed)
        with (self.folder / "logs" / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                [self._here(word) for word in self.declared[name]["command"]],
                cwd=self.folder / "app",
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_healthy(self, name: str) -> None:
        """Wait until a service's own healthcheck has once said that it is well."""
        if name in self._healthy:
            return

        def healthy() -> bool:
            assert self._processes[name].poll() is None, f"{name} ended at once: {self.log(name)[-2000:]}"
            # A healthcheck costs as much as the start that it waits for: not before somebody is there to be asked.
            return self._listens(name) and self.is_healthy(name)

        eventually(healthy, f"{name} to be healthy", START_SECONDS)
        self._healthy.add(name)

    def is_healthy(self, name: str) -> bool:
        """What the healthcheck of a service says now."""
        kind, *command = self.declared[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, *command).returncode == 0

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as `docker compose exec` does."""
        return subprocess.run(
            [self._here(word) for word in command],
            cwd=self.folder / "app",
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def kill(self, name: str) -> None:
        """End a service and what it started at once, as when the machine loses power or memory."""
        process = self._processes.pop(name)
        self._healthy.discard(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        """What a service printed."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def _listens(self, name: str) -> bool:
        with socket.socket() as probe:
            return name not in self.ports or probe.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def _in_order(self) -> Iterator[str]:
        waiting: Sequence[str] = [name for name in self.declared if name != "mysql"]
        done: set[str] = {"mysql"}
        while waiting:
            ready = [name for name in waiting if set(self.declared[name].get("depends_on", {})) <= done]
            assert ready, f"these wait for each other: {waiting}"
            yield from ready
            done |= set(ready)
            waiting = [name for name in waiting if name not in done]

    def _here(self, value: str) -> str:
        """A word of compose.yml, as it is on this machine."""
        value = value.replace("@mysql:3306/", f"@127.0.0.1:{self.database_port}/")
        value = {"0.0.0.0": "127.0.0.1", "code": "127.0.0.1"}.get(value, value)
        for name, port in CONTAINER_PORTS.items():
            value = re.sub(rf"\b{port}\b", str(self.ports[name]), value)
        for inside in IMAGE_FOLDERS:
            if value == inside:
                value = f"{self.folder}{inside}"
        return value
