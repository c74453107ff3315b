"""Formulas of moist air of the house model alone: answers have others, which are tested against its truth.

Saturation follows Buck (1981), J. Appl. Meteorol. 20, 1527-1532, the equation e_w1 over water:
es = 611.21 exp(17.502 t / (240.97 + t)) Pa. Vapour is an ideal gas of 461.5 J/(kg K). Numbers and arrays.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
#: A number or an array of them.
Value = TypeVar("Value", float, Numbers)

_A_PA, _B, _C_DEGC = 611.21, 17.502, 240.97
_VAPOUR_GAS_J_KGK = 461.5
_GAS_J_MOLK = 8.314
_CO2_KG_MOL = 0.04401
_PRESSURE_PA = 101_325.0
ZERO_DEGC_K = 273.15
#: Volumetric heat capacity of air.
AIR_J_M3K = 1_206.0


def saturation_pa(temperature_degc: Value) -> Value:
    """Return the saturation vapour pressure over water, Buck (1981)."""
    return _A_PA * _exp(_B * temperature_degc / (_C_DEGC + temperature_degc))


def saturation_slope_pa_k(temperature_degc: Value, saturated_pa: Value) -> Value:
    """Return the derivative of `saturation_pa` from its value there: the exponential is most of the work."""
    return saturated_pa * _B * _C_DEGC / (_C_DEGC + temperature_degc) ** 2


def limit(values: Numbers, low: float, high: float) -> Numbers:
    """Return the values within limits; of a few numbers, `np.clip` takes three times as long."""
    return np.minimum(np.maximum(values, low), high)


def dew_point_degc(vapour_pa: Value) -> Value:
    """Return the temperature at which `vapour_pa` is the saturation pressure: the inverse of `saturation_pa`."""
    logarithm = _log(vapour_pa / _A_PA)
    return _C_DEGC * logarithm / (_B - logarithm)


def vapour_kg_m3(vapour_pa: Value, temperature_degc: Value) -> Value:
    """Return the density of vapour from its partial pressure."""
    return vapour_pa / (_VAPOUR_GAS_J_KGK * (temperature_degc + ZERO_DEGC_K))


def vapour_pa(density_kg_m3: Value, temperature_degc: Value) -> Value:
    """Return the partial pressure of vapour from its density."""
    return density_kg_m3 * _VAPOUR_GAS_J_KGK * (temperature_degc + ZERO_DEGC_K)


def co2_kg_m3(ppm: Value, temperature_degc: Value) -> Value:
    """Return the density of carbon dioxide from its mole fraction, at 1 atm."""
    return ppm * 1e-6 * _PRESSURE_PA * _CO2_KG_MOL / (_GAS_J_MOLK * (temperature_degc + ZERO_DEGC_K))


def co2_ppm(density_kg_m3: Value, temperature_degc: Value) -> Value:
    """Return the mole fraction of carbon dioxide from its density, at 1 atm."""
    per_ppm = 1e-6 * _PRESSURE_PA * _CO2_KG_MOL / _GAS_J_MOLK
    return density_kg_m3 * (temperature_degc + ZERO_DEGC_K) / per_ppm


def _exp(value: Value) -> Value:
    # For a single number the standard library is five times faster than numpy.
    return np.exp(value) if isinstance(value, np.ndarray) else math.exp(value)


def _log(value: Value) -> Value:
    return np.log(value) if isinstance(value, np.ndarray) else math.log(value)
