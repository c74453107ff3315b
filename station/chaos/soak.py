"""Soak test: a simulated day of many gateways on one station, with checks of its memory, losses and delivery."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from headland.clock import wall_clock_ms
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from headland.units_of_time import HOUR_MS
from station.chaos.farm.core import FarmCore, NotInTime
from station.chaos.slowness import slowness
from station.chaos.traffic.fleet import EPOCH, POINTS, RECORD_MS, ROWS, FleetPlan, GatewayFleet, device_of
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL
from station.local.broker import BrokerKind
from station.local.folder import FarmFolder
from station.local.plan import HOST

_SAMPLE_S: Final = 1.0
_STALLED_S: Final = 60.0
#: Maximum ratio of the memory in the last quarter to that in the second: memory must not grow with the history.
_MAX_GROWTH: Final = 1.15
#: A shorter test is all warm-up, also where a slow machine takes minutes for it.
_LEAST_HOURS: Final = 6.0
_ALL_TIME_MS: Final = 2**52


@dataclass(frozen=True, slots=True)
class SoakSettings:
    """Settings of a soak test. `speed` is in simulated seconds per second; 0: as fast as possible."""

    hours: float = 24.0
    gateways: int = 200
    speed: float = 0.0
    broker: BrokerKind = "auto"


@dataclass(slots=True)
class SoakResult:
    """Result of a soak test: memory [MB] once a second; `lost` and `duplicated` count numbers in the store's file."""

    hours: float
    gateways: int
    records: int = 0
    points: int = 0
    seconds: float = 0.0
    resends: int = 0
    lost: int = 0
    duplicated: int = 0
    memory_mb: list[float] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Ratio of the median memory in the last quarter to that in the second; 1 where the test is too short."""
        quarter = len(self.memory_mb) // 4
        if quarter < 5 or self.hours < _LEAST_HOURS:
            return 1.0
        return median(self.memory_mb[-quarter:]) / median(self.memory_mb[quarter : 2 * quarter])

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost or duplicated, memory did not grow and the delivery reports are correct."""
        return not (self.lost or self.duplicated or self.trouble)


def run_soak(settings: SoakSettings, root: Path, report: Callable[[str], None]) -> SoakResult:
    """Run a soak test on a farm in `root`; `report` receives its progress. Raises HeadlandError without progress."""
    names = [f"soak-{number:04d}" for number in range(1, settings.gateways + 1)]
    farm = FarmCore(root, settings.broker, names)
    records = max(1, round(settings.hours * HOUR_MS / RECORD_MS))
    start_ms = wall_clock_ms() - records * RECORD_MS
    passwords = {name: farm.folder.secret(name) for name in names}
    result = SoakResult(settings.hours, settings.gateways, records=records * len(names))
    with farm.running():
        fleet = GatewayFleet(FleetPlan(HOST, farm.broker_port, passwords, records, start_ms))
        _run(fleet, farm, settings, records, result, report)
        fleet.finish(within_s=20.0)
        _compare_delivery(farm, names, records, result)
        farm.station.ask_to_end()
        farm.station.wait_for_end()
    _count_in_file(farm.folder, names, records * ROWS, result)
    if result.growth > _MAX_GROWTH:
        result.trouble.append(f"the station's memory grew by {100 * (result.growth - 1):.0f} % over the second half")
    return result


def write_soak(path: Path, result: SoakResult) -> None:
    """Write the result as JSON. Raises OSError."""
    path.write_text(json.dumps({**asdict(result), "growth": result.growth, "sound": result.is_sound}, indent=1) + "\n")


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process [MB]; 0 where it is unknown."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - where there is no /proc
        return float(done.stdout.strip() or 0) / 1024
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _run(
    fleet: GatewayFleet,
    farm: FarmCore,
    settings: SoakSettings,
    records: int,
    result: SoakResult,
    report: Callable[[str], None],
) -> None:
    began_s = sampled_s = progress_s = time.monotonic()
    committed, reported = 0, 0
    while committed < result.records:
        now_s = time.monotonic()
        due = records if settings.speed <= 0 else int((now_s - began_s) * settings.speed * 1000 / RECORD_MS)
        fleet.step(due)
        if now_s - sampled_s < _SAMPLE_S:
            continue
        sampled_s = now_s
        reached = sum(gateway.acked for gateway in fleet.gateways)
        progress_s = now_s if reached > committed or due < 1 else progress_s
        committed = reached
        result.memory_mb.append(round(memory_mb(farm.station.pid), 1))
        if now_s - progress_s > _STALLED_S * slowness():
            raise NotInTime(f"nothing was committed for {_STALLED_S:g} s; the logs are in {farm.folder.logs_dir}")
        if 20 * committed // result.records > reported:
            reported = 20 * committed // result.records
            rate = committed / (now_s - began_s)
            report(
                f"{5 * reported} %: {committed / result.gateways * RECORD_MS / 3.6e6:.1f} h, {rate:.0f} messages/s, "
                f"{rate * POINTS:.0f} points/s, station {result.memory_mb[-1]:.0f} MB"
            )
    result.seconds = round(time.monotonic() - began_s, 1)
    result.points = result.records * POINTS
    result.resends = sum(gateway.resends for gateway in fleet.gateways)


def _compare_delivery(farm: FarmCore, names: list[str], records: int, result: SoakResult) -> None:
    for name in names:
        answer = farm.delivery(name)
        if answer is None:
            result.trouble.append(f"the station does not report the delivery of {name}")
            continue
        epoch: dict[str, Any] = next((known for known in answer["epochs"] if known["epoch"] == EPOCH), {})
        reported = (answer["loss"], answer["missing"], epoch.get("high_water"), epoch.get("stored"))
        if reported != (0, [], records, records):
            result.trouble.append(f"delivery of {name} reports {reported}, not (0, [], {records}, {records})")


def _count_in_file(folder: FarmFolder, names: list[str], numbers: int, result: SoakResult) -> None:
    store = DuckDBStore(folder.store_path)
    try:
        for name in names:
            series = SeriesFilter("local", device=device_of(name), channels=frozenset((NUMBER_CHANNEL,)))
            values = [samples.value for samples in store.raw(series, 0, _ALL_TIME_MS)]
            times = (
                np.bincount(np.concatenate(values).astype(np.int64), minlength=numbers + 1) if values else np.zeros(1)
            )
            result.lost += numbers - int(np.count_nonzero(times[1 : numbers + 1]))
            result.duplicated += int(np.count_nonzero(times > 1))
    finally:
        store.close()
