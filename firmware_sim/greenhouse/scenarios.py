"""Greenhouse scenarios: compartments, places and sensors, by name.

Places and figures are typical of the region, not surveys of real farms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Final

from firmware_sim.greenhouse.place import CHONGQING, FOREST_EDGE, JURONG, SHOUGUANG, WUHAN, HouseSite
from firmware_sim.greenhouse.sensors import CLEAN, FIELD, PlantedFault, SensorKind
from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.house_model.structures import BRICK_WALL, EARTH_WALL, FILM_MULTISPAN, FILM_TUNNEL
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


#: A multi-span of cucumbers under a screen, with fog.
_CUCUMBER: Final = replace(
    FILM_MULTISPAN,
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
    FILM_MULTISPAN,
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
_FILM: Final = replace(FILM_MULTISPAN, heating_max_w_m2=60.0)
#: No greenhouse: shade and leaves over open ground with free air exchange.
_FOREST_EDGE: Final = replace(
    FILM_TUNNEL,
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
        HouseScenario("hubei-tomato", WUHAN, (FILM_MULTISPAN,)),
        HouseScenario("hubei-tunnel", WUHAN, (FILM_TUNNEL,)),
        HouseScenario("shandong-solar", SHOUGUANG, (EARTH_WALL, BRICK_WALL), sensors=FIELD, truth_every_s=60),
        # Fog, calm and little sun.
        HouseScenario("chongqing-film", CHONGQING, (_FILM,)),
        HouseScenario("jurong-seedlings", JURONG, (_SEEDLINGS,)),
        # A family's houses: heated tomatoes, a cold tunnel, cucumbers under a screen.
        HouseScenario(
            "jurong-houses",
            JURONG,
            (FILM_MULTISPAN, FILM_TUNNEL, _CUCUMBER),
            sensors=FIELD,
            frost_every_days=5,
            truth_every_s=60,
        ),
        # An ecological-vegetable base: tunnels and multi-span film houses; one sensor sticks, one stops.
        HouseScenario(
            "hubei-greenhouses",
            WUHAN,
            (FILM_TUNNEL,) * 4 + (FILM_MULTISPAN,) * 4 + (_CUCUMBER,) * 3 + (_SEEDLINGS,),
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
