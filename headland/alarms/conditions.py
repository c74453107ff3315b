"""The tests of a rule on samples: at which instants it is bad, over, or neither. Pure.

A sample speaks for the rule's `hold_s`; a value that nobody knows is no evidence for or against anything. Channels and
indices of one device, time ascending, unfit samples already left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.psychrometrics import delta_t_k, dew_point_degc, vapour_pressure_deficit_kpa
from headland.registry.alarm_checks import GATEWAY_VALUES
from headland.registry.alarm_records import AlarmRule, AlarmTest

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Truths = NDArray[np.bool_]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
#: A leaf without a sensor is taken to be so much colder than the air: a clear night under an open canopy [K].
LEAF_ESTIMATE_K: Final = -1.5
#: A day's light so far is known where so much of the day so far is.
LIGHT_COVERAGE: Final = 0.9

_TEMPERATURE: Final = "air_temperature_degc"
_HUMIDITY: Final = "relative_humidity_pct"
_LEAF: Final = "leaf_temperature_degc"
_LIGHT: Final = "par_umol_m2_s"
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "vpd_kpa": (_TEMPERATURE, _HUMIDITY),
    "dew_point_degc": (_TEMPERATURE, _HUMIDITY),
    "condensation_margin_k": (_TEMPERATURE, _HUMIDITY),
    "delta_t_k": (_TEMPERATURE, _HUMIDITY),
    "dli_mol_m2": (_LIGHT,),
    "local_hour": (),
}
#: What a margin is measured with where it is there.
_MAY_USE: Final = {"condensation_margin_k": (_LEAF,)}
#: Any channel at all, for the age of the newest sample.
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """Samples of one channel."""

    time_ms: Times
    value: Values


Samples = Mapping[str, Column]
NOTHING: Final = Column(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule says at each instant; `values[group][test]` is what its tests look at there, NaN where unknown."""

    time_ms: Times
    is_bad: Truths
    is_over: Truths
    is_known: Truths
    values: tuple[tuple[Values, ...], ...]
    bads: tuple[Truths, ...]

    def group_at(self, row: int) -> int:
        """Return the group that makes it bad at a row; the first where none does."""
        return next((group for group, bad in enumerate(self.bads) if bad[row]), 0)


def is_of_gateways(rule: AlarmRule) -> bool:
    """Tell whether a rule looks at gateways rather than at devices."""
    return rule.any_of[0][0].what in GATEWAY_VALUES


def runs_on_the_clock(rule: AlarmRule) -> bool:
    """Tell whether the passing of time alone can raise it: silence sends no sample."""
    return is_of_gateways(rule) or any(test.what == "age_s" for group in rule.any_of for test in group)


def channels_of(rule: AlarmRule) -> frozenset[str]:
    """Return the channels that a rule needs or may use; `ANY` stands for each that there is."""
    tests = [test for group in rule.any_of for test in group]
    return frozenset(channel for test in tests for channel in (*needs_of(test), *_MAY_USE.get(test.what, ())))


def needs_of(test: AlarmTest) -> tuple[str, ...]:
    """Return the channels without which a test says nothing."""
    if test.what == "age_s":
        return (test.of or ANY,)
    return _NEEDS.get(test.what, (test.what,))


def lookback_ms(rule: AlarmRule) -> int:
    """Return how far before an instant the samples lie that a rule needs to judge it."""
    back = rule.hold_s * 1000.0
    for test in (test for group in rule.any_of for test in group):
        hours = test.of_hours or 0.0
        if test.what == "dli_mol_m2":
            hours += 25.0  # the longest local day
        back = max(back, hours * HOUR_MS + rule.hold_s * 1000.0)
    return round(back)


def axis_of(rule: AlarmRule, samples: Samples, after_ms: int, until_ms: int) -> Times:
    """Return the instants in (after_ms, until_ms] at which any channel of the rule has a sample."""
    found = [samples[channel].time_ms for channel in channels_of(rule) if channel in samples]
    if not found:
        return NOTHING.time_ms
    axis = found[0] if len(found) == 1 else np.unique(np.concatenate(found))
    return axis[np.searchsorted(axis, after_ms, "right") : np.searchsorted(axis, until_ms, "right")]


def judge(rule: AlarmRule, samples: Samples, axis_ms: Times, utc_offset_ms: int = 0) -> Judged:
    """Judge a rule at each instant of `axis_ms`; `utc_offset_ms` makes local hours and days of it.

    A group that looks at a channel which the device does not have is left out.
    """
    none = np.zeros(len(axis_ms), np.bool_)
    bad, known, over, seen = none.copy(), none.copy(), ~none, False
    values: list[tuple[Values, ...]] = []
    bads: list[Truths] = []
    for group in rule.any_of:
        there = all(need in samples or need == ANY for test in group for need in needs_of(test))
        found = tuple(
            _value_of(rule, test, samples, axis_ms, utc_offset_ms) if there else np.full(len(axis_ms), np.nan)
            for test in group
        )
        values.append(found)
        bads.append(np.logical_and.reduce([_is_bad(test, value) for test, value in zip(group, found, strict=True)]))
        if not there:
            continue
        seen = True
        bad |= bads[-1]
        over &= np.logical_or.reduce([_is_over(test, value) for test, value in zip(group, found, strict=True)])
        known |= np.logical_and.reduce([np.isfinite(value) for value in found])
    return Judged(axis_ms, bad, over & ~bad if seen else none, known, tuple(values), tuple(bads))


def judge_values(rule: AlarmRule, told: Mapping[str, float], time_ms: int) -> Judged:
    """Judge a rule at one instant by values that are told, such as a gateway's status."""
    now = np.array([time_ms], np.int64)
    return judge(rule, {name: Column(now, np.array([value])) for name, value in told.items()}, now)


def is_estimated(test: AlarmTest, samples: Samples) -> bool:
    """Tell whether what a test looks at is estimated: the margin of a leaf without a sensor."""
    return test.what == "condensation_margin_k" and _LEAF not in samples


def held(column: Column, axis_ms: Times, hold_s: float) -> Values:
    """Return the newest value at each instant, NaN where it is older than `hold_s`."""
    if not len(column.time_ms):
        return np.full(len(axis_ms), np.nan)
    at = np.searchsorted(column.time_ms, axis_ms, "right") - 1
    age = axis_ms - column.time_ms[np.maximum(at, 0)]
    return np.where((at >= 0) & (age <= hold_s * 1000.0), column.value[np.maximum(at, 0)], np.nan)


def _is_bad(test: AlarmTest, value: Values) -> Truths:
    return np.asarray(value >= test.hours) if test.hours is not None else _is_beyond(test, value)


def _is_beyond(test: AlarmTest, value: Values) -> Truths:
    return np.asarray(value < test.below if test.below is not None else value > (test.above or 0.0))


def _is_over(test: AlarmTest, value: Values) -> Truths:
    if test.hours is not None:
        return np.asarray(value < test.hours)
    if test.below is not None:
        return np.asarray(value >= test.below + test.hysteresis)
    return np.asarray(value <= (test.above or 0.0) - test.hysteresis)


def _value_of(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times, utc_offset_ms: int) -> Values:
    if test.hours is None:
        return _plain(rule, test, samples, axis_ms, utc_offset_ms)
    own = [samples[channel].time_ms for channel in needs_of(test)]
    times = own[0] if len(own) == 1 else np.unique(np.concatenate(own))
    value = _plain(rule, test, samples, times, utc_offset_ms)
    counted = _hours_of(times, _is_beyond(test, value), axis_ms, test.of_hours or 0.0, rule.hold_s)
    fresh = held(Column(times, np.where(np.isfinite(value), 0.0, np.nan)), axis_ms, rule.hold_s)
    return counted + fresh


def _hours_of(times: Times, beyond: Truths, axis_ms: Times, of_hours: float, hold_s: float) -> Values:
    """Return the hours of the last `of_hours` at each instant in which `beyond` held; each sample until the next."""
    if not len(times):
        return np.zeros(len(axis_ms))
    ends = np.minimum(np.append(times[1:], times[-1] + round(hold_s * 1000)), times + round(hold_s * 1000))
    edges = np.column_stack((times, ends)).ravel().astype(np.float64)
    steps = np.column_stack((np.zeros(len(times)), np.where(beyond, ends - times, 0))).ravel()
    total = np.cumsum(steps)
    axis = axis_ms.astype(np.float64)
    return np.asarray((np.interp(axis, edges, total) - np.interp(axis - of_hours * HOUR_MS, edges, total)) / HOUR_MS)


def _plain(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times, utc_offset_ms: int) -> Values:
    if test.what == "local_hour":
        return np.asarray(((axis_ms + utc_offset_ms) % DAY_MS) / HOUR_MS)
    if test.what == "age_s":
        return _age_s(samples, test.of, axis_ms)
    if test.what == "dli_mol_m2":
        return _light_so_far(samples[_LIGHT], axis_ms, utc_offset_ms, rule.hold_s)
    if test.what not in _NEEDS:
        return held(samples[test.what], axis_ms, rule.hold_s)
    air = held(samples[_TEMPERATURE], axis_ms, rule.hold_s)
    humidity = held(samples[_HUMIDITY], axis_ms, rule.hold_s)
    match test.what:
        case "vpd_kpa":
            return vapour_pressure_deficit_kpa(air, humidity)
        case "delta_t_k":
            return delta_t_k(air, humidity)
        case "dew_point_degc":
            return dew_point_degc(air, humidity)
    leaf = held(samples[_LEAF], axis_ms, rule.hold_s) if _LEAF in samples else air + LEAF_ESTIMATE_K
    return np.asarray(leaf - dew_point_degc(air, humidity))


def _age_s(samples: Samples, of: str | None, axis_ms: Times) -> Values:
    columns = list(samples.values()) if of is None else [samples[of]]
    newest = np.full(len(axis_ms), -np.inf)
    for column in columns:
        at = np.searchsorted(column.time_ms, axis_ms, "right") - 1
        newest = np.maximum(newest, np.where(at >= 0, column.time_ms[np.maximum(at, 0)], -np.inf))
    return np.where(np.isfinite(newest), (axis_ms - newest) / 1000.0, np.nan)


def _light_so_far(light: Column, axis_ms: Times, utc_offset_ms: int, hold_s: float) -> Values:
    """Return the photons of the local day so far [mol/m2]; NaN where too little of the day is known."""
    time = light.time_ms.astype(np.float64)
    if len(time) < 2:
        return np.full(len(axis_ms), np.nan)
    flux = np.maximum(light.value, 0.0)
    steps = np.diff(time) / 1000.0
    joined = steps <= hold_s
    sums = np.concatenate(([0.0], np.cumsum(np.where(joined, steps * (flux[1:] + flux[:-1]) / 2e6, 0.0))))
    known = np.concatenate(([0.0], np.cumsum(np.where(joined, steps, 0.0))))
    axis = axis_ms.astype(np.float64)
    dawn = axis - (axis_ms + utc_offset_ms) % DAY_MS
    elapsed_s = np.maximum((axis - dawn) / 1000.0, 1.0)
    covered = (np.interp(axis, time, known) - np.interp(dawn, time, known)) / elapsed_s
    so_far = np.interp(axis, time, sums) - np.interp(dawn, time, sums)
    return np.where(covered >= LIGHT_COVERAGE, so_far, np.nan)
