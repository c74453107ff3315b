"""Van Henten's greenhouse of lettuce, as published: the reference for tests of the simulator's mathematics.

E.J. van Henten (1994), Greenhouse climate management: an optimal control approach, PhD thesis, Wageningen; van Henten
(2003), Sensitivity analysis of an optimal control problem in greenhouse climate management, Biosystems Engineering 85,
355-364, equations 1-4 and table 1. The leakage is 0.75e-5 m/s as in the common benchmark code; the paper has
0.75e-4.
Pure. Areas are per m2 of floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_YIELD = 0.544
_RESPIRATION_DRY_1_S, _RESPIRATION_CO2_1_S = 2.65e-7, 4.87e-7
_CANOPY_M2_KG = 53.0
_LIGHT_USE_KG_J = 3.55e-9
_PHOTO_M_SK2, _PHOTO_M_SK, _PHOTO_M_S = 5.11e-6, 2.3e-4, 6.29e-4
_COMPENSATION_KG_M3 = 5.2e-5
_CAPACITY_CO2_M, _CAPACITY_VAPOUR_M, _CAPACITY_HEAT_J_M2K = 4.1, 4.1, 30_000.0
_AIR_HEAT_J_M3K, _COVER_W_M2K, _SUN_SHARE = 1_290.0, 6.1, 0.2
_TRANSPIRATION_M_S = 3.6e-3
_SATURATION_J_M3, _SATURATION_RATE, _SATURATION_DEGC = 9_348.0, 17.4, 239.0
_GAS_J_KMOLK, _ZERO_K = 8_314.0, 273.15
_LEAK_M_S = 7.5e-6


@dataclass(frozen=True, slots=True)
class LettuceState:
    """Dry weight kg/m2, carbon dioxide kg/m3, air temperature degC and vapour kg/m3; also their rates, per second."""

    dry_weight: float
    co2: float
    air_degc: float
    vapour: float


@dataclass(frozen=True, slots=True)
class LettuceControl:
    """Injection of carbon dioxide mg/(m2 s), ventilation mm/s (litres per m2 and second) and heating W/m2."""

    injection: float
    ventilation: float
    heating: float


@dataclass(frozen=True, slots=True)
class LettuceOutside:
    """Radiation W/m2, carbon dioxide kg/m3, air temperature degC and vapour kg/m3."""

    radiation: float
    co2: float
    air_degc: float
    vapour: float


def lettuce_rates(state: LettuceState, control: LettuceControl, outside: LettuceOutside) -> LettuceState:
    """Return the rates of change per second: van Henten (2003) equations 1 to 4."""
    degc = state.air_degc
    cover = 1 - math.exp(-_CANOPY_M2_KG * state.dry_weight)
    light = _LIGHT_USE_KG_J * outside.radiation
    carbon = (-_PHOTO_M_SK2 * degc**2 + _PHOTO_M_SK * degc - _PHOTO_M_S) * (state.co2 - _COMPENSATION_KG_M3)
    photosynthesis = cover * light * carbon / (light + carbon)
    warmth = state.dry_weight * 2 ** (0.1 * degc - 2.5)
    air_m_s = control.ventilation * 1e-3
    saturated = (
        _SATURATION_J_M3
        / (_GAS_J_KMOLK * (degc + _ZERO_K))
        * math.exp(_SATURATION_RATE * degc / (degc + _SATURATION_DEGC))
    )
    transpiration = cover * _TRANSPIRATION_M_S * (saturated - state.vapour)
    co2_out = (air_m_s + _LEAK_M_S) * (state.co2 - outside.co2)
    vapour_out = (air_m_s + _LEAK_M_S) * (state.vapour - outside.vapour)
    heat_out = (_AIR_HEAT_J_M3K * air_m_s + _COVER_W_M2K) * (degc - outside.air_degc)
    return LettuceState(
        dry_weight=_YIELD * photosynthesis - _RESPIRATION_DRY_1_S * warmth,
        co2=(-photosynthesis + _RESPIRATION_CO2_1_S * warmth + control.injection * 1e-6 - co2_out) / _CAPACITY_CO2_M,
        air_degc=(control.heating - heat_out + _SUN_SHARE * outside.radiation) / _CAPACITY_HEAT_J_M2K,
        vapour=(transpiration - vapour_out) / _CAPACITY_VAPOUR_M,
    )


def step_lettuce(state: LettuceState, control: LettuceControl, outside: LettuceOutside, step_s: float) -> LettuceState:
    """Return the state after `step_s` with constant inputs: one classical Runge-Kutta step of fourth order."""
    first = lettuce_rates(state, control, outside)
    second = lettuce_rates(_ahead(state, first, step_s / 2), control, outside)
    third = lettuce_rates(_ahead(state, second, step_s / 2), control, outside)
    fourth = lettuce_rates(_ahead(state, third, step_s), control, outside)
    mean = LettuceState(
        *(
            (one + 2 * two + 2 * three + four) / 6
            for one, two, three, four in zip(*map(_numbers, (first, second, third, fourth)), strict=True)
        )
    )
    return _ahead(state, mean, step_s)


def _ahead(state: LettuceState, rates: LettuceState, step_s: float) -> LettuceState:
    return LettuceState(*(value + step_s * rate for value, rate in zip(_numbers(state), _numbers(rates), strict=True)))


def _numbers(state: LettuceState) -> tuple[float, float, float, float]:
    return state.dry_weight, state.co2, state.air_degc, state.vapour
