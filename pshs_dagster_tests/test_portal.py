"""What the portal offers, how a release is fetched, and what happens when the site or the network is unwell."""

from __future__ import annotations

import hashlib
import os
import random
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pshs_dagster.errors import BrokenZip, HostileZip, NotAZip, NotPublished, PortalError, SettingsError, SiteDown
from pshs_dagster.portal import Patience, Portal, connection, open_session, pages
from pshs_dagster.releases import TAIPEI, Release, Window
from pshs_dagster_tests.fixtures.portal import (
    ACTIVE,
    CURRENT_ZIP,
    HISTORY,
    MISSING_PAGE,
    SEASONS,
    Answer,
    ScriptedPortal,
    active_page,
    history_page,
    page,
    season_page,
    zip_bytes,
)

NOW = datetime(2022, 9, 21, 10, 0, tzinfo=TAIPEI)
NEW, LAST, EARLIER = (Release.parse(key) for key in ("2022-09-21", "2022-09-11", "2022-09-01"))
SEASON = Release.parse("111S1")
SEASON_ZIP = "/DownloadSeason?season=111S1&type=zip&fileName=lvr_landcsv.zip"
EARLIER_ZIP = "/DownloadHistory?type=history&fileName=20220901"
WINDOW = "111年8月1日至 111年8月10日"

SOUND = zip_bytes({"f_lvr_land_b.csv": random.Random(1).randbytes(200_000)})
"""Noise, so that a zip cut off after 1,000 bytes is one indeed."""

REAL_LIST = (
    Path(os.environ.get("PSHS_REAL_DATA", Path(__file__).parents[2] / "shared" / "moi"))
    / "DownloadHistory_ajax_list.html"
)


def zip_answer(data: bytes = SOUND) -> Answer:
    return Answer(data, headers={"Content-Type": "application/octet-stream"})


class Pauses(list[float]):
    """The pauses that were asked for; none is taken."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def site(scripted_portal: ScriptedPortal) -> ScriptedPortal:
    """A site that is well on the morning of 21 September 2022, its new issue being out."""
    scripted_portal.offer(window=WINDOW, issues=("20220901", "20220911"), seasons=("111S1", "110S4"))
    scripted_portal.on(CURRENT_ZIP, zip_answer())
    return scripted_portal


@pytest.fixture
def portal(site: ScriptedPortal, pauses: Pauses) -> Iterator[Portal]:
    with open_session() as session:
        yield Portal(site.url, clock=lambda: NOW, session=session, sleep=pauses)


PortalAt = Callable[..., Portal]


@pytest.fixture
def portal_at(site: ScriptedPortal, pauses: Pauses) -> Iterator[PortalAt]:
    """A portal with another clock or another patience."""
    with open_session() as session:

        def make(now: datetime = NOW, patience: Patience | None = None, url: str | None = None) -> Portal:
            return Portal(url or site.url, clock=lambda: now, session=session, sleep=pauses, patience=patience)

        yield make


class TestWhatIsPublished:
    def test_the_current_issue_the_earlier_ones_and_the_seasons_are_listed(self, portal: Portal) -> None:
        published = portal.published()
        assert published.current == NEW
        assert published.current_window == Window(date(2022, 8, 1), date(2022, 8, 10))
        assert published.earlier == (EARLIER, LAST)
        assert published.seasons == (Release.parse("110S4"), SEASON)
        assert portal.releases() == (Release.parse("110S4"), SEASON, EARLIER, LAST, NEW)

    def test_an_issue_that_is_current_and_listed_is_given_once(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(HISTORY, page(history_page("20220911", "20220921")))
        assert portal.releases().count(NEW) == 1

    def test_a_window_of_no_issue_is_told_but_is_no_release(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page(active_page("111年8月1日至 111年8月31日")))
        published = portal.published()
        assert published.current is None
        assert published.current_window == Window(date(2022, 8, 1), date(2022, 8, 31))

    def test_seasons_in_a_comment_of_the_list_of_issues_are_found(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(SEASONS, Answer(status=404))
        site.on(HISTORY, page(history_page("20220911", seasons=("111S2", "111S1"))))
        assert [str(season) for season in portal.published().seasons] == ["111S1", "111S2"]

    def test_an_empty_list_of_issues_is_no_error_when_a_quarter_begins(
        self, site: ScriptedPortal, portal: Portal
    ) -> None:
        site.on(HISTORY, page(history_page()))
        assert portal.published().earlier == ()

    @pytest.mark.parametrize("path", [ACTIVE, HISTORY, SEASONS])
    @pytest.mark.parametrize("html", [MISSING_PAGE, "<html><body>系統維護中</body></html>", ""])
    def test_a_page_without_a_release_is_an_error_not_an_empty_list(
        self, site: ScriptedPortal, portal: Portal, path: str, html: str
    ) -> None:
        site.on(path, page(html))
        with pytest.raises(PortalError, match="tells of no release"):
            portal.published()

    def test_an_error_page_is_quoted_without_its_scripts(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page(MISSING_PAGE + "長" * 1000))
        with pytest.raises(PortalError) as caught:
            portal.published()
        assert "系統訊息 檔案不存在" in str(caught.value)
        assert "不給人看" not in str(caught.value)
        assert "長" * pages.QUOTED_WORDS not in str(caught.value)

    def test_a_page_in_big5_is_read(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, Answer(active_page(WINDOW).encode("big5")))
        assert portal.published().current == NEW

    def test_a_listed_date_that_is_no_issue_is_left_out_with_a_warning(
        self, site: ScriptedPortal, portal: Portal, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.on(HISTORY, page(history_page("20220911", "20220915")))
        assert portal.published().earlier == (LAST,)
        assert "2022-09-15" in caplog.text

    def test_a_page_without_end_is_given_up(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(ACTIVE, page("<p>" + "x" * connection.MAX_PAGE))
        with pytest.raises(PortalError, match="more than"):
            portal.published()

    @pytest.mark.real
    @pytest.mark.skipif(not REAL_LIST.is_file(), reason=f"MOI's real list of releases is not at {REAL_LIST}")
    def test_the_real_list_of_september_2022_is_read(self, site: ScriptedPortal, portal: Portal) -> None:
        site.on(HISTORY, Answer(REAL_LIST.read_bytes()))
        site.on(SEASONS, page(MISSING_PAGE))
        published = portal.published()
        assert published.earlier == tuple(Release.parse("2022-07-01").issues()) + tuple(
            Release.parse(key) for key in ("2022-07-11", "2022-07-21", "2022-08-01", "2022-08-11", "2022-08-21")
        )
        assert published.seasons[0] == Release.parse("101S1")
        assert published.seasons[-1] == Release.parse("111S2")
        assert len(published.seasons) == 10 * 4 + 2


class TestWhereAReleaseIs:
    def test_each_kind_of_release_has_its_address(self, portal: Portal) -> None:
        assert portal.request_for(SEASON) == SEASON_ZIP
        assert portal.request_for(EARLIER) == EARLIER_ZIP
        assert portal.request_for(NEW) == CURRENT_ZIP

    def test_an_issue_that_is_not_due_is_not_asked_for(self, site: ScriptedPortal, portal_at: PortalAt) -> None:
        portal = portal_at(NOW - timedelta(days=1))
        with pytest.raises(NotPublished, match="2022-09-21 10:00"):
            portal.request_for(NEW)
        assert site.requests == []

    def test_on_its_day_an_issue_may_be_there_before_its_hour(self, portal_at: PortalAt) -> None:
        assert portal_at(NOW - timedelta(hours=9)).request_for(NEW) == CURRENT_ZIP

    def test_a_season_of_the_future_is_not_asked_for(self, site: ScriptedPortal, portal: Portal) -> None:
        with pytest.raises(NotPublished, match="2022-10-01"):
            portal.request_for(Release.parse("111S3"))
        assert site.requests == []

    def test_days_are_days_in_taipei(self, portal_at: PortalAt) -> None:
        autumn = Release.parse("111S3")
        before = datetime(2022, 9, 30, 15, 59, tzinfo=UTC)
        with pytest.raises(NotPublished):
            portal_at(before).request_for(autumn)
        assert "111S3" in portal_at(before + timedelta(minutes=1)).request_for(autumn)

    def test_an_issue_of_an_earlier_quarter_is_to_be_had_in_its_season(self, portal: Portal) -> None:
        with pytest.raises(NotPublished, match=r"no longer .* load 111S2\."):
            portal.request_for(Release.parse("2022-06-21"))

    def test_an_issue_that_was_dropped_early_waits_for_its_season(self, portal: Portal) -> None:
        with pytest.raises(NotPublished, match="load 111S3 from 2022-10-01 on"):
            portal.request_for(Release.parse("2022-08-21"))

    def test_when_a_quarter_begins_only_its_first_issue_is_current(
        self, site: ScriptedPortal, portal_at: PortalAt
    ) -> None:
        site.on(HISTORY, page(history_page()))
        portal = portal_at(datetime(2022, 10, 1, 10, tzinfo=TAIPEI))
        assert portal.request_for(Release.parse("2022-10-01")) == CURRENT_ZIP
        with pytest.raises(NotPublished, match="load 111S3"):
            portal.request_for(NEW)

    @pytest.mark.parametrize("url", ["", "plvr.land.moi.gov.tw", "ftp://plvr.land.moi.gov.tw", "https://"])
    def test_an_address_that_is_none_is_a_wrong_setting(self, url: str) -> None:
        with pytest.raises(SettingsError, match="PORTAL_URL"):
            Portal(url, clock=lambda: NOW)

    def test_a_doubled_slash_does_no_harm(self, site: ScriptedPortal, portal_at: PortalAt) -> None:
        portal_at(url=site.url + "/").published()
        assert ACTIVE in site.requests


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
        monkeypatch.setattr("pshs_dagster.portal.site.MAX_DOWNLOAD", len(SOUND) - 1)
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


class Authority:
    """A root that signs an authority that signs for `host`; the one in the middle has no Subject Key Identifier.

    OpenSSL asks for the identifier in the certificates of authorities only, so that is where it must be missing.
    """

    def __init__(self, folder: Path, host: x509.GeneralName) -> None:
        folder.mkdir()
        root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        root_name, middle_name = common_name("A root of the tests"), common_name("An authority of the tests")
        identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
        root = authority_certificate(root_name, root_name, root_key.public_key(), root_key, identifier)
        middle = authority_certificate(middle_name, root_name, middle_key.public_key(), root_key, None)
        leaf = (
            certificate(x509.Name([]), middle_name, leaf_key.public_key(), middle_key)
            .add_extension(x509.SubjectAlternativeName([host]), critical=True)
            .sign(middle_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        self.ca_file = folder / "root.pem"
        self.ca_file.write_bytes(root.public_bytes(pem))
        chain = folder / "chain.pem"
        secret = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write_bytes(leaf.public_bytes(pem) + middle.public_bytes(pem) + secret)
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_context.load_cert_chain(chain)


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def authority_certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    identifier: x509.SubjectKeyIdentifier | None,
) -> x509.Certificate:
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        certificate(subject, issuer, key, issuer_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(signs, critical=True)
    )
    if identifier is not None:
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


LOOPBACK = x509.IPAddress(IPv4Address("127.0.0.1"))


class TestTls:
    @pytest.fixture(autouse=True)
    def no_other_authorities(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """These settings of a machine overrule those of a session."""
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path / "authority", LOOPBACK)

    @pytest.fixture
    def secure_site(self, authority: Authority) -> Iterator[ScriptedPortal]:
        portal = ScriptedPortal(authority.server_context)
        portal.offer(window=WINDOW)
        yield portal
        portal.close()

    def published(self, url: str, ca_file: Path) -> Release | None:
        with open_session() as session:
            session.verify = str(ca_file)
            return Portal(url, clock=lambda: NOW, session=session, sleep=Pauses()).published().current

    def test_a_certificate_without_a_key_identifier_is_accepted(
        self, secure_site: ScriptedPortal, authority: Authority
    ) -> None:
        assert self.published(secure_site.url, authority.ca_file) == NEW

    def test_the_strict_context_of_newer_pythons_would_refuse_it(
        self, secure_site: ScriptedPortal, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        strict = ssl.create_default_context()
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        monkeypatch.setattr("pshs_dagster.portal.session.tls_context", lambda: strict)
        with pytest.raises(SiteDown, match="Subject Key Identifier"):
            self.published(secure_site.url, authority.ca_file)

    def test_strictness_is_taken_away_where_it_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from pshs_dagster.portal import session

        strict = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        monkeypatch.setattr(session, "create_urllib3_context", lambda: strict)
        context = session.tls_context()
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED

    def test_an_unknown_authority_is_refused_without_another_attempt(
        self, secure_site: ScriptedPortal, tmp_path: Path
    ) -> None:
        stranger = Authority(tmp_path / "stranger", LOOPBACK)
        with pytest.raises(SiteDown, match="certificate that cannot be trusted"):
            self.published(secure_site.url, stranger.ca_file)
        assert secure_site.requests == []

    def test_a_certificate_for_another_host_is_refused(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path / "authority", x509.DNSName("plvr.land.moi.gov.tw"))
        portal = ScriptedPortal(authority.server_context)
        portal.offer(window=WINDOW)
        try:
            with pytest.raises(SiteDown, match="certificate that cannot be trusted"):
                self.published(portal.url, authority.ca_file)
            assert portal.requests == []
        finally:
            portal.close()

    def test_a_redirect_from_https_to_http_is_not_followed(
        self, secure_site: ScriptedPortal, authority: Authority, scripted_portal: ScriptedPortal
    ) -> None:
        scripted_portal.offer(window=WINDOW)
        secure_site.on(ACTIVE, Answer(status=302, headers={"Location": scripted_portal.url + ACTIVE}))
        with pytest.raises(PortalError, match="not followed"):
            self.published(secure_site.url, authority.ca_file)
        assert scripted_portal.requests == []


def test_the_page_of_seasons_is_preferred_to_the_comment(site: ScriptedPortal, portal: Portal) -> None:
    site.on(HISTORY, page(history_page("20220911", seasons=("110S4",))))
    site.on(SEASONS, page(season_page("111S1")))
    assert portal.published().seasons == (SEASON,)
