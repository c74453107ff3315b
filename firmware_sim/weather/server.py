"""Server of simulated providers: Locationforecast, Open-Meteo and QWeather over HTTP, with faults by option."""

from __future__ import annotations

import gzip
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from firmware_sim.core.clock import SimClock
from firmware_sim.greenhouse.place import HouseSite
from firmware_sim.greenhouse.scenarios import house_named
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.weather import payloads
from firmware_sim.weather.faults import ProviderFaults
from firmware_sim.weather.payloads import Asked
from firmware_sim.weather.said import SaidForecast, SaidHour, say_of, true_hour
from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from headland.units_of_time import HOUR_MS

_LOGGER = logging.getLogger(__name__)

#: A provider computes a new issue every hour and says so.
_ISSUE_EVERY_MS: Final = HOUR_MS
_HOURS: Final = 7 * 24
_KEPT_HOURS: Final = 2 * _HOURS
_MEMBERS: Final = 20
_SLOW_PIECES: Final = 200
_FAR_DEG: Final = 5.0
_GARBAGE: Final = b'{"type": "Feature", "properties": {"timeseries": [{"ti'


@dataclass(frozen=True, slots=True)
class WeatherSettings:
    """Settings of the simulated providers: the greenhouse scenarios whose places they know, and the faults."""

    host: str = "127.0.0.1"
    port: int = 8030
    scenarios: Sequence[str] = ("hubei-tomato",)
    seed: int = 1
    speed: float = 1.0
    start_ms: int = 0
    real_start_ms: int = 0
    faults: ProviderFaults = field(default_factory=ProviderFaults)


class ProviderServer:
    """Serves until `close`; `requests` are the paths that were asked for, the newest 1000."""

    def __init__(self, settings: WeatherSettings, real_ms: Callable[[], int] = wall_clock_ms) -> None:
        self.faults = settings.faults
        self.requests: list[str] = []
        self._seed = settings.seed
        self._clock = SimClock(settings.speed, settings.start_ms, settings.real_start_ms)
        self._real_ms = real_ms
        self._places: list[tuple[HouseSite, Callable[[int], SaidHour]]] = []
        for name in settings.scenarios:
            scenario = house_named(name)
            weather = Weather(scenario.place, settings.seed, scenario.frost_every_days)
            # An issue has all hours but one of the issue before it.
            self._places.append((scenario.place, lru_cache(_KEPT_HOURS)(partial(true_hour, weather))))
        self._said: dict[tuple[int, int, int], SaidForecast] = {}
        self._lock = threading.Lock()
        try:
            self._server = ThreadingHTTPServer((settings.host, settings.port), self._handler())
        except OSError as error:
            raise SettingsError(
                f"The simulated providers cannot listen on {settings.host}:{settings.port}: {error.strerror}."
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="sim-weather", daemon=True)

    @property
    def url(self) -> str:
        """Address of all the providers."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """End; a slow answer is not waited for."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(self, target: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a request."""
        with self._lock:
            self.requests = [*self.requests[-999:], target]
        faults, now_ms = self.faults, self._clock.now_ms(self._real_ms())
        if faults.status:
            retry = {"Retry-After": faults.retry_after} if faults.retry_after else {}
            return faults.status, retry, faults.body or b'{"error":true,"reason":"simulated"}'
        if faults.body:
            return 200, {}, faults.body
        issued_ms = (now_ms - round(faults.late_s * 1000)) // _ISSUE_EVERY_MS * _ISSUE_EVERY_MS
        validators = {
            "Last-Modified": formatdate(issued_ms / 1000, usegmt=True),
            "ETag": '"' + hashlib.sha256(f"{target} {issued_ms}".encode()).hexdigest()[:16] + '"',
            "Date": formatdate(now_ms / 1000, usegmt=True),
            "Expires": formatdate((issued_ms + _ISSUE_EVERY_MS) / 1000, usegmt=True),
        }
        if _is_known(headers, validators["ETag"], issued_ms):
            return 304, validators, b""
        body = self._body(target, issued_ms)
        if body is None:
            return 404, {}, b""
        if faults.garbage:
            body = _GARBAGE
        return 203 if faults.deprecated else 200, validators, body

    def _body(self, target: str, issued_ms: int) -> bytes | None:
        parts = urlsplit(target)
        parameters = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        product = parts.path.rsplit("/", 1)[-1]
        try:
            asked = _asked(parts.path, product, parameters)
        except (KeyError, ValueError):
            return None
        if self.faults.other_place:
            asked = Asked(asked.latitude_deg - _FAR_DEG, asked.longitude_deg, parameters, product)
        units = "foreign" if self.faults.units else "metric"
        if parts.path.startswith("/weatherapi/locationforecast/2.0/"):
            return payloads.met_norway(self._say(asked, issued_ms, 0), asked, units=units)
        if parts.path.startswith("/v1/"):
            members = _MEMBERS if product == "ensemble" else 0
            said = self._say(asked, issued_ms, members)
            if self.faults.dst:
                local = {name: text for name, text in parameters.items() if name != "timeformat"}
                asked = Asked(asked.latitude_deg, asked.longitude_deg, local, product)
                return payloads.open_meteo(_with_repeated_hour(said), asked, units=units, offset_s=3600)
            return payloads.open_meteo(said, asked, units=units)
        if parts.path.startswith("/v7/weather/"):
            return payloads.qweather(self._say(asked, issued_ms, 0), asked)
        if parts.path.startswith("/weather/v1/hourly/"):
            return payloads.qweather_hours(self._say(asked, issued_ms, 0), int(parameters.get("hours", "24")))
        return None

    def _say(self, asked: Asked, issued_ms: int, members: int) -> SaidForecast:
        """Return the issue of the place that is nearest, computed once."""
        index = min(range(len(self._places)), key=lambda number: _apart(self._places[number][0], asked))
        key = (index, issued_ms, members)
        with self._lock:
            if key not in self._said:
                truths = [self._places[index][1](issued_ms + hour * HOUR_MS) for hour in range(_HOURS)]
                made = say_of(truths, self._seed, issued_ms, members=members)
                self._said = {**dict(list(self._said.items())[-3:]), key: made}
            said = self._said[key]
        gap = self.faults.gap_h
        if gap:
            left, *runs = ([*run[:6], *run[6 + gap :]] for run in (said.hours, *said.members))
            return SaidForecast(said.issued_ms, left, runs)
        return said

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                status, headers, body = provider.answer(self.path, dict(self.headers.items()))
                if body and "gzip" in self.headers.get("Accept-Encoding", ""):
                    body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
                self.send_response_only(status)
                for name, text in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, text)
                self.end_headers()
                self._write(body)

            def _write(self, body: bytes) -> None:
                slow_s = provider.faults.slow_s
                if not slow_s:
                    self.wfile.write(body)
                    return
                size = max(1, len(body) // _SLOW_PIECES)
                for start in range(0, len(body), size):
                    self.wfile.write(body[start : start + size])
                    self.wfile.flush()
                    time.sleep(slow_s / _SLOW_PIECES)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                _LOGGER.debug(format, *args)

        return Handler


def run_weather(settings: WeatherSettings, stop: threading.Event) -> None:
    """Serve until `stop` is set. Raises SettingsError."""
    server = ProviderServer(settings)
    server.start()
    _LOGGER.info("Simulated providers of forecasts at %s", server.url)
    try:
        stop.wait()
    finally:
        server.close()


def _asked(path: str, product: str, parameters: Mapping[str, str]) -> Asked:
    """Return the place that a request names; raises KeyError or ValueError where it names none."""
    if path.startswith("/v7/"):
        longitude, latitude = parameters["location"].split(",")
    elif path.startswith("/v1/"):
        latitude, longitude = parameters["latitude"], parameters["longitude"]
    elif path.startswith("/weather/v1/"):
        latitude, longitude = path.split("/")[-2:]
    else:
        latitude, longitude = parameters["lat"], parameters["lon"]
    return Asked(float(latitude), float(longitude), parameters, product)


def _apart(place: HouseSite, asked: Asked) -> float:
    return abs(place.latitude_deg - asked.latitude_deg) + abs(place.longitude_deg - asked.longitude_deg)


def _is_known(headers: Mapping[str, str], etag: str, issued_ms: int) -> bool:
    lower = {name.lower(): text for name, text in headers.items()}
    if "if-none-match" in lower:
        return lower["if-none-match"] == etag
    try:
        return parsedate_to_datetime(lower["if-modified-since"]).timestamp() * 1000 >= issued_ms
    except (KeyError, ValueError, TypeError):
        return False


def _with_repeated_hour(said: SaidForecast) -> SaidForecast:
    """Return a forecast in which a local hour comes twice, as at the end of summer time."""
    hours = list(said.hours)
    return SaidForecast(said.issued_ms, [*hours[:5], hours[4], *hours[5:]], said.members)
