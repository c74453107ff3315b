"""Feeder of a spreader: how its flow builds up and dies away after its signal, fitted to the hopper's weight.

Without a flow sensor the signal alone says when product leaves. The flow follows it with a first-order lag, and so does
the hopper's loss: the lags are those whose losses fit the weights best, with one steady flow a load.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, clip

#: The lags that are tried [s]: when it opens, and when it closes.
_OPENING_S: Final = np.arange(0.0, 2.01, 0.1)
_CLOSING_S: Final = np.arange(0.0, 1.01, 0.1)
#: The fewest stretches of work, and weights in them, that show a lag: a single row has less than the cells' noise.
_LEAST_STRETCHES, _LEAST_WEIGHTS = 4, 200
#: Weights around the work that belong to a load [ms]: before its first stretch and after its last.
_AROUND_MS: Final = 3000.0
#: The least variance of a row's weights: the resolution of load cells of this class.
_LEAST_VARIANCE_KG2: Final = 0.01


@dataclass(frozen=True, slots=True)
class FeederLag:
    """Time constants of the flow after the signal: when the feeder opens and when it closes [s]."""

    opening_s: float = 0.0
    closing_s: float = 0.0


def fed_s(at_ms: Times, on_time: Intervals, lag: FeederLag) -> Values:
    """Return for how long a feeder would have fed at its steady flow up to each instant [s], over times of its signal.

    The flow builds up from nothing at the start of each stretch, and dies away after its end.
    """
    total, time_s = np.zeros(len(at_ms)), at_ms / 1000.0
    for start_ms, end_ms in on_time:
        start_s, end_s = start_ms / 1000.0, end_ms / 1000.0
        open_s = np.clip(time_s - start_s, 0.0, end_s - start_s)
        total += open_s - _missing(open_s, lag.opening_s)
        flow = 1.0 - np.exp(-(end_s - start_s) / lag.opening_s) if lag.opening_s > 0.0 else 1.0
        total += flow * _missing(np.maximum(time_s - end_s, 0.0), lag.closing_s)
    return total


def fit_feeder_lag(hopper: HopperWeights, on_time: Intervals, loads: list[tuple[float, float]]) -> FeederLag | None:
    """Return the lags that fit the hopper's weights best, by least squares; None where too little was fed to tell.

    `loads` are the stretches between refills; each has its own weight at the start and its own flow.
    """
    parts = []
    for start_ms, end_ms in loads:
        on = clip(on_time, start_ms, end_ms)
        if not len(on):
            continue
        first_ms, last_ms = max(on[0, 0] - _AROUND_MS, start_ms), min(on[-1, 1] + _AROUND_MS, end_ms)
        inside = (hopper.time_ms >= first_ms) & (hopper.time_ms <= last_ms)
        parts.append((hopper.time_ms[inside], hopper.mass_kg[inside], on))
    if sum(len(on) for _, _, on in parts) < _LEAST_STRETCHES or sum(len(t) for t, _, _ in parts) < _LEAST_WEIGHTS:
        return None
    even = [np.ones(len(on)) for _, _, on in parts]
    first = _best_lag(parts, even)
    # Jolts of the flight shake a full hopper more than an empty one: a quiet row tells more of the lag.
    return _best_lag(parts, [1.0 / np.maximum(_left(part, first), _LEAST_VARIANCE_KG2) for part in parts])


_Part = tuple[Times, Values, Intervals]


def _best_lag(parts: list[_Part], weights: list[Values]) -> FeederLag:
    """Return the lags with the least squares over all rows, each with a weight."""

    def misfit(lag: FeederLag) -> float:
        return sum(
            float((_left(part, lag, weight) * weight).sum()) for part, weight in zip(parts, weights, strict=True)
        )

    opening_s = min(_OPENING_S.tolist(), key=lambda lag_s: misfit(FeederLag(lag_s, 0.1)))
    closing_s = min(_CLOSING_S.tolist(), key=lambda lag_s: misfit(FeederLag(opening_s, lag_s)))
    opening_s = min(_OPENING_S.tolist(), key=lambda lag_s: misfit(FeederLag(lag_s, closing_s)))
    return FeederLag(float(opening_s), float(closing_s))


def _left(part: _Part, lag: FeederLag, weight: Values | None = None) -> Values:
    """Return the mean square of what is left of each row's weights beside the losses of a lag [kg2].

    Each row has a level of its own, a load one flow, fitted with the rows' weights. The cells drift by more over
    minutes than a lag weighs: only the course within a stretch and around it counts.
    """
    time_ms, mass_kg, on = part
    fed = fed_s(time_ms, on, lag)
    middles = [(a + b) / 2.0 for a, b in pairwise_ends(on)]
    row = np.searchsorted(np.array(middles), time_ms, side="right")
    count = np.maximum(np.bincount(row, minlength=len(on)), 1)
    mass = mass_kg - (np.bincount(row, mass_kg, len(on)) / count)[row]
    loss = fed - (np.bincount(row, fed, len(on)) / count)[row]
    each = np.ones(len(row)) if weight is None else weight[row]
    power = float((each * loss**2).sum())
    flow = float((each * mass * loss).sum()) / power if power > 0.0 else 0.0
    return np.asarray(np.bincount(row, (mass - flow * loss) ** 2, len(on)) / count)


def pairwise_ends(on_time: Intervals) -> list[tuple[float, float]]:
    """Return the end of each stretch with the start of the next."""
    return [(float(before[1]), float(after[0])) for before, after in pairwise(on_time)]


def _missing(since_s: Values, lag_s: float) -> Values:
    """Return what a first-order lag holds back up to each time since a step [s]."""
    return lag_s * (1.0 - np.exp(-since_s / lag_s)) if lag_s > 0.0 else np.zeros(len(since_s))
