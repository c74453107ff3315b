"""Outdoor weather of a site: hourly means of its stations and masts, and the rain of its gauge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.rain import GAP_MS, Rain, RainSum, read_gauge, sum_rain
from headland.agronomy.series.qartod import FAIL, NOT_EVALUATED
from headland.agronomy.series.sensor_health import SensorFinding, check_channel
from headland.agronomy.series.time_grid import STEP_MS
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import HOUR_MS

Quantity = Literal["temperature", "humidity", "wind", "rain_share"]

#: The channels of a quantity, best first: of a greenhouse's weather mast, and of a weather station.
OUTSIDE: Final[dict[Quantity, tuple[str, ...]]] = {
    "temperature": ("outside_temperature_degc", "air_temperature_degc"),
    "humidity": ("outside_humidity_pct", "relative_humidity_pct"),
    "wind": ("wind_speed_m_s",),
    "rain_share": ("rain_on",),
}
RAIN: Final = "rain_total_mm"
RAIN_ON: Final = "rain_on"
#: Channels that are outdoors on any device.
_ALWAYS_OUTSIDE: Final = frozenset(
    {"outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s", "rain_on", RAIN}
)
#: A vehicle estimates the wind where it flies, and only while it flies.
_VEHICLES: Final = frozenset({"drone", "rover", "boat", "plane"})
_UNDER_A_ROOF: Final = "greenhouse"
#: An hour is measured when this many of its ten-minute parts have a sample.
_LEAST_PARTS: Final = 4
_PART_MS: Final = 600_000
#: More samples of a gauge than this, or deleted ones, are read as the last of each five minutes.
_MOST_SAMPLES: Final = 400_000


def is_outdoors(kind: str, channel: str) -> bool:
    """Return whether a channel is outdoors on a device of a kind."""
    return kind not in _VEHICLES and (kind != _UNDER_A_ROOF or channel in _ALWAYS_OUTSIDE)


@dataclass(frozen=True, slots=True)
class Hourly:
    """Means of the measured hours of a quantity, by their start; `device` measured it.

    `findings` are the faults of its sensor, with which some or all hours are left out.
    """

    means: dict[int, float] = field(default_factory=dict)
    device: str | None = None
    findings: tuple[SensorFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """The rain of a gauge; `device` is None without a gauge."""

    rain: Rain
    device: str | None = None

    def sum(self, start_ms: int, end_ms: int) -> RainSum:
        """Return the rain of [start_ms, end_ms)."""
        return sum_rain(self.rain, start_ms, end_ms)


def site_devices(scope: OrgScope, site: str | None) -> list[DeviceRecord]:
    """Return the devices of a site by its wire name."""
    return [] if site is None else [r for r in scope.store.devices(scope.organisation) if r.descriptor.site == site]


def hourly_means(scope: OrgScope, records: Iterable[DeviceRecord], quantity: Quantity, window: Window) -> Hourly:
    """Return a quantity hour by hour: of the best channel that a device has, by the first device that has it."""
    kinds = {record.descriptor.device: record.descriptor.kind for record in records}
    faulty: Hourly | None = None
    for channel in OUTSIDE[quantity]:
        which = SeriesFilter(scope.organisation, None, frozenset((channel,)))
        for buckets in scope.store.buckets(which, window.start_ms, window.end_ms, _PART_MS):
            kind = kinds.get(buckets.key.device)
            if kind is None or not is_outdoors(kind, channel):
                continue
            flags, findings = check_channel(channel, buckets.start_ms, buckets.mean)
            hour = np.where(flags < FAIL, buckets.start_ms // HOUR_MS * HOUR_MS, -1)
            means = {
                int(start_ms): float(buckets.mean[hour == start_ms].mean())
                for start_ms in np.unique(hour[hour >= 0]).tolist()
                if int(np.count_nonzero(hour == start_ms)) >= _LEAST_PARTS
            }
            if means:
                return Hourly(means, buckets.key.device, tuple(findings))
            faulty = faulty or Hourly({}, buckets.key.device, tuple(findings))
    return faulty or Hourly()


def read_rain(scope: OrgScope, records: Iterable[DeviceRecord], window: Window) -> Gauge:
    """Return the rain of the gauge with the best coverage of a window; of equal ones the first by name."""
    best, covered = Gauge(read_gauge(np.empty(0, np.int64), np.empty(0))), 0.0
    devices = (r.descriptor.device for r in records if is_outdoors(r.descriptor.kind, RAIN))
    for device in sorted(devices):
        rain = _read_device(scope, device, window)
        coverage = sum_rain(rain, window.start_ms, window.end_ms).coverage
        if coverage > covered:
            best, covered = Gauge(rain, device), coverage
    return best


def _read_device(scope: OrgScope, device: str, window: Window) -> Rain:
    """Return a gauge's rain from an hour before a window to an hour after it, so that its ends are known."""
    which = SeriesFilter(scope.organisation, device, frozenset((RAIN,)))
    start_ms, end_ms = (window.start_ms - GAP_MS) // STEP_MS * STEP_MS, window.end_ms + GAP_MS
    samples = scope.store.raw(which, start_ms, end_ms, _MOST_SAMPLES + 1)
    if not samples or any(len(series.time_ms) > _MOST_SAMPLES for series in samples):
        buckets = scope.store.buckets(which, start_ms, end_ms, STEP_MS, NOT_EVALUATED)
        parts = [(bucket.start_ms + STEP_MS - 1, bucket.last) for bucket in buckets]
    else:
        usable = [series.quality <= NOT_EVALUATED for series in samples]
        parts = [(series.time_ms[use], series.value[use]) for series, use in zip(samples, usable, strict=True)]
    if not parts:
        return read_gauge(np.empty(0, np.int64), np.empty(0))
    time_ms, total_mm = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    order = np.argsort(time_ms, kind="stable")
    return read_gauge(time_ms[order], total_mm[order])
