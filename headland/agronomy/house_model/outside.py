"""Conditions outside of a greenhouse, as its model takes them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CO2_PPM: Final = 425.0


@dataclass(frozen=True, slots=True)
class Outside:
    """Conditions outside: air, light, wind, rain, vapour and carbon dioxide.

    `sky_loss_w_m2` is the long-wave loss of a surface to the sky, in addition to its exchange with the air.
    """

    temperature_degc: float
    humidity_pct: float
    vapour_kg_m3: float
    radiation_w_m2: float
    wind_m_s: float
    co2_ppm: float = CO2_PPM
    rain_mm_h: float = 0.0
    sky_loss_w_m2: float = 0.0
    soil_degc: float = 15.0
    #: Radiation on a vertical plane that faces the equator, for a house with a north wall.
    south_w_m2: float = 0.0
