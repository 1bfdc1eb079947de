"""What an issue brought, counted by the database; on SQLite and on MySQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.reading.bulletin import LARGEST, Project, Revision, bulletin, open_rejects
from pshs_dagster.database.schema.migrate import migrate
from pshs_dagster.releases import Release
from pshs_dagster_tests.database.made_up import TAICHUNG, deal, load

EARLIER, ISSUE = "2022-09-11", "2022-09-21"


@pytest.fixture
def engine(database_uri: str) -> Iterator[sa.Engine]:
    """A database with our tables."""
    engine = connect(database_uri)
    migrate(engine)
    yield engine
    engine.dispose()


def test_an_issue_is_summed_up(engine: sa.Engine) -> None:
    known = [deal(f"K{n:02d}", price=1_000_000, build_name="舊案") for n in range(9)]
    load(engine, EARLIER, known)
    # Seven prices move by n hundred thousand; one deal is dissolved; two words of a note change.
    revised = [deal(f"K{n:02d}", price=1_000_000 + (-1) ** n * n * 100_000, build_name="舊案") for n in range(7)]
    dissolved = deal("K07", price=1_000_000, build_name="舊案", termination="全部解約1110901")
    noted = deal("K08", price=1_000_000, build_name="舊案", note="親友交易")
    new = [
        *(deal(f"N{n}", build_name="新案") for n in range(3)),
        deal("N3", build_name="舊案"),
        deal("N4", build_name=""),
        # The same name in another city is another project.
        deal("N5", TAICHUNG, build_name="舊案", district="西屯區"),
    ]
    load(engine, ISSUE, [*revised, dissolved, noted, *new])

    brought = bulletin(engine, Release.parse(ISSUE))
    assert brought.new_deals == {"新北市": 5, "臺中市": 1}
    assert list(brought.new_deals) == ["新北市", "臺中市"]
    assert brought.projects == (Project("新北市", "板橋區", "新案", 3), Project("臺中市", "西屯區", "舊案", 1))
    assert brought.new_projects == len(brought.projects)
    assert brought.cancellations == {"新北市": 1}
    assert brought.revisions == 7  # K00 did not move
    assert len(brought.largest) == LARGEST
    assert brought.largest[0] == Revision("新北市", "K06", "舊案", 1_000_000, 1_600_000)
    assert brought.largest[1] == Revision("新北市", "K05", "舊案", 1_000_000, 500_000)
    assert (brought.rejects, brought.rejects_in_all) == (0, 0)


def test_rejected_lines_that_wait_are_counted_and_decided_ones_are_not(engine: sa.Engine) -> None:
    load(engine, ISSUE, [deal("A1")])
    waiting = [(EARLIER, 3, "open"), (ISSUE, 3, "open"), (ISSUE, 4, "open"), (ISSUE, 5, "dismissed")]
    with engine.begin() as connection:
        for release, line, status in waiting:
            connection.execute(
                sa.text(
                    "INSERT INTO rejected_deals (`release`, file, line, city, serial_number, raw, reasons, status) "
                    "VALUES (:release, 'f_lvr_land_b.csv', :line, '新北市', 'X', 'x', '[]', :status)"
                ),
                {"release": release, "line": line, "status": status},
            )
    assert open_rejects(engine) == {EARLIER: 1, ISSUE: 2}
    brought = bulletin(engine, Release.parse(ISSUE))
    assert (brought.rejects, brought.rejects_in_all) == (2, 3)


def test_a_database_without_tables_has_no_rejected_lines(database_uri: str) -> None:
    engine = connect(database_uri)
    assert open_rejects(engine) == {}
    engine.dispose()
