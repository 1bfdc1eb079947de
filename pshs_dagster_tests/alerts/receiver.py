"""A receiver of alerts over real HTTP, as apprise's `json://` posts them. No tests here."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast


@dataclass(frozen=True)
class Received:
    """One message that came in and was taken."""

    title: str
    body: str
    mood: str

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}"


class Receiver:
    """A service on loopback that takes every message, or answers `status` to it."""

    def __init__(self) -> None:
        self.taken: list[Received] = []
        self.refused = 0
        self.status = 200
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """For ALERT_URLS; with a password, which must appear nowhere."""
        return f"json://robot:hunter2@127.0.0.1:{self.port}/alerts"

    def titles(self) -> list[str]:
        return [message.title for message in self.taken]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = cast(_Server, self.server).receiver
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if receiver.status == 200:
            receiver.taken.append(Received(told["title"], told["message"], told["type"]))
        else:
            receiver.refused += 1
        self.send_response(receiver.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...
