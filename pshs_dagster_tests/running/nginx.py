"""The example of a proxy, deploy/nginx.conf, in a real nginx of one's own.

Ports, files and the page's address are exchanged for some of this machine; nothing else is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pshs_dagster_tests.fixtures.dagster import ROOT, START_SECONDS, eventually, free_port
from pshs_dagster_tests.fixtures.mysql import REQUIRE_SERVICES, SERVER_FOLDERS

INSTALL_HINT = "No nginx here: `apt-get install nginx-light` to run the tests of the proxy."

MAIN = """
{account}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy, and whom it lets in."""

    folder: Path
    port: int
    plain_port: int
    user: str
    password: str

    @property
    def url(self) -> str:
        """Where it is to be reached by TLS."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        """What a client has to trust."""
        return self.folder / "certificate.pem"

    def trust(self) -> ssl.SSLContext:
        """TLS of a client that trusts this proxy alone."""
        return ssl.create_default_context(cafile=str(self.certificate))


@contextmanager
def proxy_or_skip(folder: Path, page_port: int, user: str, password: str) -> Generator[Proxy]:
    """nginx before the page at `page_port`; without nginx the test is skipped, or fails where services are required."""
    nginx = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), *SERVER_FOLDERS)))
    if nginx is None:
        if os.environ.get(REQUIRE_SERVICES) == "1":
            pytest.fail(INSTALL_HINT, pytrace=False)
        pytest.skip(INSTALL_HINT)
    folder.mkdir(parents=True)
    proxy = Proxy(folder, free_port(), free_port(), user, password)
    _write(proxy, page_port)
    command = [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(proxy.port), "nginx to answer", START_SECONDS)
        yield proxy
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write(proxy: Proxy, page_port: int) -> None:
    folder = proxy.folder
    # Root may not read in the folders of tests once nginx has made another account of it.
    account = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(account=account, folder=folder))
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    exchanged = {
        r"listen \[::\]:.*\n": "",
        r"listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        r"listen 443 ": f"listen 127.0.0.1:{proxy.port} ",
        r"http://127\.0\.0\.1:3000;": f"http://127.0.0.1:{page_port};",
        r"/etc/letsencrypt/live/pshs\.example\.org/fullchain\.pem": str(proxy.certificate),
        r"/etc/letsencrypt/live/pshs\.example\.org/privkey\.pem": str(folder / "key.pem"),
        r"(auth_basic_user_file\s+)/etc/nginx/pshs\.htpasswd": rf"\g<1>{folder / 'htpasswd'}",
    }
    for pattern, here in exchanged.items():
        site, times = re.subn(pattern, here, site)
        assert times, f"deploy/nginx.conf says nothing of {pattern}"
    (folder / "site.conf").write_text(site)
    # As the example tells it.
    hashed = _openssl("passwd", "-6", "-stdin", told=f"{proxy.password}\n").strip()
    (folder / "htpasswd").write_text(f"{proxy.user}:{hashed}\n")
    key, certificate = ("-keyout", str(folder / "key.pem")), ("-out", str(proxy.certificate))
    name = ("-subj", "/CN=pshs.example.org", "-addext", "subjectAltName=IP:127.0.0.1")
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *key, *certificate, *name)


def _openssl(*arguments: str, told: str = "") -> str:
    return subprocess.run(["openssl", *arguments], input=told, capture_output=True, text=True, check=True).stdout
