"""Droplets of a sprayer: their spectrum, what of it the rotors' jet lays down, and how far the wind carries the rest.

    spectrum --> impacted by the jet: an even fan below, shifted with the jet
             --> too small to leave the jet: over the ground with it, then settling in the wind: the tail

The tail's distances are inverse Gaussian, those of particles that settle and diffuse from a height [3]; nothing of it
is taken from the maps that this truth judges, which use measured deposition curves.

    mu = h U / V,  lambda = (h / sigma)^2,  sigma = 2 Aw^2 sqrt(k h u* / (C0 U))              [3] eq 6, 7, A4
    U = u* / k (ln(h / z0) - 1 + z0 / h)  below h, with u* = k U2 / ln(z2 / z0)               [3] eq A1, A2

Sources
-------
.. [1] Rosin and Rammler (1933), J. Inst. Fuel 7, 29: volume below d is 1 - exp(-ln 2 (d / VMD)^q) (not re-read).
       Classes: ISO 25358 by a table of its usual medians (medium 250 to 350 um), read in a summary of it.
.. [2] Marple and Willeke (1976), Atmos. Environ. 10, 891-896: a round jet impacts half of the particles of
       sqrt(Stk) = 0.5, Stk = rho d^2 W / (9 mu D) (not re-read).
.. [3] Katul et al. (2005), Am. Nat. 166, 368-381, the WALD kernel, with the wind and turbulence of Skarpaas and Shea
       (2007), Am. Nat. 170, 421-430, read in published code of the latter.
.. [4] Amsden (1962), Agric. Aviation 4, 88-93: a droplet's life is d^2 / (80 Delta-T) s, d in um (not re-read).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Velocity and width of the jet at the ground; with them droplets of 148 um are the half that is impacted.
_JET_M_S, _JET_M = 3.0, 1.6
_HALF_ROOT_STOKES: Final = 0.5
_STEEPNESS: Final = 6.0
#: The height from which the rest settles, as a share of the flight's: fitted on the Tier I orchard curve of AgDRIFT
#: (5, 10, 20 m downwind; 0.0766, 0.0364, 0.0140), whose drift that of spraying drones is like (Bonds et al. 2024).
SETTLING_SHARE: Final = 0.33
#: Roughness of short grass [m]; the constants of von Karman and Kolmogorov, and Aw; [3].
_ROUGHNESS_M, _KARMAN, _KOLMOGOROV, _VERTICAL = 0.03, 0.4, 3.125, 1.3
_LEAST_HEIGHT_M: Final = 0.3
#: Standard deviation of the direction in which a droplet goes [rad]: the wind's turbulence, about its mean.
_ASIDE_RAD: Final = 0.15
_AIR_PA_S, _AIR_KG_M3, _WATER_KG_M3, _GRAVITY_M_S2 = 1.82e-5, 1.204, 998.0, 9.81
#: Evaporation by [4] [um2/s/K]; what does not evaporate, by volume.
_AMSDEN: Final = 80.0
_SOLID_SHARE: Final = 0.1
_SIZES: Final = 200


@dataclass(frozen=True, slots=True)
class Tail:
    """The droplets that the jet does not lay down: their share of the volume, and sizes of equal volume [um]."""

    share: float
    sizes_um: Floats


def spectrum_um(median_um: float, span: float, count: int = _SIZES) -> Floats:
    """Return diameters of equal volume [um] of a spectrum with a median and a relative span (D90 - D10) / D50; [1]."""
    part = (np.arange(count) + 0.5) / count
    return np.asarray(median_um * (-np.log1p(-part) / math.log(2.0)) ** (1.0 / _uniformity(span)))


def make_tail(median_um: float, span: float) -> Tail:
    """Return what of a spectrum stays in the jet; [1], [2]."""
    sizes_um = spectrum_um(median_um, span)
    stokes = _WATER_KG_M3 * (sizes_um * 1e-6) ** 2 * _JET_M_S / (9.0 * _AIR_PA_S * _JET_M)
    stays = 1.0 / (1.0 + (np.sqrt(stokes) / _HALF_ROOT_STOKES) ** _STEEPNESS)
    share = float(stays.mean())
    volume = np.cumsum(stays) / stays.sum()
    return Tail(share, np.interp((np.arange(_SIZES) + 0.5) / _SIZES, volume, sizes_um))


def draw_distances_m(
    tail: Tail, random: np.random.Generator, count: int, wind_m_s: float, height_m: float, delta_t_k: float
) -> Floats:
    """Return how far droplets of the tail go with a wind of `wind_m_s` at the flight's height [m]; [3], [4]."""
    settle_m = max(SETTLING_SHARE * height_m, _LEAST_HEIGHT_M)
    if wind_m_s <= 0.01:
        return np.zeros(count)
    sizes_um = tail.sizes_um[random.integers(0, len(tail.sizes_um), count)]
    friction = _KARMAN * wind_m_s / math.log(max(height_m, 2.0 * settle_m) / _ROUGHNESS_M)
    below_m_s = friction / _KARMAN * (math.log(settle_m / _ROUGHNESS_M) - 1.0 + _ROUGHNESS_M / settle_m)
    turbulence = 2.0 * _VERTICAL**2 * math.sqrt(_KARMAN * settle_m * friction / (_KOLMOGOROV * below_m_s))
    fall_m_s = _evaporating_m_s(sizes_um, settle_m, delta_t_k)
    return np.asarray(random.wald(settle_m * below_m_s / fall_m_s, (settle_m / turbulence) ** 2))


def draw_directions_rad(random: np.random.Generator, count: int) -> Floats:
    """Return by which angles droplets leave the direction of the wind."""
    return random.normal(0.0, _ASIDE_RAD, count)


def settling_m_s(diameter_um: Floats) -> Floats:
    """Return the terminal velocity of droplets in still air: drag of spheres by Schiller and Naumann (1933)."""
    diameter_m = diameter_um * 1e-6
    velocity = np.full(diameter_um.shape, 0.1)
    for _ in range(40):
        reynolds = _AIR_KG_M3 * velocity * diameter_m / _AIR_PA_S
        drag_1_s = 18.0 * _AIR_PA_S / (_WATER_KG_M3 * diameter_m**2) * (1.0 + 0.15 * reynolds**0.687)
        velocity = (velocity + _GRAVITY_M_S2 / drag_1_s) / 2.0
    return np.asarray(velocity)


_TABLE_UM: Final = np.linspace(5.0, 400.0, 400)
_TABLE_M_S: Final = settling_m_s(_TABLE_UM)


def _evaporating_m_s(sizes_um: Floats, height_m: float, delta_t_k: float) -> Floats:
    """Return the velocity at the size that droplets have half-way down."""
    velocity = np.interp(sizes_um, _TABLE_UM, _TABLE_M_S)
    for _ in range(3):
        lost_um2 = _AMSDEN * delta_t_k * height_m / velocity / 2.0
        middle_um = np.maximum(np.sqrt(np.maximum(sizes_um**2 - lost_um2, 0.0)), sizes_um * _SOLID_SHARE ** (1 / 3))
        velocity = np.interp(middle_um, _TABLE_UM, _TABLE_M_S)
    return np.asarray(velocity)


def _uniformity(span: float) -> float:
    """Return q of [1] with which a spectrum has a relative span."""
    low, high = 1.0, 12.0
    for _ in range(50):
        middle = (low + high) / 2.0
        ends = [(-math.log(1.0 - part) / math.log(2.0)) ** (1.0 / middle) for part in (0.1, 0.9)]
        low, high = (middle, high) if ends[1] - ends[0] > span else (low, middle)
    return low
