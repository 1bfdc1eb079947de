"""The sandbox's list: made anew every month, of the projects that its deals name, and as dirty as the real one."""

from __future__ import annotations

import io
import zipfile
from datetime import date

from pshs_dagster.projects.listing import Listing
from pshs_dagster.projects.read import LIST_FILE, read_list
from pshs_dagster.releases import Release
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.history import deals_of
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.projects.test_lists import LIST

SCALE = 0.2


def listing(data: bytes) -> Listing:
    with zipfile.ZipFile(io.BytesIO(data)) as contents:
        files = [(name, contents.read(name)) for name in contents.namelist()]
    return read_list(file for file in files if LIST_FILE.fullmatch(file[0]))


def test_it_is_made_anew_every_month_and_plays_faults() -> None:
    sandbox = Sandbox(today=date(2022, 9, 1), scale=0.03, cities="f")
    first = sandbox.answer(LIST).body
    sandbox.today = date(2022, 9, 28)
    assert sandbox.answer(LIST).body == first
    sandbox.today = date(2022, 10, 1)
    assert sandbox.answer(LIST).body != first
    sandbox.faults = [Fault.parse("truncated")]
    assert len(sandbox.answer(LIST).body) < len(first)
    for fault in ("no-projects", "html"):
        sandbox.faults = [Fault.parse(fault)]
        assert sandbox.answer(LIST).body.startswith(b"<")
    sandbox.faults = [Fault.parse("errors:1")]
    assert [sandbox.answer(LIST).status for _ in range(2)] == [500, 200]


def test_it_has_what_its_deals_name_and_more_and_every_kind_of_dirt() -> None:
    found = listing(Sandbox(today=date(2022, 9, 1), scale=SCALE, cities="f").answer(LIST).body)
    deals = deals_of(Release.parse("111S2"), today=date(2022, 9, 1), seed=1, scale=SCALE)
    named = set(deals[deals["_city"] == "f"]["建案名稱"])
    listed = {each.name for each in found.registrations}
    assert len(named & listed) > 0.7 * len(named)
    assert listed - named
    assert named - listed
    assert len({(each.district, each.name) for each in found.registrations}) < len(found.registrations)
    assert any("戶" in each.homes_text for each in found.registrations)
    assert found.total("put_right") > 0
    assert found.total("unreadable") == 1
    assert all(each.homes is None or each.homes > 0 for each in found.registrations)
