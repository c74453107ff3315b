"""The relation of a channel to the others by hour, and its change from some hour on: a step, a drift or a gain.

A channel's hourly means are explained by the hour of day and the other channels, by ridge regression over all days. A
change from hour t on is a column more: 1, the days since, or what the others explain. By the theorem of Frisch and
Waugh its coefficient is that of its part that the others do not explain, so that all hours and kinds are tried at once.
Its error allows for dependent neighbours: n is reduced by their correlation (Bayley and Hammersley 1946).

Sources
-------
.. [1] Frisch and Waugh (1933), Econometrica 1, 387-401, not re-read.
.. [2] Willsky and Jones (1976), IEEE Trans. Automatic Control 21, 108-112: the generalised likelihood ratio test of an
   unknown jump at an unknown time, not re-read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.fault import DRIFT, LASTING, LIGHT, SCREEN, STEP, quantity_of
from headland.agronomy.series.arrays import Counts, Values

#: Days that are needed, before the change and after it [h], and the hours between the tried ones.
LEAST_H: Final = 8 * 24
_BEFORE_H, _AFTER_H, _EVERY_H = 96, 30, 6
_RIDGE: Final = 0.01
_LEAST_KNOWN: Final = 0.7
#: Hours for which some quantities act.
_LAST_H: Final = 4


@dataclass(frozen=True, slots=True)
class Change:
    """The most likely change of a relation: kind, hour, size, its size in standard errors.

    `share` is the part of the variance that the others explain of the channel without the change.
    """

    kind: str
    hour: int
    size: float
    errors: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Explained:
    """What others explain of a channel: the hours that are known, the part that remains, and a projection onto it."""

    hours: Counts
    rest: Values
    fitted: Values
    columns: Values
    solver: Values

    def remainder(self, columns: Values) -> Values:
        """Return the part of some columns that the others do not explain."""
        return np.asarray(columns - self.columns @ (self.solver @ columns))


def explain(target: Values, others: Mapping[str, Values], first_hour: int, *, least: int = 1) -> Explained | None:
    """Return what other channels and the hour of day explain; None with fewer than `least` of them or too few hours."""
    known = np.isfinite(target)
    if known.sum() < LEAST_H:
        return None
    columns = []
    for channel, column in others.items():
        if np.isfinite(column[known]).mean() < _LEAST_KNOWN:
            continue
        filled = np.where(np.isfinite(column), column, np.nanmean(column))
        if np.std(filled[known]) <= 0.0:
            continue
        columns.append(filled)
        if quantity_of(channel) in LASTING:
            columns.append(_mean_of_last(filled, _LAST_H))
    if len(columns) < least:
        return None
    hour = 2.0 * np.pi * ((first_hour + np.arange(len(target))) % 24) / 24.0
    daily = [wave(k * hour) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    x = np.array([*daily, *columns]).T[known]
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    x = np.column_stack((np.ones(len(x)), x))
    penalty = np.diag(np.concatenate(([0.0], np.full(x.shape[1] - 1, _RIDGE * len(x)))))
    solver = np.linalg.solve(x.T @ x + penalty, x.T)
    fitted = x @ (solver @ target[known])
    return Explained(np.flatnonzero(known), target[known] - fitted, fitted, x, solver)


def find_change(explained: Explained, kinds: tuple[str, ...], length: int) -> Change | None:
    """Return the change of some kinds that explains most of what remains; `length` is that of the whole table [h]."""
    hours, rest = explained.hours, explained.rest
    tried = np.arange(hours[0] + _BEFORE_H, min(length, hours[-1] + 1) - _AFTER_H, _EVERY_H)
    if len(tried) == 0:
        return None
    best: Change | None = None
    for kind in kinds:
        columns = explained.remainder(_columns(explained, kind, tried))
        along = columns.T @ rest
        at = int(np.argmax(along**2 / np.maximum((columns**2).sum(axis=0), 1e-12)))
        size, errors = _fit(columns[:, at], rest)
        if best is None or abs(errors) > abs(best.errors):
            left = rest - columns[:, at] * size
            share = 1.0 - float(left.var() / max(float((explained.fitted + left).var()), 1e-12))
            best = Change(kind, int(tried[at]), size, errors, share)
    return best


def errors_at(explained: Explained, change: Change) -> float:
    """Return how many standard errors a change of that kind has at that hour in another relation."""
    columns = explained.remainder(_columns(explained, change.kind, np.array([change.hour])))
    return _fit(columns[:, 0], explained.rest)[1]


def _columns(explained: Explained, kind: str, tried: Counts) -> Values:
    """Return what a change of size 1 adds at each known hour, by the hour it begins."""
    hours = explained.hours[:, None]
    if kind == DRIFT:
        return np.asarray(np.maximum((hours - tried[None, :]) / 24.0, 0.0))
    after = (hours >= tried[None, :]).astype(np.float64)
    return after if kind == STEP else after * explained.fitted[:, None]


def _fit(column: Values, rest: Values) -> tuple[float, float]:
    """Return the size of a change, and its size in standard errors."""
    power = max(float(column @ column), 1e-12)
    size = float(column @ rest) / power
    left = rest - column * size
    total = max(float(left @ left), 1e-12)
    like = float(np.clip((left[1:] @ left[:-1]) / total, 0.0, 0.97))
    return size, float(size / np.sqrt(total / len(left) / power * (1.0 + like) / (1.0 - like)))


def explaining(channel: str, table: Mapping[str, Values], suspects: frozenset[str]) -> dict[str, Values]:
    """Return the channels that may explain one: of other quantities, and for light its way through the screens."""
    quantity = quantity_of(channel)
    others = {name: column for name, column in table.items() if quantity_of(name) != quantity and name not in suspects}
    if quantity in LIGHT:
        screens = [table[name] for name in table if quantity_of(name) == SCREEN]
        for name in [name for name in others if quantity_of(name) in LIGHT]:
            for screen in screens:
                others[f"{name} under {len(others)}"] = others[name] * (1.0 - screen / 100.0)
    return others


def _mean_of_last(column: Values, hours: int) -> Values:
    total = np.concatenate((np.zeros(hours), np.cumsum(column)))
    width = np.minimum(np.arange(1, len(column) + 1), hours)
    return np.asarray((total[hours:] - total[:-hours]) / width)
