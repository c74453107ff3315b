"""Vents and screens of a compartment: the air, the light and the heat that they let through. Pure, on arrays.

Roof vents: Vanthoor (2011) eq 65. Vents are above the screens: while a screen is closed, the air below reaches them
only through its cloth and its gap, and the vapour reaches the cover only so (Vanthoor 2011, after De Zwart 1996 and
Miguel 1998). The papers were not re-read; the equation of the screens is the one of GreenLight (Katzin 2020).
"""

from __future__ import annotations

import numpy as np

from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import ZERO_DEGC_K, Numbers
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators, Climate

#: Discharge and wind coefficients of roof vents (Vanthoor 2011).
_DISCHARGE, _WIND_EFFECT = 0.75, 0.09


def light_w_m2(structure: Structure, actuators: Actuators, outside: Outside) -> Numbers:
    """Return the sun's radiation inside, below quilt, cover and screens."""
    past = (1 - (1 - structure.screen_transmission) * actuators.screen) * (
        1 - (1 - structure.blackout_transmission) * actuators.blackout
    )
    return outside.radiation_w_m2 * structure.transmission * (1 - actuators.quilt) * past


def open_share_of(structure: Structure, actuators: Actuators) -> Numbers:
    """Return the share of the exchange of heat and long-wave radiation with the cover that the screens leave."""
    return (1 - structure.screen_saving * actuators.screen) * (1 - structure.blackout_saving * actuators.blackout)


def screens_s_m(structure: Structure, climate: Climate, actuators: Actuators) -> Numbers:
    """Return the resistance of the screens between the air below them and the vents above, 0 while they are open.

    Through the cloth pass K |dT|^0.66, through the gap of one that is partly open (1 - U) sqrt(g (1 - U) dT / 2 T),
    with the difference of air and cover for the one across the screen.
    """
    across_k = np.maximum(0.5, np.abs(climate.air_degc - climate.cover_degc))
    free_m_s = np.sqrt(4.905 * across_k / (climate.air_degc + ZERO_DEGC_K))
    cloth_m_s = structure.screen_air_m_s * across_k**0.66
    return _cloth_s_m(actuators.screen, cloth_m_s, free_m_s) + _cloth_s_m(actuators.blackout, cloth_m_s, free_m_s)


def _cloth_s_m(closed: Numbers, cloth_m_s: Numbers, free_m_s: Numbers) -> Numbers:
    return 1 / (closed * cloth_m_s + (1 - closed) ** 1.5 * free_m_s) - 1 / free_m_s


def ventilation_m_s(
    structure: Structure, air_degc: Numbers, outside: Outside, actuators: Actuators, below_s_m: Numbers
) -> Numbers:
    """Return the air exchange, m3 per m2 of floor and second: Vanthoor (2011) eq 65 for roof vents, and leakage.

    The vents and half of the leaks are above the screens, which resist by `below_s_m`.
    """
    mean_k = (air_degc + outside.temperature_degc) / 2 + ZERO_DEGC_K
    buoyancy = 9.81 * structure.vent_height_m * np.abs(air_degc - outside.temperature_degc) / (2 * mean_k)
    drive = np.sqrt(buoyancy + _WIND_EFFECT * outside.wind_m_s**2)
    vent = (actuators.vent + structure.windward_ratio * actuators.windward) / 2
    leaks = structure.leakage * max(outside.wind_m_s, 0.25)
    above = vent * structure.vent_area_ratio * _DISCHARGE / 2 * drive + leaks / 2
    return above / (1 + above * below_s_m) + leaks / 2
