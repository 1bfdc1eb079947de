"""Stand-ins for `docker`, `ssh` and `scp`, which record how they were called and do as little as has to be done.

`ssh` carries its command out by a real shell in a folder that plays the other machine, so that quoting is proven and
not read; `scp` copies into that folder. `docker` does nothing, and fails where a test says so. What run.sh should do
with them is no concern of this module.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("docker", "ssh", "scp")

SCRIPT = """#!{python} -IS
import json, os, sys  # no more than every call needs: there are hundreds

program, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
line = " ".join([program, *arguments])
takes_input = program == "docker" and "login" in arguments
call = {{
    "program": program,
    "arguments": arguments,
    "input": sys.stdin.read() if takes_input else "",
    "environment": dict(os.environ),
    "folder": os.getcwd(),
}}
with open({log!r}, "a") as log:
    log.write(json.dumps(call) + "\\n")
failing = open({failing!r}).read()
if failing and failing in line:
    print("the stand-in fails", file=sys.stderr)
    sys.exit(7)
if program == "ssh":
    import subprocess

    host, command = arguments[arguments.index("--") + 1 :]
    there = dict(os.environ, HOME={remote!r}, PSHS_TEST_HOST=host)
    sys.exit(subprocess.run(["sh", "-c", command], cwd={remote!r}, env=there).returncode)
if program == "scp":
    import shutil

    *sources, target = arguments[arguments.index("--") + 1 :]
    for source in sources:
        shutil.copy(source, os.path.join({remote!r}, target.partition(":")[2]))
"""


@dataclass(frozen=True)
class Call:
    """How a program was called. `host` is blank on this machine."""

    program: str
    arguments: Sequence[str]
    input: str
    environment: dict[str, str]
    folder: str

    @property
    def host(self) -> str:
        """The other machine, where it was called there."""
        return self.environment.get("PSHS_TEST_HOST", "")

    @property
    def line(self) -> str:
        """The command, as it would be told; its arguments are not quoted."""
        return " ".join([self.program, *self.arguments])


@dataclass
class StandIns:
    """The programs, in `folder/bin`, and the other machine, in `folder/remote`."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict[str, str])
    """More environment for what is run."""

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir(parents=True)
        self.remote.mkdir()
        self.home.mkdir()
        self.fail_at("")
        for program in PROGRAMS:
            path = self.folder / "bin" / program
            script = SCRIPT.format(
                python=sys.executable, log=str(self._log), failing=str(self._failing), remote=str(self.remote)
            )
            path.write_text(script)
            path.chmod(0o755)

    @property
    def remote(self) -> Path:
        """The home of the account on the other machine."""
        return self.folder / "remote"

    @property
    def home(self) -> Path:
        """The home of who runs it here."""
        return self.folder / "home"

    @property
    def calls(self) -> list[Call]:
        """What was called so far, in order; what `ssh` led to comes after it."""
        if not self._log.exists():
            return []
        return [Call(**json.loads(line)) for line in self._log.read_text().splitlines()]

    def fail_at(self, part: str) -> None:
        """From now on the program fails whose command line holds `part`; blank for none."""
        self._failing.write_text(part)

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command that finds the stand-ins first on its PATH."""
        environment = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}",
            "HOME": str(self.home),
            "TMPDIR": str(self._made("tmp")),
            **self.variables,
        }
        return subprocess.run(
            command, cwd=self.home, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def leftovers(self) -> list[Path]:
        """What was left in the temporary folder."""
        return list(self._made("tmp").iterdir())

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    @property
    def _log(self) -> Path:
        return self.folder / "calls.jsonl"

    @property
    def _failing(self) -> Path:
        return self.folder / "failing"
