"""Nutrients of products, and the efficiency and balance of nitrogen. Rates are in kg/ha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

#: One mu is a fifteenth of a hectare.
MU_PER_HA: Final = 15.0

#: Kilograms of element in a kilogram of the oxide a label names, from the atomic masses (IUPAC 2021).
P_OF_P2O5: Final = 0.4364
K_OF_K2O: Final = 0.8301
S_OF_SO3: Final = 0.4005
CA_OF_CAO: Final = 0.7147
MG_OF_MGO: Final = 0.6030

#: EU Nitrogen Expert Panel (2015): the box of nitrogen use efficiency [kg/kg], surplus and output [kg/ha].
EUNEP_NUE: Final = (0.5, 0.9)
EUNEP_MOST_SURPLUS_KG_HA: Final = 80.0
EUNEP_LEAST_OUTPUT_KG_HA: Final = 80.0


@dataclass(frozen=True, slots=True)
class Grade:
    """Grade of a label as shares of the mass, 0 to 1: N-P2O5-K2O, and the forms of the nitrogen.

    The forms add up to `n`, or are all 0 where the label does not state them.
    """

    n: float = 0.0
    p2o5: float = 0.0
    k2o: float = 0.0
    nitrate_n: float = 0.0
    ammonium_n: float = 0.0
    amide_n: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for impossible shares."""
        shares = (self.n, self.p2o5, self.k2o, self.nitrate_n, self.ammonium_n, self.amide_n)
        if not all(0.0 <= share <= 1.0 for share in shares) or self.n + self.p2o5 + self.k2o > 1.0:
            raise ValueError("the shares of a grade are from 0 to 1 and at most 1 together")
        forms = self.nitrate_n + self.ammonium_n + self.amide_n
        if forms and abs(forms - self.n) > 0.005:
            raise ValueError("the forms of nitrogen of a grade add up to its nitrogen, or are not given")

    def nutrients(self, product_kg: float) -> Nutrients:
        """Return the nutrients in a mass of product."""
        return Nutrients(product_kg * self.n, product_kg * self.p2o5, product_kg * self.k2o)

    def product_for_n(self, n_kg: float) -> float:
        """Return the mass of product that contains `n_kg` of nitrogen; raises ValueError for one without nitrogen."""
        if self.n == 0.0:
            raise ValueError("a product without nitrogen cannot supply any")
        return n_kg / self.n


@dataclass(frozen=True, slots=True)
class Nutrients:
    """Masses, or masses per area, of nitrogen and of the two oxides on labels."""

    n: float = 0.0
    p2o5: float = 0.0
    k2o: float = 0.0

    @property
    def elements(self) -> Elements:
        """The same with phosphorus and potassium as elements."""
        return Elements(self.n, self.p2o5, self.k2o, self.p2o5 * P_OF_P2O5, self.k2o * K_OF_K2O)

    def __add__(self, other: Nutrients) -> Nutrients:
        return Nutrients(self.n + other.n, self.p2o5 + other.p2o5, self.k2o + other.k2o)

    def scaled(self, factor: float) -> Nutrients:
        """Return all three multiplied by `factor`, for example from a mass to a rate."""
        return Nutrients(self.n * factor, self.p2o5 * factor, self.k2o * factor)


@dataclass(frozen=True, slots=True)
class Elements:
    """Nutrients of one area unit [kg]; P and K as elements beside the oxides that labels name."""

    n: Annotated[float, "Nitrogen [kg]."]
    p2o5: Annotated[float, "Phosphorus as oxide [kg]."]
    k2o: Annotated[float, "Potassium as oxide [kg]."]
    p: Annotated[float, "Phosphorus as the element [kg]."]
    k: Annotated[float, "Potassium as the element [kg]."]


@dataclass(frozen=True, slots=True)
class NitrogenUse:
    """Efficiencies of nitrogen; None where an input is missing.

    pfp, ae
        Grain per nitrogen, and grain gained per nitrogen [kg/kg]: partial factor productivity and agronomic efficiency.
    re
        Recovery: nitrogen taken up above the unfertilised plot's, per nitrogen applied [kg/kg].
    pe
        Grain gained per nitrogen taken up above the unfertilised plot's [kg/kg]: physiological efficiency.
    pnb
        Nitrogen in the grain per nitrogen applied [kg/kg]: partial nutrient balance.
    """

    pfp: Annotated[float | None, "Partial factor productivity: grain per nitrogen [kg/kg]."]
    ae: Annotated[float | None, "Agronomic efficiency: grain gained per nitrogen [kg/kg]."]
    re: Annotated[
        float | None, "Recovery: nitrogen taken up above an unfertilised plot's, per nitrogen applied [kg/kg]."
    ]
    pe: Annotated[
        float | None,
        "Physiological efficiency: grain gained per nitrogen taken up above an unfertilised plot's [kg/kg].",
    ]
    pnb: Annotated[float | None, "Partial nutrient balance: nitrogen in the grain per nitrogen applied [kg/kg]."]


def nitrogen_use(
    n_applied_kg_ha: float,
    *,
    yield_kg_ha: float | None = None,
    unfertilised_yield_kg_ha: float | None = None,
    uptake_kg_ha: float | None = None,
    unfertilised_uptake_kg_ha: float | None = None,
    grain_n_share: float | None = None,
) -> NitrogenUse:
    """Return the efficiencies of an application; Dobermann (2007), "Nutrient use efficiency", table 1.

    All None for an application of 0.
    """
    if n_applied_kg_ha <= 0.0:
        return NitrogenUse(None, None, None, None, None)

    def per_n(amount: float | None) -> float | None:
        return None if amount is None else amount / n_applied_kg_ha

    gain = _less(yield_kg_ha, unfertilised_yield_kg_ha)
    recovered = _less(uptake_kg_ha, unfertilised_uptake_kg_ha)
    in_grain = None if yield_kg_ha is None or grain_n_share is None else yield_kg_ha * grain_n_share
    pe = gain / recovered if gain is not None and recovered is not None and recovered > 0.0 else None
    return NitrogenUse(per_n(yield_kg_ha), per_n(gain), per_n(recovered), pe, per_n(in_grain))


@dataclass(frozen=True, slots=True)
class NitrogenBalance:
    """The season's nitrogen in the EU panel's box (2015): NUE 0.5 to 0.9, surplus at most 80, output from 80 kg/ha."""

    input_kg_ha: float
    output_kg_ha: Annotated[float, "Nitrogen removed by the harvest."]
    nue: Annotated[float, "Nitrogen use efficiency: output per input [kg/kg]."]
    surplus_kg_ha: Annotated[float, "Input less output."]
    verdict: Annotated[str, "Most serious finding: soil_mining, surplus, low_nue, low_output or ok."]


def balance_nitrogen(input_kg_ha: float, output_kg_ha: float) -> NitrogenBalance | None:
    """Return the balance of all nitrogen applied and all removed by the harvest; None without input.

    EU Nitrogen Expert Panel (2015): Nitrogen Use Efficiency, an indicator for the utilization of nitrogen in
    agriculture and food systems; figure 3.
    """
    if input_kg_ha <= 0.0:
        return None
    nue, surplus = output_kg_ha / input_kg_ha, input_kg_ha - output_kg_ha
    verdict = "ok" if output_kg_ha >= EUNEP_LEAST_OUTPUT_KG_HA else "low_output"
    if nue > EUNEP_NUE[1]:
        verdict = "soil_mining"
    elif surplus > EUNEP_MOST_SURPLUS_KG_HA:
        verdict = "surplus"
    elif nue < EUNEP_NUE[0]:
        verdict = "low_nue"
    return NitrogenBalance(input_kg_ha, output_kg_ha, nue, surplus, verdict)


def kg_mu(kg_ha: float) -> float:
    """Return a rate per hectare as a rate per mu."""
    return kg_ha / MU_PER_HA


def _less(amount: float | None, other: float | None) -> float | None:
    return None if amount is None or other is None else amount - other
