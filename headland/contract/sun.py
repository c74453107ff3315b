"""Height of the sun, in plain arithmetic: a gateway has no numpy, and both sides must tell day from night alike.

Meeus (1998), Astronomical Algorithms, chapters 25 and 28 with their low-precision series, as NOAA's solar calculator
uses them; refraction at the horizon 34', the disc's half diameter 16'. `maths` is the module of the functions: `math`
for a number, numpy for an array of instants.
"""

from __future__ import annotations

import math
from typing import Any, Final

from headland.units_of_time import DAY_MS, MINUTE_MS

#: The elevation of the sun's centre at which its upper edge is on the horizon [deg].
HORIZON_DEG: Final = -0.833
_J2000_MS: Final = 946_728_000_000


def is_day(time_ms: Any, latitude_deg: float, longitude_deg: float, maths: Any = math) -> Any:
    """Return whether the sun's upper edge is above the horizon at an instant, or at each of an array."""
    return sine_of_elevation(time_ms, latitude_deg, longitude_deg, maths) > math.sin(math.radians(HORIZON_DEG))


def sine_of_elevation(time_ms: Any, latitude_deg: float, longitude_deg: float, maths: Any = math) -> Any:
    """Return the sine of the sun's true elevation above the horizon, without refraction; within 0.02 deg."""
    declination, equation_min = declination_and_equation(time_ms, maths)
    solar_min = (time_ms / MINUTE_MS + equation_min + 4.0 * longitude_deg) % 1440.0
    hour_angle = maths.radians(solar_min / 4.0 - 180.0)
    latitude = math.radians(latitude_deg)
    inclined = math.cos(latitude) * maths.cos(declination) * maths.cos(hour_angle)
    return math.sin(latitude) * maths.sin(declination) + inclined


def declination_and_equation(time_ms: Any, maths: Any = math) -> tuple[Any, Any]:
    """Return the sun's declination [rad] and the equation of time [min]."""
    century = (time_ms - _J2000_MS) / DAY_MS / 36_525.0
    mean_longitude = maths.radians(280.46646 + century * (36_000.76983 + century * 0.0003032))
    anomaly = maths.radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    eccentricity = 0.016708634 - century * (0.000042037 + century * 0.0000001267)
    centre = maths.radians(
        maths.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + maths.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + maths.sin(3 * anomaly) * 0.000289
    )
    node = maths.radians(125.04 - 1934.136 * century)
    apparent = mean_longitude + centre - maths.radians(0.00569 + 0.00478 * maths.sin(node))
    obliquity = maths.radians(23.0 + (26.0 + 21.448 / 60.0) / 60.0 - 0.013004 * century + 0.00256 * maths.cos(node))
    # Both modules have asin; numpy since 2.0.
    declination = maths.asin(maths.sin(obliquity) * maths.sin(apparent))
    half = maths.tan(obliquity / 2.0) ** 2
    equation = (
        half * maths.sin(2 * mean_longitude)
        - 2 * eccentricity * maths.sin(anomaly)
        + 4 * eccentricity * half * maths.sin(anomaly) * maths.cos(2 * mean_longitude)
        - 0.5 * half**2 * maths.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * maths.sin(2 * anomaly)
    )
    return declination, 4.0 * maths.degrees(equation)
