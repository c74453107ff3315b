"""How much air a greenhouse exchanges: by its vents, by a balance of carbon dioxide or of vapour, by a tracer's decay.

Sources
-------
.. [1] Vanthoor et al. (2011), Biosystems Engineering 110, 363-377, electronic appendix: roof vents, eq 65.
.. [2] Boulard and Draoui (1995), J. Agric. Eng. Res. 61, 165-172: ventilation from balances and tracers.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.psychrometrics import KELVIN, saturation_vapour_pressure_kpa
from headland.agronomy.series.arrays import Values

#: A difference of less than so many standard errors of the two sensors is no difference.
LEAST_SIGMAS: Final = 3.0

_CO2_KG_KMOL: Final = 44.01
_GAS_J_KMOL_K: Final = 8314.0
#: [1]: vapour that condenses with a joule of exchanged heat and a pascal, and the cover's inside exchange.
_CONDENSED_KG_PA_J: Final = 6.4e-9
_COVER_W_M2_K: Final = 1.86
_GRAVITY_M_S2: Final = 9.81


def co2_g_m3(co2_ppm: ArrayLike, temperature_degc: ArrayLike, pressure_pa: ArrayLike = 101_325.0) -> Values:
    """Return the carbon dioxide in a volume of air [g/m3] by the ideal gas law."""
    kelvin = np.asarray(temperature_degc, np.float64) + KELVIN
    moles = np.asarray(co2_ppm, np.float64) * 1e-6 * np.asarray(pressure_pa, np.float64) / (_GAS_J_KMOL_K * kelvin)
    return np.asarray(moles * _CO2_KG_KMOL * 1000.0)


def air_exchange_by_co2_m3_m2_h(
    injected_g_m2_h: float,
    assimilated_g_m2_h: float,
    stored_g_m2_h: float,
    inside_g_m3: float,
    outside_g_m3: float,
    sensor_error_g_m3: float,
) -> float | None:
    """Return the air that left with what carbon dioxide was not taken up [m3 per m2 floor and hour]; [2].

    None where inside and outside differ by less than three standard errors, or where the balance is negative: then
    the inputs are wrong, not the wind.
    """
    difference = inside_g_m3 - outside_g_m3
    left_g_m2_h = injected_g_m2_h - assimilated_g_m2_h - stored_g_m2_h
    if abs(difference) < LEAST_SIGMAS * sensor_error_g_m3 or difference == 0.0 or left_g_m2_h / difference < 0.0:
        return None
    return left_g_m2_h / difference


def air_exchange_by_vapour_m3_m2_h(
    transpired_g_m2_h: float,
    condensed_g_m2_h: float,
    stored_g_m2_h: float,
    inside_g_m3: float,
    outside_g_m3: float,
    sensor_error_g_m3: float,
) -> float | None:
    """Return the air that took away what vapour was not condensed or stored [m3/m2/h]; None as for carbon dioxide."""
    return air_exchange_by_co2_m3_m2_h(
        transpired_g_m2_h, condensed_g_m2_h, stored_g_m2_h, inside_g_m3, outside_g_m3, sensor_error_g_m3
    )


def condensed_g_m2_h(air_degc: ArrayLike, vapour_kpa: ArrayLike, cover_degc: ArrayLike) -> Values:
    """Return the vapour that condenses on a cover of the floor's area [g/m2/h, >= 0]; [1] eq 42 to 44.

    By its heat exchange with the air, 1.86 |T - Tc|^(1/3) W/m2/K, and what the vapour pressure is above the cover's.
    """
    air, cover = np.asarray(air_degc, np.float64), np.asarray(cover_degc, np.float64)
    heat_w_m2_k = _COVER_W_M2_K * np.abs(air - cover) ** (1.0 / 3.0)
    beyond_pa = 1000.0 * (np.asarray(vapour_kpa, np.float64) - saturation_vapour_pressure_kpa(cover))
    return np.asarray(np.maximum(_CONDENSED_KG_PA_J * heat_w_m2_k * beyond_pa, 0.0) * 3.6e6)


def air_changes_by_decay_1_h(first_ppm: float, last_ppm: float, outside_ppm: float, hours: float) -> float | None:
    """Return the air changes an hour from a tracer that falls towards the outside's level; [2]; None if it does not."""
    if hours <= 0.0 or last_ppm <= outside_ppm or first_ppm <= last_ppm:
        return None
    return math.log((first_ppm - outside_ppm) / (last_ppm - outside_ppm)) / hours


def roof_vent_m3_m2_s(
    opening: ArrayLike,
    inside_degc: ArrayLike,
    outside_degc: ArrayLike,
    wind_m_s: ArrayLike,
    *,
    vent_share: float,
    vent_height_m: float,
    discharge: float = 0.75,
    wind_factor: float = 0.09,
) -> Values:
    """Return the flow through roof vents [m3 per m2 floor and second], by wind and warmth; [1].

    `opening` 0..1, `vent_share` the vents' area over the floor's, `vent_height_m` the height of an open vent.
    """
    inside, outside = (np.asarray(each, np.float64) for each in (inside_degc, outside_degc))
    mean_k = (inside + outside) / 2.0 + KELVIN
    lift = _GRAVITY_M_S2 * vent_height_m * np.maximum(inside - outside, 0.0) / (2.0 * mean_k)
    push = wind_factor * np.asarray(wind_m_s, np.float64) ** 2
    flow = np.asarray(opening, np.float64) * vent_share * discharge / 2.0 * np.sqrt(lift + push)
    return np.asarray(flow)
