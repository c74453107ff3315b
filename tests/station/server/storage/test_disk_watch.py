"""The watch on the farm's disk: what it keeps, tells and raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.alarms.rules.targets import STATION
from headland.files.disk_space import DiskReading, forecast, load_readings, save_readings, space_path
from headland.registry.registry import open_registry
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS
from station.doctor.finding import State
from station.doctor.machine import assess_space
from station.server.organisation import ensure_organisation
from station.server.storage.disk_watch import DiskWatch
from station.server.workers.alarm_worker import AlarmWorker

T0_MS = 1_780_000_000_000


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    space_path(tmp_path).parent.mkdir()
    return tmp_path


def filling(farm: Path, days: int, growth_bytes_day: int, free_bytes: int) -> list[DiskReading]:
    """Keep the readings of a farm that grew for some days until now."""
    readings = [
        DiskReading(
            at_ms=T0_MS - (days - day) * DAY_MS,
            farm_bytes=day * growth_bytes_day,
            free_bytes=free_bytes + (days - day) * growth_bytes_day,
            total_bytes=2 * 10**9,
        )
        for day in range(days)
    ]
    save_readings(farm, readings)
    return readings


def watch_of(farm: Path, monkeypatch: pytest.MonkeyPatch, reading: DiskReading, *, in_doubt: bool = False) -> DiskWatch:
    monkeypatch.setattr("station.server.storage.disk_watch.measure", lambda _folder, _at_ms: reading)
    return DiskWatch(farm, lambda: T0_MS, lambda: in_doubt)


def test_a_disk_that_is_full_in_a_week_is_an_alarm_a_metric_and_a_finding(
    farm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling(farm, 10, 50_000_000, 350_000_000)
    now = DiskReading(at_ms=T0_MS, farm_bytes=500_000_000, free_bytes=350_000_000, total_bytes=2 * 10**9)
    watch = watch_of(farm, monkeypatch, now)
    watch.look()
    assert watch.values() == {"disk_free_share": 0.175, "disk_days_left": 7.0}
    assert watch.counters()["disk_left_ms"] == 7 * DAY_MS
    registry = open_registry(f"sqlite:///{farm}/registry.sqlite")
    repositories = ensure_organisation(registry, "local", "test")
    worker = AlarmWorker(registry, MemoryStore(), "local", None, now_ms=lambda: T0_MS, station_values=watch.values)
    worker.start()
    worker.stop()
    worker.evaluate()
    active = repositories.alarms.active()
    assert [(alarm.rule, alarm.subject, alarm.kind) for alarm in active] == [("disk-nearly-full", STATION, STATION)]
    assert (active[0].what, active[0].value) == ("disk_days_left", 7.0)
    registry.close()


def test_a_disk_with_room_is_none(farm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filling(farm, 10, 5_000_000, 900_000_000)
    watch = watch_of(
        farm,
        monkeypatch,
        DiskReading(at_ms=T0_MS, farm_bytes=50_000_000, free_bytes=900_000_000, total_bytes=2 * 10**9),
    )
    watch.look()
    registry = open_registry(f"sqlite:///{farm}/registry.sqlite")
    repositories = ensure_organisation(registry, "local", "test")
    worker = AlarmWorker(registry, MemoryStore(), "local", None, now_ms=lambda: T0_MS, station_values=watch.values)
    worker.start()
    worker.stop()
    worker.evaluate()
    assert list(repositories.alarms.active()) == []
    registry.close()


def test_a_clock_in_doubt_keeps_no_reading(farm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = filling(farm, 10, 5_000_000, 900_000_000)
    now = DiskReading(at_ms=T0_MS + 400 * DAY_MS, farm_bytes=1, free_bytes=900_000_000, total_bytes=2 * 10**9)
    watch = watch_of(farm, monkeypatch, now, in_doubt=True)
    watch.look()
    assert load_readings(farm) == tuple(before)
    assert watch.values() == {"disk_free_share": 0.45}


def test_the_real_folder_is_measured(farm: Path) -> None:
    watch = DiskWatch(farm, lambda: T0_MS, lambda: False)
    watch.look()
    assert watch.counters()["disk_total_bytes"] > watch.counters()["disk_free_bytes"] > 0
    assert len(load_readings(farm)) == 1


def test_the_doctor_warns_by_the_days_too() -> None:
    readings = [
        DiskReading(at_ms=T0_MS + day * DAY_MS, farm_bytes=day * 10**9, free_bytes=5 * 10**9, total_bytes=10**10)
        for day in range(4)
    ]
    finding = assess_space(Path("/farm"), 5 * 10**9, forecast(readings))
    assert finding.state is State.WARNING
    assert "room for 5 days" in finding.condition
    assert assess_space(Path("/farm"), 5 * 10**9).state is State.OK
