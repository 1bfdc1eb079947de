"""How a release is fetched, and what is refused in its place."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from pshs_dagster.errors import HostileZip, NotAZip, NotPublished, PortalError, SiteDown
from pshs_dagster.portal import Portal
from pshs_dagster_tests.fixtures.portal import (
    CURRENT_ZIP,
    MISSING_PAGE,
    Answer,
    ScriptedPortal,
    page,
    zip_bytes,
)
from pshs_dagster_tests.portal.at_hand import (
    LAST,
    NEW,
    NOW,
    SEASON,
    SEASON_ZIP,
    SOUND,
    PortalAt,
    zip_answer,
)


class TestFetching:
    def test_a_release_arrives_whole_with_its_particulars(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        site.on(SEASON_ZIP, zip_answer())
        seen: list[tuple[int, int | None]] = []
        fetched = portal.fetch(SEASON, tmp_path / "new", lambda done, total: seen.append((done, total)))
        assert fetched.path == tmp_path / "new" / "111S1.zip"
        assert fetched.path.read_bytes() == SOUND
        assert fetched.sha256 == hashlib.sha256(SOUND).hexdigest()
        assert (fetched.release, fetched.size) == (SEASON, len(SOUND))
        assert fetched.url == site.url + SEASON_ZIP
        assert fetched.fetched_at == NOW
        assert fetched.fetched_at.utcoffset() == timedelta(hours=8)
        assert seen[-1] == (len(SOUND), len(SOUND))
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def test_without_a_session_the_portal_opens_its_own(self, site: ScriptedPortal, tmp_path: Path) -> None:
        with Portal(site.url, clock=lambda: NOW) as portal:
            assert portal.fetch(NEW, tmp_path).size == len(SOUND)

    def test_the_project_names_itself(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        portal.fetch(NEW, tmp_path)
        assert {headers["User-Agent"].split("/")[0] for headers in site.headers} == {"pshs_dagster"}

    def test_the_last_issue_served_in_place_of_the_new_one_is_fetched_for_the_check_to_judge(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        site.offer(window="111年7月21日至 111年7月31日", issues=("20220821", "20220901"))
        assert portal.published().current == LAST
        assert portal.fetch(NEW, tmp_path).path.read_bytes() == SOUND

    def test_a_second_fetch_takes_the_place_of_the_first(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        rebuilt = zip_bytes({"f_lvr_land_b.csv": b"rebuilt"})
        site.on(SEASON_ZIP, zip_answer(), zip_answer(rebuilt))
        first, second = portal.fetch(SEASON, tmp_path), portal.fetch(SEASON, tmp_path)
        assert first.sha256 != second.sha256
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [rebuilt]

    def test_a_body_without_a_length_is_taken(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(SOUND, unsized=True))
        totals: list[int | None] = []
        assert portal.fetch(NEW, tmp_path, lambda _, total: totals.append(total)).size == len(SOUND)
        assert set(totals) == {None}

    def test_a_page_in_the_place_of_a_zip_is_quoted(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, page(MISSING_PAGE))
        with pytest.raises(NotPublished, match="「系統訊息 檔案不存在」"):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 1
        assert list(tmp_path.iterdir()) == []

    def test_404_means_not_published_and_is_not_repeated(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        site.on(SEASON_ZIP, Answer(status=404))
        with pytest.raises(NotPublished, match="404"):
            portal.fetch(SEASON, tmp_path)
        assert site.asked(SEASON_ZIP) == 1

    def test_other_bytes_are_no_zip(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer("鄉鎮市區,交易標的".encode("utf-8-sig")))
        with pytest.raises(NotAZip, match=r"2022-09-21\.zip"):
            portal.fetch(NEW, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_hostile_zip_is_refused_at_once(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(zip_bytes({"../f_lvr_land_b.csv": b"1"})))
        with pytest.raises(HostileZip):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 1
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("declared", [True, False])
    def test_more_bytes_than_any_release_has_are_refused(
        self,
        site: ScriptedPortal,
        portal: Portal,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        declared: bool,
    ) -> None:
        monkeypatch.setattr("pshs_dagster.portal.downloading.MAX_DOWNLOAD", len(SOUND) - 1)
        site.on(CURRENT_ZIP, Answer(SOUND, unsized=not declared))
        with pytest.raises(PortalError, match="bytes"):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 1
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_a_file_is_told_in_one_sentence(self, portal: Portal, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(PortalError, match="make it writable"):
            portal.fetch(NEW, tmp_path / "file")

    def test_a_password_in_the_address_is_never_shown(
        self, site: ScriptedPortal, portal_at: PortalAt, tmp_path: Path
    ) -> None:
        portal = portal_at(url=site.url.replace("http://", "http://user:secret@"))
        assert portal.fetch(NEW, tmp_path).url == site.url + CURRENT_ZIP
        site.on(CURRENT_ZIP, Answer(status=503))
        with pytest.raises(SiteDown) as caught:
            portal.fetch(NEW, tmp_path)
        assert "secret" not in str(caught.value)
