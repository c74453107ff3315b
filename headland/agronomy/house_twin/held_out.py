"""How well a model tells hours that it was not fitted to, beside "yesterday at this hour". Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headland.agronomy.house_model.moist_air import Numbers

_DAY_H = 24
#: Hours of both kinds of error below which nothing is said.
_FEWEST_H = 72


@dataclass(frozen=True, slots=True)
class LaterErrors:
    """Errors of a model over `hours` hours, and of "yesterday at this hour" over the same hours.

    `correlation` is that of all hours. `late_h` is by how many hours the model's mean day comes after the measured one,
    -12 to 12: the phase. Both are NaN where one of the two does not vary.
    """

    hours: int
    rmse: float
    bias: float
    correlation: float
    late_h: float
    yesterday_rmse: float


def held_out(modelled: Numbers, measured: Numbers, since_h: int = _DAY_H) -> LaterErrors | None:
    """Return the errors of hourly means after the first `since_h` hours (at least 24); None below three days."""
    before = np.full(len(measured), np.nan)
    before[_DAY_H:] = measured[:-_DAY_H]
    said = np.isfinite(modelled) & np.isfinite(measured) & np.isfinite(before)
    said[: max(since_h, _DAY_H)] = False
    if said.sum() < _FEWEST_H:
        return None
    error, naive = (modelled - measured)[said], (before - measured)[said]
    hour = np.arange(len(measured)) % _DAY_H
    days = [np.array([column[said & (hour == h)].mean() for h in range(_DAY_H)]) for column in (modelled, measured)]
    shifted = [_correlation(np.roll(days[0], -late), days[1]) for late in range(-12, 12)]
    return LaterErrors(
        int(said.sum()),
        float(np.sqrt(np.mean(error**2))),
        float(error.mean()),
        _correlation(modelled[said], measured[said]),
        float("nan") if np.isnan(shifted).any() else float(np.argmax(shifted) - 12),
        float(np.sqrt(np.mean(naive**2))),
    )


def _correlation(one: Numbers, other: Numbers) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
