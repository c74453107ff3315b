"""Compartments of a greenhouse: structure, crop, equipment and set points. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from firmware_sim.core.moist_air import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment:
    """A compartment. Powers, flows and areas are per square metre of floor; 0 means not installed."""

    height_m: float
    #: Area of cover and outer walls per floor area.
    cover_ratio: float
    cover_u_w_m2k: float
    transmission: float
    vent_area_ratio: float
    vent_height_m: float
    leaf_area_index: float
    #: Share of the heat loss through the cover that a closed screen saves.
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
    #: Temperature of the edge, as a share of the difference to the outside; vertical temperature gradient.
    edge_share: float
    height_gradient_k_m: float
    #: Wind speed above which the vents close to a tenth.
    storm_m_s: float
    #: Share of the floor that is bare, moist soil.
    bare_soil: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Several compartments as arrays, with the fields of `Compartment`."""

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
        """Combine compartments into arrays."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.array([getattr(each, name) for each in compartments], float) for name in names})
