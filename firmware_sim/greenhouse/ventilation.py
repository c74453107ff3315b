"""The air that goes through vents and leaks. Pure, on arrays."""

from __future__ import annotations

import numpy as np

from firmware_sim.core.moist_air import ZERO_DEGC_K, Numbers
from firmware_sim.greenhouse.compartment import Structure
from firmware_sim.greenhouse.weather import Outside

_DISCHARGE, _WIND_EFFECT = 0.75, 0.09
_LEAKAGE = 1.0e-4


def ventilation_m_s(structure: Structure, air_degc: Numbers, outside: Outside, vent: Numbers) -> Numbers:
    """Return the air exchanged, m3 per m2 of floor and second: Vanthoor (2011) eq 65 for roof vents, and leakage."""
    mean_k = (air_degc + outside.temperature_degc) / 2 + ZERO_DEGC_K
    warmer_k = np.maximum(0.0, air_degc - outside.temperature_degc)
    buoyancy = 9.81 * structure.vent_height_m * warmer_k / (2 * mean_k)
    drive = np.sqrt(buoyancy + _WIND_EFFECT * outside.wind_m_s**2)
    return vent * structure.vent_area_ratio * _DISCHARGE / 2 * drive + _LEAKAGE * max(outside.wind_m_s, 0.25)
