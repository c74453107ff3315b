"""What a site measures of its open air: which device's channel speaks, hour by hour, and the rain of its gauge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.rain import HOLE_MS, Rain, RainSum, read_gauge, sum_rain
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import HOUR_MS

Quantity = Literal["temperature", "humidity", "wind", "rain_share"]

#: A quantity by its channels, best first: as a house's own weather mast names it, and as a station calls just air.
OUTSIDE: Final[dict[Quantity, tuple[str, ...]]] = {
    "temperature": ("outside_temperature_degc", "air_temperature_degc"),
    "humidity": ("outside_humidity_pct", "relative_humidity_pct"),
    "wind": ("wind_speed_m_s",),
    "rain_share": ("rain_on",),
}
RAIN: Final = "rain_total_mm"
#: What is of the open air whatever stands there to measure it.
_ALWAYS_OUTSIDE: Final = frozenset(
    {"outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s", "rain_on", RAIN}
)
#: A vehicle's estimate of the wind is the wind where it flies, and only while it does.
_VEHICLES: Final = frozenset({"drone", "rover", "boat", "plane"})
_UNDER_A_ROOF: Final = "greenhouse"
#: An hour is measured when this many of its ten-minute parts have a sample.
_LEAST_PARTS: Final = 4
_PART_MS: Final = 600_000
#: More words of a gauge than this, or words that were let go, are read as the last of each five minutes.
_MOST_WORDS: Final = 400_000
_STEP_MS: Final = 300_000
_NOT_EVALUATED: Final = 2


def stands_outside(kind: str, channel: str) -> bool:
    """Return whether a channel of a device of a kind is of the open air."""
    return kind not in _VEHICLES and (kind != _UNDER_A_ROOF or channel in _ALWAYS_OUTSIDE)


@dataclass(frozen=True, slots=True)
class Hourly:
    """The means of the hours for which a quantity was measured, by their start; `device` measured it."""

    means: dict[int, float] = field(default_factory=dict)
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a gauge counted; `device` is None where nobody counts."""

    rain: Rain
    device: str | None = None

    def sum(self, start_ms: int, end_ms: int) -> RainSum:
        """Return the rain of [start_ms, end_ms)."""
        return sum_rain(self.rain, start_ms, end_ms)


def records_of(scope: OrgScope, site: str | None) -> list[DeviceRecord]:
    """Return the devices of a site by its wire name."""
    return [] if site is None else [r for r in scope.store.devices(scope.organisation) if r.descriptor.site == site]


def measure_hours(scope: OrgScope, records: Iterable[DeviceRecord], quantity: Quantity, window: Window) -> Hourly:
    """Return a quantity hour by hour, by the first device that measured it, of the best channel that anybody has."""
    kinds = {record.descriptor.device: record.descriptor.kind for record in records}
    for channel in OUTSIDE[quantity]:
        which = SeriesFilter(scope.organisation, None, frozenset((channel,)))
        for found in scope.store.buckets(which, window.start_ms, window.end_ms, _PART_MS):
            kind = kinds.get(found.key.device)
            if kind is None or not stands_outside(kind, channel):
                continue
            hour = found.start_ms // HOUR_MS * HOUR_MS
            means = {
                int(each): float(found.mean[hour == each].mean())
                for each in np.unique(hour).tolist()
                if int(np.count_nonzero(hour == each)) >= _LEAST_PARTS
            }
            if means:
                return Hourly(means, found.key.device)
    return Hourly()


def read_rain(scope: OrgScope, records: Iterable[DeviceRecord], window: Window) -> Gauge:
    """Return what the gauge counted that knows most of a window; between gauges as good the first by name."""
    best, covered = Gauge(read_gauge(np.empty(0, np.int64), np.empty(0))), 0.0
    devices = (r.descriptor.device for r in records if stands_outside(r.descriptor.kind, RAIN))
    for device in sorted(devices):
        rain = _read_device(scope, device, window)
        coverage = sum_rain(rain, window.start_ms, window.end_ms).coverage
        if coverage > covered:
            best, covered = Gauge(rain, device), coverage
    return best


def _read_device(scope: OrgScope, device: str, window: Window) -> Rain:
    """Return a gauge's rain from an hour before a window to an hour after it, so that its ends are known."""
    which = SeriesFilter(scope.organisation, device, frozenset((RAIN,)))
    start_ms, end_ms = (window.start_ms - HOLE_MS) // _STEP_MS * _STEP_MS, window.end_ms + HOLE_MS
    samples = scope.store.raw(which, start_ms, end_ms, _MOST_WORDS + 1)
    if not samples or any(len(each.time_ms) > _MOST_WORDS for each in samples):
        buckets = scope.store.buckets(which, start_ms, end_ms, _STEP_MS, _NOT_EVALUATED)
        parts = [(each.start_ms + _STEP_MS - 1, each.last) for each in buckets]
    else:
        good = [each.quality <= _NOT_EVALUATED for each in samples]
        parts = [(each.time_ms[use], each.value[use]) for each, use in zip(samples, good, strict=True)]
    if not parts:
        return read_gauge(np.empty(0, np.int64), np.empty(0))
    time_ms, total_mm = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    order = np.argsort(time_ms, kind="stable")
    return read_gauge(time_ms[order], total_mm[order])
