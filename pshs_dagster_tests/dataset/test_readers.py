"""Whoever reads the data product finds the rows of the tables: pandas, DuckDB, a reader of CSV, Frictionless."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pshs_dagster.database.statistics.statements import CHANGES, DEALS, MARKET, PROJECTS
from pshs_dagster.dataset.dictionary import COMPUTE_BY_DUCKDB, READ_BY_DUCKDB, READ_BY_PANDAS
from pshs_dagster.dataset.tables import BY_TABLE
from pshs_dagster.deals.rules import RULES
from pshs_dagster_tests.dataset.made import FORMULA, parquet_rows

duckdb: Any = pytest.importorskip("duckdb")

ROOT = Path(__file__).parents[2]

ABSORPTION = "project_absorption"
KEYS = {name: BY_TABLE[name].key for name in (DEALS, PROJECTS, MARKET, ABSORPTION)}

EXAMPLES = {"duckdb": READ_BY_DUCKDB, "pandas": READ_BY_PANDAS, "sql": COMPUTE_BY_DUCKDB}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_lines_that_are_told_work(name: str, exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        EXAMPLES[name]
        .replace("淡水區", "板橋區")
        .replace('"dataset/', f'"{exported}/')
        .replace("'dataset/", f"'{exported}/")
    )
    exec(compile(code, name, "exec"), {})
    shown = capsys.readouterr().out
    assert {"duckdb": "2022", "pandas": "遠雄之星", "sql": "avg_house_price"}[name] in shown
    assert EXAMPLES[name].strip() in (exported / "dictionary.md").read_text(encoding="utf-8")


def test_the_readme_shows_these_lines() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if "pshs export" in readme:
        assert READ_BY_DUCKDB in readme
        assert READ_BY_PANDAS in readme


def test_the_statements_give_the_numbers_of_the_tables(exported: Path) -> None:
    asked = json.loads((exported / "sql" / "parameters.json").read_bytes())
    tables = {name: as_rows(parquet_rows(exported, name), name) for name in KEYS}
    with duckdb.connect() as duck:
        for name in ("deals", "releases", "market_statistics", "project_matches", "registered_projects"):
            files = f"{exported / name}/**/*" if (exported / name).is_dir() else exported / name
            duck.execute(f"CREATE VIEW {name} AS FROM '{files}.parquet'")

        def run(name: str) -> list[dict[str, Any]]:
            text = (exported / "sql" / f"{name}.sql").read_text(encoding="utf-8")
            cursor = duck.execute(re.sub(r":(\w+)", r"$\1", text), asked[name])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        for name in (DEALS, PROJECTS, ABSORPTION):
            assert as_rows(run(name), name) == tables[name]
            assert tables[name]
        market, changes = as_rows(run(MARKET), MARKET), as_rows(run(CHANGES), MARKET)
        assert {key: row | changes[key] for key, row in market.items()} == tables[MARKET]


def as_rows(rows: list[dict[str, Any]], name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by their key."""
    key = KEYS[name]
    return {tuple(row[part] for part in key): {k: v for k, v in row.items() if k not in key} for row in rows}


def test_a_reader_of_csv_finds_the_rows_of_the_parquet_file(exported: Path) -> None:
    for path in exported.glob("csv/*/*.csv"):
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\n") == data.count(b"\r\n")
        with path.open(encoding="utf-8-sig", newline="") as file:
            headings, *lines = csv.reader(file)
        rows = pq.read_table(exported / "deals" / path.parent.name / f"{path.stem}.parquet").to_pylist()
        assert [heading.split(" ")[0] for heading in headings] == list(rows[0])
        expected = [[_as_cell(value) for value in row.values()] for row in rows]
        assert [[cell.removeprefix("'") for cell in line] for line in lines] == expected


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).replace(" 00:00:00", "T00:00:00").replace(" 12:00:00", "T12:00:00")


def test_no_cell_of_a_spreadsheet_is_a_formula(exported: Path) -> None:
    cells = [cell for path in exported.glob("csv/*/*.csv") for line in _lines(path) for cell in line]
    assert f"'{FORMULA}" in cells
    assert "''已有撇號" in cells
    assert not [cell for cell in cells if cell[:1] in tuple("=+@－\t")]
    numbers = [cell for cell in cells if cell.startswith("-")]
    assert numbers == []


def _lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_each_file_has_the_sha256_that_is_told_and_none_is_left_out(exported: Path) -> None:
    descriptor = json.loads((exported / "datapackage.json").read_bytes())
    told = {each["path"]: each for each in descriptor["resources"]}
    there = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert there - {"datapackage.json"} == told.keys()
    for path, resource in told.items():
        data = (exported / path).read_bytes()
        assert resource["hash"] == f"sha256:{sha256(data).hexdigest()}"
        assert resource["size" if path.endswith(".parquet") else "bytes"] == len(data)
    assert descriptor["licenses"][0]["name"] == "OGDL-Taiwan-1.0"
    assert descriptor["sources"][0]["title"].startswith("內政部 不動產交易實價登錄")
    assert descriptor["version"] == descriptor["release"] == "112S1"


@pytest.mark.thorough
def test_frictionless_finds_nothing_wrong(exported: Path) -> None:
    if find_spec("frictionless") is None:
        pytest.skip("frictionless is not installed")
    # In a process of its own: it brings warnings of other libraries, which are errors here.
    script = (
        "import sys, frictionless; report = frictionless.validate(sys.argv[1]);"
        "print(len(report.tasks), report.valid, report.flatten(['title', 'message']))"
    )
    command = [sys.executable, "-c", script, str(exported / "datapackage.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    resources = json.loads((exported / "datapackage.json").read_bytes())["resources"]
    assert done.stdout.strip() == f"{len(resources)} True []"


def test_frictionless_would_find_a_value_that_is_wrong(exported: Path) -> None:
    schema = json.loads((exported / "schemas" / "deals.json").read_bytes())
    assert schema["primaryKey"] == ["city", "serial_number"]
    assert {each["fields"][0]: each["reference"] for each in schema["foreignKeys"]} == {
        name: {"resource": "releases", "fields": ["release"]} for name in ("first_release", "last_release")
    }
    price = next(field for field in schema["fields"] if field["name"] == "price")
    assert price["title"] == "總價元"
    assert (price["type"], price["unit"], price["constraints"]) == ("integer", "NTD", {"required": True})


def test_the_dictionary_tells_every_column_in_both_languages(exported: Path) -> None:
    text = (exported / "dictionary.md").read_text(encoding="utf-8")
    for table in BY_TABLE.values():
        section = text.partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
        for field in table.fields:
            row = next(line for line in section.splitlines() if line.startswith(f"| {field.name} |"))
            assert re.search(r"[\u4e00-\u9fff]", field.zh), field
            assert field.en.isascii() or "坪" in field.en or "m²" in field.en, field
            assert field.zh.replace("<", "&lt;") in row
            assert field.en.replace("<", "&lt;").replace("|", "&#124;") in row


def test_the_dictionary_explains_every_flag_and_reason(exported: Path) -> None:
    text = (exported / "dictionary.md").read_text(encoding="utf-8")
    for rule in RULES:
        kind = "退件 rejected" if rule.hard else "存疑 suspect"
        assert f"| {rule.name} | {kind} | {rule.zh.format(header='欄位')} |" in text


def test_no_person_is_named(exported: Path) -> None:
    (row,) = parquet_rows(exported, "corrections")
    assert row["reason"] == "看過契約"
    assert not [path for path in exported.rglob("*") if path.is_file() and "王小明".encode() in path.read_bytes()]
    assert "王小明" not in repr(row)
