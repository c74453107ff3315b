"""Fall of a droplet under a multirotor, and for how long the wind carries it meanwhile.

A droplet has the velocity of the nozzle's carrier, none, and is accelerated by gravity and by the drag of the air
around it [1]. That air has the wind's horizontal velocity, because the rotors take it from the wind, and moves down
as a turbulent jet [3], whose velocity at the rotors is that of momentum theory [4]:

    dv/dt = g - 3/4 (rho_air / rho_water) Cd |v - w| (v - w) / d        Cd = 24 / Re (1 + 0.15 Re^0.687)
    w(s) = sqrt(T / (2 rho_air A)) B / (s / l - s0) / sqrt(2)           B = 10.11, s0 = -5.817

s is the depth below the rotors, l the distance of the motors; 1 / sqrt(2) is the mean of the jet's profile
(1 + (sqrt(2) - 1) xi2)^-2 over its half width, because nozzles are below the rotors and not on the jet's axis.

Limits: the jet was measured below hovering quadrotors of up to some kilograms, from 2.5 l on; sprayers fly lower, and
forwards. No evaporation: it does not matter within a second. The ground stops the jet in the last metre, a nozzle's
pressure shoots droplets ahead of it: both are in the uncertainty that `drift` states.

Sources
-------
.. [1] Marchant (1977), Calculation of spray droplet trajectory in a moving airstream, J. agric. Engng Res. 22, 93-96,
       section 2.2: drag and gravity alone, with the drag coefficient of solid spheres.
.. [2] Schiller and Naumann (1933), Z. VDI 77, 318-320: that coefficient for Re below 1000.
.. [3] Bauersfeld, Muller, Ziegler, Coletti and Scaramuzza (2025), Robotics meets fluid dynamics, IEEE Robot. Autom.
       Lett. 10 (arXiv 2403.13321): velocity of the centre line and profile of the far field. The two constants are
       those of its implementation in GADEN.
.. [4] Leishman (2006), Principles of Helicopter Aerodynamics, 2nd ed., eq 2.14: induced velocity in hover.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, sqrt
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values, require

#: Load of a rotor's disc, and distance of the motors, of sprayers that weigh 35 to 100 kg: 100 to 200 N/m2, 1 to 2.2 m.
DISC_LOAD_N_M2: Final = 150.0
_MOTORS_M: Final = 1.6
_JET, _ORIGIN = 10.11, -5.817
_PROFILE: Final = 1.0 / sqrt(2.0)
#: Air at 20 degC and sea level: density [kg/m3] and viscosity [Pa s]; density of water [kg/m3]; gravity [m/s2].
_AIR_KG_M3, _AIR_PA_S, _WATER_KG_M3, _GRAVITY_M_S2 = 1.204, 1.82e-5, 998.0, 9.81
#: A step of the integration [s]; it is implicit in the velocity, so that small droplets are stable.
_STEP_S: Final = 0.004
#: The depth to which a fall is followed; what is sprayed from higher is taken to come from there.
_DEEPEST_M: Final = 20.0


@dataclass(frozen=True, slots=True)
class DropletFall:
    """A fall by depth below the rotors [m]: its velocity [m/s], and the time for which the wind has carried it [s].

    That time is the distance that a wind of 1 m/s moves it: less than the time of the fall, because a droplet takes a
    while to follow the wind.
    """

    depth_m: Values
    velocity_m_s: Values
    carried_s: Values


@lru_cache(maxsize=64)
def follow_droplet(diameter_um: float, disc_load_n_m2: float = DISC_LOAD_N_M2) -> DropletFall:
    """Return the fall of a droplet of `diameter_um` [um, 10..1000] below rotors of a disc load; [1] to [4].

    `disc_load_n_m2` [N/m2, 0..400]; 0 is still air.
    """
    require("diameter_um", diameter_um, 10.0, 1000.0)
    require("disc_load_n_m2", disc_load_n_m2, 0.0, 400.0)
    diameter_m, at_rotors_m_s = diameter_um * 1e-6, sqrt(disc_load_n_m2 / (2.0 * _AIR_KG_M3))
    down_m_s = along_m_s = depth_m = carried_s = 0.0
    rows = [(0.0, 0.0, 0.0)]
    while depth_m < _DEEPEST_M:
        jet_m_s = at_rotors_m_s * _PROFILE * _JET / (depth_m / _MOTORS_M - _ORIGIN)
        rate_1_s = _drag_rate_1_s(diameter_m, hypot(down_m_s - jet_m_s, along_m_s - 1.0))
        down_m_s = (down_m_s + _STEP_S * (_GRAVITY_M_S2 + rate_1_s * jet_m_s)) / (1.0 + _STEP_S * rate_1_s)
        along_m_s = (along_m_s + _STEP_S * rate_1_s) / (1.0 + _STEP_S * rate_1_s)
        depth_m += down_m_s * _STEP_S
        carried_s += along_m_s * _STEP_S
        rows.append((depth_m, down_m_s, carried_s))
    depth, velocity, carried = np.array(rows).T
    return DropletFall(depth, velocity, carried)


def _drag_rate_1_s(diameter_m: float, relative_m_s: float) -> float:
    """Return at which rate drag equals a droplet's velocity to the air's; [1] with the coefficient of [2]."""
    reynolds = _AIR_KG_M3 * relative_m_s * diameter_m / _AIR_PA_S
    # 3/4 (rho_air / rho_water) Cd v / d, with Re v = 0 without a limit.
    more = 1.0 + 0.15 * float(reynolds**0.687)
    return 18.0 * _AIR_PA_S / (_WATER_KG_M3 * diameter_m**2) * more
