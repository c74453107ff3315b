"""Evaporation from the surface of the soil: coefficients and depths by FAO-56, and runoff by the curve number.

Every argument is a number or an array of numbers, of any shape that fits the others; depths are in millimetres.

Sources
-------
.. [1] Allen, Pereira, Raes and Smith (1998), FAO Irrigation and Drainage Paper 56: equations and tables as named.
.. [2] Jensen and Allen (2016), Evaporation, Evapotranspiration, and Irrigation Water Requirements, ASCE MOP 70,
   eq 14-12 to 14-20: curve number by the wetness of the surface.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values, require

#: A number, or numbers of which each is of one member of an ensemble or of one day.
Amount = Values | float
#: The smallest share of ground that is exposed and wetted; [1] eq 75.
LEAST_EXPOSED: Final = 0.01
#: Rain of a day from which it wets all of the ground [mm]; [1] table 20.
WETS_ALL_MM: Final = 3.0


def total_evaporable_mm(field_capacity: float, wilting_point: float, depth_m: float = 0.1) -> float:
    """Return TEW, what can evaporate from the wet surface layer [mm]; [1] eq 73.

    `field_capacity` and `wilting_point` are volumes of water per volume of soil, `depth_m` 0.05 to 0.2 m.
    """
    require("field_capacity", field_capacity, 0.01, 0.8, above=wilting_point)
    require("wilting_point", wilting_point, 0.0, 0.6)
    require("depth_m", depth_m, 0.05, 0.2)
    return 1000.0 * (field_capacity - 0.5 * wilting_point) * depth_m


def evaporation_reduction(depleted_mm: Amount, total_mm: Amount, readily_mm: Amount) -> Values:
    """Return Kr, 0 to 1: 1 while less than REW is gone from the surface layer, 0 when TEW is; [1] eq 74."""
    return np.clip((total_mm - depleted_mm) / (total_mm - readily_mm), 0.0, 1.0)


def exposed_share(cover: Amount, wetted: Amount) -> Values:
    """Return few, the share of ground that is exposed and wetted, 0.01 to 1; [1] eq 75."""
    return np.clip(np.minimum(1.0 - cover, wetted), LEAST_EXPOSED, 1.0)


def evaporation_coefficient(reduction: Amount, exposed: Amount, kcb: Amount, kc_max: Amount) -> Values:
    """Return Ke; [1] eq 71."""
    return np.minimum(reduction * (kc_max - kcb), exposed * kc_max)


def wetted_share(before: Amount, rain_mm: Amount, irrigation_mm: Amount, by_irrigation: Amount) -> Values:
    """Return fw, the share of ground that the last wetting wetted; [1] table 20 and p. 149.

    `by_irrigation` is the share that irrigation wets. Less than 3 mm of rain leave it as it was.
    """
    return np.where(irrigation_mm > 0.0, by_irrigation, np.where(rain_mm >= WETS_ALL_MM, 1.0, before))


def runoff_mm(
    rain_mm: Amount, curve_number: float, depleted_mm: Amount, total_mm: Amount, readily_mm: Amount
) -> Values:
    """Return the rain of a day that runs off [mm] by the curve number of a surface of mean wetness, 30 to 98; [2]."""
    require("curve_number", curve_number, 30.0, 98.0)
    dry, wet = curve_number / (2.281 - 0.01281 * curve_number), curve_number / (0.427 + 0.00573 * curve_number)
    is_wet_to, is_dry_from = 0.5 * readily_mm, 0.7 * readily_mm + 0.3 * total_mm
    dryness = np.clip((depleted_mm - is_wet_to) / (is_dry_from - is_wet_to), 0.0, 1.0)
    number = wet + dryness * (dry - wet)
    storage = 250.0 * (100.0 / number - 1.0)
    excess = np.maximum(rain_mm - 0.2 * storage, 0.0)
    return np.minimum(excess**2 / (rain_mm + 0.8 * storage), rain_mm)
