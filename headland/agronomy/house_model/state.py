"""State, actuator positions and fluxes of compartments, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.agronomy.house_model.moist_air import Numbers


@dataclass(frozen=True, slots=True)
class Climate:
    """State of all compartments. The leaf temperature is the start value of the next solution."""

    air_degc: Numbers
    cover_degc: Numbers
    floor_degc: Numbers
    pipe_degc: Numbers
    leaf_degc: Numbers
    vapour_kg_m3: Numbers
    co2_kg_m3: Numbers
    dry_weight_kg_m2: Numbers
    moisture_pct: Numbers
    #: Layers of the north wall and of the soil from the inside out, shape (LAYERS, compartments).
    north_wall_degc: Numbers
    soil_degc: Numbers


@dataclass(frozen=True, slots=True)
class Actuators:
    """Positions of the actuators, each 0 to 1 of its maximum; `irrigating` is 0 or 1.

    `vent` are the leeward vents and `windward` the others; `screen` saves energy and `blackout` keeps the light out.
    """

    boiler: Numbers
    vent: Numbers
    windward: Numbers
    screen: Numbers
    blackout: Numbers
    lamps: Numbers
    fog: Numbers
    injection: Numbers
    irrigating: Numbers
    quilt: Numbers


@dataclass(frozen=True, slots=True)
class KnownInside:
    """What was measured in a house and is therefore not computed; None is computed.

    The heat and the carbon dioxide that these values took are then the boiler's and the injection's: balances close.
    """

    pipe_degc: Numbers | None = None
    co2_ppm: Numbers | None = None
    lamp_umol_m2_s: Numbers | None = None


NOTHING_KNOWN: Final = KnownInside()


@dataclass(frozen=True, slots=True)
class Fluxes:
    """Fluxes of a step: W/m2 of heat, kg/(m2 s) of water and carbon dioxide; positive in the direction of the name.

    `condensation` is the vapour that condenses on the cover, which receives its heat. Negative transpiration is dew,
    which drips off. `assimilation` is gross and `respiration` is that of the crop; both in carbon dioxide.
    """

    boiler_to_pipe: Numbers
    pipe_to_air: Numbers
    canopy_to_air: Numbers
    lamps_to_air: Numbers
    sun_to_air: Numbers
    air_to_wall: Numbers
    air_to_floor: Numbers
    air_to_outside: Numbers
    air_to_cover: Numbers
    fog_cooling: Numbers
    sun_to_canopy: Numbers
    cover_to_canopy: Numbers
    cover_to_outside: Numbers
    cover_to_sky: Numbers
    sun_to_floor: Numbers
    floor_to_soil: Numbers
    transpiration: Numbers
    soil_evaporation: Numbers
    fog: Numbers
    condensation: Numbers
    vapour_to_outside: Numbers
    injection: Numbers
    assimilation: Numbers
    respiration: Numbers
    soil_respiration: Numbers
    co2_to_outside: Numbers
    irrigation: Numbers
    drainage: Numbers
    air_m_s: Numbers
    air_to_north_wall: Numbers
    sun_to_north_wall: Numbers
    north_wall_to_outside: Numbers
    air_to_back_roof: Numbers
    soil_to_deep: Numbers
