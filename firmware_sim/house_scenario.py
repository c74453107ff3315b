"""The named house scenarios: greenhouses, their crops and their climates, as plain data.

Places and figures are typical of the region named, not surveys of a real farm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from headland.errors import SettingsError


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


def house_named(name: str) -> HouseScenario:
    """Return the house scenario of that name; raises SettingsError that lists the names."""
    if name not in HOUSES:
        raise SettingsError(f"There is no greenhouse scenario {name!r}: take one of {', '.join(sorted(HOUSES))}.")
    return HOUSES[name]
