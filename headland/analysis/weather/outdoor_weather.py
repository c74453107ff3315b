"""Outdoor weather of a site: hourly means of its stations and masts, and the rain of its gauge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.rain import GAP_MS, Rain, RainSum, read_gauge, sum_rain
from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.cadence import fill_by_cadence
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, NOT_EVALUATED, SUSPECT
from headland.agronomy.series.sensor_health import LIMITS, check_channel, find_stuck
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, make_periods
from headland.analysis.inputs.answers import DeviceFinding, finding_of
from headland.analysis.inputs.doubts import leave_confirmed
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.records import Descriptor
from headland.store.port import Buckets, DeviceRecord, SeriesFilter, Times
from headland.units_of_time import HOUR_MS, MINUTE_MS

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
#: An hour is measured when this share of it is known.
_LEAST_KNOWN: Final = 4 / 6
#: A detector that samples more slowly than this does not tell whether it rained in between.
_SLOWEST_DETECTOR_MS: Final = 15 * MINUTE_MS
#: Samples before and after a window that tell their cadence.
_BESIDE_MS: Final = 12 * HOUR_MS
#: More samples of a gauge than this, or deleted ones, are read as the last of each five minutes.
_MOST_SAMPLES: Final = 400_000


def is_outdoors(kind: str, channel: str) -> bool:
    """Return whether a channel is outdoors on a device of a kind."""
    return kind not in _VEHICLES and (kind != _UNDER_A_ROOF or channel in _ALWAYS_OUTSIDE)


@dataclass(frozen=True, slots=True)
class Hourly:
    """Means of the measured hours of a quantity, by their start; `devices` measured them.

    `findings` are the faults of sensors, with which some or all hours are left out.
    """

    means: dict[int, float] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    findings: tuple[DeviceFinding, ...] = ()


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


def hourly_means(
    scope: OrgScope, records: Iterable[DeviceRecord], quantities: Iterable[Quantity], window: Window
) -> dict[Quantity, Hourly]:
    """Return quantities by hour of epoch time: each hour from the best channel, of the first device, that knows it."""
    by_device = {record.descriptor.device: record.descriptor for record in records}
    first_ms, end_ms = window.start_ms // HOUR_MS * HOUR_MS, -(-window.end_ms // HOUR_MS) * HOUR_MS
    hours = make_periods(list(range(first_ms, end_ms, HOUR_MS)), end_ms)
    wanted = list(quantities)
    channels = [channel for quantity in wanted for channel in OUTSIDE[quantity]]
    stored = _read_outdoors(scope, list(by_device.values()), channels, first_ms - _BESIDE_MS, end_ms + _BESIDE_MS)
    judged = _judge(scope, by_device, stored)
    return {quantity: _hourly_means(by_device, stored, quantity, hours, judged) for quantity in wanted}


def _judge(
    scope: OrgScope, by_device: Mapping[str, Descriptor], stored: Mapping[str, Sequence[Buckets]]
) -> dict[tuple[str, str], SensorFinding]:
    """Return by device and channel what cannot be about the means of its steps, by its other channels and season."""
    samples: dict[str, dict[str, tuple[Times, Values]]] = {}
    for channel, of_channel in stored.items():
        for buckets in of_channel:
            device = by_device.get(buckets.key.device)
            if device is not None and is_outdoors(device.kind, channel):
                samples.setdefault(device.device, {})[channel] = (buckets.start_ms, buckets.mean)
    found: dict[tuple[str, str], SensorFinding] = {}
    for name, own in samples.items():
        device = by_device[name]
        is_located = device.latitude_deg is not None and device.longitude_deg is not None
        place = SunPlace(device.latitude_deg or 0.0, device.longitude_deg or 0.0) if is_located else None
        told = leave_confirmed(scope, name, judge_samples(own, place, indoors=False))
        found |= {(name, channel): finding for channel, finding in told.items()}
    return found


def _read_outdoors(
    scope: OrgScope, devices: Sequence[Descriptor], channels: Iterable[str], start_ms: int, end_ms: int
) -> dict[str, Sequence[Buckets]]:
    """Return means of steps by channel: of all devices, or of the only one that can be outdoors with the channel."""
    asked: dict[str | None, list[str]] = {}
    for channel in channels:
        names = [device.device for device in devices if is_outdoors(device.kind, channel)]
        if names:
            asked.setdefault(names[0] if len(names) == 1 else None, []).append(channel)
    stored: dict[str, list[Buckets]] = {}
    for name, some in asked.items():
        which = SeriesFilter(scope.organisation, name, frozenset(some))
        for buckets in scope.store.buckets(which, start_ms, end_ms, STEP_MS):
            stored.setdefault(buckets.key.channel, []).append(buckets)
    return {channel: of_one_origin(of_channel) for channel, of_channel in stored.items()}


def _hourly_means(
    by_device: Mapping[str, Descriptor],
    stored: Mapping[str, Sequence[Buckets]],
    quantity: Quantity,
    hours: Periods,
    judged: Mapping[tuple[str, str], SensorFinding],
) -> Hourly:
    first_ms, end_ms = hours.start_ms, hours.start_ms + hours.steps * STEP_MS
    means: dict[int, float] = {}
    devices: list[str] = []
    findings: list[DeviceFinding] = []
    unused: list[DeviceFinding] = []
    for channel in OUTSIDE[quantity]:
        for buckets in stored.get(channel, ()):
            device = by_device.get(buckets.key.device)
            if device is None or not is_outdoors(device.kind, channel):
                continue
            declared = device.channels.get(channel)
            interval_s = None if declared is None else declared.interval_s
            inside = (buckets.start_ms >= first_ms) & (buckets.start_ms < end_ms)
            value, faults = _check(
                channel, buckets.start_ms, buckets.mean, inside, judged.get((device.device, channel))
            )
            known = _hourly(hours, buckets.start_ms, value, interval_s, is_detector=quantity == "rain_share")
            fresh = {hour_ms: mean for hour_ms, mean in known.items() if hour_ms not in means}
            found = [finding_of(device.device, finding) for finding in faults]
            if fresh:
                means |= fresh
                devices.append(device.device)
                findings += found
            else:
                unused += found
    return Hourly(means, tuple(devices), tuple(findings if means else unused))


def _check(
    channel: str, time_ms: Times, mean: Values, inside: Mask, judged: SensorFinding | None
) -> tuple[Values, list[SensorFinding]]:
    """Return the means that can be used, NaN for the others, and the findings about their sensor.

    A constant temperature or humidity is told and used, since means of a coarse sensor may be constant for hours; a
    calm all day is an anemometer that does not turn.
    """
    flags, faults = check_channel(channel, time_ms, mean, inside, judged)
    usable = flags < FAIL
    if channel in LIMITS and channel not in OUTSIDE["wind"]:
        usable |= find_stuck(time_ms, mean, LIMITS[channel])
        told = [replace(f, flag=SUSPECT, left_out=False) if f.test == "flat_line" else f for f in faults]
        # What is a whole sensor's fault stays out.
        if all(f.test == "flat_line" or not f.left_out for f in faults):
            return np.where(usable, mean, np.nan), told
    return np.where(flags < FAIL, mean, np.nan), faults


def _hourly(
    hours: Periods, time_ms: Times, value: Values, interval_s: float | None, *, is_detector: bool
) -> dict[int, float]:
    """Return the means of the hours of which enough is known, from means of steps at `time_ms`."""
    steps = _BESIDE_MS // STEP_MS
    wide = Periods(hours.start_ms - _BESIDE_MS, np.array([0, hours.steps + 2 * steps], np.int64))
    filled, interval_ms = fill_by_cadence(wide, time_ms, value, time_ms, interval_s)
    if is_detector and interval_ms is not None:
        filled = np.where(interval_ms > _SLOWEST_DETECTOR_MS, np.nan, filled)
    course = filled[steps:-steps]
    enough = count_true(hours, np.isfinite(course)) >= _LEAST_KNOWN * hours.lengths
    mean = average(hours, course)
    return {hours.window(at)[0]: float(mean[at]) for at in np.flatnonzero(enough).tolist()}


def read_rain(scope: OrgScope, records: Iterable[DeviceRecord], window: Window) -> Gauge:
    """Return the rain of the gauge with the best coverage of a window; of equal ones the first by name."""
    return best_gauge(read_gauges(scope, records, window), window)


def read_gauges(scope: OrgScope, records: Iterable[DeviceRecord], window: Window) -> list[Gauge]:
    """Return the gauges of some devices with any rain known in a window, by name."""
    devices = sorted(r.descriptor.device for r in records if is_outdoors(r.descriptor.kind, RAIN))
    gauges = [Gauge(_read_device(scope, device, window), device) for device in devices]
    return [gauge for gauge in gauges if gauge.sum(*window.pair).coverage > 0.0]


def best_gauge(gauges: Iterable[Gauge], window: Window) -> Gauge:
    """Return the gauge with the best coverage of a window, of equal ones the first; one without a device for none."""
    best, covered = Gauge(read_gauge(np.empty(0, np.int64), np.empty(0))), 0.0
    for gauge in gauges:
        coverage = gauge.sum(*window.pair).coverage
        if coverage > covered:
            best, covered = gauge, coverage
    return best


def _read_device(scope: OrgScope, device: str, window: Window) -> Rain:
    """Return a gauge's rain from an hour before a window to an hour after it, so that its ends are known."""
    which = SeriesFilter(scope.organisation, device, frozenset((RAIN,)))
    start_ms, end_ms = (window.start_ms - GAP_MS) // STEP_MS * STEP_MS, window.end_ms + GAP_MS
    samples = of_one_origin(scope.store.raw(which, start_ms, end_ms, _MOST_SAMPLES + 1))
    if not samples or any(len(series.time_ms) > _MOST_SAMPLES for series in samples):
        buckets = of_one_origin(scope.store.buckets(which, start_ms, end_ms, STEP_MS, NOT_EVALUATED))
        parts = [(bucket.start_ms + STEP_MS - 1, bucket.last) for bucket in buckets]
    else:
        usable = [series.quality <= NOT_EVALUATED for series in samples]
        parts = [(series.time_ms[use], series.value[use]) for series, use in zip(samples, usable, strict=True)]
    if not parts:
        return read_gauge(np.empty(0, np.int64), np.empty(0))
    time_ms, total_mm = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    order = np.argsort(time_ms, kind="stable")
    return read_gauge(time_ms[order], total_mm[order])
