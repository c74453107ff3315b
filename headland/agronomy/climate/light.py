"""Light as a crop counts it: photons [umol/m2/s] from what sensors say, and their sum over a day.

Sources
-------
.. [1] McCree (1972), Agric. Meteorol. 9, 191-216; Thimijan and Heins (1983), HortScience 18, 818-822.
.. [2] Apogee Instruments: conversion from illuminance to PPFD by lamp.
.. [3] Liu and Heins (1997): photothermal ratio.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Times, Values

#: Photons of PAR in a joule of global radiation from the sun [umol/J]; [1] give 2.02 to 2.10.
SUN_UMOL_J: Final = 2.02

#: Photons for a lux by source [umol/m2/s per lx]; [2], white LED after [1].
UMOL_PER_LUX: Final[dict[str, float]] = {
    "sun": 0.0185,
    "cool_white_fluorescent": 0.0135,
    "hps": 0.0122,
    "hps_double_ended": 0.0130,
    "metal_halide": 0.0141,
    "cmh_942": 0.0154,
    "cmh_930": 0.0170,
    "white_led": 0.0150,
}


def ppfd_from_global(radiation_w_m2: ArrayLike, transmission: float = 1.0) -> Values:
    """Return the photon flux [umol/m2/s] of sunlight of `radiation_w_m2` behind a cover that passes `transmission`."""
    return np.asarray(np.asarray(radiation_w_m2, np.float64) * SUN_UMOL_J * transmission)


def ppfd_from_lux(illuminance_lx: ArrayLike, source: str) -> Values:
    """Return the photon flux [umol/m2/s] of light of one known `source`, a key of `UMOL_PER_LUX`.

    Raises ValueError for another: what a lux means in photons depends on the lamp, and under mixed light nobody knows.
    """
    if source not in UMOL_PER_LUX:
        raise ValueError(f"lux of {source!r} cannot be turned into photons: declare one of {', '.join(UMOL_PER_LUX)}")
    return np.asarray(np.asarray(illuminance_lx, np.float64) * UMOL_PER_LUX[source])


def photons_mol_m2(time_ms: Times, ppfd_umol_m2_s: Values, max_gap_s: float) -> tuple[float, float]:
    """Return the photons [mol/m2] by the trapezoid rule on the actual times, and the time they are known for [s].

    Samples further apart than `max_gap_s` leave a hole; a sensor's offset below 0 counts as darkness. NaN is a hole.
    """
    known = np.isfinite(ppfd_umol_m2_s)
    seconds, flux = time_ms[known] / 1000.0, np.maximum(ppfd_umol_m2_s[known], 0.0)
    steps = np.diff(seconds)
    joined = steps <= max_gap_s
    sums = steps * (flux[1:] + flux[:-1]) / 2.0
    return float(sums[joined].sum()) / 1e6, float(steps[joined].sum())


def photothermal_ratio(dli_mol_m2: float, mean_degc: float, base_degc: float) -> float | None:
    """Return light per warmth [mol/m2 per degC d], DLI / (ADT - Tb); [3]. None where the day is not above the base."""
    return dli_mol_m2 / (mean_degc - base_degc) if mean_degc > base_degc else None
