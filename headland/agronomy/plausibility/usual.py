"""Usual ranges of a channel's low and high values, and the units that it is reported in by mistake.

Sources
-------
.. [1] WMO world weather and climate extremes archive: a dew point of 35 degC is the highest recorded outdoors. Not
   re-read. The other ranges are judgements: they are wider than the public greenhouse tables and weather records that
   we have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values
from headland.contract.sun import declination_and_equation

AIR, HUMIDITY = "air_temperature_degc", "relative_humidity_pct"
OUTSIDE, OUTSIDE_HUMIDITY = "outside_temperature_degc", "outside_humidity_pct"
LEAF, COVER, SOIL = "leaf_temperature_degc", "cover_temperature_degc", "soil_temperature_degc"
CO2, WIND = "co2_ppm", "wind_speed_m_s"


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual range of the 2nd and of the 98th percentile of some days, with the scale of what is beyond.

    `by_ratio`: the range and the scale are of logarithms.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    scale: float
    by_ratio: bool = False


@dataclass(frozen=True, slots=True)
class ReportedUnit:
    """Unit by mistake: a value of the channel's unit is `value * gain + offset`; `rarity` as in `Explanation`."""

    cause: str
    symbol: str
    gain: float
    offset: float
    rarity: float

    def right(self, value: Values) -> Values:
        """Return values of this unit in the channel's."""
        return np.asarray(value * self.gain + self.offset)

    def right_of(self, value: float) -> float:
        """Return a value of this unit in the channel's."""
        return value * self.gain + self.offset


#: Conversions are those of the catalogue, which this layer does not load; a test compares them.
FAHRENHEIT: Final = ReportedUnit("unit_fahrenheit", "°F", 1.0 / 1.8, -32.0 / 1.8, 4.0)
_OF_TEMPERATURE: Final = (
    FAHRENHEIT,
    ReportedUnit("unit_kelvin", "K", 1.0, -273.15, 4.0),
    ReportedUnit("unit_tenths", "0.1 °C", 0.1, 0.0, 6.0),
    ReportedUnit("unit_hundredths", "0.01 °C", 0.01, 0.0, 6.0),
)
_OF_HUMIDITY: Final = (
    ReportedUnit("unit_fraction", "1", 100.0, 0.0, 3.0),
    ReportedUnit("unit_tenths", "0.1 %", 0.1, 0.0, 4.0),
    ReportedUnit("unit_hundredths", "0.01 %", 0.01, 0.0, 5.0),
)
_OF_CO2: Final = (
    ReportedUnit("unit_percent", "%", 1e4, 0.0, 4.0),
    ReportedUnit("unit_tenths", "0.1 ppm", 0.1, 0.0, 4.0),
)
_OF_WIND: Final = (
    ReportedUnit("unit_km_h", "km/h", 1.0 / 3.6, 0.0, 4.0),
    ReportedUnit("unit_mph", "mph", 0.44704, 0.0, 5.0),
    ReportedUnit("unit_tenths", "0.1 m/s", 0.1, 0.0, 5.0),
)
#: By quantity, of houses with and without heat; the air of a station is as that outside a house.
USUAL: Final[dict[str, tuple[Usual, tuple[ReportedUnit, ...]]]] = {
    AIR: (Usual((-30.0, 30.0), (-15.0, 48.0), 2.0), _OF_TEMPERATURE),
    LEAF: (Usual((-30.0, 30.0), (-15.0, 50.0), 2.0), _OF_TEMPERATURE),
    COVER: (Usual((-25.0, 30.0), (-10.0, 55.0), 2.5), _OF_TEMPERATURE),
    SOIL: (Usual((-20.0, 32.0), (-10.0, 45.0), 2.0), _OF_TEMPERATURE),
    OUTSIDE: (Usual((-45.0, 30.0), (-30.0, 48.0), 2.0), _OF_TEMPERATURE),
    HUMIDITY: (Usual((4.0, 100.5), (12.0, 103.5), 1.5), _OF_HUMIDITY),
    OUTSIDE_HUMIDITY: (Usual((2.0, 100.5), (12.0, 103.5), 1.5), _OF_HUMIDITY),
    CO2: (Usual((200.0, 3000.0), (250.0, 6000.0), 0.25, by_ratio=True), _OF_CO2),
    WIND: (Usual((-0.5, 12.0), (0.0, 25.0), 3.0), _OF_WIND),
}


def season_degc(time_ms: float, latitude_deg: float, altitude_m: float) -> float:
    """Return a usual mean temperature outdoors by latitude, altitude and season [degC], right to some 12 K.

    27 degC at the equator less 0.0065 K per squared degree and 6.5 K/km; a year's half range of 0.35 K per degree of
    latitude up to 17 K, which follows the sun's declination by 30 days. A fit by eye to continental climates.
    """
    declination, _ = declination_and_equation(time_ms - 30.0 * 86_400_000.0)
    phase = float(np.degrees(declination)) / 23.44 * np.sign(latitude_deg)
    mean = 27.0 - 0.0065 * latitude_deg**2 - 6.5e-3 * altitude_m
    return float(mean + min(0.35 * abs(latitude_deg), 17.0) * phase)
