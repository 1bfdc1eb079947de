"""Where commands write: results on standard output, all else on standard error. What they write stands elsewhere."""

from __future__ import annotations

from rich.console import Console

MINIMUM_WIDTH = 120
"""Where the terminal's width is unknown (a pipe, a log), tables are not squeezed into eighty columns."""


def output() -> Console:
    """Standard output, for results."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(MINIMUM_WIDTH, console.width))


def messages() -> Console:
    """Standard error, for what is told on the way; lines are not broken."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
