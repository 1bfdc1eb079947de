"""A refresh leaves what a full computation would, touches nothing that is right, and is never seen half done."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction
from pshs_dagster.database.statistics import refresh as refreshing
from pshs_dagster.database.statistics.comparing import compare
from pshs_dagster.database.statistics.refresh import refresh
from pshs_dagster.database.statistics.statements import Month, last_complete_month, spans_of
from pshs_dagster.database.tables import STATISTICS
from pshs_dagster.errors import DatabaseError
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.database.made_up import LATER, NOW, TAICHUNG, copy_of, deal, load
from pshs_dagster_tests.statistics.stored import KEYS, everything, stored, with_identity

pytestmark = pytest.mark.slow

JULY, AUGUST = pd.Timestamp(2022, 7, 13), pd.Timestamp(2022, 8, 13)


def anew(engine: sa.Engine) -> dict[str, Any]:
    """The tables computed from nothing."""
    with write_transaction(engine) as connection:
        for table in STATISTICS:
            connection.execute(sa.delete(table))
    refresh(engine, LATER)
    return everything(engine)


def change(engine: sa.Engine, statement: str) -> None:
    with write_transaction(engine) as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1


def fail(connection: sa.Connection, *_: object, **__: object) -> None:
    connection.execute(sa.text("SELECT * FROM nowhere"))


@pytest.mark.parametrize(
    ("statement", "months"),
    [
        ("UPDATE deals SET price = price + 10000 WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET parking_sapce_price = 0 WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET building_total_area = 300.01 WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET transaction_date = '2022-08-01' WHERE serial_number = 'A'", ["2022-07", "2022-08"]),
        ("UPDATE deals SET transaction_date = '2021-01-05' WHERE serial_number = 'A'", ["2021-01", "2022-07"]),
        ("UPDATE deals SET flags = 'special_relation' WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET cancelled_on = '2022-09-01' WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET build_name = '遠雄之心' WHERE serial_number = 'A'", ["2022-07"]),
        ("UPDATE deals SET room = '4' WHERE serial_number = 'B'", ["2022-08"]),
        ("UPDATE deals SET main_use = '商業用' WHERE serial_number = 'B'", ["2022-08"]),
        ("DELETE FROM deals WHERE serial_number = 'B'", ["2022-08"]),
    ],
)
def test_whatever_changes_a_deal_its_months_are_computed_anew_and_no_other(
    engine: sa.Engine, statement: str, months: list[str]
) -> None:
    load(engine, "111S3", [deal("A"), deal("B", transaction_date=AUGUST), deal("C", TAICHUNG, district="北區")])
    refresh(engine, NOW)
    change(engine, statement)
    done = refresh(engine, LATER)
    assert [str(month) for month in done.months] == months
    assert not done.whole
    assert everything(engine) == anew(engine)


BY_HAND = "UPDATE deals SET price = price + 10000 WHERE serial_number = 'A'"


def test_a_change_by_hand_is_found_by_a_thorough_look(engine: sa.Engine) -> None:
    """It does not move `updated_at`, by which the quick look goes; `statistics_match_deals` tells of it meanwhile."""
    load(engine, "111S3", [deal("A"), deal("B", transaction_date=AUGUST)])
    refresh(engine, LATER)
    change(engine, BY_HAND)
    assert refresh(engine, LATER).months == ()
    assert [difference.month for difference in compare(engine).differences] == ["2022-07"]
    assert [str(month) for month in refresh(engine, LATER, thorough=True).months] == ["2022-07"]
    assert everything(engine) == anew(engine)


def test_a_change_in_the_very_second_of_a_refresh_is_found(engine: sa.Engine) -> None:
    load(engine, "111S3", [deal("A"), deal("B", transaction_date=AUGUST)])
    refresh(engine, NOW)
    change(engine, BY_HAND)  # moved to the second in which it stood before: NOW
    assert [str(month) for month in refresh(engine, LATER).months] == ["2022-07"]


def test_what_did_not_change_keeps_its_id_and_its_moments(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B", build_name="別的")])
    refresh(engine, NOW)
    before = {name: with_identity(engine, name) for name in KEYS}
    load(engine, "2022-09-11", [deal("B", price=9_000_000, build_name="別的"), deal("C", build_name="新的")])
    refresh(engine, LATER)
    at = {moment.replace(tzinfo=None, microsecond=0) for moment in (NOW, LATER)}
    after = with_identity(engine, "deal_statistics")
    (kept,) = [key for key in after if key[4] == "遠雄之星"]
    (altered,) = [key for key in after if key[4] == "別的"]
    (new,) = [key for key in after if key[4] == "新的"]
    assert after[kept] == before["deal_statistics"][kept]
    assert after[altered][:2] == before["deal_statistics"][altered][:2]
    assert after[altered][2] == max(at)
    assert after[new][1:] == (max(at), max(at))
    refresh(engine, LATER + timedelta(days=1), everything=True)
    assert with_identity(engine, "deal_statistics") == after


def test_a_group_without_deals_is_gone(engine: sa.Engine) -> None:
    load(engine, "111S3", [deal("A"), deal("B", build_name="別的")])
    refresh(engine, NOW)
    load(engine, copy_of("111S3", date(2023, 6, 20)), [deal("A", termination="全部解約"), deal("B", build_name="別的")])
    refresh(engine, LATER)
    assert {key[4] for key in stored(engine, "deal_statistics")} == {"別的"}


def test_a_withdrawn_deal_counts_no_more_until_it_is_back(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal(serial) for serial in "ABCDEFGHIJKL"])
    load(engine, copy_of("111S3", date(2023, 6, 1)), [deal(serial) for serial in "ABCDEFGHIJK"])
    refresh(engine, NOW)
    (row,) = stored(engine, "deal_statistics").values()
    assert row["count_num"] == 11
    load(engine, copy_of("111S3", date(2023, 6, 20)), [deal(serial) for serial in "ABCDEFGHIJKL"])
    refresh(engine, LATER)
    (row,) = stored(engine, "deal_statistics").values()
    assert row["count_num"] == 12


def test_what_a_killed_run_left_undone_the_next_one_does(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A")])
    refresh(engine, NOW)
    load(engine, "2022-09-11", [deal("A", price=9_000_000)])  # its run ended here
    load(engine, "2022-10-01", [deal("B", transaction_date=AUGUST)])
    refresh(engine, LATER)
    assert everything(engine) == anew(engine)


def test_readers_see_the_old_rows_until_the_new_ones_are_all_there(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(engine, "2022-09-01", [deal("A"), deal("B", build_name="別的")])
    refresh(engine, NOW)
    load(engine, "2022-09-11", [deal("A", price=9_000_000), deal("C", build_name="新的")])
    before, seen = everything(engine), []
    record = refreshing.stale.record

    def looking(*args: Any) -> None:
        record(*args)  # the last thing that a refresh writes
        seen.append(everything(engine))

    monkeypatch.setattr(refreshing.stale, "record", looking)
    refresh(engine, LATER)
    assert seen == [before]
    assert everything(engine) != before


def outdated(engine: sa.Engine) -> dict[str, Any]:
    """The tables as they are where a load came after their refresh."""
    load(engine, "2022-09-01", [deal("A")])
    refresh(engine, NOW)
    load(engine, "2022-09-11", [deal("A", price=9_000_000)])
    return everything(engine)


def refresh_that_fails(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, name: str, *, whole: bool = False) -> None:
    """A refresh in which the function of this name, of the module that refreshes, is refused by the database."""
    with monkeypatch.context() as patched:
        patched.setattr(f"{refreshing.__name__}.{name}", fail)
        with pytest.raises(DatabaseError, match="could not compute the statistics"):
            refresh(engine, LATER, everything=whole)


def test_a_refresh_that_fails_leaves_everything_as_it_was(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = outdated(engine)
    refresh_that_fails(engine, monkeypatch, "stale.record")
    assert everything(engine) == before
    refresh(engine, LATER)
    assert everything(engine) != before


def test_a_full_computation_that_fails_leaves_everything_as_it_was(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it fails: on MySQL two tables are written in transactions of their own."""
    before = outdated(engine)
    for name in ("update_changes", "_write_projects"):
        refresh_that_fails(engine, monkeypatch, name, whole=True)
        assert everything(engine) == before
    refresh(engine, LATER, everything=True)
    assert everything(engine) == anew(engine) != before


def test_where_only_the_market_was_written_the_next_refresh_does_the_rest(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = outdated(engine)
    refresh_that_fails(engine, monkeypatch, "stale.record", whole=True)
    is_written = stored(engine, "market_statistics") != before["market_statistics"]
    assert is_written == (engine.dialect.name == "mysql")
    assert stored(engine, "deal_statistics") == before["deal_statistics"]
    refresh(engine, LATER)
    assert everything(engine) == anew(engine)


def test_a_change_reaches_the_same_month_of_the_next_year(engine: sa.Engine) -> None:
    june, july, august = (pd.Timestamp(2021, month, 1) for month in (6, 7, 8))
    rows = [deal("A", transaction_date=july), deal("B", transaction_date=august), deal("C"), deal("D")]
    load(engine, "2022-09-01", [*rows, deal("E", transaction_date=june)])
    refresh(engine, NOW)
    change(engine, "UPDATE deals SET price = price + 10000 WHERE serial_number = 'A'")
    assert [str(month) for month in refresh(engine, LATER).months] == ["2021-07"]
    found = {key[2:]: row for key, row in stored(engine, "market_statistics").items()}
    assert found["2022", "07"]["total_price_year_change"] < 0
    assert found["2021", "08"]["total_price_month_change"] < 0
    assert everything(engine) == anew(engine)


def test_a_month_becomes_final_while_another_one_changes(engine: sa.Engine) -> None:
    july = [deal(serial, transaction_date=pd.Timestamp(2022, 7, day)) for serial, day in (("A", 3), ("B", 13))]
    load(engine, "2022-08-21", july[:1])
    load(engine, "2022-09-01", july[1:])
    load(engine, "2020-09-01", [deal("C", transaction_date=pd.Timestamp(2020, 7, 13))])
    refresh(engine, NOW)
    load(engine, "2022-09-11", [])
    change(engine, "UPDATE deals SET price = price + 10000 WHERE serial_number = 'C'")
    assert [str(month) for month in refresh(engine, LATER).months] == ["2020-07"]
    status = {key[2:]: row["status"] for key, row in stored(engine, "market_statistics").items()}
    assert status == {("2020", "07"): "provisional", ("2022", "07"): "final"}
    assert everything(engine) == anew(engine)


def test_a_spoiled_row_is_put_right_by_a_full_computation(engine: sa.Engine) -> None:
    load(engine, "2022-09-01", [deal("A")])
    refresh(engine, NOW)
    right = everything(engine)
    change(engine, "UPDATE deal_statistics SET avg_total_price = 1")
    refresh(engine, LATER)
    assert everything(engine) != right
    refresh(engine, LATER, everything=True)
    assert everything(engine) == right


def test_a_name_longer_than_any_before_fits(engine: sa.Engine) -> None:
    name = "長" * 100
    load(engine, "2022-09-01", [deal("A", build_name=name)])
    load(engine, "2022-09-11", [])
    load(engine, "2022-08-21", [])
    refresh(engine, NOW)
    assert {key[4] for key in stored(engine, "deal_statistics")} == {name}
    assert {key[2] for key in stored(engine, "project_statistics")} == {name}


def test_projects_older_than_a_year_are_not_among_those_that_opened(engine: sa.Engine) -> None:
    rows = [
        deal("A", build_name="新"),
        deal("B", build_name="舊"),
        deal("C", build_name="舊", transaction_date=pd.Timestamp(2021, 7, 31), object_of_transaction="車位"),
        deal("D", build_name="恰好"),
        deal("E", build_name="恰好", transaction_date=pd.Timestamp(2021, 8, 1), termination="全部解約"),
        deal("F", build_name="舊", district="淡水區"),
        deal("G", build_name=""),
    ]
    for issue in ("2022-08-21", "2022-09-01", "2022-09-11"):
        load(engine, issue, rows)
    refresh(engine, NOW)
    found = stored(engine, "project_statistics")
    assert {(key[1], key[2]): row["opened_on"] for key, row in found.items()} == {
        ("板橋區", "新"): date(2022, 7, 13),
        ("板橋區", "恰好"): date(2021, 8, 1),
        ("淡水區", "舊"): date(2022, 7, 13),
    }


def test_the_last_complete_month_is_the_newest_of_which_every_third_is_loaded() -> None:
    june, july = (date(2022, 6, 1), date(2022, 6, 30)), (date(2022, 7, 1), date(2022, 7, 31))
    first_thirds = (date(2022, 8, 1), date(2022, 8, 20))
    today = date(2023, 1, 1)
    assert last_complete_month([june, july, first_thirds], today) == Month(2022, 7)
    assert last_complete_month([june, first_thirds], today) == Month(2022, 6)
    assert last_complete_month([first_thirds], today) is None
    assert last_complete_month([], today) is None
    # A season covers months whole; the windows of two make one.
    assert last_complete_month(
        [(date(2022, 5, 11), date(2022, 8, 10)), (date(2022, 8, 11), date(2022, 11, 10))], today
    ) == Month(2022, 10)
    # July's last third is out on the 11th of September.
    assert last_complete_month([june, july], date(2022, 9, 10)) == Month(2022, 6)
    assert last_complete_month([june, july], date(2022, 9, 11)) == Month(2022, 7)


def test_months_that_follow_each_other_are_asked_for_together() -> None:
    months = {Month(2022, 12), Month(2023, 1), Month(2022, 2), Month(2020, 1)}
    assert spans_of(months) == [
        {"first_day": date(2020, 1, 1), "last_day": date(2020, 1, 31)},
        {"first_day": date(2022, 2, 1), "last_day": date(2022, 2, 28)},
        {"first_day": date(2022, 12, 1), "last_day": date(2023, 1, 31)},
    ]
    assert spans_of(set()) == []


def test_projects_are_looked_at_anew_when_another_month_is_complete(engine: sa.Engine) -> None:
    for issue in ("2022-08-21", "2022-09-01", "2022-09-11", "2022-09-21", "2022-10-01", "2022-10-11"):
        load(engine, issue, [deal("A")] if issue == "2022-09-01" else [])
    early = datetime(2022, 9, 11, 10, tzinfo=TAIPEI)
    assert str(refresh(engine, early).last_complete) == "2022-07"
    assert {key[3] for key in stored(engine, "project_statistics")} == {1, 3, 6}
    done = refresh(engine, datetime(2022, 10, 11, 10, tzinfo=TAIPEI))
    assert (str(done.last_complete), done.months) == ("2022-08", ())
    assert {key[3] for key in stored(engine, "project_statistics")} == {3, 6}
