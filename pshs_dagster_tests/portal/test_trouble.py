"""What happens when the site or the network is unwell."""

from __future__ import annotations

from pathlib import Path

import pytest

from pshs_dagster.errors import BrokenZip, PortalError, SiteDown
from pshs_dagster.portal import Patience, Portal, connection
from pshs_dagster_tests.fixtures.portal import (
    CURRENT_ZIP,
    HISTORY,
    Answer,
    ScriptedPortal,
)
from pshs_dagster_tests.portal.at_hand import (
    NEW,
    SOUND,
    Pauses,
    PortalAt,
    zip_answer,
)


class TestTrouble:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_trouble_that_passes_is_waited_for(
        self, site: ScriptedPortal, portal: Portal, pauses: Pauses, tmp_path: Path, status: int
    ) -> None:
        site.on(CURRENT_ZIP, Answer(status=status), Answer(status=status), zip_answer())
        assert portal.fetch(NEW, tmp_path).size == len(SOUND)
        first, second = pauses
        assert 0.5 <= first <= 1 <= second <= 2

    @pytest.mark.parametrize("status", [400, 401, 403, 405])
    def test_a_refusal_is_not_repeated(
        self, site: ScriptedPortal, portal: Portal, pauses: Pauses, tmp_path: Path, status: int
    ) -> None:
        site.on(CURRENT_ZIP, Answer(status=status))
        with pytest.raises(PortalError, match=f"status {status}"):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 1
        assert pauses == []

    def test_trouble_that_stays_is_told_with_the_host_and_the_attempts(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        site.on(CURRENT_ZIP, Answer(status=502))
        with pytest.raises(SiteDown, match=rf"127\.0\.0\.1:{site.port} was asked 4 times .*status 502"):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 4

    def test_a_server_that_asks_for_a_pause_gets_it_within_bounds(
        self, site: ScriptedPortal, portal: Portal, pauses: Pauses, tmp_path: Path
    ) -> None:
        def busy(pause: str) -> Answer:
            return Answer(status=429, headers={"Retry-After": pause})

        site.on(CURRENT_ZIP, busy("7"), busy("99999"), busy("soon"), zip_answer())
        portal.fetch(NEW, tmp_path)
        assert pauses[:2] == [7, connection.MAX_RETRY_AFTER]
        assert 0 < pauses[2] < connection.MAX_RETRY_AFTER

    @pytest.mark.parametrize(
        "fault",
        [
            Answer(SOUND[:1000], declared=len(SOUND)),
            Answer(silent=True),
            Answer(SOUND[:1000], unsized=True),
            Answer(SOUND[:-30]),
        ],
        ids=["cut off", "closed unanswered", "cut off without a length", "truncated before it was sent"],
    )
    def test_a_transfer_that_was_cut_off_is_made_again(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path, fault: Answer
    ) -> None:
        site.on(CURRENT_ZIP, fault, zip_answer())
        assert portal.fetch(NEW, tmp_path).path.read_bytes() == SOUND
        assert [path.name for path in tmp_path.iterdir()] == ["2022-09-21.zip"]

    def test_a_transfer_that_is_always_cut_off_is_a_site_that_is_down(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        site.on(CURRENT_ZIP, Answer(SOUND[:1000], declared=len(SOUND)))
        with pytest.raises(SiteDown, match="cut off"):
            portal.fetch(NEW, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_zip_that_is_always_damaged_is_a_broken_zip(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path
    ) -> None:
        damaged = bytearray(SOUND)
        damaged[SOUND.index(b"f_lvr_land_b.csv") + 40] ^= 0xFF
        site.on(CURRENT_ZIP, Answer(bytes(damaged)))
        with pytest.raises(BrokenZip, match="f_lvr_land_b"):
            portal.fetch(NEW, tmp_path)
        assert site.asked(CURRENT_ZIP) == 3
        assert list(tmp_path.iterdir()) == []

    def test_a_transfer_that_stalls_ends(self, site: ScriptedPortal, portal_at: PortalAt, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(SOUND[:1000], declared=len(SOUND), stall=True))
        with pytest.raises(SiteDown, match="stalled"):
            portal_at(patience=Patience(read=0.1)).fetch(NEW, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_transfer_that_drips_ends(self, site: ScriptedPortal, portal_at: PortalAt, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(SOUND[:1000], drip=True))
        with pytest.raises(SiteDown, match="too slow"):
            portal_at(patience=Patience(read=5, download=0.2)).fetch(NEW, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_nobody_at_the_address_is_a_site_that_is_down(
        self, scripted_portal: ScriptedPortal, portal_at: PortalAt
    ) -> None:
        scripted_portal.close()
        with pytest.raises(SiteDown, match="refused"):
            portal_at().published()

    def test_a_name_that_nobody_knows_is_a_site_that_is_down(self, portal_at: PortalAt) -> None:
        with pytest.raises(SiteDown, match=r"nowhere\.invalid.*name is not known"):
            portal_at(url="http://nowhere.invalid", patience=Patience(attempts=1)).published()

    def test_a_progress_bar_that_breaks_leaves_nothing_behind(self, portal: Portal, tmp_path: Path) -> None:
        def interrupt(_done: int, _total: int | None) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            portal.fetch(NEW, tmp_path, interrupt)
        assert list(tmp_path.iterdir()) == []


class TestRedirects:
    def test_another_path_of_the_site_is_followed(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(status=302, headers={"Location": "/elsewhere"}))
        site.on("/elsewhere", zip_answer())
        assert portal.fetch(NEW, tmp_path).size == len(SOUND)

    @pytest.mark.parametrize("target", ["http://localhost:{port}/", "http://127.0.0.1:1/", "ftp://127.0.0.1:{port}/"])
    def test_another_site_is_not_followed(
        self, site: ScriptedPortal, portal: Portal, tmp_path: Path, target: str
    ) -> None:
        site.on(CURRENT_ZIP, Answer(status=302, headers={"Location": target.format(port=site.port)}))
        asked = len(site.requests)
        with pytest.raises(PortalError, match="not followed"):
            portal.fetch(NEW, tmp_path)
        assert site.requests[asked:] == [HISTORY, CURRENT_ZIP]

    def test_a_circle_ends(self, site: ScriptedPortal, portal: Portal, tmp_path: Path) -> None:
        site.on(CURRENT_ZIP, Answer(status=302, headers={"Location": CURRENT_ZIP}))
        with pytest.raises(PortalError, match="circle"):
            portal.fetch(NEW, tmp_path)
