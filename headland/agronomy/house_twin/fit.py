"""Fit of a house's parameters to its measured temperature and humidity. Pure.

The most probable parameters under their priors, within their ranges: Gauss-Newton steps with Levenberg's and
Marquardt's damping (Marquardt 1963, J. SIAM 11, 431-441), a bound that a step would leave held (Bertsekas 1982, SIAM J.
Control Optim. 20, 221-246; neither re-read). All parameter sets of a step run through the model side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.house_model.compartment import Compartment, structure_of
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.parameters import PARAMETERS, Parameter
from headland.agronomy.house_twin.drive import Drive, run

#: Steps of the drive in an hour, whose means are compared, and hours from the start that are not.
PER_HOUR: Final = 12
SKIPPED_H: Final = 24
#: Errors that count one, and the hours over which they are alike.
_TEMPERATURE_K, _HUMIDITY_PCT, _ALIKE_H = 1.0, 6.0, 6.0
_MOST_ITERATIONS: Final = 14
_ENOUGH: Final = 2e-3
_MOST_DAMPING: Final = 1e5
_NUDGE: Final = 0.02
#: Lowest value whose logarithm is taken; of what counts in units it is as good as 0.
_LEAST: Final = 1e-12
_DAMPINGS: Final = (0.03, 1.0, 30.0)
#: A parameter is shown where the data leave less of its prior's spread than this.
_SHOWN_BELOW: Final = 0.9


@dataclass(frozen=True, slots=True)
class Fitted:
    """A parameter after the fit: its value, and the range of two standard deviations within the physical one.

    Where the data do not show it, it is the prior and its range is the prior's.
    """

    parameter: Parameter
    value: float
    low: float
    high: float
    shown: bool


@dataclass(frozen=True, slots=True)
class _Point:
    scaled: Numbers
    errors: Numbers
    slopes: Numbers
    cost: float


def fit(base: Compartment[float], drives: Sequence[Drive]) -> tuple[Fitted, ...]:
    """Return the parameters of one house, or those that several have in common, in the order of `PARAMETERS`.

    A first fit moves all parameters that the drives can show; those that it does not show return to their priors, and a
    second one moves the others.
    """
    lacking = frozenset.intersection(*(drive.lacks for drive in drives))
    asked = [each for each in PARAMETERS if each.needs not in lacking]
    start = np.array([each.scaled(each.prior) for each in asked])
    first, spread = _solve(base, drives, asked, start)
    kept = [at for at, each in enumerate(asked) if spread[at] < _SHOWN_BELOW * each.spread]
    shown = [asked[at] for at in kept]
    found, spread = _solve(base, drives, shown, first[kept])
    by_name = {each.name: (found[at], spread[at]) for at, each in enumerate(shown)}
    return tuple(_fitted(each, by_name.get(each.name)) for each in PARAMETERS)


def with_parameters(base: Compartment[float], fitted: Sequence[Fitted]) -> Compartment[float]:
    """Return a compartment with the fitted values."""
    return replace(base, **{each.parameter.name: each.value for each in fitted})


def hourly(values: Numbers) -> Numbers:
    """Return the means of whole hours along the first axis; NaN where less than half an hour was measured."""
    whole = len(values) // PER_HOUR
    hours = values[: whole * PER_HOUR].reshape(whole, PER_HOUR, *values.shape[1:])
    known = np.isfinite(hours)
    count = known.sum(axis=1)
    total = np.where(known, hours, 0.0).sum(axis=1)
    return np.where(2 * count >= PER_HOUR, total / np.maximum(count, 1), np.nan)


def _fitted(parameter: Parameter, found: tuple[float, float] | None) -> Fitted:
    at, spread = found or (parameter.scaled(parameter.prior), parameter.spread)
    ends = (parameter.value(at - 2 * spread), parameter.value(at + 2 * spread))
    low, high = (float(np.clip(end, parameter.low, parameter.high)) for end in ends)
    return Fitted(parameter, parameter.value(at), low, high, found is not None)


def _solve(
    base: Compartment[float], drives: Sequence[Drive], asked: Sequence[Parameter], start: Numbers
) -> tuple[Numbers, Numbers]:
    """Return the most probable parameters on their scales, and their standard deviations."""
    prior = np.array([each.scaled(each.prior) for each in asked])
    spread = np.array([each.spread for each in asked])
    low = np.array([each.scaled(max(each.low, _LEAST)) for each in asked])
    high = np.array([each.scaled(each.high) for each in asked])
    known = [(hourly(drive.air_degc), hourly(drive.humidity_pct)) for drive in drives]

    def points(rows: Numbers) -> list[_Point]:
        """Return each row with its errors and their slopes: all rows and their nudges run side by side."""
        nudges = _NUDGE * spread * np.where(rows + _NUDGE * spread > high, -1.0, 1.0)
        nudged = np.concatenate([np.vstack([row, row + np.diag(each)]) for row, each in zip(rows, nudges, strict=True)])
        each_drive = [_errors(base, drive, asked, nudged, *seen) for drive, seen in zip(drives, known, strict=True)]
        errors = np.concatenate(each_drive).reshape(-1, len(rows), len(asked) + 1)
        return [
            _Point(
                row,
                errors[:, at, 0],
                (errors[:, at, 1:] - errors[:, at, :1]) / nudges[at],
                float((errors[:, at, 0] ** 2).sum() + (((row - prior) / spread) ** 2).sum()),
            )
            for at, row in enumerate(rows)
        ]

    here, damping = points(start[None])[0], 0.01
    for _ in range(_MOST_ITERATIONS):
        curve = here.slopes.T @ here.slopes + np.diag(spread**-2)
        ahead = here.slopes.T @ here.errors + (here.scaled - prior) / spread**2
        factors = [damping * each for each in _DAMPINGS]
        tried = points(np.array([_next(here.scaled, curve, ahead, each, low, high) for each in factors]))
        best = min(range(len(tried)), key=lambda at: tried[at].cost)
        gained = here.cost - tried[best].cost
        if gained > 0:
            here, damping = tried[best], max(1e-4, factors[best])
        else:
            damping *= 1000.0
        if 0 <= gained < _ENOUGH * here.cost or damping > _MOST_DAMPING:
            break
    curve = here.slopes.T @ here.slopes + np.diag(spread**-2)
    return here.scaled, np.sqrt(np.diag(np.linalg.inv(curve)))


def _next(at: Numbers, curve: Numbers, ahead: Numbers, damping: float, low: Numbers, high: Numbers) -> Numbers:
    """Return the damped step within the bounds; what would leave one from on it is held."""
    free = np.ones(len(at), bool)
    move = np.zeros(len(at))
    while free.any():
        some = np.flatnonzero(free)
        damped = curve[np.ix_(some, some)] + damping * np.diag(np.diag(curve)[some])
        move[:] = 0.0
        move[some] = -np.linalg.solve(damped, ahead[some])
        out = free & (((at <= low) & (move < 0)) | ((at >= high) & (move > 0)))
        if not out.any():
            break
        free &= ~out
    return np.clip(at + move * free, low, high)


def _errors(
    base: Compartment[float],
    drive: Drive,
    asked: Sequence[Parameter],
    rows: Numbers,
    air_degc: Numbers,
    humidity_pct: Numbers,
) -> Numbers:
    """Return the errors of every hour, a column for each row of parameters; 0 where nothing was measured."""
    many = structure_of([base] * len(rows))
    course = run(replace(many, **dict(_columns(asked, rows))), drive)
    errors = np.concatenate(
        [
            (hourly(course.air_degc) - air_degc[:, None])[SKIPPED_H:] / _TEMPERATURE_K,
            (hourly(course.humidity_pct) - humidity_pct[:, None])[SKIPPED_H:] / _HUMIDITY_PCT,
        ]
    )
    return np.asarray(np.where(np.isfinite(errors), errors, 0.0) / np.sqrt(_ALIKE_H))


def _columns(asked: Sequence[Parameter], rows: Numbers) -> Iterator[tuple[str, Numbers]]:
    for at, each in enumerate(asked):
        yield each.name, np.exp(rows[:, at]) if each.scale == "log" else rows[:, at].copy()
