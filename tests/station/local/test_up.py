"""Sentences of `headland up` about a station that is not ready."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from station.local.up import _lack_of

ANSWERS = {
    "ready": (200, b'{"ready": true, "checks": []}', ""),
    "lost book": (503, b'{"status": 503, "detail": "books: the registry is a new one.", "ready": false}',
                  "books: the registry is a new one."),
    "a proxy": (503, b"<html>Service Unavailable</html>", None),
    "no sentence": (503, b"{}", None),
}  # fmt: skip


@pytest.fixture(params=ANSWERS)
def answering(request: pytest.FixtureRequest) -> Iterator[tuple[str, str | None]]:
    status, body, lack = ANSWERS[request.param]

    class Station(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Station) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", lack
        server.shutdown()
        thread.join()


def test_a_station_that_is_not_ready_says_what_it_lacks(answering: tuple[str, str | None]) -> None:
    address, lack = answering
    assert _lack_of(address) == lack


def test_a_station_that_does_not_answer_lacks_nothing_that_is_known(free_port: int) -> None:
    assert _lack_of(f"http://127.0.0.1:{free_port}") is None
