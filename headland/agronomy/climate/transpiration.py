"""What a greenhouse crop transpires, after Stanghellini.

Sources
-------
.. [1] Stanghellini (1987), Transpiration of greenhouse crops, PhD thesis, Wageningen.
.. [2] Vanthoor et al. (2011), Biosystems Engineering 110, 363-377, electronic appendix: eq 47 to 52 and its
       parameters for tomato.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Values

#: [2]: boundary layer and least stomatal resistance [s/m], density [kg/m3] and heat [J/kg/K] of air, latent heat
#: [J/kg], psychrometric constant [Pa/K].
_BOUNDARY_S_M, _STOMATA_S_M = 275.0, 82.0
_AIR_KG_M3, _AIR_J_KG_K, _LATENT_J_KG, _GAMMA_PA_K = 1.2, 1000.0, 2.45e6, 65.8
#: [2]: radiation [W/m2] at which stomata are half open, and where day goes over into night; the factors of carbon
#: dioxide [1/ppm2] and of vapour [1/Pa2] by day and by night.
_RADIATION_W_M2: Final = (4.3, 0.54)
_DUSK_W_M2, _DUSK_SLOPE = 5.0, -1.0
_CO2_FACTOR: Final = (6.1e-7, 1.1e-11)
_VAPOUR_FACTOR: Final = (4.3e-6, 5.2e-6)


def saturation_pressure_pa(temperature_degc: ArrayLike) -> Values:
    """Return the saturation vapour pressure that the model was fitted with [Pa]; [2]."""
    t = np.asarray(temperature_degc, np.float64)
    return np.asarray(610.78 * np.exp(17.2694 * t / (t + 238.3)))


def stomatal_resistance_s_m(radiation_w_m2: ArrayLike, co2_ppm: ArrayLike, leaf_deficit_pa: ArrayLike) -> Values:
    """Return the stomatal resistance [s/m] by radiation on the canopy, CO2 and the leaf's vapour deficit; [2].

    Between day and night the factors pass over smoothly around 5 W/m2.
    """
    radiation = np.asarray(radiation_w_m2, np.float64)
    by_day = 1.0 / (1.0 + np.exp(_DUSK_SLOPE * (radiation - _DUSK_W_M2)))
    co2_factor, vapour_factor = (by_day * day + (1.0 - by_day) * night for day, night in (_CO2_FACTOR, _VAPOUR_FACTOR))
    light = (radiation + _RADIATION_W_M2[0]) / (radiation + _RADIATION_W_M2[1])
    co2 = np.minimum(1.0 + co2_factor * (np.asarray(co2_ppm, np.float64) - 200.0) ** 2, 1.5)
    vapour = np.minimum(1.0 + vapour_factor * np.asarray(leaf_deficit_pa, np.float64) ** 2, 5.8)
    return np.asarray(_STOMATA_S_M * light * co2 * vapour)


def transpiration_g_m2_h(
    canopy_degc: ArrayLike,
    air_degc: ArrayLike,
    relative_humidity_pct: ArrayLike,
    radiation_w_m2: ArrayLike,
    co2_ppm: ArrayLike,
    leaf_area_index: ArrayLike,
) -> Values:
    """Return what a canopy transpires per floor area [g/m2/h], below 0 where it grows wet; [1], [2].

    `radiation_w_m2` is what reaches the canopy; `leaf_area_index` above 0. Fitted on tomato in Dutch glasshouses.
    """
    saturated = saturation_pressure_pa(canopy_degc)
    vapour = np.asarray(relative_humidity_pct, np.float64) / 100.0 * saturation_pressure_pa(air_degc)
    deficit = saturated - vapour
    resistance = _BOUNDARY_S_M + stomatal_resistance_s_m(radiation_w_m2, co2_ppm, deficit)
    exchange = 2.0 * _AIR_KG_M3 * _AIR_J_KG_K * np.asarray(leaf_area_index, np.float64)
    return np.asarray(exchange / (_LATENT_J_KG * _GAMMA_PA_K * resistance) * deficit * 3.6e6)
