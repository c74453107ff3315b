"""Samples of a greenhouse, read onto a grid of five minutes and checked for sensor faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE, RELATIVE_HUMIDITY
from headland.agronomy.climate.light import SUN_UMOL_J
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa, saturation_vapour_pressure_kpa
from headland.agronomy.plausibility.judgement import find_bright
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.cadence import fill_by_cadence
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, GOOD, NOT_EVALUATED, SUSPECT
from headland.agronomy.series.sensor_health import check_channel, compare_twins
from headland.agronomy.series.stamps import Stamp, is_slow
from headland.agronomy.series.time_grid import STEP_MS, Periods
from headland.analysis.greenhouse.house import House, settle_origins
from headland.analysis.greenhouse.house_grid import DeviceGrid, HouseGrid
from headland.analysis.greenhouse.plausible import DeviceVerdict, bright_samples, judge_house
from headland.analysis.greenhouse.run_in import RunIn
from headland.analysis.inputs.answers import finding_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.sensor_faults import DeviceFault, faults_of, mark_faults, one_each
from headland.analysis.inputs.window import Window
from headland.store.port import DeviceRecord, SeriesFilter, Times
from headland.units_of_time import DAY_MS

#: More samples of a channel than this are read as means of five minutes from the store's rollups.
MOST_SAMPLES: Final = 400_000
#: Samples of half a day before and after the grid are read with it: they tell the cadence, the value of the first and
#: last steps of a slow one, and whether a sensor was stuck; so a step has one value whatever grid it is in.
_BESIDE_MS: Final = DAY_MS // 2
#: The same beside a run-in, which has neighbours of its own.
RUN_IN_BESIDE_MS: Final = DAY_MS // 4
#: The quantities whose sensors are compared.
_COMPARED: Final = (AIR_TEMPERATURE, RELATIVE_HUMIDITY)
#: Instances of a quantity on one device: the first sensor, `air_temperature_degc:1` and so on.
_INSTANCES: Final = ("", ":1", ":2", ":3", ":4")


def read_grid(
    scope: OrgScope,
    house: House,
    quantities: Iterable[str],
    periods: Periods,
    within: Window | None = None,
    *,
    told: Window | None = None,
    beside_ms: int = _BESIDE_MS,
    sun: str | None = None,
    is_past: bool = True,
    stamps: Mapping[str, Stamp] | None = None,
    also_confirmed: bool = False,
) -> HouseGrid:
    """Return some quantities of all devices of a house, checked, on the grid of some periods.

    Periods are whole grid steps; of the first and the last one only samples `within` a window count, if it has any.
    Findings are those of the window `told`, without it of all periods. Samples of `beside_ms` before and after the grid
    are read with it, after it only where it `is_past`: a forecast does not look ahead. The channel `sun` is read where
    a second thermometer or hygrometer is compared by it. `stamps` is what the stamps of slow samples mean, by device.
    `also_confirmed`: with findings whose doubted value a person confirmed.
    """
    whole = Window(periods.start_ms, periods.start_ms + STEP_MS * periods.steps)
    if within is not None:
        whole = Window(max(whole.start_ms, within.start_ms), min(whole.end_ms, within.end_ms))
    house = settle_origins(scope, house, whole)
    wanted = [f"{quantity}{instance}" for quantity in quantities for instance in _INSTANCES]
    beside = Window(whole.start_ms - beside_ms, whole.end_ms + (beside_ms if is_past else 0))
    faults = faults_of(scope, house.records, beside, is_past=is_past)
    devices, left_out = [], []
    reach = _beside(periods, beside_ms, is_past=is_past)
    columns = [_read_columns(scope, record, wanted, reach, sun) for record in house.records]
    judged = judge_house(scope, house, columns, also_confirmed=also_confirmed)
    for record, read, verdicts in zip(house.records, columns, judged, strict=True):
        stamp = (stamps or {}).get(record.descriptor.device, "instant")
        own = [fault for fault in faults if fault.device == record.descriptor.device]
        checks = _Checks(house, record, verdicts, own, told or whole)
        grid, findings = _read_device(checks, read, periods, whole, beside_ms, stamp)
        devices.append(grid)
        left_out += [finding_of(grid.device, finding) for finding in findings]
    return HouseGrid(periods, devices, left_out)


def read_with_run_in(
    scope: OrgScope,
    house: House,
    quantities: Iterable[str],
    run: RunIn,
    *,
    sun: str | None = None,
    stamps: Mapping[str, Stamp] | None = None,
) -> HouseGrid:
    """Return some quantities of a house on the grid of all periods of a run-in; only the asked ones have findings."""
    asked = Window(run.asked.start_ms, run.asked.window(len(run.asked) - 1)[1])
    return read_grid(
        scope, house, quantities, run.periods, told=asked, beside_ms=RUN_IN_BESIDE_MS, sun=sun, stamps=stamps
    )


@dataclass(frozen=True, slots=True)
class _Checks:
    """A device of a house with what is wrong with whole channels, faults in their course, and the window to tell of."""

    house: House
    record: DeviceRecord
    verdict: DeviceVerdict
    faults: Sequence[DeviceFault]
    told: Window


def _beside(periods: Periods, beside_ms: int, *, is_past: bool) -> Window:
    """Return the time of a grid with its margins, whole steps, so that the part in the middle is the grid itself."""
    steps = beside_ms // STEP_MS
    end_ms = periods.start_ms + STEP_MS * (periods.steps + (steps if is_past else 0))
    return Window(periods.start_ms - beside_ms, end_ms)


def _read_columns(
    scope: OrgScope, record: DeviceRecord, wanted: list[str], beside: Window, sun: str | None
) -> dict[str, tuple[Times, Values, Counts, Counts]]:
    columns = _read(scope, record, wanted, beside)
    if sun is not None and any(channel.partition(":")[0] in _COMPARED and ":" in channel for channel in columns):
        columns |= _read(scope, record, [f"{sun}{instance}" for instance in _INSTANCES], beside)
    return columns


def _read_device(
    checks: _Checks,
    columns: dict[str, tuple[Times, Values, Counts, Counts]],
    periods: Periods,
    window: Window,
    beside_ms: int,
    stamp: Stamp,
) -> tuple[DeviceGrid, list[SensorFinding]]:
    record, told = checks.record, checks.told
    grid = DeviceGrid(record.descriptor.device)
    findings: list[SensorFinding] = []
    good: dict[str, tuple[Times, Values]] = {}
    steps = beside_ms // STEP_MS
    wide = Periods(periods.start_ms - beside_ms, np.array([0, periods.steps + 2 * steps], np.int64))
    for channel, (at_ms, value, flag, count) in columns.items():
        meaning: Stamp = stamp if is_slow(at_ms) else "instant"
        # The mean of what is before an instant belongs to the step that ends there.
        time_ms = at_ms - 1 if meaning == "before" else at_ms
        inside = (time_ms >= window.start_ms) & (time_ms < window.end_ms)
        ingested = flag > NOT_EVALUATED
        is_told = (time_ms >= told.start_ms) & (time_ms < told.end_ms)
        verdict = checks.verdict.findings.get(channel)
        flags, channel_findings = check_channel(channel, time_ms, value, is_told, verdict)
        # What is bright for another place is none of a place that a person confirmed.
        if verdict is None and channel not in checks.verdict.believed:
            bright = bright_samples(checks.house, record, channel, time_ms, value)
            flags[bright] = FAIL
            if (bright & is_told).any():
                channel_findings.append(find_bright(channel, time_ms, bright & is_told))
        own = [fault for fault in checks.faults if fault.channel == channel]
        channel_findings = one_each(channel_findings + mark_faults(own, at_ms, flags, is_told & (flags < FAIL)))
        use = ~ingested & (flags < FAIL) & np.isfinite(value)
        declared = record.descriptor.channels.get(channel)
        filled = use & _without_cut_steps(time_ms, use, inside, periods)
        values, intervals = fill_by_cadence(
            wide, time_ms[filled], value[filled], time_ms, None if declared is None else declared.interval_s, meaning
        )
        if not inside.any() and not np.isfinite(values[steps:-steps]).any():
            continue
        findings += _flagged_findings(channel, time_ms, flag, ingested & is_told)
        findings += channel_findings
        good[channel] = (time_ms[use & is_told], value[use & is_told])
        grid.values[channel] = values[steps:-steps]
        if intervals is not None and intervals[steps:-steps].any():
            grid.intervals[channel] = intervals[steps:-steps]
        counted = use & inside
        at = (time_ms[counted] - periods.start_ms) // STEP_MS
        grid.counts[channel] = np.bincount(at, count[counted], periods.steps).astype(np.int64)
        worst = np.where(flags[counted] == SUSPECT, SUSPECT, np.maximum(flag[counted], GOOD)).astype(np.int64)
        grid.flags[channel] = _worst_by_step(at, worst, grid.counts[channel])
    findings += _compare_sensors(grid, good, periods, {fault.channel for fault in checks.faults})
    _use_second_sensors(grid)
    return grid, findings


def _without_cut_steps(time_ms: Times, use: Mask, inside: Mask, periods: Periods) -> Mask:
    """Return the samples but for those outside a window in the step that it cuts, where that has others."""
    end_ms = periods.start_ms + STEP_MS * periods.steps
    fit = np.ones(len(time_ms), np.bool_)
    for start_ms in (periods.start_ms, end_ms - STEP_MS):
        within = (time_ms >= start_ms) & (time_ms < start_ms + STEP_MS)
        if (within & use & inside).any():
            fit &= ~within | inside
    return fit


def _worst_by_step(at: Counts, flag: Counts, count: Counts) -> Counts:
    """Return the worst flag of each step, 0 where it has no sample."""
    best = int(flag.min()) if len(flag) else GOOD
    worst = np.where(count > 0, best, 0)
    beyond = flag > best
    if beyond.any():
        np.maximum.at(worst, at[beyond], flag[beyond])
    return worst


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


def _compare_sensors(
    grid: DeviceGrid, good: dict[str, tuple[Times, Values]], periods: Periods, faulty: Set[str]
) -> list[SensorFinding]:
    """Compare the sensors of one quantity, and leave out samples that the sun falsified.

    Where a fault of one of them is known, it is why they drift apart.
    """
    par = grid.values.get("par_umol_m2_s")
    sun = par / SUN_UMOL_J if par is not None else grid.values.get("global_radiation_w_m2")
    findings = []
    for quantity in _COMPARED:
        twins = {c: s for c, s in good.items() if c.partition(":")[0] == quantity and len(s[0])}
        compared = compare_twins(periods, twins, sun)
        if faulty & twins.keys():
            compared = [finding for finding in compared if finding.test != "drift"]
        findings += compared
        for finding in compared:
            if not finding.left_out:
                flags = grid.flags[finding.channel]
                grid.flags[finding.channel] = np.where(flags > 0, np.maximum(flags, finding.flag), 0)
            if finding.left_out and sun is not None:
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
            twin = f"{RELATIVE_HUMIDITY}{instance}"
            grid.stand_ins[RELATIVE_HUMIDITY], grid.replaced[RELATIVE_HUMIDITY] = twin, take
            for columns in (grid.counts, grid.flags):
                own = columns.get(RELATIVE_HUMIDITY, np.zeros(len(air), np.int64))
                columns[RELATIVE_HUMIDITY] = np.where(take, columns[twin], own)
            if RELATIVE_HUMIDITY in grid.intervals or RELATIVE_HUMIDITY not in grid.values:
                nothing = np.zeros(len(air))
                own_ms, twin_ms = (grid.intervals.get(name, nothing) for name in (RELATIVE_HUMIDITY, twin))
                grid.intervals[RELATIVE_HUMIDITY] = np.where(take, twin_ms, own_ms)
            grid.values[RELATIVE_HUMIDITY] = humidity
            return
