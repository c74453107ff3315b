"""Glasshouse compartment with the priors' values: the base of a fit, which measured actuators drive."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Final

from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.house_model.parameters import PARAMETERS

#: What no fit moves: sizes of a common Venlo glasshouse, and set points, which measured actuators do without.
_FIXED: Final = {
    "height_m": 4.5,
    "cover_ratio": 1.3,
    "vent_height_m": 0.68,
    "heating_max_w_m2": 100.0,
    "day_degc": 20.0,
    "night_degc": 17.0,
    "vent_above_degc": 24.0,
    "vent_above_pct": 85.0,
    "height_gradient_k_m": 0.4,
    "storm_m_s": 15.0,
    "day_from_h": math.nan,
    "day_to_h": math.nan,
    "screen_close_h": math.nan,
    "quilt_open_h": math.nan,
    "quilt_close_h": math.nan,
}


def glasshouse(height_m: float | None = None, cover_ratio: float | None = None) -> Compartment[float]:
    """Return the compartment of a mean height and an area of cover and outer walls per floor area; the rest is 0."""
    values = dict.fromkeys((field.name for field in fields(Compartment)), 0.0)
    values |= _FIXED | {each.name: each.prior for each in PARAMETERS}
    if height_m is not None:
        values["height_m"] = height_m
    if cover_ratio is not None:
        values["cover_ratio"] = cover_ratio
    return Compartment(**values)
