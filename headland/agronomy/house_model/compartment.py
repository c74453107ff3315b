"""Compartments of a greenhouse: structure, crop, equipment and set points. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

import numpy as np

from headland.agronomy.house_model.moist_air import Numbers

N = TypeVar("N", float, Numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment(Generic[N]):
    """A compartment. Powers, flows and areas are per square metre of floor; 0 means not installed."""

    height_m: N
    #: Area of cover and outer walls per floor area.
    cover_ratio: N
    cover_u_w_m2k: N
    transmission: N
    vent_area_ratio: N
    vent_height_m: N
    leaf_area_index: N
    #: Share of the heat loss through the cover that a closed screen saves.
    screen_saving: N
    heating_max_w_m2: N
    lamp_w_m2: N
    fog_max_kg_m2s: N
    injection_max_kg_m2s: N
    day_degc: N
    night_degc: N
    vent_above_degc: N
    vent_above_pct: N
    co2_ppm: N
    #: Temperature of the edge, as a share of the difference to the outside; vertical temperature gradient.
    edge_share: N
    height_gradient_k_m: N
    #: Wind speed above which the vents close to a tenth.
    storm_m_s: N
    #: Share of the floor that is bare, moist soil.
    bare_soil: N
    #: Clock hours of the declared day, which lamps lengthen: its set points apply, and lamps burn where it is dull.
    #: The day may go past midnight. NaN: it is day while there is light outside, and no lamp burns.
    day_from_h: N
    day_to_h: N
    #: Clock hour of the afternoon from which on the screen is closed though it is light (NaN: by the light alone).
    screen_close_h: N
    #: A solar greenhouse: thermal resistance of the quilt on the cover, and the clock hours between which it is rolled
    #: up (NaN: by the light).
    quilt_m2k_w: N
    quilt_open_h: N
    quilt_close_h: N
    #: Its north wall: area per floor area, thickness of what stores heat, conductivity, heat capacity, resistance of
    #: what insulates it behind, and share of the light on it that it absorbs.
    north_wall_ratio: N
    north_wall_m: N
    north_wall_w_mk: N
    north_wall_j_m3k: N
    north_wall_outer_m2k_w: N
    north_wall_absorbs: N
    #: Loss through its insulated back roof and gables, and the depth of soil that stores heat below the floor.
    back_roof_w_m2k: N
    soil_m: N
    #: Share of the light inside that the construction takes and gives to the air.
    sun_to_air: N
    #: Air that leaks through the closed cover, m3 per m2 of floor and metre of wind.
    leakage: N
    #: Opening of a windward vent that lets as much air through as one of a leeward vent.
    windward_ratio: N
    #: Heat of the pipes, W/m2 at one kelvin above the air.
    pipe_w_m2k: N
    #: Light that a closed energy screen lets through; the same of a blackout screen, and its saving of heat.
    screen_transmission: N
    blackout_transmission: N
    blackout_saving: N
    #: Air that passes the cloth of a closed screen, m/s at one kelvin.
    screen_air_m_s: N
    #: Heat of air, crop and construction that follow the air; exchange of air and floor, and of floor and soil below.
    air_j_m2k: N
    floor_w_m2k: N
    soil_w_m2k: N
    #: Exchange with heated neighbours through inner walls, and their temperature.
    wall_w_m2k: N
    wall_degc: N
    #: Stomatal resistance as a multiple of Stanghellini's.
    stomata_ratio: N
    #: Photons (PAR) of the lamps per joule.
    lamp_umol_j: N
    #: Growth of the crop as a multiple of van Henten's: 0 where leaves are picked as they grow.
    growth_ratio: N


#: Several compartments as arrays.
Structure = Compartment[Numbers]


def structure_of(compartments: Sequence[Compartment[float]]) -> Structure:
    """Return several compartments as arrays."""
    names = [field.name for field in fields(Compartment)]
    return Compartment(**{name: np.array([getattr(each, name) for each in compartments], float) for name in names})
