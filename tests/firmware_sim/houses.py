"""Compartments, weather and climates for the tests of the simulated house; numbers drawn by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from firmware_sim.greenhouse.scenarios import HOUSES
from headland.agronomy.house_model.compartment import Structure, structure_of
from headland.agronomy.house_model.moist_air import Numbers, co2_kg_m3, saturation_pa, vapour_kg_m3
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.slab import LAYERS
from headland.agronomy.house_model.state import Actuators, Climate

#: Every kind of compartment once, side by side.
KINDS = structure_of(list(dict.fromkeys(one for house in HOUSES.values() for one in house.compartments)))
TOMATO = structure_of(HOUSES["hubei-tomato"].compartments)


def make_outside(degc: float, pct: float, sun: float, wind: float) -> Outside:
    vapour = vapour_kg_m3(saturation_pa(degc) * pct / 100, degc)
    return Outside(degc, pct, vapour, sun, wind, south_w_m2=1.2 * sun)


def like(structure: Structure, value: float) -> Numbers:
    return np.full_like(structure.height_m, value)


def make_climate(
    structure: Structure, degc: float, pct: float, ppm: float, pipe_above_k: float = 0.0, cover_below_k: float = 5.0
) -> Climate:
    air = like(structure, degc)
    return Climate(
        air_degc=air,
        cover_degc=air - cover_below_k,
        floor_degc=air - 1,
        pipe_degc=air + pipe_above_k,
        leaf_degc=air,
        vapour_kg_m3=vapour_kg_m3(saturation_pa(air) * pct / 100, air),
        co2_kg_m3=co2_kg_m3(like(structure, ppm), air),
        dry_weight_kg_m2=structure.leaf_area_index * 0.7 / 53.0,
        moisture_pct=like(structure, 34.0),
        north_wall_degc=np.broadcast_to(air, (LAYERS, len(air))),
        soil_degc=np.broadcast_to(air, (LAYERS, len(air))),
    )


def make_actuators(
    structure: Structure,
    boiler: float = 0.0,
    vent: float = 0.0,
    screen: float = 0.0,
    lamps: float = 0.0,
    fog: float = 0.0,
    blackout: float = 0.0,
    quilt: float = 0.0,
) -> Actuators:
    values = (boiler, vent, vent, screen, blackout, lamps, fog, 0.0, 0.0, quilt)
    return Actuators(*(like(structure, value) for value in values))


unit = st.floats(0, 1)
outsides = st.builds(make_outside, st.floats(-15, 42), st.floats(20, 98), st.floats(0, 1100), st.floats(0, 15))
climates = st.builds(
    make_climate,
    st.just(KINDS),
    st.floats(-5, 50),
    st.floats(10, 100),
    st.floats(150, 2000),
    st.floats(0, 50),
    st.floats(-3, 12),
)
positions = st.builds(make_actuators, st.just(KINDS), unit, unit, unit, unit, unit, unit, unit)
