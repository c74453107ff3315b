"""Stations that do not teach: those in the sun, sheltered or stuck, found beside the forecast of the next hours. Pure.

A forecast is no reference, but what a station shows beside it tells its fault from the provider's error:

- **In the sun**: by day the difference grows with the radiation, and not with the height of the sun alone, which is how
  a provider's course of the day is wrong. Radiation under clouds is G0 (1 - 0.75 N^3.4) ([1]_). Where no cloud cover is
  said, a difference that follows the sun's height and is large is taken for a sensor in the sun.
- **Sheltered**: the wind is far below what is said, does not vary, and does not follow it.
- **Stuck**: days without any course while one was said, or an anemometer that does not turn in a wind.

Sources
-------
.. [1] Kasten, Czeplak (1980), Solar and terrestrial radiation dependent on the amount and type of cloud, Solar Energy
   24, 177-189.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values

#: Days that are looked at, and the share of their hours that must be known.
WATCHED_DAYS: Final = 14
LEAST_SHARE: Final = 0.5
#: Radiation at which the error by the sun is told [W/m2], and of a clear sky with the sun overhead.
_SUN_W_M2, _OVERHEAD_W_M2 = 600.0, 1000.0
#: The smallest error at `_SUN_W_M2` that is a finding [K], and where no clouds are said.
_LEAST_SUN_K, _LEAST_SUN_ALONE_K = 1.5, 3.5
_LEAST_ERRORS, _LEAST_CORRELATION = 4.0, 0.6
#: Sine of the sun's height from which on it is day enough.
_DAY_SINE: Final = 0.15
#: Wind of a sheltered anemometer: its share of what is said, the share of its spread, and the largest correlation.
_SHELTERED, _SHELTERED_SPREAD, _SHELTERED_CORRELATION = 0.4, 0.35, 0.6
#: A day is without course below this share of the spread that was said; so many days are a stuck sensor.
_FLAT, _FLAT_DAYS = 0.08, 3
#: An anemometer that stands still [m/s] while this wind is said [m/s] for so many hours of the last days.
_STILL_M_S, _WINDY_M_S, _STILL_H = 0.05, 1.5, 36
_DAY_H: Final = 24
#: Hours of a day that must be known for its course.
_LEAST_DAY_H: Final = 18


class TeachingFault(StrEnum):
    """Why a station does not teach a quantity."""

    SUN = "sun"
    SHELTERED = "sheltered"
    STUCK = "stuck"
    FEW_HOURS = "few_hours"


def check_temperature(measured: Values, said: Values, sun_sine: Values, cloud_pct: Values) -> TeachingFault | None:
    """Return why a thermometer does not teach, from its last days by hour beside what was said an hour or so before.

    `sun_sine` is the sine of the sun's height, `cloud_pct` the cloud cover that was said; NaN where unknown.
    """
    fault = check_course(measured, said)
    if fault is not None:
        return fault
    return TeachingFault.SUN if _is_in_sun(measured - said, sun_sine, cloud_pct) else None


def check_course(measured: Values, said: Values) -> TeachingFault | None:
    """Return why a sensor of temperature or humidity does not teach: too few hours, or days without a course."""
    known = np.isfinite(measured) & np.isfinite(said)
    if known.sum() < LEAST_SHARE * len(measured):
        return TeachingFault.FEW_HOURS
    flat = 0
    for start in range(0, len(measured) - _DAY_H + 1, _DAY_H):
        day = slice(start, start + _DAY_H)
        both = known[day]
        if both.sum() >= _LEAST_DAY_H and np.std(said[day][both]) > 0.0:
            flat += bool(np.std(measured[day][both]) < _FLAT * np.std(said[day][both]))
    return TeachingFault.STUCK if flat >= _FLAT_DAYS else None


def check_wind(measured: Values, said: Values) -> TeachingFault | None:
    """Return why an anemometer does not teach."""
    known = np.isfinite(measured) & np.isfinite(said)
    if known.sum() < LEAST_SHARE * len(measured):
        return TeachingFault.FEW_HOURS
    one, other = measured[known], said[known]
    windy = other >= _WINDY_M_S
    if windy.sum() >= _STILL_H and (one[windy] <= _STILL_M_S).sum() >= max(_STILL_H, windy.sum() / 2):
        return TeachingFault.STUCK
    is_low = one.mean() < _SHELTERED * other.mean() and one.std() < _SHELTERED_SPREAD * other.std()
    return TeachingFault.SHELTERED if is_low and _correlation(one, other) < _SHELTERED_CORRELATION else None


def _is_in_sun(off: Values, sun_sine: Values, cloud_pct: Values) -> bool:
    """Return whether a thermometer's difference from the forecast is that of a sensor in the sun."""
    known = np.isfinite(off) & np.isfinite(sun_sine)
    day, night = known & (sun_sine > _DAY_SINE), known & (sun_sine < 0.0)
    if day.sum() < 3 * _DAY_H or night.sum() < 3 * _DAY_H:
        return False
    clouded = day & np.isfinite(cloud_pct)
    cloud = np.clip(cloud_pct[clouded], 0.0, 100.0) / 100.0
    if clouded.sum() >= 3 * _DAY_H and cloud.std() > 0.1:
        radiation = _OVERHEAD_W_M2 * sun_sine[clouded] * (1.0 - 0.75 * cloud**3.4)
        kelvin, errors = _by_radiation(off[clouded], sun_sine[clouded], radiation)
        bright = off[clouded][radiation >= np.quantile(radiation, 0.75)]
        warmer = bright.mean() - off[night].mean()
        return bool(kelvin >= _LEAST_SUN_K and errors >= _LEAST_ERRORS and warmer >= _LEAST_SUN_K)
    height = np.maximum(sun_sine[known], 0.0)
    slope = float(np.polyfit(height, off[known], 1)[0]) * _SUN_W_M2 / _OVERHEAD_W_M2
    return slope >= _LEAST_SUN_ALONE_K and _correlation(height, off[known]) >= _LEAST_CORRELATION


def _by_radiation(off: Values, sine: Values, radiation: Values) -> tuple[float, float]:
    """Return by how much a difference grows to `_SUN_W_M2` of radiation at the same height of the sun [K], and that in
    its standard errors, with a third of the hours counted as independent."""
    design = np.column_stack([np.ones_like(sine), sine, radiation / _SUN_W_M2])
    solved, _, rank, _ = np.linalg.lstsq(design, off, rcond=None)
    if rank < design.shape[1]:
        return 0.0, 0.0
    rest = off - design @ solved
    free = max(len(off) / 3 - design.shape[1], 1.0)
    variance = float(rest @ rest) / len(off) * np.linalg.inv(design.T @ design)[2, 2] * len(off) / free
    return float(solved[2]), float(solved[2]) / float(np.sqrt(max(variance, 1e-12)))


def _correlation(one: Values, other: Values) -> float:
    if one.std() == 0.0 or other.std() == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
