"""Structures of greenhouses as they are usual: where the simulator's scenarios and the model of a house begin.

Figures are typical of their kind, not surveys of real houses.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from headland.agronomy.house_model.compartment import Compartment

#: A multi-span film house of tomatoes, heated.
FILM_MULTISPAN: Final[Compartment[float]] = Compartment(
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
    screen_close_h=math.nan,
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
    sun_to_air=0.0,
    leakage=1e-4,
    windward_ratio=1.0,
    pipe_w_m2k=1.99 * math.pi * 0.051 * 1.875,
    screen_transmission=0.75,
    blackout_transmission=0.02,
    blackout_saving=0.0,
    screen_air_m_s=1e-4,
    air_j_m2k=16_000.0,
    floor_w_m2k=7.0,
    soil_w_m2k=2.0,
    wall_w_m2k=0.0,
    wall_degc=18.0,
    stomata_ratio=1.0,
    lamp_umol_j=2.7,
    growth_ratio=1.0,
)
#: A cold film tunnel of leafy vegetables: no heat, no carbon dioxide.
FILM_TUNNEL: Final = replace(
    FILM_MULTISPAN,
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
EARTH_WALL: Final = replace(
    FILM_MULTISPAN,
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
BRICK_WALL: Final = replace(
    EARTH_WALL,
    quilt_open_h=math.nan,
    quilt_close_h=math.nan,
    north_wall_m=0.48,
    north_wall_w_mk=0.81,
    north_wall_j_m3k=1.7e6,
    north_wall_outer_m2k_w=2.6,
)

#: By the name that a house declares.
STRUCTURES: Final[dict[str, Compartment[float]]] = {
    "multispan": FILM_MULTISPAN,
    "tunnel": FILM_TUNNEL,
    "solar-earth-wall": EARTH_WALL,
    "solar-brick-wall": BRICK_WALL,
}
