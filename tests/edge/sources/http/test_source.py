"""A JSON document from a real server: values, 304, errors, silence and a server that comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from edge.sources.connection.reconnect import DEVICE
from edge.sources.http.settings import HttpSettings
from edge.sources.http.source import HttpSource
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.network.http_target import parse_target
from tests.edge.running import running
from tests.network.test_http_client import drip, peer
from tests.waiting import WaitUntil


class Waits(threading.Event):
    """An event that notes how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked_s.append(timeout or 0.0)
        return super().wait(timeout)


class Station:
    """A weather station's little server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.body: bytes = b'{"air": {"t": 68, "rh": "60"}, "at": "2026-09-21T14:13:20Z"}'
        self.status = 200
        self.etag = ""
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.hold = threading.Event()
        self.hold.set()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        station = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                station.asked.append({key.lower(): value for key, value in self.headers.items()})
                station.hold.wait(600)
                if station._server is None:  # a connection that was kept open outlives its server
                    self.close_connection = True
                    return
                same = station.etag and self.headers.get("If-None-Match") == station.etag
                self.send_response(304 if same else station.status)
                body = b"" if same else station.body
                for key, value in {**station.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(key, value)
                if station.etag:
                    self.send_header("ETag", station.etag)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.hold.set()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


@pytest.fixture
def station(free_port: int) -> Iterator[Station]:
    station = Station(free_port)
    station.start()
    yield station
    station.stop()


def make(station: Station, **more: Any) -> HttpSource:
    channels = [
        {"from": "/air/t", "channel": "outside_temperature_degc", "unit": "degF"},
        {"from": "/air/rh", "channel": "outside_humidity_pct"},
    ]
    table = {"type": "http", "name": "weather", "url": f"http://127.0.0.1:{station.port}/now", "device": "ws-1",
             "poll_s": 0.05, "timeout_s": 30.0, "channel": channels}  # fmt: skip
    return HttpSource(msgspec.convert({**table, **more}, HttpSettings), "gw-1", "home")


def test_pointers_are_channels_and_the_time_is_that_of_arrival(station: Station, wait_until: WaitUntil) -> None:
    before_ms = wall_clock_ms()
    with running(make(station, headers={"Authorization": "Bearer x"})) as sink:
        wait_until(lambda: len(sink.readings) >= 2)
    with running(make(station, url=f"http://me:p%40ss@127.0.0.1:{station.port}/now?x=1")):
        wait_until(lambda: station.asked[-1]["authorization"] == "Basic bWU6cEBzcw==")
    assert station.asked[-1]["host"] == f"127.0.0.1:{station.port}"
    row = sink.readings[0]
    assert row.values == {"outside_temperature_degc": pytest.approx(20.0), "outside_humidity_pct": 60.0}
    assert (row.clock, row.source.device, row.source.site) == (Clock.ARRIVAL, "ws-1", "home")
    assert before_ms <= row.time_ms <= wall_clock_ms()
    assert station.asked[0]["authorization"] == "Bearer x"
    assert sink.descriptors[0].channels["outside_humidity_pct"].interval_s == 0.05


def test_an_unchanged_document_is_no_new_sample(station: Station, wait_until: WaitUntil) -> None:
    station.etag = '"1"'
    source = make(station)
    with running(source) as sink:
        wait_until(lambda: source.counters()["unchanged"] >= 3)
        assert len(sink.readings) == 1
        station.etag = '"2"'
        wait_until(lambda: len(sink.readings) == 2)
    assert source.counters()["lost"] == 0


def test_a_documents_own_time_is_used_and_the_same_time_is_no_new_sample(
    station: Station, wait_until: WaitUntil
) -> None:
    source = make(station, time={"from": "/at"})
    with running(source) as sink:
        wait_until(lambda: source.counters()["repeated_rows"] >= 2)
        assert [(row.clock, row.time_ms) for row in sink.readings] == [(Clock.RTC, 1_790_000_000_000)]
        station.body = b'{"air": {"t": 70}, "at": "1970-01-01T00:00:00Z"}'
        wait_until(lambda: len(sink.readings) >= 2)
    assert sink.readings[1].clock == Clock.ARRIVAL
    assert source.counters()["missing"] >= 1
    assert source.counters()["clock_unset"] >= 1


def test_a_document_that_is_not_json_or_too_large_is_refused_and_the_next_is_read(
    station: Station, wait_until: WaitUntil
) -> None:
    source = make(station)
    station.body, station.etag = b"<html>", '"1"'
    with running(source) as sink:
        wait_until(lambda: source.counters()["refused_json"] >= 2)
        assert source.counters()["unchanged"] == 0
        station.etag = ""
        station.body = b" " * (2 * 1024 * 1024)
        wait_until(lambda: source.counters()["refused_answers"] >= 1)
        assert sink.readings == []
        station.body = b'{"air": {"t": null, "rh": "?"}}'
        wait_until(lambda: sink.readings)
    assert sink.readings[0].values == {"outside_temperature_degc": None}
    assert source.counters()["refused_value"] >= 1


def test_an_error_lengthens_the_wait_and_retry_after_is_respected(station: Station, wait_until: WaitUntil) -> None:
    station.status = 503
    source = make(station)
    waits = source._stopping = Waits()
    with running(source) as sink:
        wait_until(lambda: source.counters()["refused_answers"] >= 1)
        station.headers = {"Retry-After": "1000"}
        wait_until(lambda: waits.asked_s[-1] > 500)
    assert sink.readings == []
    assert source.counters()["lost"] == 1
    refused = source.counters()["refused_answers"]
    least_s = [DEVICE.wait_s(failure, 1.0) for failure in range(1, refused)] + [1000.0]
    assert all(wait_s >= least for wait_s, least in zip(waits.asked_s[1:], least_s, strict=True))


def test_messages_about_a_url_contain_no_login_and_no_key(free_port: int, caplog: Any, wait_until: WaitUntil) -> None:
    source = make(Station(free_port), url=f"http://me:secret@127.0.0.1:{free_port}/now?key=abc")
    with running(source):
        wait_until(lambda: source.counters()["lost"] == 1)
        wait_until(lambda: f"http://127.0.0.1:{free_port}/now does not answer" in caplog.text)
    assert "secret" not in caplog.text
    assert "abc" not in caplog.text


def test_a_server_that_is_down_is_retried(station: Station, wait_until: WaitUntil) -> None:
    source = make(station)
    with running(source) as sink:
        wait_until(lambda: sink.readings)
        station.stop()
        wait_until(lambda: source.counters()["lost"] == 1)
        seen = len(sink.readings)
        station.start()
        wait_until(lambda: len(sink.readings) > seen)


def test_stop_returns_at_once_from_a_server_that_never_answers(station: Station, wait_until: WaitUntil) -> None:
    station.hold.clear()
    with running(make(station, timeout_s=60)):
        wait_until(lambda: station.asked)


def test_a_server_that_drips_its_head_ends_at_the_deadline(wait_until: WaitUntil) -> None:
    with peer(drip(b"HTTP/1.1 200 OK\r\n" + b"X-Drip: a\r\n" * 50)) as (port, heads):
        source = make(Station(port), timeout_s=0.2)
        with running(source) as sink:
            wait_until(lambda: source.counters()["lost"] == 1)
            wait_until(lambda: len(heads) >= 2)
    assert sink.readings == []


def test_an_address_with_a_zone_is_for_a_gateways_own_file(free_port: int) -> None:
    assert make(Station(free_port), url=f"http://[fe80::1%lo]:{free_port}/now").name == "weather"
    target = parse_target("http://[fe80::1%lo]:81/", permits_zone=True)
    assert (target.host, target.authority) == ("fe80::1%lo", "[fe80::1]:81")
    with pytest.raises(ValueError, match="without its %zone"):
        parse_target("http://[fe80::1%lo]/")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"url": "http://a..b/"}, "not a host name"),
        ({"url": "http://0x7f.1/"}, "four decimal numbers"),
        ({"url": "ftp://x"}, "regex"),
        ({"url": "http://a b"}, "regex"),
        ({"url": "http://h:99999/"}, "Port out of range"),
        ({"url": "http://:80/"}, "url must have a host"),
        ({"channel": []}, "length >= 1"),
        ({"channel": [{"from": 0, "channel": "co2_ppm"}]}, "from must be a JSON pointer"),
        ({"headers": {"X": "a\nb"}}, "printable ASCII"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        make(Station(1), **more)
