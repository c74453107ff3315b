"""Places of simulated greenhouses, with their climate in a few numbers.

Temperatures, rain and sunshine are long-term figures of the region: Wuhan 17 degC (January 4, July 29), 1,260 mm and
1,900 h of sun; Shouguang 12.7 degC (January -2.5, July 26.5), 590 mm, 2,500 h; Chongqing 16-18 degC, 1,000-1,400 mm,
1,000-1,200 h of sun, calm; Jurong 1,050-1,100 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from headland.units_of_time import HOUR_MS


@dataclass(frozen=True, slots=True)
class HouseSite:
    """A place: annual mean temperature, seasonal and daily amplitude, cloudiness 0..1, wind and showers."""

    site: str
    latitude_deg: float
    longitude_deg: float
    mean_degc: float
    season_degc: float
    day_swing_degc: float
    #: Mean cloudiness, and its amplitude between midwinter and midsummer.
    cloudiness: float
    winter_cloudiness: float
    wind_m_s: float
    #: Intensity of rain under a heavy sky; it determines the annual sum.
    shower_mm_h: float
    #: The local clock's hours ahead of UTC.
    clock_ahead_h: float = 8.0

    def clock_h(self, time_ms: int) -> float:
        """Return the hour of the local clock, 0 to below 24."""
        return (time_ms / HOUR_MS + self.clock_ahead_h) % 24


WUHAN: Final = HouseSite("wuhan", 30.55, 114.35, 17.0, 12.5, 4.5, 0.65, 0.02, 1.7, 1.85)
CHONGQING: Final = HouseSite("chongqing", 29.56, 106.55, 17.5, 10.5, 2.8, 0.86, 0.10, 0.8, 0.78)
#: Under the crowns at the edge of a forest beside the fields: the same days, cooler, moister, calmer and darker.
FOREST_EDGE: Final = replace(CHONGQING, mean_degc=16.4, season_degc=9.9, day_swing_degc=1.7, wind_m_s=0.35)
SHOUGUANG: Final = HouseSite("shouguang", 36.86, 118.74, 12.7, 14.6, 5.2, 0.50, -0.10, 2.4, 1.9)
JURONG: Final = HouseSite("jurong", 31.95, 119.17, 15.8, 12.8, 4.4, 0.60, 0.00, 2.1, 2.0)
