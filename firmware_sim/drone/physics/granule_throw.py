"""Throw of granules by a disc: how far they fly by the disc's speed and its height above the ground.

    t = Vt / g arcosh(exp(g h / Vt^2)),  x = Vt^2 / g ln(1 + g v t / Vt^2),  v = sqrt(2) w r

A granule leaves the rim with the disc's tangential speed and an equal radial one, and drag that grows with the square
of its speed has it fall with the terminal velocity Vt. Its vertical and horizontal drag are taken as independent.

Sources
-------
.. [1] Mennel and Reece (1963), J. agric. Engng Res. 8, 78-84: trajectories of granules with quadratic drag (not
       re-read). The speed of the rim by speed and radius: Agriculture 2020, 10, 467, section 2.1, read in part.
"""

from __future__ import annotations

import math
from typing import Final

#: Radius of the discs of spreaders that drones carry [m], and the terminal velocity of a prill of 3 mm [m/s].
_RADIUS_M, _TERMINAL_M_S, _GRAVITY_M_S2 = 0.1, 8.0, 9.81
_LEAST_HEIGHT_M: Final = 0.2


def throw_m(disc_rpm: float, height_m: float) -> float:
    """Return how far from the disc a granule lands [m] by its speed [1/min, 0..] and height [m]; [1]."""
    stretch_m = _TERMINAL_M_S**2 / _GRAVITY_M_S2
    fall_s = _TERMINAL_M_S / _GRAVITY_M_S2 * math.acosh(math.exp(max(height_m, _LEAST_HEIGHT_M) / stretch_m))
    leaves_m_s = math.sqrt(2.0) * disc_rpm * 2.0 * math.pi / 60.0 * _RADIUS_M
    return stretch_m * math.log1p(leaves_m_s * fall_s / stretch_m)
