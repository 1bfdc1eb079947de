"""A version is brought to a folder whole or not at all, and nobody's files are lost by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pshs_dagster.dataset.descriptor import CSV, PARQUET
from pshs_dagster.errors import ArchiveError, PshsError
from pshs_dagster_tests.dataset.made import Publisher

pytestmark = pytest.mark.slow


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_earlier_export_is_replaced_and_files_keep_their_names(publisher: Publisher, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publisher.publish()
    publisher.export(out)
    before = content(out)
    publisher.change("RPAB3102CDEFGHIJKLM", price=1)
    publisher.publish()
    publisher.export(out)
    after = content(out)
    assert before.keys() == after.keys()
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"deals/F-新北市/2022.parquet", "csv/F-新北市/2022.csv", "datapackage.json"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_damaged_file_leaves_the_folder_as_it_was(publisher: Publisher, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = publisher.publish()
    publisher.export(out)
    before = content(out)
    path = publisher.root / "dataset" / made.package.resources[-1].path
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArchiveError, match=r"is damaged: .* publish again"):
        publisher.export(out)
    assert content(out) == before
    with pytest.raises(ArchiveError):
        publisher.export(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    with pytest.raises(PshsError, match=r"holds thesis\.docx"):
        publisher.export(tmp_path / "mine")
    publisher.export(tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("beside it")
    with pytest.raises(PshsError, match=r"holds notes\.txt"):
        publisher.export(tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "beside it"
    with pytest.raises(PshsError, match="is a file"):
        publisher.export(tmp_path / "mine" / "thesis.docx")


def test_one_format_alone_is_a_package_too(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish()
    (tmp_path / "empty").mkdir()
    publisher.export(tmp_path / "empty", frozenset({CSV}))
    assert not list((tmp_path / "empty").rglob("*.parquet"))
    assert list((tmp_path / "empty").glob("csv/*/*.csv"))
    publisher.export(tmp_path / "parquet", frozenset({PARQUET}))
    assert not (tmp_path / "parquet" / "csv").exists()
    for folder in (tmp_path / "empty", tmp_path / "parquet"):
        told = json.loads((folder / "datapackage.json").read_bytes())["resources"]
        assert {each["path"] for each in told} == content(folder).keys() - {"datapackage.json"}


def test_a_descriptor_that_is_none_is_told(publisher: Publisher) -> None:
    publisher.publish()
    (publisher.root / "dataset" / "datapackage.json").write_text("{}")
    with pytest.raises(ArchiveError, match=r"is no descriptor .*publish again"):
        publisher.shelf.newest()
