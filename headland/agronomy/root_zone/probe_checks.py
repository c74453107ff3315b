"""Checks of soil probes by the day: which sensors lie, since when, and by what it shows.

A sensor is compared with itself, with the water that fell or was given, and with the other probes of the field.
Readings count as shares of volume, so that sensors of several units have one limit.

Sources
-------
.. [1] Dorigo et al. (2013), Vadose Zone Journal 12: plausibility of soil moisture in situ: range, spikes, breaks,
   constant values, rise without precipitation.
.. [2] IOOS QARTOD, tests of range, spike and flat line, on which `headland.agronomy.series.sensor_health` rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from headland.agronomy.root_zone.balance import WaterColumns
from headland.agronomy.root_zone.sensors import SoilSensor
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.sensor_health import find_drift
from headland.units_of_time import DAY_MS

#: What a finding is named.
ProbeTest = Literal["range", "spike", "stuck", "out_of_soil", "rise_without_water", "no_rise", "drift"]

#: Share of volume that no mineral soil has more of; [1] has 0.6 for saturation.
_MOST: Final = 0.65
#: A day off both neighbours by more is a spike, and with so many in a season the sensor is broken.
_SPIKE, _MOST_SPIKES = 0.05, 0.08
#: Days of the very same reading [days], at a depth of roots and below it, and how near the same is.
_STUCK_DAYS, _STUCK_DAYS_DEEP, _DEEP_M, _SAME = 8, 21, 0.25, 1e-5
#: The share of these days that must have a reading.
_LEAST_READ: Final = 0.7
#: A sensor that left the soil falls so far in a day, and then reads no more than that.
_FALL, _AIR = 0.05, 0.04
#: Water [mm] that a sensor down to a depth [m] must show, and what counts as a rise.
_WETTING_MM, _SHALLOW_M, _RISE, _NO_RISE = 20.0, 0.2, 0.03, 0.008
#: How far below its highest reading a sensor alone is dry enough to show water.
_ROOM: Final = 0.05
#: Water [mm] below which nothing can have made a sensor rise.
_DRY_MM: Final = 1.5
#: Such contradictions that are needed for a verdict.
_LEAST_TIMES: Final = 2
#: A drift over the season, as a share of volume, and by how many standard errors.
_DRIFT, _DRIFT_ERRORS = 0.05, 4.0
_NEAR_M: Final = 0.16


@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """A lie of a sensor over the days `first` to `last`, counted from the season's first; `detail` says how it shows.

    `left_out` is false where it cannot be told which of two sensors lies: both are used, and doubted.
    """

    probe: str
    depth_m: float
    test: ProbeTest
    first: int
    last: int
    left_out: bool
    detail: str


def check_probes(sensors: Sequence[SoilSensor], water: WaterColumns) -> tuple[list[SoilSensor], list[ProbeFinding]]:
    """Return the sensors without the readings that lie, and the findings by sensor and day."""
    findings: list[ProbeFinding] = []
    kept = [_check_alone(sensor, water, findings) for sensor in sensors]
    kept = [_check_water(at, kept, water, findings) for at in range(len(kept))]
    drifting = _with_their_probes(_drifts(kept), kept)
    for at, finding in drifting.items():
        findings.append(finding)
        if finding.left_out:
            kept[at] = replace(kept[at], reading=np.full_like(kept[at].reading, np.nan))
    return kept, findings


def _share(sensor: SoilSensor) -> Values:
    """Return the readings as shares of volume, from an arbitrary zero where the unit is a raw one."""
    return sensor.reading / abs(sensor.prior.per_share)


def _check_alone(sensor: SoilSensor, water: WaterColumns, findings: list[ProbeFinding]) -> SoilSensor:
    value = _share(sensor)
    is_volume = sensor.prior.per_share == _PER_CENT
    bad = np.zeros(len(value), np.bool_)

    def tell(test: ProbeTest, mask: Mask, detail: str) -> None:
        new = mask & np.isfinite(value)
        if new.any():
            days = np.flatnonzero(new)
            findings.append(
                ProbeFinding(
                    sensor.probe, sensor.depth_m, test, int(days[0]), int(days[-1]), left_out=True, detail=detail
                )
            )
            bad[:] |= new

    if is_volume:
        tell("range", (value < 0.0) | (value > _MOST), f"outside 0 to {100 * _MOST:g} % of volume")
    gone = _left_soil(np.where(bad, np.nan, value), is_volume=is_volume)
    tell(
        "out_of_soil",
        gone,
        f"fell by {100 * _FALL:g} % of volume or more in a day to a reading of air, and stayed there",
    )
    spikes = _spikes(np.where(bad, np.nan, value), water)
    if spikes.sum() > max(2, _MOST_SPIKES * np.isfinite(value).sum()):
        tell(
            "spike",
            np.ones(len(value), np.bool_),
            f"{int(spikes.sum())} days off both neighbours: nothing of it is used",
        )
    else:
        tell("spike", spikes, f"{100 * _SPIKE:g} % of volume or more off both neighbours")
    days = _STUCK_DAYS if sensor.depth_m <= _DEEP_M else _STUCK_DAYS_DEEP
    tell("stuck", _stuck(np.where(bad, np.nan, value), days), f"the very same reading for {days} days or longer")
    return replace(sensor, reading=np.where(bad, np.nan, sensor.reading))


_PER_CENT: Final = 100.0


def _known_steps(value: Values) -> tuple[Counts, Values]:
    """Return the days with a reading, and the readings."""
    at = np.flatnonzero(np.isfinite(value))
    return at, value[at]


def _left_soil(value: Values, *, is_volume: bool) -> Mask:
    """Return the days from a fall out of what the soil can do, for as long as the reading stays below."""
    gone = np.zeros(len(value), np.bool_)
    at, known = _known_steps(value)
    for i in range(1, len(known)):
        before = known[max(0, i - 14) : i]
        fell = before[-1] - known[i]
        to_air = known[i] <= _AIR if is_volume else known[i] < known[:i].min() - _FALL
        if fell >= _FALL and at[i] - at[i - 1] <= 2 and to_air:
            back = np.flatnonzero(known[i:] > known[i] + _FALL)
            end = int(at[i + int(back[0])]) if len(back) else len(value)
            gone[int(at[i]) : end] = True
    return gone


def _spikes(value: Values, water: WaterColumns) -> Mask:
    is_spike = np.zeros(len(value), np.bool_)
    at, known = _known_steps(value)
    if len(known) < 3:
        return is_spike
    steps = np.diff(known)
    near = np.diff(at) <= 2
    up = (steps[:-1] >= _SPIKE) & (steps[1:] <= -_SPIKE)
    down = (steps[:-1] <= -_SPIKE) & (steps[1:] >= _SPIKE)
    middle = at[1:-1]
    fell = water.rain_mm + water.irrigation_mm
    # A wetting rises and falls as well, and the day after a dip may have had one.
    dry = np.array([fell[max(0, day - 1) : day + 2].max() < _DRY_MM for day in middle.tolist()], np.bool_)
    is_spike[middle[(up | down) & near[:-1] & near[1:] & dry]] = True
    return is_spike


def _stuck(value: Values, days: int) -> Mask:
    stuck = np.zeros(len(value), np.bool_)
    at, known = _known_steps(value)
    start = 0
    for i in range(1, len(known) + 1):
        if i == len(known) or abs(known[i] - known[start]) > _SAME:
            if at[i - 1] - at[start] >= days and i - start >= _LEAST_READ * (at[i - 1] - at[start]):
                stuck[int(at[start]) : int(at[i - 1]) + 1] = True
            start = i
    return stuck


def _check_water(at: int, sensors: list[SoilSensor], water: WaterColumns, findings: list[ProbeFinding]) -> SoilSensor:
    """Return a sensor without readings where it contradicts rain and irrigation."""
    sensor = sensors[at]
    if sensor.depth_m > _SHALLOW_M:
        return sensor
    others = [each for each in sensors if each.probe != sensor.probe and each.depth_m <= _SHALLOW_M]
    fell = water.rain_mm + water.irrigation_mm
    value = _share(sensor)
    rises, rose, silent = [], 0, []
    for day in range(1, len(value) - 1):
        nearby = float(fell[day - 1 : day + 1].sum())
        step = value[day] - value[day - 1]
        # Where the others rise too it is the record of water that is not complete.
        if step >= _RISE and nearby < _DRY_MM and not _rise_of(others, day):
            rises.append(day)
        if fell[day] >= _WETTING_MM:
            after = np.concatenate((value[day : day + 2],))
            if not np.isfinite(value[day - 1]) or not np.isfinite(after).any():
                continue
            if float(np.nanmax(after)) - value[day - 1] < _NO_RISE and _had_room(value, day, others):
                silent.append(day)
            else:
                rose += 1
    if len(rises) >= _LEAST_TIMES:
        detail = f"rose {len(rises)} times without rain, irrigation or a rise of another probe"
        return _without(sensor, findings, "rise_without_water", rises, detail)
    if len(silent) >= _LEAST_TIMES and len(silent) > rose:
        detail = f"did not rise with {len(silent)} of {len(silent) + rose} wettings of {_WETTING_MM:g} mm or more"
        return _without(sensor, findings, "no_rise", silent, detail)
    return sensor


def _had_room(value: Values, day: int, others: list[SoilSensor]) -> bool:
    """Return whether a sensor had room for water: another one rose, or it is alone and far below its highest reading.

    Where no probe of a field rises, it is the record of water that is wrong, or the soil was full.
    """
    if any(np.isfinite(_share(each)[day - 1]) and np.isfinite(_share(each)[day]) for each in others):
        return _rise_of(others, day) or _rise_of(others, day + 1)
    return bool(value[day - 1] <= np.nanmax(value) - _ROOM)


def _rise_of(others: list[SoilSensor], day: int) -> bool:
    steps = [_share(each)[day] - _share(each)[day - 1] for each in others]
    known = [step for step in steps if np.isfinite(step)]
    return bool(known) and max(known) >= _RISE


def _without(
    sensor: SoilSensor, findings: list[ProbeFinding], test: ProbeTest, days: list[int], detail: str
) -> SoilSensor:
    findings.append(ProbeFinding(sensor.probe, sensor.depth_m, test, days[0], days[-1], left_out=True, detail=detail))
    return replace(sensor, reading=np.full_like(sensor.reading, np.nan))


def _drifts(sensors: list[SoilSensor]) -> dict[int, ProbeFinding]:
    """Return findings about sensors that drift from those of all other probes at their depth, by their position.

    Of several others, these must agree among themselves; of two probes the one drifts whose readings leave the span
    that it had before, while the other's do not.
    """
    found: dict[int, ProbeFinding] = {}
    for at, sensor in enumerate(sensors):
        others = [
            each for each in sensors
            if each.probe != sensor.probe and abs(each.depth_m - sensor.depth_m) <= _NEAR_M
        ]  # fmt: skip
        drifts = [drift for each in others if (drift := _drift_between(sensor, each)) is not None]
        large = [drift for drift in drifts if drift.is_sure]
        if not large or len(large) < len(drifts):
            continue
        few = len({each.probe for each in others}) == 1
        if few:
            lies = _leaves_span(_share(sensor), _share(others[0]))
        else:
            pairs = [_drift_between(a, b) for i, a in enumerate(others) for b in others[i + 1 :] if a.probe != b.probe]
            lies = all(pair is None or abs(pair.change) < _DRIFT / 2.0 for pair in pairs)
            if not lies:
                continue
        change = float(np.median([drift.change for drift in large]))
        told = "the other probe" if few else "the others"
        detail = f"drifts by {100.0 * change:+.1f} % of volume in the season from {told}"
        if not lies:
            detail += "; which of the two drifts is not known"
        first, last = large[0].days
        found[at] = ProbeFinding(sensor.probe, sensor.depth_m, "drift", first, last, left_out=lies, detail=detail)
    return found


def _with_their_probes(found: dict[int, ProbeFinding], sensors: list[SoilSensor]) -> dict[int, ProbeFinding]:
    """Return the findings with all other sensors of a probe of which most drift: these have one electronics."""
    told = dict(found)
    for probe in {finding.probe for finding in found.values() if finding.left_out}:
        of_probe = [at for at, each in enumerate(sensors) if each.probe == probe and np.isfinite(each.reading).any()]
        lying = [at for at in of_probe if at in found and found[at].left_out]
        if 2 * len(lying) <= len(of_probe):
            continue
        detail = f"{len(lying)} of the probe's {len(of_probe)} sensors drift: nothing of it is used"
        for at in set(of_probe) - set(lying):
            told[at] = replace(found[lying[0]], depth_m=sensors[at].depth_m, detail=detail)
    return told


def _leaves_span(value: Values, other: Values) -> bool:
    """Return whether a sensor reads far more in its last third than ever before, and the other does not.

    Far less than before is what any soil may do that dries.
    """
    return _rise_over(value) >= _DRIFT > 2.0 * _rise_over(other)


def _rise_over(value: Values) -> float:
    cut = 2 * len(value) // 3
    early, late = value[:cut], value[cut:]
    if not np.isfinite(early).any() or not np.isfinite(late).any():
        return 0.0
    return float(np.nanmax(late) - np.nanmax(early))


@dataclass(frozen=True, slots=True)
class _Drift:
    """How a sensor changed against another over a season [share of volume], and the days of it."""

    change: float
    error: float
    days: tuple[int, int]

    @property
    def is_sure(self) -> bool:
        return abs(self.change) >= max(_DRIFT, _DRIFT_ERRORS * self.error)


def _drift_between(sensor: SoilSensor, other: SoilSensor) -> _Drift | None:
    """Return the drift of a sensor from another; None for under 30 common days."""
    value, beside = _share(sensor), _share(other)
    both = np.flatnonzero(np.isfinite(value) & np.isfinite(beside))
    if len(both) < 30:
        return None
    drift = find_drift(np.arange(len(value), dtype=np.int64) * DAY_MS, value, beside)
    if drift is None:
        return None
    first, last = int(both[0]), int(both[-1])
    return _Drift(drift[0] * (last - first), drift[1] * (last - first), (first, last))
