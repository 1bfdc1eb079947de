"""The list over HTTP and in the archive: what is fetched, what is kept, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pshs_dagster.archive import FolderStore, Store
from pshs_dagster.archive.project_lists import ProjectLists
from pshs_dagster.assets.registered_projects import read_archived
from pshs_dagster.errors import ArchiveError, BadZip, NotPublished, PshsError, UnreadableFile
from pshs_dagster.portal import Download, Portal, fetch_project_list, open_session
from pshs_dagster.projects.read import LIST_FILE
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.releases import TAIPEI
from pshs_dagster_tests.fixtures.portal import MISSING_PAGE, Answer, ScriptedPortal, page, zip_bytes
from pshs_dagster_tests.portal.at_hand import Pauses
from pshs_dagster_tests.projects.made_lists import csv, list_zip, row

LIST = "/opendata/lvr_buildcasecsv.zip"
OTHER = "/Download?type=zip&PayType=saleremark&fileName=lvr_buildcasecsv.zip"
NOW = datetime(2026, 11, 5, 9, 30, tzinfo=TAIPEI)
NEW_TAIPEI = frozenset({"f"})

Fetch = Callable[[], Download]


@pytest.fixture
def fetch(scripted_portal: ScriptedPortal, tmp_path: Path) -> Iterator[Fetch]:
    """Ask the site for its list, in a moment that is a minute later each time; no pause is taken."""
    moments = (NOW + timedelta(minutes=minute) for minute in range(60))
    with open_session() as session:
        portal = Portal(scripted_portal.url, clock=lambda: next(moments), session=session, sleep=Pauses())
        yield lambda: fetch_project_list(portal, tmp_path)


@pytest.fixture
def lists(store: Store) -> ProjectLists:
    return ProjectLists(store, lambda: NOW)


def test_a_list_is_kept_byte_for_byte_with_its_manifest(
    fetch: Fetch, lists: ProjectLists, scripted_portal: ScriptedPortal
) -> None:
    data = list_zip([row()])
    scripted_portal.on(LIST, Answer(data))
    kept, is_new = lists.keep(fetch())
    assert is_new
    assert b"".join(lists.store.chunks(kept.key)) == data
    manifest = json.loads(b"".join(lists.store.chunks(kept.beside(".json"))))
    assert (manifest["sha256"], manifest["size"]) == (kept.sha256, len(data))
    assert manifest["source_url"] == scripted_portal.url + LIST
    with lists.opened(kept) as path:
        assert path.read_bytes() == data
    assert lists.newest() == kept


def test_the_same_bytes_are_recognised_and_others_are_a_new_copy(
    fetch: Fetch, lists: ProjectLists, scripted_portal: ScriptedPortal
) -> None:
    one, other = Answer(list_zip([row()])), Answer(list_zip([row(), row(2)]))
    scripted_portal.on(LIST, one, one, other)
    first, _ = lists.keep(fetch())
    assert lists.keep(fetch()) == (first, False)
    second, is_new = lists.keep(fetch())
    assert is_new
    assert lists.copies() == (first, second)
    assert len(lists.store.list("projects")) == 4


def test_a_copy_without_a_manifest_does_not_count(
    fetch: Fetch, lists: ProjectLists, scripted_portal: ScriptedPortal
) -> None:
    scripted_portal.on(LIST, Answer(list_zip([row()])))
    kept, _ = lists.keep(fetch())
    lists.store.delete(kept.beside(".json"))
    assert lists.newest() is None
    assert lists.keep(fetch())[1]
    assert lists.newest() is not None


def test_a_damaged_copy_is_told_and_never_read(
    fetch: Fetch, lists: ProjectLists, scripted_portal: ScriptedPortal
) -> None:
    scripted_portal.on(LIST, Answer(list_zip([row()])))
    kept, _ = lists.keep(fetch())
    lists.store.put_bytes(kept.key, b"other bytes")
    with pytest.raises(ArchiveError, match="is damaged"):
        lists.keep(fetch())
    with pytest.raises(ArchiveError, match="is damaged"), lists.opened(kept):
        pass


def test_the_other_address_is_asked_where_the_first_has_nothing(fetch: Fetch, scripted_portal: ScriptedPortal) -> None:
    scripted_portal.on(OTHER, Answer(list_zip([row()])))
    assert fetch().url == scripted_portal.url + OTHER


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (page(MISSING_PAGE), NotPublished, "does not have the list of registered projects"),
        (Answer(status=404), NotPublished, "404"),
        (Answer(list_zip([row()])[:-30]), BadZip, "cut off"),
        (Answer(zip_bytes({"../f_lvr_buildcase.csv": b"x"})), BadZip, "leads out of its folder"),
        (Answer(zip_bytes({"readme.txt": b"x"})), UnreadableFile, "holds no CSV"),
        (Answer(list_zip([])), UnreadableFile, "holds no project"),
        (Answer(zip_bytes({"f_lvr_buildcase.csv": csv([row()], "A,B,C")})), UnreadableFile, "heading"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(
    fetch: Fetch, tmp_path: Path, scripted_portal: ScriptedPortal, answer: Answer, kind: type[PshsError], words: str
) -> None:
    scripted_portal.on(LIST, answer)
    lists = ProjectLists(FolderStore(tmp_path / "archive"), lambda: NOW)
    with pytest.raises(kind, match=words) as error:
        read_archived(lists, lists.keep(fetch())[0], NEW_TAIPEI)
    assert "\n" not in str(error.value)


def test_only_the_cities_that_are_loaded_are_read(
    fetch: Fetch, tmp_path: Path, scripted_portal: ScriptedPortal
) -> None:
    taipei = csv([row(鄉鎮市區="大安區"), "看不懂的一行"])
    data = zip_bytes({"f_lvr_buildcase.csv": csv([row()]), "a_lvr_buildcase.csv": taipei, "manifest.csv": b"name"})
    scripted_portal.on(LIST, Answer(data))
    lists = ProjectLists(FolderStore(tmp_path / "archive"), lambda: NOW)
    kept, _ = lists.keep(fetch())
    assert read_archived(lists, kept, NEW_TAIPEI).lines == 1
    assert read_archived(lists, kept, NEW_TAIPEI | {"a"}).lines == 3
    with lists.opened(kept) as path, ReleaseZip.open(path) as contents:
        assert [name for name, _ in contents.files(LIST_FILE)] == ["f_lvr_buildcase.csv", "a_lvr_buildcase.csv"]
