"""Which certificates are believed."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from pshs_dagster.errors import PortalError, SiteDown
from pshs_dagster.portal import Portal, open_session
from pshs_dagster.releases import Release
from pshs_dagster_tests.fixtures.portal import (
    ACTIVE,
    Answer,
    ScriptedPortal,
)
from pshs_dagster_tests.portal.at_hand import (
    NEW,
    NOW,
    WINDOW,
    Pauses,
)
from pshs_dagster_tests.portal.authority import LOOPBACK, Authority


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
