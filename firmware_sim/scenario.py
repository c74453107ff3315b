"""The named field scenarios: fields to fly, as plain data.

Places and figures are typical of the region named, not surveys of a real farm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from firmware_sim.position import LocalFrame
from headland.errors import SettingsError


@dataclass(frozen=True, slots=True)
class FieldScenario:
    """A rectangular field and how it is sprayed.

    The field's first corner is its origin; rows run along `bearing_deg` (clockwise from true north) for `length_m`,
    and `row_offsets_m` are the centre lines of the swaths to the left of the first corner, in the order flown. Home
    lies `home_before_m` before the first row, in line with it.
    """

    name: str
    site: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    bearing_deg: float
    length_m: float
    width_m: float
    row_offsets_m: tuple[float, ...]
    swath_m: float
    speed_m_s: float
    height_m: float
    rate_l_ha: float
    tank_l: float
    pump_max_l_min: float
    flow_bias: float
    home_before_m: float = 9.0
    pause_s: float = 20.0
    wind_m_s: float = 2.5

    def frame(self) -> LocalFrame:
        """Return the east-north frame at the field's first corner."""
        return LocalFrame(self.latitude_deg, self.longitude_deg)

    def to_east_north(self, along_m: float, across_m: float) -> tuple[float, float]:
        """Return east and north of a point given along the rows and to their left."""
        bearing = math.radians(self.bearing_deg)
        sine, cosine = math.sin(bearing), math.cos(bearing)
        return along_m * sine - across_m * cosine, along_m * cosine + across_m * sine

    def corners_deg(self) -> tuple[tuple[float, float], ...]:
        """Return the four (latitude, longitude) corners, anticlockwise from the first."""
        frame = self.frame()
        corners = ((0.0, 0.0), (self.length_m, 0.0), (self.length_m, self.width_m), (0.0, self.width_m))
        return tuple(frame.to_degrees(*self.to_east_north(*corner)) for corner in corners)

    def home_east_north(self) -> tuple[float, float]:
        """Return where the vehicle takes off and lands."""
        return self.to_east_north(-self.home_before_m, self.row_offsets_m[0])


_DEMO: Final = FieldScenario(
    name="demo",
    site="jurong",
    latitude_deg=31.95,
    longitude_deg=119.17,
    altitude_m=22.0,
    bearing_deg=78.0,
    length_m=120.0,
    width_m=60.0,
    # The fourth swath overlaps the third by half a metre; between the sixth and the seventh a whole swath is skipped.
    row_offsets_m=(2.5, 7.5, 12.5, 17.0, 22.0, 27.0, 37.0, 42.0, 47.0, 52.0, 57.0),
    swath_m=5.0,
    speed_m_s=5.0,
    height_m=3.0,
    rate_l_ha=30.0,
    tank_l=25.0,
    pump_max_l_min=6.0,
    flow_bias=-0.06,
)

FIELDS: Final[dict[str, FieldScenario]] = {
    scenario.name: scenario
    for scenario in (
        _DEMO,
        # A tank for half the field: the vehicle goes home to refill and takes the work up again.
        replace(_DEMO, name="jurong-refill", tank_l=12.0),
        # Dense rows at a high rate: more than 5.46 L/min, where a flow meter's int16 of centiamperes is full.
        replace(_DEMO, name="jurong-heavy", rate_l_ha=60.0, tank_l=30.0, pump_max_l_min=12.0),
        # A terrace in the hills of Chongqing.
        replace(
            _DEMO,
            name="chongqing-terrace",
            site="chongqing",
            latitude_deg=29.56,
            longitude_deg=106.55,
            altitude_m=430.0,
            bearing_deg=141.0,
            length_m=60.0,
            width_m=20.0,
            row_offsets_m=(2.0, 6.0, 10.0, 14.0, 18.0),
            swath_m=4.0,
            speed_m_s=4.0,
            tank_l=8.0,
            wind_m_s=1.0,
        ),
    )
}


def field_named(name: str) -> FieldScenario:
    """Return the field scenario of that name; raises SettingsError that lists the names."""
    if name not in FIELDS:
        raise SettingsError(f"There is no field scenario {name!r}: take one of {', '.join(sorted(FIELDS))}.")
    return FIELDS[name]
