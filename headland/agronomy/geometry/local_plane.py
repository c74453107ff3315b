"""Local plane of metres that touches the WGS84 ellipsoid at a field, with conversions both ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from headland.agronomy.series.arrays import Values

#: WGS84: semi-major axis [m] and first eccentricity squared; NIMA TR8350.2 (2000), tables 3.1 and 3.3.
_AXIS_M: Final = 6_378_137.0
_ECCENTRICITY_2: Final = 6.694_379_990_14e-3


@dataclass(frozen=True)
class Plane:
    """Metres east and north of an origin, by the meridian's and the prime vertical's radius there.

    Lengths are right to 0.1 % within 3 km of the origin up to 60 degrees of latitude.
    """

    latitude_deg: float
    longitude_deg: float

    @cached_property
    def scales_m_deg(self) -> tuple[float, float]:
        """Metres per degree of longitude and of latitude."""
        sine, cosine = math.sin(math.radians(self.latitude_deg)), math.cos(math.radians(self.latitude_deg))
        shrink = 1.0 - _ECCENTRICITY_2 * sine * sine
        prime_vertical_m = _AXIS_M / math.sqrt(shrink)
        meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_2) / shrink**1.5
        return math.radians(prime_vertical_m * cosine), math.radians(meridian_m)

    def to_metres(self, latitude_deg: Values, longitude_deg: Values) -> tuple[Values, Values]:
        """Return east and north of degrees, arrays of one shape."""
        east_m_deg, north_m_deg = self.scales_m_deg
        turned = (longitude_deg - self.longitude_deg + 180.0) % 360.0 - 180.0
        return turned * east_m_deg, (latitude_deg - self.latitude_deg) * north_m_deg

    def to_degrees(self, east_m: Values, north_m: Values) -> tuple[Values, Values]:
        """Return latitude and longitude of metres, arrays of one shape."""
        east_m_deg, north_m_deg = self.scales_m_deg
        return self.latitude_deg + north_m / north_m_deg, self.longitude_deg + east_m / east_m_deg
