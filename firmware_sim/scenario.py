"""The named scenarios: fields to fly and houses to heat, as plain data.

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


@dataclass(frozen=True, slots=True)
class HouseScenario:
    """A greenhouse, its crop, its climate outside and the set points of its controller. Areas are per floor area."""

    name: str
    site: str
    latitude_deg: float
    longitude_deg: float
    mean_degc: float
    season_degc: float
    day_swing_degc: float
    cloudiness: float
    wind_m_s: float
    height_m: float
    cover_ratio: float
    cover_u_w_m2k: float
    transmission: float
    leaf_area_index: float
    heating_max_w_m2: float
    day_degc: float
    night_degc: float
    vent_above_degc: float
    vent_above_pct: float
    vent_area_ratio: float
    co2_ppm: float


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

_TOMATO: Final = HouseScenario(
    name="hubei-tomato",
    site="wuhan",
    latitude_deg=30.55,
    longitude_deg=114.35,
    mean_degc=17.0,
    season_degc=12.5,
    day_swing_degc=4.5,
    cloudiness=0.45,
    wind_m_s=2.0,
    height_m=4.5,
    cover_ratio=1.2,
    cover_u_w_m2k=5.5,
    transmission=0.62,
    leaf_area_index=2.5,
    heating_max_w_m2=120.0,
    day_degc=21.0,
    night_degc=15.5,
    vent_above_degc=25.0,
    vent_above_pct=78.0,
    vent_area_ratio=0.2,
    co2_ppm=700.0,
)

HOUSES: Final[dict[str, HouseScenario]] = {
    scenario.name: scenario
    for scenario in (
        _TOMATO,
        # A cold film tunnel of leafy vegetables: no heat, no carbon dioxide.
        replace(
            _TOMATO,
            name="hubei-tunnel",
            height_m=3.2,
            cover_ratio=1.45,
            cover_u_w_m2k=7.0,
            transmission=0.6,
            leaf_area_index=1.5,
            heating_max_w_m2=0.0,
            vent_above_degc=22.0,
            vent_area_ratio=0.15,
            co2_ppm=0.0,
        ),
        # Fog, calm and little sun.
        replace(
            _TOMATO,
            name="chongqing-film",
            site="chongqing",
            latitude_deg=29.56,
            longitude_deg=106.55,
            mean_degc=17.5,
            season_degc=10.5,
            day_swing_degc=2.8,
            cloudiness=0.7,
            wind_m_s=0.8,
            heating_max_w_m2=60.0,
        ),
    )
}


def field_named(name: str) -> FieldScenario:
    """Return the field scenario of that name; raises SettingsError that lists the names."""
    if name not in FIELDS:
        raise SettingsError(f"There is no field scenario {name!r}: take one of {', '.join(sorted(FIELDS))}.")
    return FIELDS[name]


def house_named(name: str) -> HouseScenario:
    """Return the house scenario of that name; raises SettingsError that lists the names."""
    if name not in HOUSES:
        raise SettingsError(f"There is no greenhouse scenario {name!r}: take one of {', '.join(sorted(HOUSES))}.")
    return HOUSES[name]
