"""Chinese solar greenhouse (日光温室): north wall, soil and back roof around the air of a compartment. Pure, on arrays.

The north wall takes up the light that falls on it and the heat of the air by day and gives heat back at night; the soil
below the floor does so with the floor's. Exchange of the wall's surface and the air: 8.7 W/(m2 K) (GB 50176, the inner
surface of a building; not re-read), convection and long wave together. A compartment without a wall has a ratio of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.slab import LAYERS, Slab, conduct, start_layers
from headland.agronomy.house_model.state import Actuators, Climate

_WALL_EXCHANGE_W_M2K: Final = 8.7
#: Moist loam, and the resistance of the soil below and beside it on the heat's way to the ground outside.
_SOIL_W_MK, _SOIL_J_M3K, _SOIL_OUTER_M2K_W = 1.2, 2.2e6, 1.5
#: A house in use before the simulation begins: its air's mean of a winter's day, and its soil's.
START_DEGC: Final = 16.0


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What a step made of north wall and soil: their layers after it, and the heat of each way [W/m2 of floor]."""

    north_wall_degc: Numbers
    soil_degc: Numbers
    air_to_wall: Numbers
    sun_to_wall: Numbers
    wall_to_outside: Numbers
    air_to_back_roof: Numbers
    soil_to_deep: Numbers


def wall_exchange_w_m2k(structure: Structure) -> Numbers:
    """Return the exchange of air and north wall per floor area and kelvin."""
    return _WALL_EXCHANGE_W_M2K * structure.north_wall_ratio


def wall_surface_degc(structure: Structure, climate: Climate) -> Numbers:
    """Return the temperature of the north wall's first layer; that of the air where there is no wall."""
    return np.where(structure.north_wall_ratio > 0, climate.north_wall_degc[0], climate.air_degc)


def below_floor_degc(structure: Structure, climate: Climate, outside: Outside) -> Numbers:
    """Return the temperature of the soil below the floor: its first layer, or the ground of the weather."""
    return np.where(structure.soil_m > 0, climate.soil_degc[0], outside.soil_degc)


def light_on_wall_w_m2(structure: Structure, actuators: Actuators, outside: Outside) -> Numbers:
    """Return the light that the north wall absorbs, per floor area; the quilt keeps it out."""
    light = outside.south_w_m2 * structure.transmission * (1 - actuators.quilt)
    return structure.north_wall_ratio * structure.north_wall_absorbs * light


def enclose(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    air_degc: Numbers,
    floor_to_soil: Numbers,
    step_s: float,
) -> Enclosure:
    """Return north wall and soil after a step at whose end the air has `air_degc`."""
    if not (structure.north_wall_ratio.any() or structure.soil_m.any() or structure.back_roof_w_m2k.any()):
        nothing = np.zeros_like(air_degc)
        return Enclosure(climate.north_wall_degc, climate.soil_degc, nothing, nothing, nothing, nothing, nothing)
    to_wall = wall_exchange_w_m2k(structure) * (air_degc - wall_surface_degc(structure, climate))
    to_back_roof = structure.back_roof_w_m2k * (air_degc - outside.temperature_degc)
    sun = light_on_wall_w_m2(structure, actuators, outside)
    there = np.full_like(air_degc, outside.temperature_degc)
    deep = np.full_like(air_degc, outside.soil_degc)
    has_wall, has_soil = structure.north_wall_ratio > 0, structure.soil_m > 0
    wall, soil = climate.north_wall_degc, climate.soil_degc
    to_outside = to_deep = np.zeros_like(air_degc)
    if has_wall.any():
        ratio = np.where(has_wall, structure.north_wall_ratio, 1.0)
        after, left = conduct(wall_of(structure), wall, (to_wall + sun) / ratio, there, step_s)
        wall, to_outside = np.where(has_wall, after, wall), np.where(has_wall, ratio * left, 0.0)
    if has_soil.any():
        after, left = conduct(soil_of(structure), soil, floor_to_soil, deep, step_s)
        soil, to_deep = np.where(has_soil, after, soil), np.where(has_soil, left, 0.0)
    return Enclosure(wall, soil, to_wall, sun, to_outside, to_back_roof, to_deep)


def start_enclosure(structure: Structure, outside: Outside) -> tuple[Numbers, Numbers]:
    """Return the layers of north wall and soil of a house that was in use; those outside where it has none."""
    inside = np.full_like(structure.height_m, START_DEGC)
    there = np.full_like(inside, outside.temperature_degc)
    deep = np.full_like(inside, outside.soil_degc)
    wall = start_layers(wall_of(structure), inside, there)
    soil = start_layers(soil_of(structure), inside, deep)
    none = np.broadcast_to(deep, (LAYERS, len(inside)))
    return np.where(structure.north_wall_ratio > 0, wall, none), np.where(structure.soil_m > 0, soil, none)


def wall_of(structure: Structure) -> Slab:
    """Return the north walls as slabs, of a metre where there is none."""
    has = structure.north_wall_ratio > 0
    return Slab(
        np.where(has, structure.north_wall_m, 1.0),
        np.where(has, structure.north_wall_w_mk, 1.0),
        np.where(has, structure.north_wall_j_m3k, 1e6),
        structure.north_wall_outer_m2k_w,
    )


def soil_of(structure: Structure) -> Slab:
    """Return the soil below the floors as slabs, of a metre where none is computed."""
    one = np.ones_like(structure.soil_m)
    depth = np.where(structure.soil_m > 0, structure.soil_m, 1.0)
    return Slab(depth, _SOIL_W_MK * one, _SOIL_J_M3K * one, _SOIL_OUTER_M2K_W * one)
