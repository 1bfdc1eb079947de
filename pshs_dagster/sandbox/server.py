"""The sandbox as an HTTP server on this machine: `with Sandbox(today=...) as sandbox: ... sandbox.url`.

Sockets and threads only; what is answered is decided in `answers.py`.
"""

from __future__ import annotations

import logging
import select
import signal
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any, Self

from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release, ReleaseKind
from pshs_dagster.sandbox import zips
from pshs_dagster.sandbox.answers import Answer, Answers, State
from pshs_dagster.sandbox.faults import Fault

HOST = "127.0.0.1"
"""Made-up deals are nobody else's business."""

_POLL = 0.05
"""Seconds between two looks at whether a stalled client has gone, or the sandbox stops."""

_log = logging.getLogger(__name__)


class Sandbox:
    """An offline stand-in for MOI's site.

    `today` decides what is published, `seed` and `scale` (1 for the real size) what the deals are, `first` is the
    oldest season, `cities` limits the files to some letters, `port` 0 takes any free port. `today` and `faults` may
    be changed while it runs. Raises SettingsError for settings that cannot be.
    """

    def __init__(
        self,
        *,
        today: date,
        seed: int = 1,
        scale: float = 1.0,
        first: str = "110S2",
        faults: Sequence[Fault] = (),
        port: int = 0,
        cities: Collection[str] | None = None,
    ) -> None:
        oldest = Release.parse(first)
        if oldest.kind is not ReleaseKind.SEASON:
            raise SettingsError(f"The sandbox cannot begin with {first}: name a season such as 110S2.")
        zips.check_settings(scale, cities)
        self.today = today
        self._faults = tuple(faults)
        self._port = port
        self._answers = Answers(first=oldest, seed=seed, scale=scale, cities=cities)
        self._requests: list[str] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong at present. Setting it lets the counts of `errors` begin anew."""
        return self._faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._answers.forget_failures()

    @property
    def url(self) -> str:
        """Where it is to be reached, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("The sandbox does not run: start it first.")
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def requests(self) -> list[str]:
        """The paths, with their queries, that were asked for so far."""
        with self._lock:
            return list(self._requests)

    def answer(self, target: str) -> Answer:
        """What a request for this path is answered; remembers that it was asked for."""
        with self._lock:
            self._requests.append(target)
        return self._answers.to(target, State(self.today, self._faults))

    def start(self) -> None:
        """Serves in a thread of its own. Raises SettingsError where the port is taken."""
        try:
            self._server = _Server(self.answer, self._port)
        except (OSError, OverflowError) as error:
            raise SettingsError(
                f"The sandbox cannot use port {self._port} ({error}): choose another, or 0 for any free one."
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _POLL}, name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection, stalled ones too, and gives the port back."""
        if self._server is not None and self._thread is not None:
            self._server.stopping.set()
            self._server.shutdown()
            self._thread.join()
            self._server.close_connections()
            self._server.server_close()
            self._server = self._thread = None

    def serve(self, started: Callable[[str], None] | None = None) -> None:
        """Serves until Ctrl-C or SIGTERM; `started` is called with the address once it is there. Main thread only."""
        ended = threading.Event()
        with _signals(ended), self:
            if started is not None:
                started(self.url)
            ended.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the answers under way

    def __init__(self, answer: Callable[[str], Answer], port: int) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Wakes the threads that wait for the next request of a connection that was kept open."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other end was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        _log.debug("A client went away, or an answer failed.", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "pshs-sandbox"

    @property
    def _sandbox(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def do_GET(self) -> None:
        self._reply(with_body=True)

    def do_HEAD(self) -> None:
        self._reply(with_body=False)

    def _reply(self, *, with_body: bool) -> None:
        try:
            answer = self._sandbox.answer(self.path)
        except Exception:
            # Told to the client, so that no mistake of the sandbox looks like a stall.
            _log.exception("The sandbox could not answer %s.", self.path)
            answer = Answer(b"The sandbox itself failed.", "text/plain", status=500)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.file_name:
            self.send_header("Content-Disposition", f'attachment; filename="{answer.file_name}"')
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.stalls else answer.body)
            if answer.stalls:
                self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        """Sends nothing more until the client goes away or the sandbox stops."""
        self.wfile.flush()
        self.close_connection = True
        while not self._sandbox.stopping.wait(_POLL):
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


@contextmanager
def _signals(ended: threading.Event):
    """While inside, Ctrl-C and SIGTERM set the event in place of what they did before."""

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
