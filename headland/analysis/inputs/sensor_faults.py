"""Faults of the sensors in one place, found in whole weeks of their samples with the days before, once for all answers.

A week is one of a fixed calendar, and judged with the seventeen days before it as far as they are known now: a day's
verdict is the same whichever window asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import EXPLAIN, LEFT_OUT, SIZES, SPIKES, Fault, Samples
from headland.agronomy.sensor_faults.told_fault import tell_fault
from headland.agronomy.series.arrays import Mask, QualityFlags, Times
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, GOOD, NOT_EVALUATED, SUSPECT
from headland.agronomy.series.sensor_health import check_channel
from headland.agronomy.series.time_grid import STEP_MS
from headland.analysis.inputs.answers import DeviceFinding, finding_of
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.quantities import unit_of_channel
from headland.contract.units import UNITS, unit_labels
from headland.runtime.cancellation import check_cancelled
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

_WEEK_MS, _BEFORE_MS = 7 * DAY_MS, 17 * DAY_MS
#: The weeks before now that are judged: a season.
_WEEKS: Final = 13
#: More samples of a channel than this are read as means of five minutes.
_MOST_SAMPLES: Final = 40_000
#: A fault that was there so shortly before the end of what is known goes on.
_GOES_ON_MS: Final = 2 * HOUR_MS
#: No fault is told from shorter series.
_LEAST_MS: Final = 12 * HOUR_MS
#: Samples are looked at for changes again after so long.
_FRESH_MS: Final = MINUTE_MS
#: Instances of a quantity on one device.
_INSTANCES: Final = ("", ":1", ":2", ":3", ":4")
_CHANNELS: Final = frozenset(f"{quantity}{instance}" for quantity in (*SIZES, *EXPLAIN) for instance in _INSTANCES)


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """A fault of a device's channel in one week; `spikes` are the instants of lone values, each `wide_ms` long.

    `end_ms` is the end of the fault, that of the week where it goes on at the end of what was known.
    """

    device: str
    channel: str
    fault: Fault
    spikes: Times
    wide_ms: int
    week: Window
    end_ms: int

    def covers(self, time_ms: Times) -> Mask:
        """Return which instants of the week the fault is about: of the days before it their own weeks tell."""
        inside = (time_ms >= self.week.start_ms) & (time_ms < self.week.end_ms)
        if self.fault.kind != SPIKES:
            return inside & (time_ms >= self.fault.start_ms) & (time_ms <= self.end_ms)
        at = np.searchsorted(self.spikes, time_ms, "right") - 1
        return inside & (at >= 0) & (time_ms < self.spikes[np.maximum(at, 0)] + self.wide_ms)


def faults_of(scope: OrgScope, records: Sequence[DeviceRecord], window: Window, *, is_past: bool) -> list[DeviceFault]:
    """Return the faults in a window of the sensors of some devices in one place.

    Nothing behind the window is looked at where it is not past: a forecast does not look ahead.
    """
    last_ms = (min(window.end_ms, scope.now_ms) if not is_past else scope.now_ms) // HOUR_MS * HOUR_MS
    weeks = range(window.start_ms // _WEEK_MS, -(-min(window.end_ms, last_ms + HOUR_MS) // _WEEK_MS))
    faults: list[DeviceFault] = []
    for week in (week for week in weeks if week >= scope.now_ms // _WEEK_MS - _WEEKS):
        start_ms, end_ms = week * _WEEK_MS, min((week + 1) * _WEEK_MS, last_ms)
        if end_ms > start_ms:
            found = _judge_week(scope, records, Window(start_ms, end_ms))
            faults += [one for one in found if one.end_ms >= start_ms]
    return faults


def recent_faults(scope: OrgScope, records: Sequence[DeviceRecord]) -> list[DeviceFinding]:
    """Return the faults of the last day of the sensors of some devices in one place, the surest of each kind."""
    day = Window(scope.now_ms - DAY_MS, scope.now_ms)
    settled = [for_window(scope, record, day) for record in records]
    surest: dict[tuple[str, str, str], DeviceFault] = {}
    for one in faults_of(scope, settled, day, is_past=True):
        key = (one.device, one.channel, one.fault.kind)
        if one.end_ms >= day.start_ms and (key not in surest or surest[key].fault.chance < one.fault.chance):
            surest[key] = one
    return [
        finding_of(
            one.device,
            tell_fault(
                one.fault,
                one.channel,
                len(one.fault.at),
                (one.fault.start_ms, min(one.fault.end_ms, scope.now_ms)),
                _unit_of(one.channel),
            ),
        )
        for one in surest.values()
    ]


def mark_faults(faults: Sequence[DeviceFault], time_ms: Times, flags: QualityFlags, told: Mask) -> list[SensorFinding]:
    """Set the flags of a channel's samples that faults are about, and return the findings of those that are `told`.

    Weeks that touch tell of one fault: the findings of a kind are one, with the surest chance.
    """
    findings: dict[str, SensorFinding] = {}
    by_kind: dict[str, list[DeviceFault]] = {}
    for one in faults:
        by_kind.setdefault(one.fault.kind, []).append(one)
    for kind, same in by_kind.items():
        covered = np.logical_or.reduce([one.covers(time_ms) for one in same])
        flags[covered] = np.maximum(flags[covered], FAIL if kind in LEFT_OUT else SUSPECT)
        if (covered & told).any():
            surest = max(same, key=lambda one: one.fault.chance)
            at = np.flatnonzero(covered & told)
            since_ms = min(one.fault.start_ms for one in same)
            span_ms = since_ms, int(time_ms[at[-1]])
            findings[kind] = tell_fault(surest.fault, surest.channel, len(at), span_ms, _unit_of(surest.channel))
    return list(findings.values())


def _unit_of(channel: str) -> str:
    """Return the unit of a difference of a channel's values, as it is written."""
    symbol = unit_of_channel(channel) or ""
    return "K" if symbol == "degC" else unit_labels(UNITS[symbol])["en"] if symbol in UNITS else symbol


def one_each(findings: Sequence[SensorFinding]) -> list[SensorFinding]:
    """Return the findings about a channel with those of one test as one: lone values large and small are spikes."""
    told: dict[str, SensorFinding] = {}
    for one in findings:
        known = told.get(one.test)
        if known is None:
            told[one.test] = one
            continue
        span = min(known.start_ms, one.start_ms), max(known.end_ms, one.end_ms)
        surest = one if known.cause is None else known
        told[one.test] = replace(surest, n=known.n + one.n, start_ms=span[0], end_ms=span[1])
    return list(told.values())


def _judge_week(scope: OrgScope, records: Sequence[DeviceRecord], week: Window) -> list[DeviceFault]:
    span = Window(week.start_ms - _BEFORE_MS, week.end_ms)
    names = tuple((record.descriptor.device, record.descriptor.simulated) for record in records)
    family = ("sensor-fault-version", scope.organisation, names, span.start_ms)
    key = (*family, span.end_ms, scope.now_ms // _FRESH_MS)
    version = scope.cache.get(key, lambda: _version(scope, records, span), family)
    family = ("sensor-faults", scope.organisation, names, span.start_ms)
    return scope.cache.get((*family, span.end_ms, version), lambda: _find(scope, records, span, week), family)


def _version(scope: OrgScope, records: Sequence[DeviceRecord], span: Window) -> bytes:
    """Return a digest of the hours of a span: late samples change it."""
    digest = blake2b(digest_size=16)
    for record in records:
        which = SeriesFilter(scope.organisation, record.descriptor.device, _CHANNELS)
        for hours in scope.store.buckets(which, span.start_ms, span.end_ms, HOUR_MS, NOT_EVALUATED):
            digest.update(repr(hours.key).encode())
            for column in (hours.start_ms, hours.count, hours.low, hours.high, hours.last):
                digest.update(column.tobytes())
    return digest.digest()


def _find(scope: OrgScope, records: Sequence[DeviceRecord], span: Window, week: Window) -> list[DeviceFault]:
    series: dict[str, Samples] = {}
    wide: dict[str, int] = {}
    for record in records:
        check_cancelled()
        for channel, (samples, wide_ms) in _read(scope, record, span).items():
            name = f"{record.descriptor.device}/{channel}"
            series[name], wide[name] = samples, wide_ms
    found = []
    is_long = any(time_ms[-1] - time_ms[0] >= _LEAST_MS for time_ms, _ in series.values())
    for fault in find_faults(series) if is_long else ():
        device, _, channel = fault.channel.rpartition("/")
        spikes = series[fault.channel][0][fault.at] if fault.kind == SPIKES else np.zeros(0, np.int64)
        goes_on = fault.end_ms >= span.end_ms - _GOES_ON_MS
        whole = Window(week.start_ms, week.start_ms + _WEEK_MS)
        end_ms = whole.end_ms if goes_on else fault.end_ms
        found.append(DeviceFault(device, channel, fault, spikes, wide[fault.channel], whole, end_ms))
    return found


def _read(scope: OrgScope, record: DeviceRecord, span: Window) -> dict[str, tuple[Samples, int]]:
    """Return the usable samples of a device's channels in a span, and how long each is: those of one origin."""
    which = SeriesFilter(scope.organisation, record.descriptor.device, _CHANNELS)
    simulated, columns = record.descriptor.simulated, {}
    rows = scope.store.raw(which, span.start_ms, span.end_ms, _MOST_SAMPLES + 1)
    if any(len(row.time_ms) > _MOST_SAMPLES for row in rows):
        buckets = scope.store.buckets(which, span.start_ms, span.end_ms, STEP_MS, NOT_EVALUATED)
        columns = {b.key.channel: (b.start_ms, b.mean, STEP_MS) for b in buckets if b.key.simulated == simulated}
    else:
        for row in rows:
            if row.key.simulated == simulated:
                good = (row.quality <= NOT_EVALUATED) & np.isfinite(row.value)
                columns[row.key.channel] = (row.time_ms[good], row.value[good], 1)
    found = {}
    for channel, (time_ms, value, wide_ms) in columns.items():
        flags, _ = check_channel(channel, time_ms, value)
        keep = (flags < FAIL) & (flags >= GOOD) & np.concatenate(([True], np.diff(time_ms) > 0))
        if keep.any():
            found[channel] = ((time_ms[keep], value[keep]), wide_ms)
    return found
