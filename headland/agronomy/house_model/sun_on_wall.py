"""Radiation on a wall that faces south, from that on the ground and the sun's position. Pure.

The diffuse share of the global radiation follows from its clearness: Erbs, Klein and Duffie (1982), Solar Energy 28,
293-302, the hourly correlation (paper not re-read; its figures as others print them). The beam falls on a vertical
plane at Duffie and Beckman (2013), Solar Engineering of Thermal Processes, eq 1.6.2 with a slope of 90 degrees (not
re-read); of the sky the plane sees one half, and of the ground the other.
"""

from __future__ import annotations

import math
from typing import Final

from headland.contract import sun
from headland.units_of_time import MINUTE_MS

_SOLAR_CONSTANT_W_M2: Final = 1361.0
_GROUND_REFLECTS: Final = 0.2
#: Sines of elevation below this, 3 degrees, divide small numbers by small ones: the light counts as diffuse.
_LEAST_SINE: Final = 0.052
#: The most that a wall can have of a low winter sun.
_MOST_W_M2: Final = 1100.0


def south_w_m2(time_ms: int, latitude_deg: float, longitude_deg: float, global_w_m2: float) -> float:
    """Return the radiation [W/m2] on a vertical plane that faces the equator, from the global radiation."""
    if global_w_m2 <= 0:
        return 0.0
    declination, equation_min = sun.declination_and_equation(time_ms)
    solar_min = (time_ms / MINUTE_MS + equation_min + 4.0 * longitude_deg) % 1440.0
    hour_angle = math.radians(solar_min / 4.0 - 180.0)
    latitude = math.radians(abs(latitude_deg))
    declination = math.copysign(1.0, latitude_deg) * declination
    east_west = math.cos(declination) * math.cos(hour_angle)
    elevation = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * east_west
    if elevation < _LEAST_SINE:
        return (1 + _GROUND_REFLECTS) / 2 * global_w_m2
    diffuse = diffuse_share(global_w_m2 / (_SOLAR_CONSTANT_W_M2 * elevation))
    incidence = math.sin(latitude) * east_west - math.cos(latitude) * math.sin(declination)
    beam = (1 - diffuse) * max(0.0, incidence) / elevation
    return min(_MOST_W_M2, global_w_m2 * (beam + (diffuse + _GROUND_REFLECTS) / 2))


def diffuse_share(clearness: float) -> float:
    """Return the diffuse share of the global radiation at a clearness index: Erbs et al. (1982)."""
    if clearness <= 0.22:
        return 1.0 - 0.09 * clearness
    if clearness > 0.80:
        return 0.165
    k = clearness
    return 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
