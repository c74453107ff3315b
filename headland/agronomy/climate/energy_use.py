"""Energy of a greenhouse by period, from recorded powers: of the measured time alone, and how much of it that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import STEP_MS, Periods, count_true, sum_up

#: Hours of a step of the grid.
STEP_H: Final = STEP_MS / 3_600_000.0
#: kWh in a GJ.
KWH_A_GJ: Final = 1000.0 / 3.6


@dataclass(frozen=True, slots=True)
class EnergyUse:
    """Energy by period in kWh/m2 of floor, of the hours in which the power is known; NaN where none is."""

    kwh_m2: Values
    known_h: Values
    coverage: Values


def energy_by_period(periods: Periods, power_w_m2: Values) -> EnergyUse:
    """Return the energy of each period: power times time, summed over the steps whose power is known.

    A gap counts nothing: what was used in it is not known. Negative powers are a sensor's offset around zero, and count
    as they are.
    """
    known = np.isfinite(power_w_m2)
    steps = count_true(periods, known)
    energy = sum_up(periods, np.where(known, power_w_m2, 0.0)) * STEP_H / 1000.0
    known_h = np.asarray(steps * STEP_H, np.float64)
    return EnergyUse(np.where(steps > 0, energy, np.nan), known_h, np.asarray(steps / periods.lengths, np.float64))
