"""Suitability of an hour's weather for spraying or spreading: go, caution or stop, with reasons.

Delta-T bands: Bureau of Meteorology and GRDC spray guidance (2 to 8 K good, to 10 marginal). Wind 3 to 15 km/h: APVMA
and GRDC. Granules from a drone: the class of drones meant here is built for winds up to 6 m/s. An inversion is a
hint only, from night or the time around sunset with hardly any wind; measuring it needs thermometers at two heights.
Rain of less than 0.1 mm is a trace (WMO-No. 8) and no rain here. Gusts beyond what that class of drones is built for
are a caution, as they pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.psychrometrics import STANDARD_PRESSURE_KPA, delta_t_k
from headland.agronomy.climate.sun import is_day
from headland.agronomy.series.answer import INSUFFICIENT_DATA
from headland.units_of_time import HOUR_MS, MINUTE_MS

Kind = Literal["granular", "liquid"]
GO: Final = "go"
CAUTION: Final = "caution"
STOP: Final = "stop"

_DELTA_T_GOOD_K: Final = (2.0, 8.0)
_DELTA_T_MOST_K: Final = 10.0
_LIQUID_WIND_M_S: Final = (3.0 / 3.6, 15.0 / 3.6)
_GRANULAR_WIND_M_S: Final = (5.0, 6.0)
_INVERSION_WIND_M_S: Final = 1.1
_HOT_DEGC: Final = (28.0, 30.0)
#: Leaves are wet with dew above this: urea on them scorches.
_DEW_PCT: Final = 95.0
_GUST_M_S: Final = 6.0
#: The time before sunset in which the air becomes calm.
_SUNSET_MS: Final = 90 * MINUTE_MS
#: The least rain of an hour, or before a product is rainfast, that counts [mm].
LEAST_RAIN_MM: Final = 0.1
#: Hours after an application in which rain washes a product off, where its label does not say it: most labels of
#: herbicides and fungicides ask for one to six. Granules have none, as they are to dissolve.
USUAL_RAINFAST_H: Final[dict[Kind, int]] = {"liquid": 6, "granular": 0}


@dataclass(frozen=True, slots=True)
class Hour:
    """The means of one hour, None where it is not known; `is_calm_time`: night, or 1.5 h around sunset.

    Rain is known by a detector (`rain_share` of the hour) or by a gauge or forecast (`rain_mm`). `rain_ahead_mm` is the
    rain of the `rainfast_h` hours after it, which an hour is judged by where these are not 0. Wind and gusts are those
    at the height of the plants and machines, 2 m.
    """

    start_ms: int
    temperature_degc: float | None
    humidity_pct: float | None
    wind_m_s: float | None
    rain_share: float | None
    is_calm_time: bool
    rain_mm: float | None = None
    gust_m_s: float | None = None
    rainfast_h: float = 0.0
    rain_ahead_mm: float | None = None


@dataclass(frozen=True, slots=True)
class HourVerdict:
    """Suitability of an hour: `state` is go, caution, stop or insufficient_data; `missing` was not measured."""

    hour: Hour
    state: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    delta_t_k: float | None


def wind_limit_m_s(kind: Kind) -> float:
    """Return the wind above which the work stops [m/s], at 2 m."""
    return (_GRANULAR_WIND_M_S if kind == "granular" else _LIQUID_WIND_M_S)[1]


def calm_times(starts_ms: Sequence[int], latitude_deg: float, longitude_deg: float) -> list[bool]:
    """Return which hours are night, or within an hour and a half before sunset, by their middle."""
    middle_ms = np.array(starts_ms, np.int64) + HOUR_MS // 2
    lit = is_day(middle_ms, latitude_deg, longitude_deg) & is_day(middle_ms + _SUNSET_MS, latitude_deg, longitude_deg)
    return [not one for one in lit.tolist()]


def assess_hour(hour: Hour, kind: Kind, pressure_kpa: float = STANDARD_PRESSURE_KPA) -> HourVerdict:
    """Return the suitability of an hour; insufficient_data without wind, or for a liquid without Delta-T.

    `pressure_kpa` is the air's at the site: at 1800 m Delta-T is 0.7 K larger than at sea level.
    """
    return assess_hours([hour], kind, pressure_kpa)[0]


def assess_hours(hours: Sequence[Hour], kind: Kind, pressure_kpa: float = STANDARD_PRESSURE_KPA) -> list[HourVerdict]:
    """Return the suitability of each hour, as `assess_hour` does."""
    temperature_degc = np.array([hour.temperature_degc for hour in hours], np.float64)
    humidity_pct = np.array([hour.humidity_pct for hour in hours], np.float64)
    deltas_k = delta_t_k(temperature_degc, np.minimum(humidity_pct, 100.0), pressure_kpa).tolist()
    return [
        _judge(hour, kind, delta_k if math.isfinite(delta_k) else None)
        for hour, delta_k in zip(hours, deltas_k, strict=True)
    ]


def _judge(hour: Hour, kind: Kind, delta_k: float | None) -> HourVerdict:
    rain = hour.rain_mm if hour.rain_share is None else hour.rain_share
    known = {"wind": hour.wind_m_s, "delta_t": delta_k, "rain": rain}
    missing = tuple(name for name, value in known.items() if value is None)
    stops, cautions = _judge_wind(hour, kind)
    if hour.gust_m_s is not None and hour.gust_m_s > _GUST_M_S:
        cautions.append("gusts")
    if hour.rain_share or (hour.rain_mm or 0.0) >= LEAST_RAIN_MM:
        stops.append("rain")
    if hour.rainfast_h > 0.0:
        _judge_rain_ahead(hour, stops, cautions)
    if kind == "liquid":
        _judge_air(hour, delta_k, stops, cautions)
    elif hour.humidity_pct is not None and hour.humidity_pct >= _DEW_PCT:
        cautions.append("dew_on_leaves")
    needed = {"wind", "delta_t"} if kind == "liquid" else {"wind"}
    if stops:
        state = STOP
    elif needed & set(missing):
        state = INSUFFICIENT_DATA
    else:
        # Without a measurement of rain the state is at most caution.
        state = CAUTION if cautions or "rain" in missing else GO
    reasons = (*stops, *cautions, *(("rain_not_measured",) if "rain" in missing else ()))
    return HourVerdict(hour, state, reasons, missing, delta_k)


def _judge_wind(hour: Hour, kind: Kind) -> tuple[list[str], list[str]]:
    stops: list[str] = []
    cautions: list[str] = []
    wind = hour.wind_m_s
    if wind is None:
        return stops, cautions
    if kind == "granular":
        if wind > _GRANULAR_WIND_M_S[1]:
            stops.append("wind_too_strong")
        elif wind > _GRANULAR_WIND_M_S[0]:
            cautions.append("wind_near_limit")
        return stops, cautions
    if wind > _LIQUID_WIND_M_S[1]:
        stops.append("wind_too_strong")
    elif wind < _LIQUID_WIND_M_S[0]:
        cautions.append("wind_too_weak")
    if wind < _INVERSION_WIND_M_S and hour.is_calm_time:
        cautions.append("inversion_likely")
    return stops, cautions


def _judge_rain_ahead(hour: Hour, stops: list[str], cautions: list[str]) -> None:
    if hour.rain_ahead_mm is None:
        cautions.append("rain_ahead_not_known")
    elif hour.rain_ahead_mm >= LEAST_RAIN_MM:
        stops.append("rain_before_rainfast")


def _judge_air(hour: Hour, delta_k: float | None, stops: list[str], cautions: list[str]) -> None:
    if delta_k is not None:
        if delta_k > _DELTA_T_MOST_K:
            stops.append("delta_t_too_high")
        elif delta_k < _DELTA_T_GOOD_K[0]:
            stops.append("delta_t_too_low")
        elif delta_k > _DELTA_T_GOOD_K[1]:
            cautions.append("delta_t_high")
    if hour.temperature_degc is not None:
        if hour.temperature_degc > _HOT_DEGC[1]:
            stops.append("too_hot")
        elif hour.temperature_degc > _HOT_DEGC[0]:
            cautions.append("hot")
