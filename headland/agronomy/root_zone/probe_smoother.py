"""Root-zone water of a season by all readings of its soil probes: an ensemble smoother that learns its own errors.

All days of the season, the last as well as those before, are estimated by all readings until now. The errors of a
reading are those of its sensor, of the place of its probe, of the soil that all sensors of the field stand in, and of
what the layers of the balance do not know. How wide the ensemble is, and how far places of the field part from each
other, is learnt: each pair of levels counts by how probable it makes the readings.

Sources
-------
.. [1] van Leeuwen and Evensen (1996), Monthly Weather Review 124, 2898-2913: the ensemble smoother, eq 25 to 29.
.. [2] Dee (1995), Monthly Weather Review 123, 1128-1145: parameters of the errors by the likelihood of the residuals;
   Desroziers et al. (2005), Q. J. R. Meteorol. Soc. 131, 3385-3396, for what residuals tell.
.. [3] Kennedy and O'Hara (2001), J. R. Stat. Soc. B 63, 425-464: discrepancy of a model as a process in time.
.. [4] Hoeting et al. (1999), Statistical Science 14, 382-401: averages over models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.root_zone.balance import stress_coefficient
from headland.agronomy.root_zone.ensemble import SeasonCase, WaterEnsemble, draw_ensemble
from headland.agronomy.root_zone.sensors import SoilSensor, StatedErrors
from headland.agronomy.series.arrays import Counts, Mask, Values, require

#: Members of the ensemble: the error of an interval's end is then some tenth of its width.
MEMBERS: Final = 300
#: The interval that is given: 90 %.
SHARES: Final = (0.05, 0.95)
_ERRORS_OF_INTERVAL: Final = 1.645
#: While more water than this drains in a day [mm], readings are of water that does not stay.
DRAINING_MM: Final = 1.0
#: Means of readings over some days that are used at most: those of longer seasons and more sensors are of more days.
MOST_READINGS: Final = 200
#: Levels that the width of the ensemble is taken times, and their standard error in logarithms before any reading.
_WIDTHS, _WIDTH_ERROR = (0.8, 1.0, 1.5), 0.5
#: How far places part from each other, as a share of the ensemble's width: the same.
_PLACES, _PLACE_ERROR = (0.45, 0.7, 1.0), 0.6
#: The share of a reading's own error that is new each day.
_NEW: Final = 0.3
#: Evaporation dries the surface below the wilting point, so that a root zone lacks at most so much of TAW.
_MOST_DEPLETED: Final = 1.15


@dataclass(frozen=True, slots=True)
class WithInterval:
    """Numbers with their 90 % interval, by day or by sensor."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class SmoothedWater:
    """A season of the smoother: columns by day.

    depletion_mm, stress, et_mm, percolation_mm
        Of the field: depletion of the root zone, Ks, evapotranspiration and percolation.
    place_mm
        The depletion at any one place of the field: wider than that of the field.
    available_mm
        TAW; `readily_mm` is RAW, which changes with the day's evapotranspiration.
    field_capacity, wilting_point
        By sensor, the readings at both.
    used
        Day by sensor: whether its reading of the day was used.
    width, places
        What was learnt: the ensemble's width against that of the stated errors, and how far places part.
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
    used: Mask
    width: float
    places: float


def smooth_season(
    case: SeasonCase, sensors: Sequence[SoilSensor], errors: StatedErrors | None = None, members: int = MEMBERS
) -> SmoothedWater:
    """Return the water of a season by the readings of its sensors; without any it is the open loop with its spread.

    The draws are the same at each call. Sensors below the deepest roots tell nothing of them and are not used.
    """
    require("members", members, 20, 5000)
    stated = errors or StatedErrors()
    ensemble = draw_ensemble(case, stated, members)
    drains = ensemble.percolation_mm > DRAINING_MM
    drains[1:] |= drains[:-1].copy()
    used = np.array([np.isfinite(s.reading) & ~drains & (s.depth_m <= case.deepest_m) for s in sensors], np.bool_)
    used = used.reshape(len(sensors), len(drains))
    readings = _Readings(ensemble, sensors, used, stated)
    levels = [_Level(readings, width, places, stated) for width in _WIDTHS for places in _PLACES]
    score = np.array([level.score for level in levels])
    weights = np.exp(score - score.max())
    weights /= weights.sum()
    root, place, holds, et = _move(ensemble, readings, levels, weights)
    available = ensemble.available_mm / ensemble.holds * holds
    most = _MOST_DEPLETED * available
    root, place = np.clip(root, 0.0, most), np.clip(place, 0.0, most)
    readily = available * np.mean(ensemble.readily_mm / ensemble.available_mm, axis=1)[:, None]
    capacity, wilting = _fitted(ensemble, sensors, readings, levels, weights)
    return SmoothedWater(
        _band_of(root), _band_of(place), _band_of(available), readily.mean(axis=1),
        _band_of(stress_coefficient(root, available, readily)), _band_of(np.maximum(et, 0.0)),
        ensemble.percolation_mm, capacity, wilting, used.T,
        float(weights @ [level.width for level in levels]), float(weights @ [level.places for level in levels]),
    )  # fmt: skip


class _Readings:
    """The readings that are used, as means over some days, and what they were expected to be.

    A reading is counted from the sensor's own at field capacity, as a share of volume, so that sensors of several
    units have one measure: it is expected to be what the soil lacks there, with a minus.
    """

    def __init__(
        self, ensemble: WaterEnsemble, sensors: Sequence[SoilSensor], used: Mask, errors: StatedErrors
    ) -> None:
        step = max(1, -(-int(used.sum()) // MOST_READINGS))
        count = used.shape[1]
        # Blocks end at the last day.
        block = (np.arange(count) - count) // step
        which, day, seen, lacking, days = [], [], [], [], []
        for at, sensor in enumerate(sensors):
            off = (sensor.reading - sensor.prior.field_capacity) / sensor.prior.per_share
            for each in np.unique(block[used[at]]).tolist():
                of_block = np.flatnonzero(used[at] & (block == each))
                which.append(at)
                day.append(float(of_block.mean()))
                seen.append(float(off[of_block].mean()))
                lacking.append(ensemble.lacking_at(of_block, sensor.depth_m).mean(axis=0))
                days.append(len(of_block))
        self.which: Counts = np.array(which, np.int64)
        self.lacking = np.array(lacking).reshape(len(which), ensemble.root_mm.shape[1])
        self.mean = self.lacking.mean(axis=1)
        self.off = self.lacking - self.mean[:, None]
        self.residual = np.array(seen) + self.mean
        self.spread = self.off @ self.off.T / (self.off.shape[1] - 1)
        self.own = self._own_errors(sensors, errors, np.array(day), np.array(days))
        probe = np.unique([sensor.probe for sensor in sensors], return_inverse=True)[1]
        self.place = (probe[self.which][:, None] == probe[self.which][None, :]) * self.spread

    def _own_errors(self, sensors: Sequence[SoilSensor], errors: StatedErrors, day: Values, days: Values) -> Values:
        """Return the covariance of all errors of the readings but that of the probe's place [share of volume]."""
        at = self.which
        same = at[:, None] == at[None, :]
        apart = np.abs(day[:, None] - day[None, :])
        depth = np.array([sensor.depth_m for sensor in sensors])[at]
        own, shared = _capacity_errors(sensors)
        gain = np.array([sensor.prior.gain_error for sensor in sensors])[at]
        read = np.array([sensor.prior.error / abs(sensor.prior.per_share) for sensor in sensors])[at]
        covariance = shared[at][:, None] * shared[at][None, :]
        covariance = covariance + same * (
            own[at] ** 2
            + np.outer(gain * self.mean, gain * self.mean)
            + read**2 * np.exp(-apart / errors.reading_days)
            + errors.sensor_place**2 * np.exp(-apart / errors.layer_days)
        )
        # What the layers do not know of the soil and the roots is the same for all probes.
        layers = errors.layers * np.clip(self.mean / errors.dry_layer, errors.full_layer, 1.0)
        covariance += np.outer(layers, layers) * np.exp(
            -np.abs(depth[:, None] - depth[None, :]) / errors.layer_m - apart / errors.layer_days
        )
        return np.asarray(covariance + np.diag((_NEW * read) ** 2 / days))


def _capacity_errors(sensors: Sequence[SoilSensor]) -> tuple[Values, Values]:
    """Return the errors at field capacity by sensor that are its own, and those of all sensors [share of volume]."""
    total = np.array([each.prior.field_capacity_error / abs(each.prior.per_share) for each in sensors])
    shared = np.array([each.prior.shared_error / abs(each.prior.per_share) for each in sensors])
    return np.sqrt(np.maximum(total**2 - shared**2, 0.0)), shared


class _Level:
    """The readings' covariance at a width of the ensemble and of the places, and how probable it makes the readings."""

    def __init__(self, readings: _Readings, width: float, places: float, errors: StatedErrors) -> None:
        self.width, self.places = width, places
        errors_of_readings = readings.own + places**2 * readings.place
        self.root_of_errors = np.linalg.cholesky(errors_of_readings)
        self._root = np.linalg.cholesky(width**2 * readings.spread + errors_of_readings)
        reduced = np.linalg.solve(self._root, readings.residual)
        self.score = (
            -0.5 * float(reduced @ reduced)
            - float(np.log(np.diag(self._root)).sum())
            - 0.5 * (np.log(width) / _WIDTH_ERROR) ** 2
            - 0.5 * (np.log(places / errors.places) / _PLACE_ERROR) ** 2
        )

    def solve(self, column: Values) -> Values:
        """Return a column divided by the covariance of the readings."""
        return np.asarray(np.linalg.solve(self._root.T, np.linalg.solve(self._root, column)))


def _move(
    ensemble: WaterEnsemble, readings: _Readings, levels: Sequence[_Level], weights: Values
) -> tuple[Values, Values, Values, Values]:
    """Move all members by their covariance with the readings, as many at each level as it counts; [1].

    Returned are the depletion of the root zone, that at a place, the factor of the soil, and evapotranspiration.
    """
    members, draw = ensemble.root_mm.shape[1], np.random.default_rng(20_240_602)
    count = len(ensemble.root_mm)
    columns = np.concatenate((ensemble.root_mm, ensemble.et_mm, ensemble.holds[None, :]))
    mean = columns.mean(axis=1, keepdims=True)
    off = columns - mean
    gain = off @ readings.off.T / (members - 1)
    level_of = np.searchsorted(np.cumsum(weights), (np.arange(members) + 0.5) / members).clip(0, len(levels) - 1)
    draw.shuffle(level_of)
    noise = draw.standard_normal((len(readings.residual), members))
    moved, place = np.empty_like(columns), np.empty((count, members))
    # A place parts from the field as another member does.
    other = np.roll(np.arange(members), members // 2)
    for at in np.unique(level_of).tolist():
        level, some = levels[at], np.flatnonzero(level_of == at)
        news = readings.residual[:, None] + level.width * readings.off[:, some] - level.root_of_errors @ noise[:, some]
        step = level.width**2 * gain @ level.solve(news)
        moved[:, some] = mean + level.width * off[:, some] - step
        place[:, some] = moved[:count, some] + level.places * off[:count][:, other[some]]
    return moved[:count], place, np.clip(moved[-1], 0.3, 3.0), moved[count:-1]


def _fitted(
    ensemble: WaterEnsemble, sensors: Sequence[SoilSensor], readings: _Readings, levels: Sequence[_Level],
    weights: Values,
) -> tuple[WithInterval, WithInterval]:  # fmt: skip
    """Return what each sensor reads at field capacity and at the wilting point, by its covariance with the readings."""
    own, shared = _capacity_errors(sensors)
    gain = np.array([sensor.prior.gain_error for sensor in sensors])
    scale = np.array([sensor.prior.per_share for sensor in sensors])
    prior = np.array([sensor.prior.field_capacity for sensor in sensors])
    same = np.arange(len(sensors))[:, None] == readings.which[None, :]
    held, held_error = float(ensemble.held.mean()), float(ensemble.held.std())
    capacity = np.outer(shared, shared[readings.which] if len(readings.which) else np.empty(0))
    capacity = capacity + same * own[:, None] ** 2
    wilting = capacity + same * held * readings.mean[None, :] * gain[:, None] ** 2

    def fit(covariance: Values, variance: Values, expected: Values) -> WithInterval:
        means = np.array([covariance @ level.solve(readings.residual) for level in levels])
        left = np.array([(covariance * level.solve(covariance.T).T).sum(axis=1) for level in levels])
        mean = weights @ means
        error = np.sqrt(np.maximum(variance - weights @ left + weights @ (means - mean) ** 2, 0.0))
        value, ends = expected + scale * mean, _ERRORS_OF_INTERVAL * np.abs(scale) * error
        return WithInterval(value, value - ends, value + ends)

    variance = own**2 + shared**2
    return fit(capacity, variance, prior), fit(
        wilting, variance + (held * gain) ** 2 + held_error**2, prior - scale * held
    )


def _band_of(members: Values) -> WithInterval:
    """Return mean and interval of each row of members."""
    low, high = np.quantile(members, SHARES, axis=1)
    return WithInterval(members.mean(axis=1), low, high)
