"""Memory of a station over a day of simulated time with the dashboard open: a browser, live streams and requests.

`python -m tests.bench.bench_dashboard_day --hours 24 --minutes 5 --json`: gateways send a day in five minutes, while
the dashboard is open in Chromium (where there is one) and goes from page to page, four clients follow the live values,
and another one asks what a dashboard asks of the 25 hours before the simulated present. `--report FILE` has the station
tell what holds its memory (`memory_report`), and adds each holder's median in the second and the last quarter; `--walk`
adds all objects to the lines of FILE.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median

from playwright.sync_api import Error, sync_playwright

from headland.clock import wall_clock_ms
from headland.units_of_time import HOUR_MS
from station.chaos.farm.core import HEADLAND, FarmCore, ask
from station.chaos.farm.process import FarmProcess
from station.chaos.soak import memory_mb
from station.chaos.traffic.fleet import RECORD_MS, FleetPlan, GatewayFleet, device_of
from station.local.plan import HOST
from tests.bench.machine_load import busy_cores
from tests.machine import find_program

GATEWAYS, STREAMS = 10, 4
#: The hours of simulated time of which the memory is told; each is the median of the samples around it.
TOLD_HOURS = (1, 6, 12, 18, 24, 36, 48, 60, 72)
_PAGES = ("#/farm", "#/health", "#/greenhouse", "#/alarms", "#/settings")
_ON_A_PAGE_S = 10.0
_ASK_EVERY_S = 1.0
_STALLED_S = 120.0
_TELL_EVERY_S = 5.0


class Day:
    """A day of a farm, as far as it has come: what every thread sees."""

    def __init__(self, farm: FarmCore, records: int) -> None:
        self.farm = farm
        self.records = records
        self.start_ms = wall_clock_ms() - records * RECORD_MS
        self.committed = 0
        self.ended = threading.Event()
        self.memory: list[tuple[float, float]] = []
        #: The simulated hour by the wall clock.
        self.hours: list[tuple[float, float]] = []
        self.cache: list[tuple[float, float]] = []
        self.counts: Counter[str] = Counter()

    @property
    def hour(self) -> float:
        """The simulated hour up to which everything is committed."""
        return self.committed * RECORD_MS / HOUR_MS

    def watch(self) -> None:
        """Read the station's memory four times a second."""
        while not self.ended.wait(0.25):
            self.memory.append((self.hour, memory_mb(self.farm.station.pid)))
            self.hours.append((time.time(), self.hour))

    def ask(self) -> None:
        """Ask what the pages of a dashboard ask, again and again."""
        key, devices = self.farm.folder.api_key(), [device_of(name) for name in names()]
        while not self.ended.wait(_ASK_EVERY_S):
            end_ms = self.start_ms + self.committed * RECORD_MS
            window = f"start={end_ms - 25 * HOUR_MS}&end={end_ms}"
            chart = f"channel=air_temperature_degc&channel=co2_ppm&width=800&{window}"
            device = devices[self.counts["200"] % len(devices)]
            for path in (
                "/v1/gateways",
                *(f"/v1/gateways/{name}/delivery" for name in names()),
                "/v1/devices",
                "/v1/latest",
                f"/v1/devices/{device}/series?{chart}",
                f"/v1/devices/{device}/events",
                "/readyz",
            ):
                self.counts[str(ask(self.farm.api_port, path, key)[0])] += 1
            status, metrics = ask(self.farm.api_port, "/metrics", key)
            self.counts[str(status)] += 1
            cache = re.search(rb"^headland_store_memory_bytes (\S+)$", metrics, re.MULTILINE)
            if cache is not None:
                self.cache.append((self.hour, float(cache[1]) / 2**20))

    def follow(self) -> None:
        """Read the live values; begin again where the stream ends."""
        headers = {"Authorization": f"Bearer {self.farm.folder.api_key()}"}
        while not self.ended.is_set():
            try:
                with closing(HTTPConnection(HOST, self.farm.api_port, timeout=30.0)) as connection:
                    connection.request("GET", "/v1/live", headers=headers)
                    answer = connection.getresponse()
                    while not self.ended.is_set() and (line := answer.readline()):
                        self.counts["live events"] += line.startswith(b"event:")
            except (OSError, HTTPException):
                self.ended.wait(1.0)

    def visit(self) -> None:
        """Keep the dashboard open in a browser, and go from page to page."""
        program = find_program("chromium")
        if program is None:
            return
        base = f"http://{HOST}:{self.farm.api_port}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1000, "height": 640})
            page.goto(f"{base}/#key={self.farm.folder.api_key()}")
            place = 0
            while not self.ended.wait(_ON_A_PAGE_S):
                try:
                    page.goto(f"{base}/{_PAGES[place % len(_PAGES)]}")
                    self.counts["pages"] += 1
                except Error:
                    self.counts["pages that failed"] += 1
                place += 1
            browser.close()

    def send(self, fleet: GatewayFleet, speed: float) -> None:
        """Send the day, `speed` simulated seconds a second, until all of it is committed."""
        began_s = progress_s = time.monotonic()
        while self.committed < self.records:
            now_s = time.monotonic()
            fleet.step(min(self.records, int((now_s - began_s) * speed * 1000 / RECORD_MS)))
            committed = min(gateway.acked for gateway in fleet.gateways)
            if committed > self.committed:
                self.committed, progress_s = committed, now_s
            if now_s - progress_s > _STALLED_S:
                raise RuntimeError(f"nothing was committed for {_STALLED_S:g} s")


def names() -> list[str]:
    """Return the gateways."""
    return [f"day-{number:02d}" for number in range(1, GATEWAYS + 1)]


@contextmanager
def beside(*works: Callable[[], object]) -> Iterator[None]:
    """Run each in a thread of its own for the length of the block; they end by themselves then."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


class TellingFarm(FarmCore):
    """A farm whose station tells what holds its memory, in lines of `report`."""

    def __init__(self, root: Path, report: Path, *, is_walked: bool) -> None:
        self._telling = ["-m", "tests.bench.memory_report", str(report), f"{_TELL_EVERY_S:g}", str(int(is_walked))]
        super().__init__(root, "auto", names(), {"PYTHONPATH": str(Path(__file__).parents[2])})

    def process(self, name: str, command: list[str], environ: Mapping[str, str] | None = None) -> FarmProcess:
        """Return a process of the farm, the station as one that tells."""
        if name == "station":
            command = [*HEADLAND[:2], *self._telling, *command[len(HEADLAND) :]]
        return super().process(name, command, environ)


def holders(day: Day, report: Path, low: float, high: float) -> dict[str, float]:
    """Return the median of each figure that the station told between two simulated hours."""
    at_s = [wall_s for wall_s, hour in day.hours if low <= hour <= high]
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    lines = [line for line in lines if at_s and at_s[0] <= line["at_s"] <= at_s[-1]]
    told = {name for line in lines for name, value in line.items() if isinstance(value, float | int)}
    return {name: round(median(line.get(name, 0.0) for line in lines), 2) for name in sorted(told - {"at_s"})}


def run(
    hours: float, minutes: float, root: Path, report: Path | None = None, *, is_walked: bool = False
) -> dict[str, object]:
    """Run a day and return the figures."""
    farm = FarmCore(root, "auto", names()) if report is None else TellingFarm(root, report, is_walked=is_walked)
    day = Day(farm, max(1, round(hours * HOUR_MS / RECORD_MS)))
    passwords = {name: farm.folder.secret(name) for name in names()}
    told: dict[str, object] = {"hours": hours, "gateways": GATEWAYS, "other_load_cores": busy_cores()}
    with farm.running(), ExitStack() as stack:
        told["rss_ready_mb"] = round(memory_mb(farm.station.pid), 1)
        fleet = GatewayFleet(FleetPlan(HOST, farm.broker_port, passwords, day.records, day.start_ms))
        stack.enter_context(beside(day.watch, day.ask, day.visit, *[day.follow] * STREAMS))
        stack.callback(day.ended.set)  # before the threads are waited for
        begin_s = time.monotonic()
        day.send(fleet, hours * 60 / minutes)
        told["seconds"] = round(time.monotonic() - begin_s, 1)
        fleet.finish(within_s=20.0)
        told["loss"] = sum((farm.delivery(name) or {"loss": 0})["loss"] for name in names())
    for hour in TOLD_HOURS:
        for name, samples in (("rss", day.memory), ("cache_of_the_store", day.cache)):
            near = [each for at, each in samples if abs(at - hour) <= 0.5]
            if near:
                told[f"{name}_hour_{hour}_mb"] = round(median(near), 1)
    quarters = ((hours / 4, hours / 2), (hours * 3 / 4, hours))
    half = [[each for at, each in day.memory if low <= at <= high] for low, high in quarters]
    if report is not None:
        second, last = (holders(day, report, *quarter) for quarter in quarters)
        told["second_and_last_quarter"] = {name: (second.get(name, 0.0), last[name]) for name in last}
    if all(half):
        told["growth_of_last_quarter_to_second"] = round(median(half[1]) / median(half[0]), 3)
    told["rss_peak_mb"] = round(max(each for _, each in day.memory), 1)
    return told | {name.replace(" ", "_"): count for name, count in sorted(day.counts.items())}


def main() -> None:
    """Run once and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the simulated hours take")
    parser.add_argument("--report", type=Path, help="file for lines of what holds the station's memory")
    parser.add_argument("--walk", action="store_true", help="add all objects to them")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = run(asked.hours, asked.minutes, Path(folder), asked.report, is_walked=asked.walk)
    if asked.json:
        json.dump(told, sys.stdout)
        print()
    else:
        for name, value in told.items():
            print(f"{name:36}{value!s:>16}")


if __name__ == "__main__":
    main()
