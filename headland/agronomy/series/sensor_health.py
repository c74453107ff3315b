"""Sensor health: tests of stored samples that find faulty sensors, each finding with test, time and detail.

A sensor alone is tested for range, spikes and constant values, after QARTOD; several sensors of one quantity for
heating by the sun and drift. Failed samples are left out; doubtful ones are used and reported.

Sources
-------
.. [1] U.S. IOOS (2020), Manual for Real-Time Quality Control of In-situ Temperature and Salinity Data: tests 4, 6, 8.
.. [2] WMO-No. 8 (2018), volume I, chapter 2: radiation error of thermometers without shield or ventilation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Mask, QualityFlags, Times, Values
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, GOOD, SUSPECT
from headland.agronomy.series.time_grid import Periods, mean_by_step
from headland.units_of_time import DAY_MS, MINUTE_MS

#: The radiation at which a sensor's error by the sun is given [W/m2], and the smallest error that is a finding [K].
SUN_W_M2: Final = 600.0
LEAST_SUN_ERROR_K: Final = 1.0
#: Radiation above which a sun-heated sensor is not used [W/m2].
SUNNY_W_M2: Final = 50.0
_LEAST_SUN_CORRELATION: Final = 0.6
_LEAST_SUNNY_STEPS: Final = 24
#: The smallest drift that is a finding, in standard errors.
_DRIFT_ERRORS: Final = 4.0
#: Rain by a detector [h] and by another gauge [mm] from which on a gauge must have counted some.
_LEAST_WET_H, _LEAST_RAIN_MM = 2.0, 5.0
#: The longest distance of neighbours of a spike.
_SPIKE_MS: Final = 15 * MINUTE_MS
#: Values that differ by no more are equal.
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class SensorLimits:
    """Limits of the tests of a quantity, in its unit.

    low, high
        The possible range in a greenhouse.
    spike
        The smallest difference of a spike from both of its neighbours, on one side.
    flat_s
        The time after which a constant value is a stuck sensor [s], for values from `flat_from` to `flat_to`: humidity
        at saturation and light at night may be constant.
    limit_s
        The time after which a constant value outside of these is doubtful [s]: a sensor that stays at the end of its
        range, or one that is stuck there.
    drift_a_day
        The smallest drift that is a finding.
    """

    low: float
    high: float
    spike: float
    flat_s: float
    flat_from: float = -np.inf
    flat_to: float = np.inf
    limit_s: float = np.inf
    drift_a_day: float = np.inf


_FOUR_H: Final = 4 * 3600.0
_TWELVE_H: Final = 12 * 3600.0
#: The longest calm, and the wind up to which it is one [m/s].
_EIGHTEEN_H: Final = 18 * 3600.0
_CALM_M_S: Final = 0.05
_DAY: Final = 24 * 3600.0
#: The time for which a gauge may count nothing before that is worth a look.
_DRY_SPELL: Final = 14 * _DAY
#: By quantity. Four hours: in the public lettuce tables of 2022 values are constant for up to 3.75 h.
LIMITS: Final[dict[str, SensorLimits]] = {
    "air_temperature_degc": SensorLimits(-20.0, 60.0, 5.0, _FOUR_H, drift_a_day=0.05),
    "relative_humidity_pct": SensorLimits(0.0, 103.0, 20.0, _FOUR_H, flat_to=98.0, limit_s=_DAY, drift_a_day=0.5),
    "leaf_temperature_degc": SensorLimits(-20.0, 60.0, 6.0, _FOUR_H),
    "cover_temperature_degc": SensorLimits(-40.0, 70.0, 8.0, _FOUR_H),
    "soil_temperature_degc": SensorLimits(-20.0, 60.0, 5.0, 2 * _TWELVE_H),
    "pipe_temperature_degc": SensorLimits(-20.0, 110.0, 30.0, 2 * _TWELVE_H),
    "co2_ppm": SensorLimits(150.0, 5000.0, 1500.0, _FOUR_H, flat_to=4900.0, limit_s=_DAY),
    "par_umol_m2_s": SensorLimits(-10.0, 3000.0, np.inf, _TWELVE_H, flat_from=20.0, limit_s=_DAY),
    "global_radiation_w_m2": SensorLimits(-20.0, 1600.0, np.inf, _TWELVE_H, flat_from=20.0, limit_s=_DAY),
    "outside_temperature_degc": SensorLimits(-50.0, 55.0, 6.0, _TWELVE_H),
    "outside_humidity_pct": SensorLimits(0.0, 103.0, 30.0, _TWELVE_H, flat_to=98.0, limit_s=_DAY),
    # Above the strongest gust ever measured but one, 113 m/s (WMO archive of weather extremes), a mean is no wind.
    # A wind that is the very same is doubtful; a calm all day is an anemometer that does not turn.
    "wind_speed_m_s": SensorLimits(0.0, 75.0, 30.0, _EIGHTEEN_H, flat_to=_CALM_M_S, limit_s=_EIGHTEEN_H),
    # A running total: no rain is the usual state, and only very long without any is doubtful.
    "rain_total_mm": SensorLimits(0.0, 100_000.0, np.inf, np.inf, flat_from=np.inf, limit_s=_DRY_SPELL),
}
#: A humidity above this counts as saturated, and is a finding.
SATURATED_PCT: Final = 100.0


def check_channel(
    channel: str,
    time_ms: Times,
    value: Values,
    inside: Mask | None = None,
    judged: SensorFinding | None = None,
) -> tuple[QualityFlags, list[SensorFinding]]:
    """Return a flag for each sample and the findings about a sensor alone; times ascend, `value` may have NaN.

    Findings are of the samples `inside` alone; the others are their neighbours. `judged` is what is known of all of
    them by the sun, the place and other channels (`headland.agronomy.plausibility`).
    """
    limits = LIMITS.get(channel.partition(":")[0])
    flags = np.full(len(value), GOOD, np.uint8)
    if len(value) == 0:
        return flags, []
    findings = [] if judged is None else _told_within(judged, time_ms, value, inside)
    if judged is not None:
        flags[np.isfinite(value)] = judged.flag
    if limits is None or (judged is not None and judged.left_out):
        return flags, findings
    spikes = find_spikes(value, limits.spike) & _has_near(time_ms)
    span, flat_h = f"outside {limits.low:g} to {limits.high:g}", limits.flat_s / 3600.0
    for test, bad, detail in (
        ("gross_range", (value < limits.low) | (value > limits.high), span),
        ("spike", spikes, f"{limits.spike:g} or more off both neighbours"),
        ("flat_line", find_stuck(time_ms, value, limits), f"the very same value for {flat_h:g} h or longer"),
    ):
        flags[bad] = FAIL
        told = bad if inside is None else bad & inside
        if told.any():
            findings.append(_finding(channel, test, FAIL, time_ms, told, detail, left_out=True))
    at_limit = find_stuck(time_ms, value, limits, at_limit=True) & (flags != FAIL)
    flags[at_limit] = SUSPECT
    told = at_limit if inside is None else at_limit & inside
    if told.any():
        test = "flat_line" if limits.flat_to == _CALM_M_S else "flat_at_limit"
        findings.append(_finding(channel, test, SUSPECT, time_ms, told, _at_limit(limits), left_out=False))
    if channel.startswith("relative_humidity_pct"):
        over = (value > SATURATED_PCT) & (flags == GOOD)
        flags[over] = SUSPECT
        told = over if inside is None else over & inside
        if told.any():
            detail = "over 100 %: used as saturated"
            findings.append(_finding(channel, "over_saturation", SUSPECT, time_ms, told, detail, left_out=False))
    return flags, findings


def _at_limit(limits: SensorLimits) -> str:
    days = limits.limit_s / _DAY
    if limits.flat_to == _CALM_M_S:
        return f"the very same value for {24 * days:g} h or longer: used, but check the sensor"
    if limits.flat_from == np.inf:
        return f"nothing counted for {days:g} days or longer: no rain, or a blocked gauge"
    where = f"{limits.flat_to:g} or more" if limits.flat_to < np.inf else f"below {limits.flat_from:g}"
    return f"the very same value, {where}, for {24 * days:g} h or longer: used, but check the sensor"


def find_spikes(value: Values, size: float) -> Mask:
    """Return which samples differ by `size` or more from both neighbours, on the same side; [1] test 6."""
    is_spike = np.zeros(len(value), np.bool_)
    if len(value) > 2 and np.isfinite(size):
        steps = np.diff(value)
        up, down = steps >= size, steps <= -size
        is_spike[1:-1] = (up[:-1] & down[1:]) | (down[:-1] & up[1:])
    return is_spike


def _has_near(time_ms: Times) -> Mask:
    """Return which samples have both neighbours near enough to tell a spike: in an hour the air changes by as much."""
    near = np.concatenate(([False], np.diff(time_ms) <= _SPIKE_MS, [False]))
    return np.asarray(near[:-1] & near[1:])


def _told_within(found: SensorFinding, time_ms: Times, value: Values, inside: Mask | None) -> list[SensorFinding]:
    """Return a finding about all samples as one about those `inside`; none where there are none."""
    told = np.isfinite(value) if inside is None else np.isfinite(value) & inside
    if not told.any():
        return []
    at = np.flatnonzero(told)
    return [replace(found, n=len(at), start_ms=int(time_ms[at[0]]), end_ms=int(time_ms[at[-1]]))]


def find_stuck(time_ms: Times, value: Values, limits: SensorLimits, *, at_limit: bool = False) -> Mask:
    """Return which samples belong to a run of one value for `flat_s` or longer, with its start; [1] 8.

    With `at_limit` those outside of `flat_from` to `flat_to`, for `limit_s` or longer. A missing sample, or a gap of a
    quarter of that time, ends a run.
    """
    flat_s = limits.limit_s if at_limit else limits.flat_s
    if flat_s == np.inf:
        return np.zeros(len(value), np.bool_)
    same = np.abs(np.diff(value)) <= _SAME
    if same.any():
        within = (value >= limits.flat_from) & (value <= limits.flat_to)
        applies = ~within if at_limit else within
        same &= applies[1:] & (np.diff(time_ms) <= flat_s * 250.0)
    if not same.any():
        return np.zeros(len(value), np.bool_)
    ends = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    first, last = ends[::2], ends[1::2]
    long = time_ms[last] - time_ms[first] >= flat_s * 1000.0
    depth = np.zeros(len(value) + 1, np.int64)
    depth[first[long]] += 1
    depth[last[long] + 1] -= 1
    return np.asarray(np.cumsum(depth[:-1]) > 0)


def compare_twins(
    periods: Periods, samples: Mapping[str, tuple[Times, Values]], radiation_w_m2: Values | None
) -> list[SensorFinding]:
    """Return findings about several sensors of one quantity: which ones the sun heats, and which drift from the others.

    `samples` are usable samples by channel; `radiation_w_m2` is the radiation by step, None where unknown. With two
    sensors a drift is a finding about both, because either may be wrong.
    """
    if len(samples) < 2:
        return []
    names = list(samples)
    grid = np.array([mean_by_step(periods, *samples[name])[0] for name in names])
    findings = []
    for index, name in enumerate(names):
        others = _median(np.delete(grid, index, axis=0))
        if radiation_w_m2 is not None and name.startswith("air_temperature_degc"):
            findings += _sun_finding(name, periods.time_ms, grid[index] - others, radiation_w_m2)
        findings += _drift_finding(name, periods.time_ms, grid[index], others, alone=len(names) == 2)
    return findings


def find_drift(time_ms: Times, value: Values, twin: Values) -> tuple[float, float] | None:
    """Return the drift of a sensor from another [unit a day] and its standard error; None for under 30 pairs.

    Least squares over the difference; a constant offset is calibration, not drift. The error allows for dependent
    neighbours: n is reduced by their correlation (Bayley and Hammersley 1946).
    """
    off = value - twin
    known = np.isfinite(off)
    if known.sum() < 30:
        return None
    days, off = time_ms[known] / DAY_MS, off[known]
    days = days - days.mean()
    spread = float((days**2).sum())
    if spread == 0.0:
        return None
    slope = float((days * off).sum()) / spread
    rest = off - off.mean() - slope * days
    power = float((rest**2).sum())
    like = float(np.clip((rest[1:] * rest[:-1]).sum() / power, 0.0, 0.99)) if power > 0.0 else 0.0
    count = max(len(off) * (1.0 - like) / (1.0 + like), 3.0)
    return slope, float(np.sqrt(power / len(off) / spread * len(off) / max(count - 2.0, 1.0)))


def find_blocked_gauge(
    channel: str, time_ms: Times, total_mm: Values, wet_h: float, others_mm: float
) -> SensorFinding | None:
    """Return the finding that a gauge counted nothing while it rained; None where it counted, or none of that is known.

    `wet_h` are the hours in which a detector reported rain, `others_mm` what another gauge of the site counted.
    """
    known = np.isfinite(total_mm)
    if (
        known.sum() < 2
        or float(np.ptp(total_mm[known])) > _SAME
        or (wet_h < _LEAST_WET_H and others_mm < _LEAST_RAIN_MM)
    ):
        return None
    beside = (
        f"a detector reported rain for {wet_h:.1f} h" if wet_h >= _LEAST_WET_H else f"another gauge {others_mm:.1f} mm"
    )
    detail = f"counted nothing while {beside}: blocked"
    return _finding(channel, "blocked_gauge", FAIL, time_ms, known, detail, left_out=True)


def _sun_finding(channel: str, time_ms: Times, off: Values, radiation: Values) -> list[SensorFinding]:
    known = np.isfinite(off) & np.isfinite(radiation)
    sunny = known & (radiation > SUNNY_W_M2)
    if sunny.sum() < _LEAST_SUNNY_STEPS or np.ptp(radiation[known]) < 2 * SUNNY_W_M2 or np.ptp(off[known]) == 0.0:
        return []
    slope = float(np.polyfit(radiation[known], off[known], 1)[0])
    like = float(np.corrcoef(radiation[known], off[known])[0, 1])
    error_k = slope * SUN_W_M2
    if error_k < LEAST_SUN_ERROR_K or like < _LEAST_SUN_CORRELATION:
        return []
    detail = f"reads {error_k:.1f} K too high at {SUN_W_M2:g} W/m2 compared to the others: no shield, or sun below it"
    return [_finding(channel, "sun_heated", FAIL, time_ms, sunny, detail, left_out=True)]


def _drift_finding(channel: str, time_ms: Times, value: Values, others: Values, *, alone: bool) -> list[SensorFinding]:
    limits = LIMITS.get(channel.partition(":")[0])
    # By the hour: differences of neighbouring steps are not independent.
    drift = find_drift(time_ms[::12], value[::12], others[::12])
    if limits is None or drift is None or time_ms[-1] - time_ms[0] < 2 * DAY_MS:
        return []
    slope, error = drift
    if abs(slope) < limits.drift_a_day or abs(slope) < _DRIFT_ERRORS * error:
        return []
    known = np.isfinite(value) & np.isfinite(others)
    other = "the other sensor: one of the two drifts" if alone else "the others"
    detail = f"drifts by {slope:+.2f} a day (+-{error:.2f}) from {other}"
    return [_finding(channel, "drift", SUSPECT, time_ms, known, detail, left_out=False)]


def _finding(
    channel: str, test: str, flag: int, time_ms: Times, bad: Mask, detail: str,
    *, left_out: bool,
) -> SensorFinding:  # fmt: skip
    at = np.flatnonzero(bad)
    return SensorFinding(channel, test, flag, len(at), int(time_ms[at[0]]), int(time_ms[at[-1]]), left_out, detail)


def _median(grid: Values) -> Values:
    """Return the median of the known values of each column, NaN where there is none."""
    if len(grid) == 1:
        return np.asarray(grid[0])
    known = np.isfinite(grid).any(axis=0)
    middle = np.full(grid.shape[1], np.nan)
    middle[known] = np.nanmedian(grid[:, known], axis=0)
    return middle
