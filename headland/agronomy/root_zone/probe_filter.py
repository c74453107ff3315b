"""Root-zone balance that soil probes correct: an ensemble Kalman filter with the errors of model and probes stated.

Each member of the ensemble is a balance with its own factors of evapotranspiration, rain, irrigation and soil, and with
its own guess of what each sensor reads at field capacity and at the wilting point. A reading moves all of these by
their covariance with it. The spread of the members is the interval of the water, and of the two fitted readings.

Sources
-------
.. [1] Evensen (2003), Ocean Dynamics 53, 343-367: the ensemble Kalman filter; here with the observation unperturbed,
   as in Whitaker and Hamill (2002), Monthly Weather Review 130, 1913-1924, one reading at a time.
.. [2] Allen et al. (1998), FAO-56, table 19 for soils, eq 85 for the balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.root_zone.balance import SoilAndCrop, WaterColumns, WaterState, advance, day_of
from headland.agronomy.root_zone.crop_course import CropCourse
from headland.agronomy.root_zone.sensors import SoilSensor, StatedErrors, layers_of_sensors
from headland.agronomy.series.arrays import Mask, Values, require

#: Members of the ensemble: the error of an interval's end is then some tenth of its width.
MEMBERS: Final = 200
#: The interval that is given: 90 %.
SHARES: Final = (0.05, 0.95)
#: While more water than this drains in a day [mm], readings are of water that does not stay.
DRAINING_MM: Final = 1.0


@dataclass(frozen=True, slots=True)
class WithInterval:
    """Numbers with their 90 % interval, by day or by sensor."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class FilteredWater:
    """A season of the filter: columns by day.

    depletion_mm, stress, et_mm, percolation_mm
        Of the field: depletion of the root zone, Ks, evapotranspiration and percolation.
    place_mm
        The depletion at any one place of the field: wider than that of the field.
    available_mm
        TAW; `readily_mm` is RAW, which changes with the day's evapotranspiration.
    field_capacity, wilting_point
        By sensor, the readings at both after the last day.
    used
        Day by probe: whether its readings of the day were used.
    surprise
        Day by probe: reading less what was expected before it was used, in standard errors; NaN without a reading.
    """

    depletion_mm: WithInterval
    place_mm: WithInterval
    available_mm: WithInterval
    readily_mm: Values
    stress: WithInterval
    et_mm: WithInterval
    percolation_mm: Values
    field_capacity: WithInterval
    wilting_point: WithInterval
    probes: tuple[str, ...]
    used: Mask
    surprise: Values


@dataclass(frozen=True, slots=True)
class SeasonCase:
    """What the balance of a field is made of: water, crop's course, TAW by day [mm], soil and crop, first state.

    The soil has a profile: its TAW is that down to `deepest_m`, where the deepest roots of the season end.
    """

    water: WaterColumns
    course: CropCourse
    available_mm: Values
    soil: SoilAndCrop
    start: WaterState
    deepest_m: float


def filter_season(
    case: SeasonCase, sensors: Sequence[SoilSensor], errors: StatedErrors | None = None, members: int = MEMBERS
) -> FilteredWater:
    """Return the water of a season with the readings of its sensors; without any it is the open loop with its spread.

    The draws are the same at each call. Readings are used at the end of their day, probe after probe.
    """
    require("members", members, 20, 5000)
    ensemble = _Ensemble(case, sensors, errors or StatedErrors(), members)
    for at in range(len(case.water.et0_mm)):
        ensemble.advance(at)
        for number, probe in enumerate(ensemble.probes):
            ensemble.learn(at, number, probe)
        ensemble.record()
    return ensemble.result()


class _Ensemble:
    """The members of a filter, changed from day to day."""

    def __init__(self, case: SeasonCase, sensors: Sequence[SoilSensor], errors: StatedErrors, members: int) -> None:
        draw = self._draw = np.random.default_rng(20_240_601)
        self._case, self._errors, self._sensors = case, errors, sensors
        self.probes = tuple(dict.fromkeys(sensor.probe for sensor in sensors))

        def spread(share: float) -> Values:
            return np.exp(share * draw.standard_normal(members) - share**2 / 2.0)

        self._crop, self._rain, self._irrigation = (
            spread(errors.crop), spread(errors.rain), spread(errors.irrigation),
        )  # fmt: skip
        self._holds = spread(errors.soil)
        start = case.start
        shift = errors.start * draw.standard_normal(members)
        available = start.available_mm * self._holds
        profile = np.asarray(case.soil.profile_mm if case.soil.profile_mm is not None else start.available_mm)
        most = np.maximum(profile * self._holds, available)
        self._state = WaterState(
            np.clip(start.surface_mm + 3.0 * draw.standard_normal(members), 0.0, case.soil.total_evaporable_mm),
            np.clip(start.root_mm + shift * available, 0.0, available),
            np.clip(start.profile_mm + shift * most, 0.0, most),
            np.full(members, float(start.wetted)),
            available,
        )
        dries = np.clip(spread(errors.surface), 0.5, 1.8)
        self._soil = replace(
            case.soil,
            profile_mm=most,
            total_evaporable_mm=case.soil.total_evaporable_mm * dries,
            readily_evaporable_mm=case.soil.readily_evaporable_mm * dries,
        )
        self._capacity = np.array(
            [s.prior.field_capacity + s.prior.field_capacity_error * draw.standard_normal(members) for s in sensors]
        ).reshape(len(sensors), members)
        self._gain = np.array([spread(s.prior.gain_error) for s in sensors]).reshape(len(sensors), members)
        self._place = draw.standard_normal(members)
        self._drains = self._drained = False
        self._columns: list[tuple[Values, ...]] = []
        self._readily: list[float] = []
        self._percolation: list[float] = []
        self._used = np.zeros((len(case.water.et0_mm), len(self.probes)), np.bool_)
        self._surprise = np.full((len(case.water.et0_mm), len(self.probes)), np.nan)

    def advance(self, at: int) -> None:
        """Take all members to the end of a day."""
        errors, draw, members = self._errors, self._draw, len(self._crop)
        keep = np.exp(-1.0 / errors.crop_days)
        news = errors.crop * np.sqrt(1.0 - keep**2) * draw.standard_normal(members)
        self._crop = np.clip(1.0 + keep * (self._crop - 1.0) + news, 0.4, 1.8)
        day = day_of(self._case.water, self._case.course, self._case.available_mm, at)
        one = np.exp(errors.event * draw.standard_normal(members))
        state, flows = advance(
            self._state,
            replace(
                day,
                et0_mm=day.et0_mm * self._crop,
                available_mm=day.available_mm * self._holds,
                rain_mm=day.rain_mm * self._rain * one,
                irrigation_mm=day.irrigation_mm * self._irrigation * one,
            ),
            self._soil,
        )
        drained = float(np.mean(flows.percolation_mm)) > DRAINING_MM
        self._drains, self._drained = drained or self._drained, drained
        self._state, self._flows = state, flows

    def learn(self, at: int, number: int, probe: str) -> None:
        """Use a probe's readings of a day: their mean over the roots, against what each member expects of it."""
        which = [i for i, s in enumerate(self._sensors) if s.probe == probe and np.isfinite(s.reading[at])]
        if not which or self._drains:
            return
        sensors = [self._sensors[i] for i in which]
        thick_m = layers_of_sensors([s.depth_m for s in sensors], self._case.deepest_m)
        weights = thick_m / thick_m.sum()
        whole_mm = 1000.0 * float(thick_m.sum())
        depleted = np.asarray(self._state.profile_mm) / whole_mm
        expected = np.zeros(len(self._crop))
        seen = error = 0.0
        for weight, i, sensor in zip(weights.tolist(), which, sensors, strict=True):
            # Each reading counts as a share of volume, so that sensors of several units add up.
            scale = weight / sensor.prior.per_share
            expected += scale * (self._capacity[i] - depleted * sensor.prior.per_share * self._gain[i])
            seen += scale * float(sensor.reading[at])
            error += (scale * sensor.prior.error) ** 2
        # What is different at the probe's place is the same for all of its sensors.
        held = float(np.mean(np.asarray(self._soil.profile_mm))) / whole_mm
        error = (error + (self._errors.places * held) ** 2) * self._errors.lasting_days
        variance = float(expected.var(ddof=1)) + error
        self._used[at, number] = True
        self._surprise[at, number] = (seen - float(expected.mean())) / np.sqrt(variance)
        self._move(expected, seen, variance, error)

    def _move(self, expected: Values, seen: float, variance: float, error: float) -> None:
        """Move every unknown by its covariance with what was expected; [1]."""
        off = expected - expected.mean()
        keep = 1.0 / (1.0 + np.sqrt(error / variance))
        count = len(expected) - 1

        def moved(column: Values) -> Values:
            gain = float(off @ (column - column.mean())) / count / variance
            return np.asarray(column + gain * (seen - expected.mean()) - keep * gain * off)

        state = self._state
        self._crop = np.clip(moved(self._crop), 0.4, 1.8)
        self._rain, self._irrigation = np.clip(moved(self._rain), 0.3, 2.0), np.clip(moved(self._irrigation), 0.1, 2.0)
        self._capacity = np.array([moved(each) for each in self._capacity])
        self._gain = np.array([np.clip(moved(each), 0.3, 3.0) for each in self._gain])
        root, profile = moved(np.asarray(state.root_mm)), moved(np.asarray(state.profile_mm))
        if self._soil.profile_mm is not None:
            profile = np.clip(profile, 0.0, self._soil.profile_mm)
        self._state = replace(
            state,
            root_mm=np.clip(root, 0.0, state.available_mm),
            profile_mm=profile,
            surface_mm=np.clip(moved(np.asarray(state.surface_mm)), 0.0, self._soil.total_evaporable_mm),
        )

    def record(self) -> None:
        """Keep the day."""
        state, flows = self._state, self._flows
        available = np.asarray(state.available_mm)
        root = np.asarray(state.root_mm)
        place = np.clip(root + self._errors.places * self._place * available, 0.0, available)
        self._columns.append((root, place, available, np.asarray(flows.stress), np.asarray(flows.et_mm)))
        self._readily.append(float(np.mean(flows.readily_mm)))
        self._percolation.append(float(np.mean(flows.percolation_mm)))

    def _wilting_points(self) -> Values:
        """Return what each sensor reads where all available water is gone, by member."""
        share = np.asarray(self._soil.profile_mm) / (1000.0 * self._case.deepest_m)
        falls = np.array([s.prior.per_share for s in self._sensors]).reshape(-1, 1) * self._gain
        return np.asarray(self._capacity - falls * share)

    def result(self) -> FilteredWater:
        """Return the columns of the season."""
        root, place, available, stress, et = (
            _band_of(np.array([day[i] for day in self._columns])) for i in range(5)
        )  # fmt: skip
        return FilteredWater(
            root, place, available, np.array(self._readily), stress, et, np.array(self._percolation),
            _band_of(self._capacity), _band_of(self._wilting_points()), self.probes, self._used, self._surprise,
        )  # fmt: skip


def _band_of(members: Values) -> WithInterval:
    """Return mean and interval of each row of members."""
    if len(members) == 0:
        return WithInterval(np.empty(0), np.empty(0), np.empty(0))
    low, high = np.quantile(members, SHARES, axis=1)
    return WithInterval(members.mean(axis=1), low, high)
