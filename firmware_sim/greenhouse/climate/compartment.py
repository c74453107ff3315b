"""Compartments of greenhouses: how each is built, what grows in it and what its controller is told. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from firmware_sim.core.moist_air import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment:
    """One compartment. Powers, flows and areas are per square metre of floor; what is 0 is not installed."""

    height_m: float
    #: Cover and outer walls per floor.
    cover_ratio: float
    cover_u_w_m2k: float
    transmission: float
    vent_area_ratio: float
    vent_height_m: float
    leaf_area_index: float
    #: The share of the heat through the cover that a closed screen keeps.
    screen_saving: float
    heating_max_w_m2: float
    lamp_w_m2: float
    fog_max_kg_m2s: float
    injection_max_kg_m2s: float
    day_degc: float
    night_degc: float
    vent_above_degc: float
    vent_above_pct: float
    co2_ppm: float
    #: By how much of the difference to the outside the edge is nearer to it, and how much warmer it is a metre higher.
    edge_share: float
    height_gradient_k_m: float
    #: Wind and rain close the vents to a tenth and a fifth.
    storm_m_s: float
    #: The share of the floor that is bare, moist soil and evaporates.
    bare_soil: float


@dataclass(frozen=True, slots=True)
class Structure:
    """The numbers of several compartments as arrays, field by field those of `Compartment`."""

    height_m: Numbers
    cover_ratio: Numbers
    cover_u_w_m2k: Numbers
    transmission: Numbers
    vent_area_ratio: Numbers
    vent_height_m: Numbers
    leaf_area_index: Numbers
    screen_saving: Numbers
    heating_max_w_m2: Numbers
    lamp_w_m2: Numbers
    fog_max_kg_m2s: Numbers
    injection_max_kg_m2s: Numbers
    day_degc: Numbers
    night_degc: Numbers
    vent_above_degc: Numbers
    vent_above_pct: Numbers
    co2_ppm: Numbers
    edge_share: Numbers
    height_gradient_k_m: Numbers
    storm_m_s: Numbers
    bare_soil: Numbers

    @classmethod
    def of(cls, compartments: Sequence[Compartment]) -> Structure:
        """Return the compartments side by side."""
        return cls(
            **{field.name: np.array([getattr(one, field.name) for one in compartments], float) for field in fields(cls)}
        )
