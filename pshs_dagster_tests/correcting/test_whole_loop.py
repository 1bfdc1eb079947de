"""The whole loop: out to a workbook, back by a dropped file, into `deals`, and there through reloads."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import pytest

from pshs_dagster.correcting.job import correction_sensor
from pshs_dagster.correcting.taking import DONE, REFUSED
from pshs_dagster.database.correcting.listing import listed
from pshs_dagster.database.correcting.waiting import review_rows
from pshs_dagster.review.reading import write_review
from pshs_dagster_tests.fixtures.flow import Flow, FolderPortal, settings_in

SEASON = "112S1"
SERIAL = "RPPNMLRJKHIGFAI87CB"
"""A deal of 嘉義市 whose rooms and bathrooms are no single digits."""

CITIES = frozenset("im")
"""嘉義市 and 南投縣: a few hundred lines, two of them rejected."""

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def season(tmp_path: Path, real_data: Path, request: pytest.FixtureRequest) -> Iterator[Flow]:
    """An installation that has loaded a real season of two cities; on SQLite unless told otherwise."""
    uri = request.getfixturevalue("database_uri") if "database_uri" in request.fixturenames else ""
    with Flow(tmp_path, settings_in(tmp_path, "http://127.0.0.1:9", uri, cities=CITIES)) as flow:
        flow.overrides["portal"] = FolderPortal({SEASON: real_data / "seasons" / f"{SEASON}.zip"})
        assert flow.run(SEASON).verified
        yield flow


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=[pytest.mark.mysql, pytest.mark.thorough])])
def database_uri(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("mysql_uri")) if request.param == "mysql" else ""


@pytest.mark.usefixtures("database_uri")
def test_a_rejected_line_is_corrected_for_good_until_moi_changes_it(season: Flow, tmp_path: Path) -> None:
    lines = season.number("SELECT SUM(data_lines) FROM release_files")
    _drop(season, _corrected_workbook(season, tmp_path, {"建物現況格局-房": "3", "建物現況格局-衛": "2"}))
    _let_the_sensor_work(season)

    assert _deal(season) == ("3", "2", "applied")
    assert season.number("SELECT COUNT(*) FROM deals") == lines - 1
    documents = season.archive.documents("corrected")
    (workbook, report) = documents
    assert (workbook.startswith(DONE), report) == (True, f"{workbook}.md")
    assert "已修正 (corrected): 1" in season.archive.read_document(report)

    before = season.tables()["deals"]
    assert season.run(SEASON).verified
    assert season.tables()["deals"] == before, "loaded again, it is still corrected"

    mended = _with_rooms(season, tmp_path, rooms="4")
    season.overrides["portal"] = FolderPortal({SEASON: mended})
    outcome = season.run(SEASON)
    assert outcome.verified
    assert outcome.counts["changed"] == 1
    assert _deal(season) == ("4", "1", "superseded"), "what MOI publishes by now stands"


@pytest.mark.thorough
def test_a_suspect_deal_gets_what_the_person_wrote_and_keeps_its_history(season: Flow, tmp_path: Path) -> None:
    (row,) = [row for row in review_rows(season.engine, [SEASON], suspects=True) if row.kind == "deal"][:1]
    path = tmp_path / "suspects.json"
    write_review(path, [row])
    path.write_text(path.read_text().replace(f'"備註": "{row.fields["note"]}"', '"備註": "看過了"', 1))
    season.archive.write_bytes("corrected/suspects.json", path.read_bytes())
    _let_the_sensor_work(season)
    query = "SELECT note FROM deals WHERE city = :city AND serial_number = :serial"
    assert season.rows(query, city=row.city, serial=row.serial_number) == [("看過了",)]
    assert season.run(SEASON).verified
    assert season.rows(query, city=row.city, serial=row.serial_number) == [("看過了",)]
    ((event, changes),) = season.rows("SELECT event, changes FROM deal_events")
    assert event == "corrected"
    assert "看過了" in str(changes) or "\\u770b" in str(changes)


def test_a_file_that_cannot_be_used_changes_nothing_and_says_why_beside_it(season: Flow) -> None:
    before = season.tables()
    season.archive.write_bytes("corrected/notes 備忘.xlsx", b"no workbook at all")
    _let_the_sensor_work(season)
    (file, report) = season.archive.documents("corrected")
    assert file.startswith(REFUSED)
    assert "未做任何更動" in season.archive.read_document(report)
    assert season.tables() == before


def test_a_file_that_is_still_being_copied_is_left_alone(season: Flow, tmp_path: Path) -> None:
    data = _corrected_workbook(season, tmp_path, {"建物現況格局-房": "3", "建物現況格局-衛": "2"})
    season.archive.write_bytes("corrected/half.xlsx", data[: len(data) // 2])
    first = _look(season)
    season.archive.write_bytes("corrected/half.xlsx", data)
    second = _look(season, first.cursor)
    assert not first.run_requests
    assert not second.run_requests
    (request,) = _look(season, second.cursor).run_requests or []
    assert request.job_name == "take_corrections"


@pytest.mark.thorough
def test_a_load_that_failed_after_the_file_was_recorded_is_asked_for_again_in_an_hour(
    season: Flow, tmp_path: Path
) -> None:
    _drop(season, _corrected_workbook(season, tmp_path, {"建物現況格局-房": "3", "建物現況格局-衛": "2"}))
    looked = _look(season)
    looked = _look(season, looked.cursor)
    _carry_out(season, looked)
    (copy,) = season.archive.copies(next(iter(season.archive.releases())))
    stored = season.archive.store.local_path(copy.key)
    assert stored is not None
    hidden = stored.rename(stored.with_suffix(".away"))
    (first,) = _carry_out(season, looked := _look(season, looked.cursor))
    assert not first.success
    assert not _look(season, looked.cursor).run_requests

    hidden.rename(stored)
    season.clock.ahead = timedelta(minutes=62)
    (second,) = _carry_out(season, looked := _look(season, looked.cursor))
    assert second.success
    assert _deal(season)[2] == "applied"
    assert not _look(season, looked.cursor).run_requests


def _corrected_workbook(flow: Flow, folder: Path, texts: dict[str, str]) -> bytes:
    """What a person makes of the file: other texts for the one deal."""
    path = folder / "review.xlsx"
    write_review(path, review_rows(flow.engine, [SEASON]))
    book = openpyxl.load_workbook(path)
    sheet: Any = book.worksheets[0]
    headings = {cell.value: cell.column for cell in sheet[1]}
    (row,) = [cells[0].row for cells in sheet.iter_rows(min_row=2) if SERIAL in {cell.value for cell in cells}]
    for heading, text in {**texts, "編輯者": "王小明", "修正理由": "對照平面圖"}.items():
        sheet.cell(row, headings[heading]).value = text
    book.save(path)
    return path.read_bytes()


def _drop(flow: Flow, data: bytes) -> None:
    flow.archive.write_bytes("corrected/review.xlsx", data)


def _look(flow: Flow, cursor: str | None = None) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=flow.instance,
        cursor=cursor,
        resources=dict(flow.definitions.resources or {}),
        definitions=flow.definitions,
    )
    result = correction_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def _carry_out(flow: Flow, looked: dg.SensorResult) -> list[dg.ExecuteInProcessResult]:
    """Make the runs that the sensor asked for, as the daemon does."""
    results: list[dg.ExecuteInProcessResult] = []
    for request in looked.run_requests or []:
        job = flow.definitions.resolve_job_def(str(request.job_name))
        if request.asset_selection:
            keys = set(request.asset_selection)
            checks = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key in keys}
            job = job.get_subset(asset_selection=keys, asset_check_selection=checks)
        results.append(
            job.execute_in_process(
                run_config=dict(request.run_config),
                instance=flow.instance,
                partition_key=request.partition_key,
                tags=dict(request.tags),
                raise_on_error=False,
            )
        )
    return results


def _let_the_sensor_work(flow: Flow) -> None:
    """Look until there is nothing left to do."""
    cursor: str | None = None
    for _ in range(6):
        looked = _look(flow, cursor)
        _carry_out(flow, looked)
        cursor = looked.cursor
    assert not _look(flow, cursor).run_requests


def _deal(flow: Flow) -> tuple[object, ...]:
    """Rooms, bathrooms, and what the ledger says of the rooms."""
    ((room, bathroom),) = flow.rows("SELECT room, bathroom FROM deals WHERE serial_number = :serial", serial=SERIAL)
    (status,) = {entry.status for entry in listed(flow.engine) if entry.serial_number == SERIAL}
    return room, bathroom, status


def _with_rooms(flow: Flow, folder: Path, rooms: str) -> Path:
    """The season as MOI might publish it next: the one line mended, all other bytes as they were."""
    source = flow.archive.newest(next(iter(flow.archive.releases())))
    assert source is not None
    target = folder / "mended.zip"
    with flow.archive.opened(source) as path, zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.lower().startswith("i_lvr_land_b.csv"):
                (line,) = [line for line in data.split(b"\r\n") if SERIAL.encode() in line]
                cells = line.split(b",")
                cells[16], cells[18] = rooms.encode(), b"1"
                data = data.replace(line, b",".join(cells))
            new.writestr(info, data)
    return target
