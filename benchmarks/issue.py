"""What a ten-day national issue costs, from request to verified, on top of an empty Dagster run with as many steps.

Each round makes both runs, one after the other, so that the machine's mood meets both; medians are told.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import dagster as dg

from benchmarks.report import machine, write_section
from pshs_dagster.config import Settings
from pshs_dagster.database.database import Database
from pshs_dagster.definitions import build_defs
from pshs_dagster.releases import Release
from pshs_dagster.runs import QUIET, open_instance, run_release
from pshs_dagster.sandbox.history import ISSUE_DEALS
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.mysql import NoServer, PrivateServer

DEALS = 5_000
"""A large issue: real ones of 2022–2026 have two to five thousand pre-sale deals."""

ISSUE = Release.parse("2026-07-21")
ROUNDS = 5
GOAL = 2.0
"""Seconds on top of the empty run."""


@dataclass(frozen=True)
class Round:
    """One load and one empty run; seconds."""

    empty: float
    loaded: float
    again: float
    steps: Mapping[str, float]
    rows: int


def main() -> None:
    """Measure on SQLite and, where there is a server, on MariaDB; print and write the results."""
    warnings.simplefilter("ignore")
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(today=ISSUE.published_on, scale=DEALS / ISSUE_DEALS))
        uris: dict[str, Callable[[int], str]] = {"SQLite": lambda _: ""}
        try:
            server = stack.enter_context(PrivateServer())
            uris["MariaDB"] = lambda number: server.create_database(f"issue_{number}")
        except NoServer as error:
            print(error)  # noqa: T201
        lines = [f"One issue of some {DEALS:,} deals, {ROUNDS} rounds, medians. Goal: at most {GOAL:.0f} s on top.", ""]
        lines += [
            "| | empty run | load and verify | on top | again | per 1,000 deals |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        steps: dict[str, Mapping[str, float]] = {}
        for name, uri in uris.items():
            rounds = [_round(sandbox.url, uri(number)) for number in range(ROUNDS + 1)][1:]  # the first warms up
            lines.append(_row(name, rounds))
            steps[name] = {step: median(r.steps[step] for r in rounds) for step in rounds[0].steps}
        lines += ["", "Seconds a step:", "", "| step | " + " | ".join(steps) + " |", "| --- |" + " --- |" * len(steps)]
        for step in next(iter(steps.values())):
            lines.append(f"| `{step}` | " + " | ".join(f"{of[step]:.2f}" for of in steps.values()) + " |")
    write_section("A ten-day issue", lines)
    print("\n".join([machine(), "", *lines]))  # noqa: T201


def _row(name: str, rounds: list[Round]) -> str:
    empty, loaded, again = (
        median(values) for values in zip(*((r.empty, r.loaded, r.again) for r in rounds), strict=True)
    )
    on_top = median(r.loaded - r.empty for r in rounds)
    rows = rounds[0].rows
    return (
        f"| {name} | {empty:.2f} s | {loaded / empty:.1f} × ({loaded:.2f} s) | {on_top:.2f} s "
        f"| {again / empty:.1f} × | {on_top / rows * 1000:.3f} s |"
    )


def _round(portal_url: str, database_uri: str) -> Round:
    folder = Path(tempfile.mkdtemp(prefix="pshs-bench-"))
    try:
        settings = Settings.model_validate(
            {
                "dagster_home": folder,
                "database_uri": database_uri or f"sqlite:///{folder / 'pshs.db'}",
                "storage_dir": folder / "archive",
                "portal_url": portal_url,
            }
        )
        Database(settings.database).ready()  # tables are made once in a life, and are no part of an issue
        definitions = build_defs(settings)
        definitions.resolve_job_def("load_release")  # so that neither run pays for building the graph
        with open_instance(folder) as instance:
            started = time.perf_counter()
            outcome = run_release(definitions, instance, ISSUE)
            loaded = time.perf_counter() - started
            assert outcome.verified, outcome.problem
            stats = {
                step.step_key: (step.end_time or 0) - (step.start_time or 0)
                for step in instance.get_run_step_stats(outcome.run_id)
            }
            empty = _empty_run(instance, len(stats))
            started = time.perf_counter()
            assert run_release(definitions, instance, ISSUE).verified
            again = time.perf_counter() - started
        return Round(empty, loaded, again, stats, outcome.counts["new"])
    finally:
        shutil.rmtree(folder)


def _empty_run(instance: dg.DagsterInstance, steps: int) -> float:
    @dg.op
    def nothing() -> None: ...

    @dg.job(executor_def=dg.in_process_executor)
    def empty() -> None:
        for number in range(steps):
            nothing.alias(f"nothing_{number}")()

    started = time.perf_counter()
    empty.execute_in_process(instance=instance, run_config=dict(QUIET))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
