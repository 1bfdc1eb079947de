"""A backup is of one moment, whoever writes while it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from pshs_dagster.database.engine import connect
from pshs_dagster.database.keeping.dump import dump
from pshs_dagster.database.keeping.restore import restore
from pshs_dagster_tests.database.made_up import copy_of, deal, load, rows_of
from pshs_dagster_tests.keeping.conftest import Standing, await_that, content


@contextmanager
def going_on(doing: Callable[[int], None]) -> Generator[None]:
    """Do it again and again, with 0, 1, 2, …, until the end of the block, which begins when it was done some times."""
    stop, begun = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def again() -> None:
        try:
            for number in count():
                if stop.is_set():
                    return
                doing(number)
                if number == 3:
                    begun.set()
        except BaseException as error:
            failed.append(error)
            begun.set()

    thread = threading.Thread(target=again)
    thread.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failed == []


def test_a_backup_while_another_program_writes_and_a_load_is_made_is_of_one_moment(
    source: sa.Engine, empty_uri: str, tmp_path: Path
) -> None:
    other = connect(str(source.url.render_as_string(hide_password=False)))

    def like(number: int) -> None:
        # Two rows that belong together, in tables that stand far from each other in the dump.
        with other.begin() as connection:
            connection.execute(sa.text("INSERT INTO favourites VALUES (:number, 'writer')"), {"number": 100 + number})
            connection.execute(sa.text("UPDATE releases SET size = :number"), {"number": 100 + number})

    def publish(number: int) -> None:
        moment = date(2023, 1, 1) + timedelta(days=number)
        load(source, copy_of("111S3", moment), [deal("A", price=3_000 + number), deal("C"), deal(f"N{number}")])

    with going_on(like), going_on(publish):
        dumped = dump(source, tmp_path / "dump")
    other.dispose()

    # It proves that rows and digest are those of the file's own moment.
    restore(tmp_path / "dump", dumped, empty_uri)
    restored = connect(empty_uri)
    (row,) = rows_of(restored, "SELECT MAX(deal) AS liked FROM favourites")
    (newest,) = rows_of(restored, "SELECT MAX(size) AS size FROM releases WHERE size < 1000000")
    restored.dispose()
    assert row["liked"] == newest["size"] >= 100


@pytest.mark.mysql
@pytest.mark.parametrize("database_uri", ["mysql"], indirect=True)
def test_a_load_waits_until_the_dump_is_written(source: sa.Engine, standing_in: Standing, tmp_path: Path) -> None:
    """A rebuild renames the tables, which a dump under way would not survive."""
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    for name in ("mariadb-dump", "mysqldump"):
        standing_in(name, f'"$REAL" "$@"\ntouch {begun}\nwhile [ ! -e {go_on} ]; do sleep 0.02; done\n')
    before = content(source)
    dumping = threading.Thread(target=dump, args=(source, tmp_path / "dump"))
    loading = threading.Thread(target=load, args=(source, copy_of("111S3", date(2023, 3, 3)), [deal("Z")]))
    dumping.start()
    try:
        await_that(begun.exists)
        loading.start()
        await_that(lambda: _waiting(source))
        assert content(source) == before
        # Other programs are held up for an instant only, which is over.
        with source.begin() as connection:
            connection.execute(sa.text("INSERT INTO favourites VALUES (9, 'at once')"))
    finally:
        go_on.touch()
        dumping.join()
    loading.join()
    assert "Z" in str(content(source)["deals"])


def _waiting(engine: sa.Engine) -> bool:
    return bool(rows_of(engine, "SELECT 1 FROM information_schema.processlist WHERE state = 'User lock'"))
