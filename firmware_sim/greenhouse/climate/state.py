"""The state of greenhouse compartments, where their actuators are, and what flows in a step: arrays side by side."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_sim.core.moist_air import Numbers


@dataclass(frozen=True, slots=True)
class Climate:
    """The state of every compartment. Leaf temperature follows from the rest; it is where the next solution starts."""

    air_degc: Numbers
    cover_degc: Numbers
    floor_degc: Numbers
    pipe_degc: Numbers
    leaf_degc: Numbers
    vapour_kg_m3: Numbers
    co2_kg_m3: Numbers
    dry_weight_kg_m2: Numbers
    moisture_pct: Numbers


@dataclass(frozen=True, slots=True)
class Actuators:
    """Where the actuators are: each 0 to 1 of the most it can; `irrigating` is 0 or 1."""

    boiler: Numbers
    vent: Numbers
    screen: Numbers
    lamps: Numbers
    fog: Numbers
    injection: Numbers
    irrigating: Numbers


@dataclass(frozen=True, slots=True)
class Fluxes:
    """What flowed in one step: W/m2 of heat, kg/(m2 s) of water and carbon dioxide; positive is the way of the name.

    `condensation` is all the vapour that became water on the cover; its heat goes to the cover. Negative transpiration
    is dew, which drips off. `assimilation` is gross, and `respiration` the crop's; both in carbon dioxide.
    """

    boiler_to_pipe: Numbers
    pipe_to_air: Numbers
    canopy_to_air: Numbers
    lamps_to_air: Numbers
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
