"""Metres on the ground to WGS84 degrees, near one point."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: WGS84 (NGA.STND.0036, table 3.1): semi-major axis and first eccentricity squared.
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_2 = 6.694_379_990_14e-3


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """East-north metres around an origin; good to a millimetre within a kilometre."""

    latitude_deg: float
    longitude_deg: float

    def degrees_per_metre(self) -> tuple[float, float]:
        """Return degrees of latitude per metre north and of longitude per metre east, by the radii of curvature."""
        latitude = math.radians(self.latitude_deg)
        shrink = 1 - _ECCENTRICITY_2 * math.sin(latitude) ** 2
        meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / shrink**1.5
        prime_vertical_m = _SEMI_MAJOR_M / math.sqrt(shrink)
        return math.degrees(1 / meridian_m), math.degrees(1 / (prime_vertical_m * math.cos(latitude)))

    def to_degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return (latitude, longitude) of a point."""
        per_north, per_east = self.degrees_per_metre()
        return self.latitude_deg + north_m * per_north, self.longitude_deg + east_m * per_east

    def to_east_north(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Return (east, north) of a point, the inverse of `to_degrees`."""
        per_north, per_east = self.degrees_per_metre()
        return (longitude_deg - self.longitude_deg) / per_east, (latitude_deg - self.latitude_deg) / per_north
