"""The relation of a channel to the others by hour, and whether it changed: a step, a drift or a gain from some hour on.

A channel's hourly means are explained by the hour of day and the other channels, by ridge regression over all days. A
change from hour t on is a column more: 1, the days since, or what the others explain. By the theorem of Frisch and Waugh
its coefficient is that of its part that the others do not explain, so that all hours and kinds are tried at once. Its
error allows for dependent neighbours: n is reduced by their correlation (Bayley and Hammersley 1946).

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

from headland.agronomy.sensor_faults.fault import DRIFT, GAIN, LIGHT, STEP, quantity_of
from headland.agronomy.series.arrays import Values

#: Days that are needed, before the change and after it [h], and the hours between the tried ones.
LEAST_H: Final = 8 * 24
_BEFORE_H, _AFTER_H, _EVERY_H = 96, 30, 6
_RIDGE: Final = 0.01
_LEAST_KNOWN: Final = 0.7
#: Quantities that act for hours.
_LASTING: Final = frozenset(
    (*LIGHT, "outside_temperature_degc", "pipe_temperature_degc", "lamp_power_pct", "heating_power_w_m2")
)
_LAST_H: Final = 4
_SCREEN, _LAMP = "screen_closed_pct", "lamp_power_pct"


@dataclass(frozen=True, slots=True)
class Change:
    """The most likely change of a relation: kind, hour, size, and its size in standard errors."""

    kind: str
    hour: int
    size: float
    errors: float


@dataclass(frozen=True, slots=True)
class Explained:
    """What others explain of a channel: the hours that are known, the part that remains, and a projection onto it."""

    hours: np.ndarray[tuple[int], np.dtype[np.int64]]
    rest: Values
    fitted: Values
    columns: Values
    solver: Values

    @property
    def share(self) -> float:
        """The share of the variance that is explained."""
        return 1.0 - float(self.rest.var() / max(float((self.rest + self.fitted).var()), 1e-12))

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
        if quantity_of(channel) in _LASTING:
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
    after = hours[:, None] >= tried[None, :]
    for kind in kinds:
        if kind == STEP:
            columns = after.astype(np.float64)
        elif kind == DRIFT:
            columns = np.maximum(hours[:, None] - tried[None, :], 0) / 24.0
        else:
            columns = after * explained.fitted[:, None]
        columns = explained.remainder(columns)
        power = np.maximum((columns**2).sum(axis=0), 1e-12)
        along = columns.T @ rest
        at = int(np.argmax(along**2 / power))
        size = float(along[at] / power[at])
        left = rest - columns[:, at] * size
        spread = float((left**2).mean())
        like = float(np.clip((left[1:] * left[:-1]).sum() / max(float((left**2).sum()), 1e-12), 0.0, 0.97))
        error = np.sqrt(max(spread, 1e-12) / power[at] * (1.0 + like) / (1.0 - like))
        if best is None or abs(size / error) > abs(best.errors):
            best = Change(kind, int(tried[at]), size, float(size / error))
    return best


def errors_at(explained: Explained, change: Change) -> float:
    """Return how many standard errors a change of that kind has at that hour in another relation."""
    hours = explained.hours
    after = hours >= change.hour
    column = {STEP: after * 1.0, DRIFT: np.maximum(hours - change.hour, 0) / 24.0, GAIN: after * explained.fitted}
    part = explained.remainder(column[change.kind][:, None])[:, 0]
    power = max(float((part**2).sum()), 1e-12)
    size = float(part @ explained.rest) / power
    left = explained.rest - part * size
    like = float(np.clip((left[1:] * left[:-1]).sum() / max(float((left**2).sum()), 1e-12), 0.0, 0.97))
    return float(size / np.sqrt(max(float((left**2).mean()), 1e-12) / power * (1.0 + like) / (1.0 - like)))


def explaining(channel: str, table: Mapping[str, Values], suspects: frozenset[str]) -> dict[str, Values]:
    """Return the channels that may explain one: of other quantities, and for light its way through the screens."""
    quantity = quantity_of(channel)
    others = {
        name: column for name, column in table.items() if quantity_of(name) != quantity and name not in suspects
    }
    if quantity in LIGHT:
        screens = [table[name] for name in table if quantity_of(name) == _SCREEN]
        for name in [name for name in others if quantity_of(name) in LIGHT]:
            for screen in screens:
                others[f"{name} under {len(others)}"] = others[name] * (1.0 - screen / 100.0)
    return others


def _mean_of_last(column: Values, hours: int) -> Values:
    total = np.concatenate((np.zeros(hours), np.cumsum(column)))
    width = np.minimum(np.arange(1, len(column) + 1), hours)
    return np.asarray((total[hours:] - total[:-hours]) / width)
