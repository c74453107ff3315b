"""What a greenhouse's air was like over a window, from paired temperature and humidity samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.psychrometrics import (
    dew_point_degc,
    frost_point_degc,
    humidity_deficit_g_m3,
    vapour_pressure_deficit_kpa,
)
from headland.agronomy.series.answer import (
    INSUFFICIENT_DATA,
    MISSING,
    REACH_INTERVALS,
    Answer,
    Method,
    expected_interval_s,
    share_of_window,
    share_out_s,
)
from headland.agronomy.series.arrays import QualityFlags, Times, Values

#: Below this share of the window a mean says more about the hole than about the house.
COVERAGE_BAR: Final = 0.5

#: A sample speaks for the air at least this far around it, however often it was meant to come: greenhouse air follows
#: its vents and heating within minutes, not seconds.
LEAST_REACH_S: Final = 60.0

_INPUTS: Final = ("air_temperature_degc", "relative_humidity_pct")
_MEAN: Final = (
    "time-weighted mean of the value at each paired sample; coverage is the share of the window within a minute or two "
    "expected intervals of one"
)
_FAO56: Final = "FAO Irrigation and Drainage Paper 56 (1998), eq 11"
_VPD: Final = Method("vapour_pressure_deficit", 1, f"es - ea with es from {_FAO56}; {_MEAN}")
_DEW: Final = Method("dew_point_over_water", 1, f"inverse of {_FAO56}, over water at any temperature; {_MEAN}")
_FROST: Final = Method("frost_point_over_ice", 1, f"inverse of WMO-No. 8 (2018) eq 4.B.2, only below 0 degC; {_MEAN}")
_DEFICIT: Final = Method("humidity_deficit", 1, f"(es - ea) / (461.5 J/(kg K) T) with es from {_FAO56}; {_MEAN}")


@dataclass(frozen=True, slots=True)
class AirSamples:
    """Temperature and humidity taken at the same instants: columns of equal length, times ascending.

    `quality` is the worse of the two flags; only flags 1 and 2 belong here.
    """

    time_ms: Times
    temperature_degc: Values
    humidity_pct: Values
    quality: QualityFlags


@dataclass(frozen=True, slots=True)
class Climate:
    """The answers over one window; `frost_point_degc` only where hoar could form."""

    vpd_kpa: Answer
    dew_point_degc: Answer
    humidity_deficit_g_m3: Answer
    frost_point_degc: Answer | None


def pair_samples(
    temperature: tuple[Times, Values, QualityFlags], humidity: tuple[Times, Values, QualityFlags], within_s: float
) -> AirSamples:
    """Return each temperature with the humidity nearest in time, where one lies at most `within_s` away.

    Both are (time_ms, value, quality) columns with ascending times.
    """
    time_ms, value, flags = temperature
    other_ms, other, other_flags = humidity
    if len(time_ms) == 0 or len(other_ms) == 0:
        return AirSamples(time_ms[:0], value[:0], other[:0], flags[:0])
    after = np.minimum(np.searchsorted(other_ms, time_ms), len(other_ms) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(time_ms - other_ms[before]) <= np.abs(other_ms[after] - time_ms), before, after)
    near = np.abs(other_ms[nearest] - time_ms) <= within_s * 1000.0
    nearest = nearest[near]
    return AirSamples(time_ms[near], value[near], other[nearest], np.maximum(flags[near], other_flags[nearest]))


def assess_climate(air: AirSamples, window: tuple[int, int], interval_s: float | None = None) -> Climate:
    """Return the climate of [start_ms, end_ms); samples outside it are not allowed.

    `interval_s` is the expected interval between samples, the median of what came where it is None.
    """
    frost = frost_point_degc(air.temperature_degc, air.humidity_pct)
    return Climate(
        vpd_kpa=_mean(vapour_pressure_deficit_kpa, "kPa", _VPD, air, window, interval_s),
        dew_point_degc=_mean(dew_point_degc, "degC", _DEW, air, window, interval_s),
        humidity_deficit_g_m3=_mean(humidity_deficit_g_m3, "g/m3", _DEFICIT, air, window, interval_s),
        frost_point_degc=_mean(frost_point_degc, "degC", _FROST, air, window, interval_s)
        if np.isfinite(frost).any()
        else None,
    )


def _mean(
    formula: Callable[[Values, Values], Values],
    unit: str,
    method: Method,
    air: AirSamples,
    window: tuple[int, int],
    interval_s: float | None,
) -> Answer:
    value = formula(air.temperature_degc, air.humidity_pct)
    known = np.isfinite(value)
    value, time_ms, quality = value[known], air.time_ms[known], air.quality[known]
    reach_s = max(REACH_INTERVALS * expected_interval_s(air.time_ms, interval_s), LEAST_REACH_S)
    shares_s = share_out_s(time_ms, *window, reach_s)
    coverage = share_of_window(shares_s, *window)
    enough = coverage >= COVERAGE_BAR
    return Answer(
        value=float(np.average(value, weights=shares_s)) if enough else None,
        unit=unit,
        window=window,
        n=len(value),
        coverage=coverage,
        quality=int(quality.max()) if len(quality) else MISSING,
        method=method,
        inputs=_INPUTS,
        evidence="measured" if enough else None,
        reason=None if enough else INSUFFICIENT_DATA,
        low=float(value.min()) if enough else None,
        high=float(value.max()) if enough else None,
    )
