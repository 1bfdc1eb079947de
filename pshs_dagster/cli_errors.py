"""How a command says that something went wrong: one clear line on standard error, and exit status 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from pshs_dagster.errors import PshsError

P = ParamSpec("P")
R = TypeVar("R")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """One clear line instead of a traceback for what the project understands."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PshsError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            from sqlalchemy.exc import OperationalError  # which a command that goes well need not load here

            if not isinstance(error, OperationalError):
                raise
            # Those of the deals' database are told where they arise.
            told = f"Dagster's own storage cannot be used ({error.orig}): see DAGSTER_HOME, its disk and its rights."
            raise click.ClickException(told) from error

    return told
