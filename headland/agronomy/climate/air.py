"""A house's air by step, with what formulas make of it: each pressure and dew point is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headland.agronomy.climate.psychrometrics import (
    dew_point_of_vapour_degc,
    saturation_vapour_pressure_kpa,
    vapour_pressure_kpa,
)
from headland.agronomy.series.arrays import Mask, Values


@dataclass(frozen=True)
class Air:
    """Five-minute means over a grid of periods; NaN where unknown.

    `by_day` tells where the sun is up; None where nobody knows the place.
    """

    temperature_degc: Values
    humidity_pct: Values
    leaf_degc: Values | None = None
    by_day: Mask | None = None

    @cached_property
    def saturation_kpa(self) -> Values:
        """The saturation vapour pressure at its temperature; FAO-56 eq 11."""
        return saturation_vapour_pressure_kpa(self.temperature_degc)

    @cached_property
    def vapour_kpa(self) -> Values:
        """Its vapour pressure; FAO-56 eq 10."""
        return vapour_pressure_kpa(self.saturation_kpa, self.humidity_pct)

    @cached_property
    def deficit_kpa(self) -> Values:
        """What its vapour lacks of saturation."""
        return np.asarray(self.saturation_kpa - self.vapour_kpa)

    @cached_property
    def dew_degc(self) -> Values:
        """Its dew point over water; FAO-56 eq 11 inverted."""
        return dew_point_of_vapour_degc(self.vapour_kpa)
