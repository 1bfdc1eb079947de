"""What `pshs status` and `pshs alerts` show in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.markup import escape
from rich.table import Table

from pshs_dagster.alerts.messages import KINDS, link, scrubbed
from pshs_dagster.alerts.troubles import Trouble
from pshs_dagster.console import output


def show_status(troubles: Sequence[Trouble], now: datetime, page: str) -> None:
    """The table of `pshs status`, or one line where nothing is wrong. `page` is the address of Dagster's page."""
    console = output()
    if not troubles:
        console.print(f"[green]一切正常 all is well[/]  {now:%Y-%m-%d %H:%M}")
        return
    table = Table(title=f"現在的異常 what is wrong now  {now:%Y-%m-%d %H:%M}")
    for heading in ("對象 about", "異常 trouble"):
        table.add_column(heading, no_wrap=True)
    table.add_column("原因 reason", overflow="fold")
    for trouble in troubles:
        zh, en = KINDS[trouble.kind]
        reason = " ".join(filter(None, (trouble.where, scrubbed(trouble.reason))))
        shown = f"{reason} {link(page, trouble.run_id)}" if trouble.run_id else reason
        table.add_row(escape(trouble.subject), f"{zh} {en}", escape(shown))
    console.print(table)


def tell_sent(service: str, sent: bool) -> None:
    """One line a service. `service` is its label, which holds no secret."""
    mark = "[green]已送出 sent[/]" if sent else "[red]未送出 not sent[/]"
    output().print(f"{escape(service)}: {mark}")
