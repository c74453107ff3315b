"""Health of the sensors of a greenhouse, by device and channel: good, doubtful, failed or silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from msgspec import Meta

from headland.agronomy.series.arrays import Counts, Values
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import MISSING
from headland.agronomy.series.sensor_health import LIMITS
from headland.agronomy.series.time_grid import STEP_MS, make_periods
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.answers import DeviceFinding, finding_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.freshness import silent_after_s
from headland.contract.records import Descriptor
from headland.units_of_time import MINUTE_MS

#: The tests that find what cannot be as declared: another unit, place, clock or channel.
_UNITS: Final = ("unit_fraction", "unit_fahrenheit", "unit", "sun", "swapped")


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """The health of a channel over the window."""

    channel: Annotated[str, "Name of the channel."]
    zone: Annotated[str, "Name of the zone; empty in none."]
    state: Annotated[str, "good, doubtful (used, see findings), failed (left out) or silent."]
    n: Annotated[int, "Number of samples used."]
    coverage: Annotated[float, Meta(ge=0, le=1), "Share of the window covered by used samples."]
    findings: Annotated[list[DeviceFinding], "Findings about the channel."]


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """The channels of one device."""

    device: str
    channels: Annotated[list[ChannelHealth], "Channels by name."]


def check_sensors(scope: OrgScope, house: House, window: Window, *, also_confirmed: bool = False) -> list[DeviceHealth]:
    """Return the health of every channel that has limits, by device and channel.

    `also_confirmed`: with findings whose doubted value a person confirmed.
    """
    periods = make_periods([window.start_ms], window.end_ms)
    grid = read_grid(scope, house, tuple(LIMITS), periods, also_confirmed=also_confirmed)
    devices: dict[str, DeviceHealth] = {}
    for record, device in zip(house.records, grid.devices, strict=True):
        zone = house.zones.get(device.device)
        described = {c for c in record.descriptor.channels if c.partition(":")[0] in LIMITS}
        for channel in sorted(described | device.values.keys()):
            findings = [entry for entry in grid.left_out if (entry.device, entry.channel) == (device.device, channel)]
            values, count = device.values.get(channel), device.counts.get(channel)
            is_replaced = channel in device.stand_ins
            n = 0 if count is None or is_replaced else int(count.sum())
            coverage = 0.0 if values is None else float(np.isfinite(values).mean())
            silence = _silence(record.descriptor, channel, count, device.intervals.get(channel), window)
            # A sensor whose last samples were left out is not silent.
            if silence is not None and not any(e.left_out and e.end_ms >= silence.start_ms for e in findings):
                findings = [*findings, silence]
            zone_name = "" if zone is None else zone.name
            health = ChannelHealth(channel, zone_name, _state(findings), n, coverage, findings)
            devices.setdefault(device.device, DeviceHealth(device.device, [])).channels.append(health)
    return list(devices.values())


def _silence(
    descriptor: Descriptor, channel: str, count: Counts | None, interval_ms: Values | None, window: Window
) -> DeviceFinding | None:
    """Return the finding that a channel is silent at the window's end, by its declared interval or the observed one."""
    declared = descriptor.channels.get(channel)
    interval_s = None if declared is None else declared.interval_s
    if interval_ms is not None and np.nan_to_num(interval_ms[-1]) > 1000.0 * (interval_s or 0.0):
        interval_s = float(interval_ms[-1]) / 1000.0
    # A sample is anywhere in its step: silent are as many whole steps.
    steps = int(silent_after_s(interval_s, descriptor.kind) * 1000.0) // STEP_MS
    if count is not None and count[-steps:].any():
        return None
    start_ms = window.start_ms
    if count is not None and count.any():
        start_ms += STEP_MS * int(np.flatnonzero(count)[-1] + 1)
    detail = f"no usable sample for {steps * STEP_MS // MINUTE_MS} min or longer up to the end"
    return finding_of(
        descriptor.device, SensorFinding(channel, "silent", MISSING, 0, start_ms, window.end_ms, False, detail)
    )


def _state(findings: list[DeviceFinding]) -> str:
    tests = {entry.test for entry in findings}
    failed = {"flat_line", "stuck", "alternating", "noise", "sun_heated", *_UNITS, "blocked_gauge"}
    if any(entry.left_out and entry.test in failed for entry in findings):
        return "failed"
    if "silent" in tests:
        return "silent"
    doubts = {
        "drift",
        "step",
        "gain",
        "over_saturation",
        "gross_range",
        "flagged",
        "flat_line",
        "flat_at_limit",
        *_UNITS,
    }
    return "doubtful" if tests & doubts else "good"
