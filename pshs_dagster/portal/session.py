"""Who asks, and whom it trusts: the session with its User-Agent and its way of verifying TLS."""

from __future__ import annotations

import ssl
from importlib import metadata
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import create_urllib3_context


class KeyIdentifierAdapter(HTTPAdapter):
    """HTTPS to a site that shows a certificate without a Subject Key Identifier, as MOI's does.

    Python 3.13 refuses such a chain by VERIFY_X509_STRICT. That one flag is cleared; the chain and
    the host name are checked as ever.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=tls_context(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=tls_context(), **kwargs)


def tls_context() -> ssl.SSLContext:
    """A context that verifies chain and host name but not what RFC 5280 merely wishes for."""
    context = create_urllib3_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def user_agent() -> str:
    """Who is asking, honestly: the name and version of this project."""
    try:
        version = metadata.version("pshs_dagster")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"pshs_dagster/{version} (+open data pipeline; python-requests/{metadata.version('requests')})"


def open_session() -> requests.Session:
    """A session that names itself, and verifies TLS in the way that MOI's certificate allows."""
    session = requests.Session()
    # The bytes of a zip are archived as they are, so no compression on the way.
    session.headers.update({"User-Agent": user_agent(), "Accept-Encoding": "identity"})
    session.mount("https://", KeyIdentifierAdapter())
    return session
