"""Samples of a greenhouse on a grid of five minutes, checked for sensor faults, with findings about faulty ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE, RELATIVE_HUMIDITY
from headland.agronomy.climate.light import SUN_UMOL_J
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa, saturation_vapour_pressure_kpa
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.qartod import FAIL, NOT_EVALUATED, SUSPECT
from headland.agronomy.series.sensor_health import SensorFinding, check_channel, compare_twins
from headland.agronomy.series.time_grid import STEP_MS, Periods, fill_gaps, mean_by_step
from headland.analysis.greenhouse.house import House
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.store.port import DeviceRecord, SeriesFilter, Times

#: More samples of a channel than this are read as means of five minutes from the store's rollups.
MOST_SAMPLES: Final = 400_000
#: Instances of a quantity on one device: the first sensor, `air_temperature_degc:1` and so on.
_INSTANCES: Final = ("", ":1", ":2", ":3", ":4")


@dataclass(frozen=True, slots=True)
class DeviceFinding:
    """A finding about a sensor of a device."""

    device: str
    finding: SensorFinding


@dataclass(slots=True)
class DeviceGrid:
    """A device's channels on the grid: means and numbers of samples by step, and the worst flag used.

    `stand_ins` has the second sensor by the channel whose gaps it filled.
    """

    device: str
    values: dict[str, Values] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    quality: dict[str, int] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HouseGrid:
    """A greenhouse on the grid: its devices, and the findings about their sensors."""

    periods: Periods
    devices: list[DeviceGrid]
    left_out: list[DeviceFinding]
    _counted: dict[tuple[str, ...], list[int]] = field(default_factory=dict, repr=False, compare=False)

    def mean(self, channel: str) -> Values | None:
        """Return the mean of the devices by step, None where no device has the channel."""
        columns = [device.values[channel] for device in self.devices if channel in device.values]
        if not columns:
            return None
        if len(columns) == 1:
            return columns[0]
        known = np.isfinite(columns)
        total = np.where(known, columns, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)

    def counts_of(self, channels: tuple[str, ...]) -> list[int]:
        """Return the number of samples in each period, of the channel with the fewest."""
        if channels not in self._counted:
            edges, none = self.periods.edges[:-1], np.zeros(len(self.periods), np.int64)
            sums = [
                sum((np.add.reduceat(d.counts[c], edges) for d in self.devices if c in d.counts), none)
                for c in channels
            ]
            self._counted[channels] = (np.minimum.reduce(sums) if sums else none).tolist()
        return self._counted[channels]

    def quality(self, channels: Iterable[str]) -> int:
        """Return the worst flag among the samples of some channels that were used."""
        used = [device.quality[c] for c in channels for device in self.devices if c in device.quality]
        return max(used, default=1)

    def evidence(self, channels: Iterable[str]) -> str:
        """Return `measured`, or `measured_twin` where a second sensor replaced the first."""
        is_replaced = any(channel in device.stand_ins for channel in channels for device in self.devices)
        return "measured_twin" if is_replaced else "measured"


def read_grid(
    scope: OrgScope, house: House, quantities: Iterable[str], periods: Periods, within: Window | None = None
) -> HouseGrid:
    """Return some quantities of all devices of a house, checked, on the grid of some periods.

    Periods are whole grid steps; `within` leaves out samples of the first and last step that are outside a window.
    """
    whole = Window(periods.start_ms, periods.start_ms + STEP_MS * periods.steps)
    if within is not None:
        whole = Window(max(whole.start_ms, within.start_ms), min(whole.end_ms, within.end_ms))
    wanted = [f"{quantity}{instance}" for quantity in quantities for instance in _INSTANCES]
    devices, left_out = [], []
    for record in house.records:
        grid, findings = _read_device(scope, record, wanted, periods, whole)
        devices.append(grid)
        left_out += [DeviceFinding(grid.device, finding) for finding in findings]
    return HouseGrid(periods, devices, left_out)


def _read_device(
    scope: OrgScope, record: DeviceRecord, wanted: list[str], periods: Periods, window: Window
) -> tuple[DeviceGrid, list[SensorFinding]]:
    grid = DeviceGrid(record.descriptor.device)
    findings: list[SensorFinding] = []
    good: dict[str, tuple[Times, Values]] = {}
    for channel, (time_ms, value, flag, count) in _read(scope, record, wanted, window).items():
        ingested = flag > NOT_EVALUATED
        findings += _flagged_findings(channel, time_ms, flag, ingested)
        flags, channel_findings = check_channel(channel, time_ms, value)
        findings += channel_findings
        use = ~ingested & (flags < FAIL) & np.isfinite(value)
        good[channel] = (time_ms[use], value[use])
        grid.quality[channel] = (
            int(max(flag[use].max(), SUSPECT if (flags[use] == SUSPECT).any() else 1)) if use.any() else 9
        )
        grid.values[channel] = fill_gaps(mean_by_step(periods, *good[channel])[0])
        at = (time_ms[use] - periods.start_ms) // STEP_MS
        fit = (at >= 0) & (at < periods.steps)
        grid.counts[channel] = np.bincount(at[fit], count[use][fit], periods.steps).astype(np.int64)
    findings += _compare_sensors(grid, good, periods)
    _use_second_sensors(grid)
    return grid, findings


def _read(
    scope: OrgScope, record: DeviceRecord, wanted: list[str], window: Window
) -> dict[str, tuple[Times, Values, Counts, Counts]]:
    """Return time, value, flag and number of samples of each channel; means of steps where samples are too many."""
    which = SeriesFilter(scope.organisation, record.descriptor.device, frozenset(wanted))
    parts: dict[str, list[tuple[Times, Values, Counts, Counts]]] = {}
    simulated = record.descriptor.simulated
    samples = scope.store.raw(which, window.start_ms, window.end_ms, MOST_SAMPLES + 1)
    if any(len(series.time_ms) > MOST_SAMPLES for series in samples):
        for bucket in scope.store.buckets(which, window.start_ms, window.end_ms, STEP_MS, NOT_EVALUATED):
            if bucket.key.simulated == simulated:
                flags = np.ones(len(bucket.start_ms), np.int64)
                parts.setdefault(bucket.key.channel, []).append((bucket.start_ms, bucket.mean, flags, bucket.count))
    else:
        for series in samples:
            if series.key.simulated == simulated:
                ones = np.ones(len(series.time_ms), np.int64)
                row = (series.time_ms, series.value, series.quality.astype(np.int64), ones)
                parts.setdefault(series.key.channel, []).append(row)
    columns = {}
    for channel, rows in parts.items():
        joined = [np.concatenate([row[i] for row in rows]) for i in range(4)]
        order = np.argsort(joined[0], kind="stable")
        columns[channel] = (joined[0][order], joined[1][order], joined[2][order], joined[3][order])
    return columns


def _flagged_findings(channel: str, time_ms: Times, flag: Counts, bad: Mask) -> list[SensorFinding]:
    """Return the finding about samples that gateway or ingest flagged."""
    if not bad.any():
        return []
    at = np.flatnonzero(bad)
    detail = "flagged as suspect or failed on arrival"
    worst = int(flag[at].max())
    return [SensorFinding(channel, "flagged", worst, len(at), int(time_ms[at[0]]), int(time_ms[at[-1]]), True, detail)]


def _compare_sensors(grid: DeviceGrid, good: dict[str, tuple[Times, Values]], periods: Periods) -> list[SensorFinding]:
    """Compare the sensors of one quantity, and leave out samples that the sun falsified."""
    par = grid.values.get("par_umol_m2_s")
    sun = par / SUN_UMOL_J if par is not None else grid.values.get("global_radiation_w_m2")
    findings = []
    for quantity in (AIR_TEMPERATURE, RELATIVE_HUMIDITY):
        twins = {c: s for c, s in good.items() if c.partition(":")[0] == quantity and len(s[0])}
        compared = compare_twins(periods, twins, sun)
        findings += compared
        for finding in compared:
            grid.quality[finding.channel] = max(
                grid.quality[finding.channel], finding.flag if not finding.left_out else 1
            )
            if finding.left_out and finding.test.startswith("unit_"):
                grid.values[finding.channel] = np.full(periods.steps, np.nan)
            elif finding.left_out and sun is not None:
                grid.values[finding.channel] = np.where(sun > 50.0, np.nan, grid.values[finding.channel])
    return findings


def _use_second_sensors(grid: DeviceGrid) -> None:
    """Fill unknown humidity from a second pair of sensors by its vapour pressure.

    Vapour mixes within minutes while temperatures differ: the vapour pressure at the second pair is valid for the air
    at the first thermometer too.
    """
    air = grid.values.get(AIR_TEMPERATURE)
    if air is None:
        return
    humidity = grid.values.get(RELATIVE_HUMIDITY, np.full(len(air), np.nan))
    for instance in _INSTANCES[1:]:
        twin_t, twin_rh = (
            grid.values.get(f"{AIR_TEMPERATURE}{instance}"),
            grid.values.get(f"{RELATIVE_HUMIDITY}{instance}"),
        )
        if twin_t is None or twin_rh is None:
            continue
        vapour = actual_vapour_pressure_kpa(twin_t, twin_rh)
        derived = np.minimum(100.0 * vapour / saturation_vapour_pressure_kpa(air), 100.0)
        take = ~np.isfinite(humidity) & np.isfinite(derived)
        if take.any():
            humidity = np.where(take, derived, humidity)
            grid.stand_ins[RELATIVE_HUMIDITY] = f"{RELATIVE_HUMIDITY}{instance}"
            counts = grid.counts.get(RELATIVE_HUMIDITY, np.zeros(len(air), np.int64))
            grid.counts[RELATIVE_HUMIDITY] = np.where(take, grid.counts[f"{RELATIVE_HUMIDITY}{instance}"], counts)
            worst = grid.quality[f"{RELATIVE_HUMIDITY}{instance}"]
            grid.quality[RELATIVE_HUMIDITY] = (
                worst if grid.quality.get(RELATIVE_HUMIDITY, 9) == 9 else max(grid.quality[RELATIVE_HUMIDITY], worst)
            )
            grid.values[RELATIVE_HUMIDITY] = humidity
            return
