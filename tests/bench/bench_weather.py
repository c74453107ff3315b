"""A farm with 50 fields at three places that asks a provider for weather: requests, bytes and processor time an hour.

The station's own worker asks a real server on loopback, which has an issue every `--issue-hours`, answers 304 in
between and has MET Norway's names and sizes; time is simulated (`--days`), and so is the worker's pause. Figures: what
is asked and received in a simulated hour, the worker's processor time (the server's, which is measured, is taken off),
the documents for each place and issue, and what the registry keeps.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from firmware_sim.greenhouse.place import JURONG
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.weather import payloads
from firmware_sim.weather.payloads import Asked
from firmware_sim.weather.said import say_forecast
from headland.formats.weather.provider import round_place
from headland.registry.models.models import Field, Site
from headland.registry.models.weather import ForecastPlace, ForecastProviderSetting
from headland.registry.registry import open_registry
from headland.registry.repositories.weather import KEEP_MS, MOST_ISSUES
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from station.server.organisation import ensure_organisation
from station.server.workers.weather_worker import ForecastAccess, WeatherWorker

PLACES: Final = ((31.9523, 119.1681), (32.1107, 119.4212), (31.7014, 118.9903))
FIELDS: Final = 50
SITES: Final = 12
START_MS: Final = 1_800_000_000_000 // HOUR_MS * HOUR_MS
_SIDE_DEG: Final = 0.0005


class Provider:
    """A provider whose issues are those of one forecast, moved in time and a little in temperature."""

    def __init__(self, issue_hours: int) -> None:
        self.now_ms = START_MS
        self.requests: list[tuple[str, int, int]] = []  # the place, its issue, and the bytes on the wire
        self.seconds = 0.0
        self._every_ms = issue_hours * HOUR_MS
        said = say_forecast(Weather(JURONG, 3), 3, START_MS, START_MS, 7 * 24)
        self._document = json.loads(payloads.met_norway(said, Asked(*PLACES[0], {}, "complete")))
        self._times_ms = [
            round(datetime.fromisoformat(step["time"]).timestamp() * 1000)
            for step in self._document["properties"]["timeseries"]
        ]
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                began_s = time.thread_time()
                provider.answer(self)
                provider.seconds += time.thread_time() - began_s

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request with the issue of now, or that it is the same."""
        issued_ms = self.now_ms // self._every_ms * self._every_ms
        place = handler.path.partition("?")[2]
        stamp = formatdate(issued_ms / 1000, usegmt=True)
        is_same = handler.headers.get("If-Modified-Since") == stamp
        body = b"" if is_same else gzip.compress(self._body(place, issued_ms))
        handler.send_response_only(304 if is_same else 200)
        headers = {"Last-Modified": stamp, "Date": formatdate(self.now_ms / 1000, usegmt=True)}
        headers["Expires"] = formatdate(self.now_ms / 1000 + 1800, usegmt=True)
        if not is_same:
            headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
        for name, text in headers.items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(body)
        size = len(body) + sum(len(name) + len(text) + 4 for name, text in headers.items())
        self.requests.append((place, issued_ms, size))

    def _body(self, place: str, issued_ms: int) -> bytes:
        parts = dict(part.split("=") for part in place.split("&"))
        document = self._document
        document["geometry"]["coordinates"] = [float(parts["lon"]), float(parts["lat"]), 22]
        document["properties"]["meta"]["updated_at"] = _utc(issued_ms)
        for step, time_ms in zip(document["properties"]["timeseries"], self._times_ms, strict=True):
            step["time"] = _utc(time_ms + issued_ms - START_MS)
            details = step["data"]["instant"]["details"]
            details["wind_from_direction"] = (details["wind_from_direction"] + 7.3) % 360
        return json.dumps(document).encode()


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def measure(days: int, issue_hours: int, look_minutes: int) -> dict[str, Any]:
    """Return the figures of so many simulated days."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.sqlite"
        registry = open_registry(f"sqlite:///{path}")
        repositories = ensure_organisation(registry, "local", "bench")
        farm = repositories.farms.list()[0]
        sites = [
            repositories.sites.add(
                Site(farm=farm.id, name=f"site-{number}", time_zone="Asia/Shanghai", latitude_deg=y, longitude_deg=x)
            )
            for number in range(SITES)
            for y, x in (PLACES[number % len(PLACES)],)
        ]
        for number in range(FIELDS):
            site = sites[number % SITES]
            y, x = (site.latitude_deg or 0.0) + number * 0.002, site.longitude_deg or 0.0
            ring = ((x, y), (x + _SIDE_DEG, y), (x + _SIDE_DEG, y + _SIDE_DEG), (x, y + _SIDE_DEG), (x, y))
            repositories.fields.add(Field(farm=farm.id, site=site.id, name=f"field {number}", geometry=((ring,),)))
        provider = Provider(issue_hours)
        host, port = provider.server.server_address[:2]
        repositories.forecast_providers.add(
            ForecastProviderSetting(
                provider="met-norway", enabled=True, url=f"http://{host!s}:{port}", contact="office@farm.example"
            )
        )
        worker = WeatherWorker(registry, "local", ForecastAccess(), lambda: provider.now_ms, lambda: 0.5)
        began_s = time.process_time()
        for _ in range(days * DAY_MS // (look_minutes * MINUTE_MS)):
            provider.now_ms += look_minutes * MINUTE_MS
            worker.look()
        processor_s = time.process_time() - began_s - provider.seconds
        counts = worker.counters()
        worker.stop()
        provider.server.shutdown()
        provider.server.server_close()
        issues = {(place, issued_ms) for place, issued_ms, _ in provider.requests}
        full = [size for _, _, size in provider.requests if size > 1000]
        asked = [round_place(ForecastPlace(latitude_deg=y, longitude_deg=x), 2) for y, x in PLACES]
        kept = [
            len(repositories.weather.fetched(place, "met-norway", 0, provider.now_ms + 1, 10 * MOST_ISSUES))
            for place in asked
        ]
        registry.close()
        with closing(sqlite3.connect(path)) as stored:
            count, stored_bytes = stored.execute("select count(*), sum(bytes) from weather_issues").fetchone()
        hours = days * 24
        return {
            "days": days,
            "fields": FIELDS,
            "sites": SITES,
            "places": len({place for place, _, _ in provider.requests}),
            "requests_an_hour": len(provider.requests) / hours,
            "bytes_an_hour": sum(size for _, _, size in provider.requests) / hours,
            "processor_s_an_hour": processor_s / hours,
            "unchanged_share": counts["weather_unchanged"] / len(provider.requests),
            "documents_a_place_and_issue": len(full) / len(issues),
            "kept_issues_a_place": max(kept),
            "most_issues_a_place": min(MOST_ISSUES, KEEP_MS // (issue_hours * HOUR_MS) + 1),
            "document_bytes": max(full),
            "stored_bytes_a_day": stored_bytes / count * len(issues) / days,
            "stored_mb": stored_bytes / 1e6,
            "registry_mb": path.stat().st_size / 1e6,
        }


def main() -> None:
    """Print the figures of the days and the hours between issues that are asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object (always)")
    options.add_argument("--days", type=int, default=7)
    options.add_argument("--issue-hours", type=int, default=6)
    options.add_argument("--look-minutes", type=int, default=10, help="between two looks of the worker")
    chosen = options.parse_args()
    print(json.dumps(measure(chosen.days, chosen.issue_hours, chosen.look_minutes)))


if __name__ == "__main__":
    main()
