"""Irrigation by radiation, drain, and nutrient solution: volumes in L/m2, conductivity in mS/cm at 25 degC.

Sources
-------
.. [1] Grodan and growers' practice: uptake 1.7 to 2.5 ml per J/cm2 and m2; drain by the day's radiation.
.. [2] Sonneveld, Voogt and Spaans (1999), Acta Hort. 481, 331-340: EC = 0.095 sum of cations + 0.19.
.. [3] ISO 7888 (1985): 1.9 % a kelvin around 25 degC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headland.agronomy.series.arrays import require

#: Water uptake of a healthy tomato in millilitres per J/cm2 and m2; [1].
UPTAKE_ML_J_CM2: Final = 2.0

#: Radiation of the day up to which [J/cm2] the target drain share is from and to; [1].
DRAIN_BY_RADIATION: Final = (
    (500.0, (0.0, 0.1)),
    (1000.0, (0.1, 0.2)),
    (1500.0, (0.2, 0.3)),
    (float("inf"), (0.3, 0.4)),
)

#: Charges of the ions of a nutrient solution.
CHARGES: Final[dict[str, int]] = {
    "NO3": -1,
    "NH4": 1,
    "H2PO4": -1,
    "K": 1,
    "Ca": 2,
    "Mg": 2,
    "SO4": -2,
    "Na": 1,
    "Cl": -1,
}

#: The largest charge imbalance of a correct analysis or recipe.
MOST_IMBALANCE: Final = 0.05

_EC_PER_MEQ, _EC_AT_ZERO = 0.095, 0.19
_PER_KELVIN: Final = 0.019


@dataclass(frozen=True, slots=True)
class DayWater:
    """Water for a day's radiation: uptake of the crop, and irrigation that leaves the drain share [L/m2]."""

    uptake_l_m2: float
    irrigation_l_m2: float


def water_for_radiation(
    radiation_j_cm2: float, drain_share: float, *, uptake_ml_j_cm2: float = UPTAKE_ML_J_CM2
) -> DayWater:
    """Return the water of a day, or of any span of it; [1]. `drain_share` [0..1), `radiation_j_cm2` [J/cm2, 0..]."""
    _check_share(drain_share)
    require("radiation_j_cm2", radiation_j_cm2, 0.0)
    uptake = radiation_j_cm2 * uptake_ml_j_cm2 / 1000.0
    return DayWater(uptake, uptake / (1.0 - drain_share))


def trigger_j_cm2(dose_l_m2: float, drain_share: float, *, uptake_ml_j_cm2: float = UPTAKE_ML_J_CM2) -> float:
    """Return the radiation after which the next dose is due [J/cm2]; [1]. `drain_share` [0..1)."""
    _check_share(drain_share)
    return dose_l_m2 * 1000.0 * (1.0 - drain_share) / uptake_ml_j_cm2


def drain_target(radiation_j_cm2: float) -> tuple[float, float]:
    """Return the target share of drain on a day of `radiation_j_cm2` [J/cm2, 0..], from and to; [1]."""
    require("radiation_j_cm2", radiation_j_cm2, 0.0)
    return next(share for most, share in DRAIN_BY_RADIATION if radiation_j_cm2 <= most)


def drain_share(irrigation_l_m2: float, drain_l_m2: float) -> float | None:
    """Return drain over irrigation; None without irrigation, or where more drained than was given."""
    return drain_l_m2 / irrigation_l_m2 if 0.0 <= drain_l_m2 <= irrigation_l_m2 and irrigation_l_m2 > 0.0 else None


def uptake_ec_ms_cm(
    irrigation_l_m2: float, irrigation_ms_cm: float, drain_l_m2: float, drain_ms_cm: float
) -> float | None:
    """Return the conductivity of the water taken up, by the difference to the drain; None without uptake."""
    taken_l_m2 = irrigation_l_m2 - drain_l_m2
    if taken_l_m2 <= 0.0:
        return None
    return (irrigation_ms_cm * irrigation_l_m2 - drain_ms_cm * drain_l_m2) / taken_l_m2


def ec_at_25_ms_cm(ec_ms_cm: float, temperature_degc: float) -> float:
    """Return `ec_ms_cm` [mS/cm, 0..] measured at `temperature_degc` [degC, 10..35] as it would be at 25 degC; [3]."""
    require("temperature_degc", temperature_degc, 10.0, 35.0)
    require("ec_ms_cm", ec_ms_cm, 0.0)
    return ec_ms_cm / (1.0 + _PER_KELVIN * (temperature_degc - 25.0))


def charge_sums_meq_l(solution_mmol_l: Mapping[str, float]) -> tuple[float, float]:
    """Return the charges of the cations and of the anions [meq/L]. Raises ValueError for an ion that is not known."""
    unknown = sorted(set(solution_mmol_l) - set(CHARGES))
    if unknown:
        raise ValueError(f"the charge of {', '.join(unknown)} is not known; known ions are {', '.join(CHARGES)}")
    charges = [CHARGES[ion] * amount for ion, amount in solution_mmol_l.items()]
    return sum(each for each in charges if each > 0.0), -sum(each for each in charges if each < 0.0)


def charge_imbalance(solution_mmol_l: Mapping[str, float]) -> float | None:
    """Return (cations - anions) over their mean; beyond `MOST_IMBALANCE` the analysis is wrong. None for pure water."""
    cations, anions = charge_sums_meq_l(solution_mmol_l)
    return 2.0 * (cations - anions) / (cations + anions) if cations + anions > 0.0 else None


def ec_of_solution_ms_cm(solution_mmol_l: Mapping[str, float]) -> float:
    """Return the conductivity that a balanced solution should have at 25 degC; [2].

    Raises ValueError for a solution beyond 1 to 5 mS/cm, for which [2] does not hold.
    """
    ec_ms_cm = _EC_PER_MEQ * charge_sums_meq_l(solution_mmol_l)[0] + _EC_AT_ZERO
    require("the conductivity of a solution [mS/cm]", ec_ms_cm, 1.0, 5.0)
    return ec_ms_cm


def _check_share(share: float) -> None:
    if not 0.0 <= share < 1.0:
        raise ValueError("a share of drain is from 0 to below 1")
