"""The ten-day digest: what a verified issue brought, in a message for people.

What is counted stands in `database/reading/bulletin.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pshs_dagster.alerts.messages import Message, Mood, clipped, link, number
from pshs_dagster.database.reading.bulletin import Bulletin

NAME_LENGTH = 32
"""Characters of a project's name."""


def ten_day_digest(brought: Bulletin, page: str) -> Message:
    """What an issue brought. `page` is the address of Dagster's page."""
    release = brought.release
    lines = [
        f"發布 release {release}，交易 trades {release.window}；已驗證 verified",
        _counted("新成交 new deals", brought.new_deals),
        _counted("解約 cancellations", brought.cancellations),
        f"內容變更 revised deals: {number(brought.revisions)}",
        *(
            f"・{r.city} {clipped(r.build_name or r.serial_number, NAME_LENGTH)} 總價 price "
            f"{number(r.old)} → {number(r.new)} NTD"
            for r in brought.largest
        ),
        f"新建案 new projects: {number(brought.new_projects)}",
        *(f"・{p.city}{p.district} {clipped(p.build_name, NAME_LENGTH)} {number(p.deals)}" for p in brought.projects),
        f"待更正退件 rejected lines that wait: {number(brought.rejects)}"
        f"（全部 in all {number(brought.rejects_in_all)}）",
        f"詳見 see: {link(page, '')}",
    ]
    return Message.of(f"{release} 十日報 ten-day digest", lines, Mood.NEWS)


def _counted(name: str, by_city: Mapping[str, int]) -> str:
    cities = "、".join(f"{city} {number(count)}" for city, count in by_city.items())
    return f"{name}: {number(sum(by_city.values()))}" + (f"（{cities}）" if cities else "")
