"""Greenhouse scenarios: compartments, places and sensors, by name.

Places and figures are typical of the region, not surveys of real farms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Final

from firmware_sim.greenhouse.place import CHONGQING, FOREST_EDGE, JURONG, SHOUGUANG, WUHAN, HouseSite
from firmware_sim.greenhouse.sensors import CLEAN, FIELD, PlantedFault, SensorKind
from headland.agronomy.house_model.compartment import Compartment
from headland.errors import SettingsError

MAX_COMPARTMENTS: Final = 240


@dataclass(frozen=True, slots=True)
class HouseScenario:
    """Compartments at a place, their sensors, and the planted faults for detection tests.

    With `frost_every_days`, every such winter night is clear and below zero. `truth_every_s` is the interval of the
    truth file. `radio_lost` is the share of LoRaWAN uplinks that are lost in the hills.
    """

    name: str
    place: HouseSite
    compartments: tuple[Compartment[float], ...]
    sensors: Sequence[SensorKind] = CLEAN
    planted: tuple[PlantedFault, ...] = ()
    frost_every_days: int = 0
    truth_every_s: int = 1
    radio_lost: float = 0.0

    @property
    def site(self) -> str:
        """Name of the site."""
        return self.place.site

    def scaled(self, compartments: int | None) -> HouseScenario:
        """Return the scenario with a number of compartments, its own in rotation; None changes nothing."""
        if compartments is None:
            return self
        if not 1 <= compartments <= MAX_COMPARTMENTS:
            raise SettingsError(f"{compartments} compartments are not possible: give 1 to {MAX_COMPARTMENTS}.")
        return replace(self, compartments=tuple(islice(cycle(self.compartments), compartments)))


#: A multi-span film house of tomatoes, heated.
_TOMATO: Final[Compartment[float]] = Compartment(
    height_m=4.5,
    cover_ratio=1.2,
    cover_u_w_m2k=5.5,
    transmission=0.62,
    vent_area_ratio=0.2,
    vent_height_m=0.68,
    leaf_area_index=2.5,
    screen_saving=0.0,
    heating_max_w_m2=120.0,
    lamp_w_m2=0.0,
    fog_max_kg_m2s=0.0,
    injection_max_kg_m2s=1.2e-6,
    day_degc=21.0,
    night_degc=15.5,
    vent_above_degc=25.0,
    vent_above_pct=78.0,
    co2_ppm=700.0,
    edge_share=0.08,
    height_gradient_k_m=0.4,
    storm_m_s=10.0,
    bare_soil=0.05,
    day_from_h=math.nan,
    day_to_h=math.nan,
    quilt_m2k_w=0.0,
    quilt_open_h=math.nan,
    quilt_close_h=math.nan,
    north_wall_ratio=0.0,
    north_wall_m=0.0,
    north_wall_w_mk=0.0,
    north_wall_j_m3k=0.0,
    north_wall_outer_m2k_w=0.0,
    north_wall_absorbs=0.0,
    back_roof_w_m2k=0.0,
    soil_m=0.0,
)
#: A cold film tunnel of leafy vegetables: no heat, no carbon dioxide.
_TUNNEL: Final = replace(
    _TOMATO,
    height_m=3.2,
    cover_ratio=1.45,
    cover_u_w_m2k=7.0,
    transmission=0.6,
    leaf_area_index=1.5,
    heating_max_w_m2=0.0,
    vent_above_degc=22.0,
    vent_area_ratio=0.15,
    injection_max_kg_m2s=0.0,
    co2_ppm=0.0,
    edge_share=0.12,
    storm_m_s=8.0,
    bare_soil=0.15,
)
#: A Chinese solar greenhouse of tomatoes, without heating: per metre of length 9 m of floor, 10.3 m of film, 3.4 m of
#: north wall and 1.6 m of back roof. The wall is of rammed earth: what is beyond the first metre only insulates; the
#: crop shades its lower half. The exchange of the film is convection alone: long wave and condensation are apart. A
#: quilt of felt; its hours are those of midwinter.
_EARTH_WALL: Final = replace(
    _TOMATO,
    height_m=2.9,
    cover_ratio=1.15,
    cover_u_w_m2k=3.0,
    transmission=0.72,
    vent_area_ratio=0.06,
    vent_height_m=0.9,
    heating_max_w_m2=0.0,
    injection_max_kg_m2s=0.0,
    co2_ppm=0.0,
    day_degc=25.0,
    night_degc=12.0,
    vent_above_degc=27.0,
    vent_above_pct=85.0,
    edge_share=0.06,
    bare_soil=0.15,
    quilt_m2k_w=0.7,
    quilt_open_h=8.5,
    quilt_close_h=16.5,
    north_wall_ratio=0.38,
    north_wall_m=1.0,
    north_wall_w_mk=0.93,
    north_wall_j_m3k=1.6e6,
    north_wall_outer_m2k_w=2.0,
    north_wall_absorbs=0.35,
    back_roof_w_m2k=0.13,
    soil_m=1.5,
)
#: The same with half a metre of brick and a decimetre of polystyrene behind it, and a quilt that follows the light.
_BRICK_WALL: Final = replace(
    _EARTH_WALL,
    quilt_open_h=math.nan,
    quilt_close_h=math.nan,
    north_wall_m=0.48,
    north_wall_w_mk=0.81,
    north_wall_j_m3k=1.7e6,
    north_wall_outer_m2k_w=2.6,
)
#: A multi-span of cucumbers under a screen, with fog.
_CUCUMBER: Final = replace(
    _TOMATO,
    leaf_area_index=2.8,
    screen_saving=0.45,
    heating_max_w_m2=100.0,
    fog_max_kg_m2s=1.5e-4,
    day_degc=24.0,
    night_degc=17.0,
    vent_above_degc=28.0,
    vent_above_pct=85.0,
    co2_ppm=800.0,
)
#: Seedlings under lamps in a double film.
_SEEDLINGS: Final = replace(
    _TOMATO,
    cover_u_w_m2k=4.5,
    transmission=0.55,
    leaf_area_index=0.8,
    screen_saving=0.5,
    lamp_w_m2=60.0,
    day_from_h=5.0,
    day_to_h=19.0,
    fog_max_kg_m2s=1.0e-4,
    day_degc=22.0,
    night_degc=18.0,
    vent_above_degc=26.0,
    co2_ppm=0.0,
)
_FILM: Final = replace(_TOMATO, heating_max_w_m2=60.0)
#: No greenhouse: shade and leaves over open ground with free air exchange.
_FOREST_EDGE: Final = replace(
    _TUNNEL,
    height_m=8.0,
    cover_ratio=0.3,
    transmission=0.25,
    vent_area_ratio=3.0,
    vent_height_m=2.0,
    leaf_area_index=3.5,
    vent_above_degc=-60.0,
    edge_share=0.0,
    height_gradient_k_m=0.1,
    storm_m_s=1000.0,
    bare_soil=0.6,
)

HOUSES: Final[dict[str, HouseScenario]] = {
    scenario.name: scenario
    for scenario in (
        HouseScenario("hubei-tomato", WUHAN, (_TOMATO,)),
        HouseScenario("hubei-tunnel", WUHAN, (_TUNNEL,)),
        HouseScenario("shandong-solar", SHOUGUANG, (_EARTH_WALL, _BRICK_WALL), sensors=FIELD, truth_every_s=60),
        # Fog, calm and little sun.
        HouseScenario("chongqing-film", CHONGQING, (_FILM,)),
        HouseScenario("jurong-seedlings", JURONG, (_SEEDLINGS,)),
        # A family's houses: heated tomatoes, a cold tunnel, cucumbers under a screen.
        HouseScenario(
            "jurong-houses", JURONG, (_TOMATO, _TUNNEL, _CUCUMBER), sensors=FIELD, frost_every_days=5, truth_every_s=60
        ),
        # An ecological-vegetable base: tunnels and multi-span film houses; one sensor sticks, one stops.
        HouseScenario(
            "hubei-greenhouses",
            WUHAN,
            (_TUNNEL,) * 4 + (_TOMATO,) * 4 + (_CUCUMBER,) * 3 + (_SEEDLINGS,),
            sensors=FIELD,
            planted=(
                PlantedFault(2, "relative_humidity_pct", "stuck", after_h=2.0),
                PlantedFault(7, "co2_ppm", "dead", after_h=4.0),
            ),
            frost_every_days=3,
            truth_every_s=60,
        ),
        # A film house in the hills: its nodes reach the gateway over a radio link without line of sight.
        HouseScenario(
            "chongqing-hill-film",
            CHONGQING,
            (_FILM, replace(_CUCUMBER, heating_max_w_m2=60.0)),
            sensors=FIELD,
            frost_every_days=5,
            truth_every_s=60,
            radio_lost=0.1,
        ),
        HouseScenario(
            "chongqing-forest-edge",
            FOREST_EDGE,
            (_FOREST_EDGE,),
            sensors=FIELD,
            frost_every_days=5,
            truth_every_s=60,
            radio_lost=0.15,
        ),
    )
}


def house_named(name: str) -> HouseScenario:
    """Return the greenhouse scenario of a name; raises SettingsError, which lists the names."""
    if name not in HOUSES:
        raise SettingsError(f"Unknown greenhouse scenario {name!r}: choose one of {', '.join(sorted(HOUSES))}.")
    return HOUSES[name]
