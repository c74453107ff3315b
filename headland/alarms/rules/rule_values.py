"""Values of one test of a rule on one device at each instant: a channel, an index, hours, a rise or an age. Pure.

A sample is valid for the rule's `hold_s`; an unknown value is NaN. Times ascend; unusable samples are left out before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE, INSTANT_VALUES, RELATIVE_HUMIDITY
from headland.agronomy.climate.leaf_wetness import estimate_leaf
from headland.agronomy.climate.psychrometrics import STANDARD_PRESSURE_KPA, dew_point_degc
from headland.agronomy.climate.sun import is_day
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.contract.freshness import LEAST_SILENT_S
from headland.contract.indices import INDICES
from headland.contract.leaf import LEAF_TEMPERATURE, SCREEN
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.validation.alarm_rules import AGES
from headland.units_of_time import DAY_MS, HOUR_MS

#: The share of the day so far that must be known for its light.
LIGHT_COVERAGE: Final = 0.9

_LIGHT: Final = "par_umol_m2_s"
#: The channels of each index that a rule can test; the age of a sample is of any channel.
_NEEDS: Final = {
    index.name: index.inputs for index in INDICES.values() if index.alarmable and index.section != "gateway"
}
#: Channels that a margin uses if there are any.
OPTIONAL_CHANNELS: Final = {"condensation_margin_k": (LEAF_TEMPERATURE, SCREEN)}
#: Any channel, for the age of the newest sample.
ANY_CHANNEL: Final = "*"


@dataclass(frozen=True, slots=True)
class ChannelSamples:
    """Samples of one channel, and the age from which on it is silent."""

    time_ms: Times
    value: Values
    silent_s: float = LEAST_SILENT_S


Samples = Mapping[str, ChannelSamples]
NO_SAMPLES: Final = ChannelSamples(np.empty(0, np.int64), np.empty(0))


def required_channels(test: AlarmTest) -> tuple[str, ...]:
    """Return the channels that a test needs."""
    if test.what in AGES:
        return (test.of or ANY_CHANNEL,)
    return _NEEDS.get(test.what, (test.what,))


def has_channels(test: AlarmTest, samples: Samples) -> bool:
    """Return whether a device has samples of all channels that a test needs."""
    return all(need in samples or (need == ANY_CHANNEL and bool(samples)) for need in required_channels(test))


def is_estimated(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times) -> Mask:
    """Return at which instants the value of a test is estimated: the margin of a leaf without a current sample."""
    if test.what != "condensation_margin_k":
        return np.zeros(len(axis_ms), np.bool_)
    return np.isnan(hold_values(samples.get(LEAF_TEMPERATURE, NO_SAMPLES), axis_ms, rule.hold_s))


@dataclass(frozen=True, slots=True)
class SiteConditions:
    """How far a site's clocks are ahead of UTC, the air pressure there, and its latitude and longitude if known."""

    utc_offset_ms: int = 0
    pressure_kpa: float = STANDARD_PRESSURE_KPA
    place_deg: tuple[float, float] | None = None

    def by_day(self, time_ms: Times) -> Mask | None:
        """Return at which instants the sun is up; None where the place is not known."""
        return None if self.place_deg is None else is_day(time_ms, *self.place_deg)


def values_of(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times, site: SiteConditions) -> Values:
    """Return the value of a test at each instant of `axis_ms`, NaN where unknown."""
    if test.rise_h is not None:
        return _rise(samples[test.what], axis_ms, test.rise_h, rule.hold_s)
    if test.hours is None:
        return _plain(rule, test, samples, axis_ms, site)
    own = [samples[channel].time_ms for channel in required_channels(test)]
    times = own[0] if len(own) == 1 else np.unique(np.concatenate(own))
    value = _plain(rule, test, samples, times, site)
    counted = _hours_of(times, is_beyond(test, value), axis_ms, test.of_hours or 0.0, rule.hold_s)
    fresh = hold_values(ChannelSamples(times, np.where(np.isfinite(value), 0.0, np.nan)), axis_ms, rule.hold_s)
    return counted + fresh


def has_recent_samples(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times) -> Mask:
    """Return at which instants a test's channels have samples within the rule's `lost_after_s`."""
    recent = np.ones(len(axis_ms), np.bool_)
    for need in required_channels(test):
        columns = list(samples.values()) if need == ANY_CHANNEL else [samples[need]]
        newest = _newest_ms(columns, axis_ms)
        # An age is known however old the sample is: it measures silence.
        recent &= np.isfinite(newest) & ((test.what in AGES) | (axis_ms - newest <= rule.lost_after_s * 1000.0))
    return recent


def hold_values(column: ChannelSamples, axis_ms: Times, hold_s: float) -> Values:
    """Return the newest value at each instant, NaN where it is older than `hold_s`."""
    if not len(column.time_ms):
        return np.full(len(axis_ms), np.nan)
    at = np.searchsorted(column.time_ms, axis_ms, "right") - 1
    age = axis_ms - column.time_ms[np.maximum(at, 0)]
    return np.where((at >= 0) & (age <= hold_s * 1000.0), column.value[np.maximum(at, 0)], np.nan)


def is_beyond(test: AlarmTest, value: Values) -> Mask:
    """Return where a value is beyond the threshold of a test."""
    return np.asarray(value < test.below if test.below is not None else value > (test.above or 0.0))


def _hours_of(times: Times, beyond: Mask, axis_ms: Times, of_hours: float, hold_s: float) -> Values:
    """Return at each instant the hours of the last `of_hours` with `beyond` true, each sample until the next."""
    if not len(times):
        return np.zeros(len(axis_ms))
    ends = np.minimum(np.append(times[1:], times[-1] + round(hold_s * 1000)), times + round(hold_s * 1000))
    edges = np.column_stack((times, ends)).ravel().astype(np.float64)
    steps = np.column_stack((np.zeros(len(times)), np.where(beyond, ends - times, 0))).ravel()
    total = np.cumsum(steps)
    axis = axis_ms.astype(np.float64)
    return np.asarray((np.interp(axis, edges, total) - np.interp(axis - of_hours * HOUR_MS, edges, total)) / HOUR_MS)


def _rise(total: ChannelSamples, axis_ms: Times, hours: float, hold_s: float) -> Values:
    """Return by how much a total rose in the last `hours`; a fall is a counter that started again.

    The total before the first sample is not part of the rise.
    """
    known = np.isfinite(total.value)
    time, value = total.time_ms[known], total.value[known]
    if not len(time):
        return np.full(len(axis_ms), np.nan)
    steps = np.diff(value)
    risen = np.concatenate(([0.0], np.cumsum(np.where(steps >= 0.0, steps, value[1:]))))
    now = np.searchsorted(time, axis_ms, "right") - 1
    before = np.maximum(np.searchsorted(time, axis_ms - round(hours * HOUR_MS), "right") - 1, 0)
    fresh = hold_values(ChannelSamples(time, np.zeros(len(time))), axis_ms, hold_s)
    return np.asarray(risen[np.maximum(now, 0)] - risen[before] + fresh)


def _plain(rule: AlarmRule, test: AlarmTest, samples: Samples, axis_ms: Times, site: SiteConditions) -> Values:
    if test.what == "local_hour":
        return np.asarray(((axis_ms + site.utc_offset_ms) % DAY_MS) / HOUR_MS)
    if test.what in AGES:
        columns = list(samples.values()) if test.of is None else [samples[test.of]]
        newest = _newest_ms(columns, axis_ms)
        age_s = np.where(np.isfinite(newest), (axis_ms - newest) / 1000.0, np.nan)
        return age_s if test.what == "age_s" else age_s - max(column.silent_s for column in columns)
    if test.what == "dli_mol_m2":
        return _light_so_far(samples[_LIGHT], axis_ms, site.utc_offset_ms, rule.hold_s)
    if test.what not in _NEEDS:
        return hold_values(samples[test.what], axis_ms, rule.hold_s)
    air = hold_values(samples[AIR_TEMPERATURE], axis_ms, rule.hold_s)
    humidity = hold_values(samples[RELATIVE_HUMIDITY], axis_ms, rule.hold_s)
    if (value := INSTANT_VALUES.get(test.what)) is not None:
        return value(air, humidity, site.pressure_kpa)
    leaf, screen = (
        hold_values(samples.get(channel, NO_SAMPLES), axis_ms, rule.hold_s) for channel in (LEAF_TEMPERATURE, SCREEN)
    )
    leaf = np.where(np.isfinite(leaf), leaf, estimate_leaf(air, site.by_day(axis_ms), screen))
    return np.asarray(leaf - dew_point_degc(air, humidity))


def _newest_ms(columns: list[ChannelSamples], axis_ms: Times) -> Values:
    """Return when the newest sample of some columns was at each instant, -inf before the first."""
    newest = np.full(len(axis_ms), -np.inf)
    for column in columns:
        if len(column.time_ms):
            at = np.searchsorted(column.time_ms, axis_ms, "right") - 1
            newest = np.maximum(newest, np.where(at >= 0, column.time_ms[np.maximum(at, 0)], -np.inf))
    return newest


def _light_so_far(light: ChannelSamples, axis_ms: Times, utc_offset_ms: int, hold_s: float) -> Values:
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
