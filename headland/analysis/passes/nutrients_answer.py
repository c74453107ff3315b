"""Nutrients of a field's passes as the API gives them, with the balance and the efficiencies of the nitrogen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from headland.agronomy.prescription.loss_risk import LEACHING, VOLATILISATION, Risk
from headland.agronomy.prescription.nutrients import (
    MU_PER_HA,
    Elements,
    NitrogenBalance,
    NitrogenUse,
    Nutrients,
    balance_nitrogen,
    nitrogen_use,
)
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.window import Window
from headland.analysis.passes.nutrients import FieldNutrients, PassNutrients


@dataclass(frozen=True, slots=True)
class HarvestFigures:
    """What is told of a harvest, and of a plot without fertilizer; None where it is not."""

    yield_kg_ha: float | None = None
    unfertilised_yield_kg_ha: float | None = None
    uptake_kg_ha: float | None = None
    unfertilised_uptake_kg_ha: float | None = None
    grain_n_pct: float | None = None


class LossRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Risk of loss: low, moderate, high or insufficient_data, with its reasons; `window` is the time after the pass."""

    state: Annotated[str, "low, moderate, high or insufficient_data."]
    reasons: Annotated[list[str], "What decided it, or is not known."]
    window: Annotated[Window, "Time after the pass that it is about."]
    method: Annotated[Method, "Method of the risk."]


class NutrientsOfPass(msgspec.Struct, frozen=True, kw_only=True):
    """Nutrients applied by a pass; null with a reason where unknown."""

    pass_id: str
    start_ms: int
    product: Annotated[str | None, "Id of the product; null where none is told."]
    product_kg: Annotated[float | None, "Mass of the product on the usable field."]
    kg_ha: Elements | None
    kg_mu: Elements | None
    reason: Annotated[str | None, "Why the nutrients are unknown; else null."]
    volatilisation: Annotated[LossRisk, "Risk of losing ammonia to the air."]
    leaching: Annotated[LossRisk, "Risk of losing nitrate to the ground water."]
    weather: Annotated[
        dict[str, float | None],
        "What the risks rest on: means and sums of their windows so far, null where not measured.",
    ]
    weather_devices: Annotated[list[str], "The devices of the field's site that measured it."]


class UnknownPass(msgspec.Struct, frozen=True, kw_only=True):
    """A pass whose nutrients are not in the sum of what is known."""

    pass_id: Annotated[str, "Id of the pass."]
    start_ms: Annotated[int, "Its start."]
    reason: Annotated[str, "Why its nutrients are not known, such as product_not_told."]


class NutrientsOfSeason(msgspec.Struct, frozen=True, kw_only=True):
    """Nutrients that the passes of a season applied to a field; sums are null while an amount is unknown."""

    field: str
    season: str | None
    simulated: bool
    passes: Annotated[list[NutrientsOfPass], "Passes by time."]
    total_kg_ha: Annotated[Elements | None, "Sum per hectare; null while an amount is unknown."]
    total_kg_mu: Annotated[Elements | None, "Sum per mu; null while an amount is unknown."]
    reason: Annotated[str | None, "Why the sum is unknown; else null."]
    known_kg_ha: Annotated[Elements | None, "Sum of the passes that are known, at least this; null where none is."]
    unknown: Annotated[list[UnknownPass], "Passes that are not in it, by time."]
    balance: Annotated[NitrogenBalance | None, "Balance of the nitrogen; null without the yield and its nitrogen."]
    efficiency: Annotated[NitrogenUse | None, "Efficiencies of the nitrogen; null without a sum."]


def nutrients_of(
    nutrients: FieldNutrients, field: str, season: str | None, harvest: HarvestFigures
) -> NutrientsOfSeason:
    """Return the nutrients of a field's passes; those of the harvest balance the nitrogen."""
    total, balance, use = nutrients.total, None, None
    if total is not None:
        grain_n_share = None if harvest.grain_n_pct is None else harvest.grain_n_pct / 100.0
        use = nitrogen_use(
            total.n,
            yield_kg_ha=harvest.yield_kg_ha,
            unfertilised_yield_kg_ha=harvest.unfertilised_yield_kg_ha,
            uptake_kg_ha=harvest.uptake_kg_ha,
            unfertilised_uptake_kg_ha=harvest.unfertilised_uptake_kg_ha,
            grain_n_share=grain_n_share,
        )
        if harvest.yield_kg_ha is not None and grain_n_share is not None:
            balance = balance_nitrogen(total.n, harvest.yield_kg_ha * grain_n_share)
    return NutrientsOfSeason(
        field=field,
        season=season,
        simulated=nutrients.simulated,
        passes=[_of_pass(brought) for brought in nutrients.passes],
        total_kg_ha=_elements_of(total),
        total_kg_mu=_elements_of(total, 1.0 / MU_PER_HA),
        reason=nutrients.reason,
        known_kg_ha=_elements_of(nutrients.known),
        unknown=[
            UnknownPass(pass_id=each.field_pass.id, start_ms=each.field_pass.start_ms, reason=each.reason or "")
            for each in nutrients.passes
            if each.per_ha is None
        ],
        balance=balance,
        efficiency=use,
    )


def _of_pass(nutrients: PassNutrients) -> NutrientsOfPass:
    weather = nutrients.weather
    return NutrientsOfPass(
        pass_id=nutrients.field_pass.id,
        start_ms=nutrients.field_pass.start_ms,
        product=None if nutrients.product is None else nutrients.product.id,
        product_kg=nutrients.product_kg,
        kg_ha=_elements_of(nutrients.per_ha),
        kg_mu=_elements_of(nutrients.per_ha, 1.0 / MU_PER_HA),
        reason=nutrients.reason,
        volatilisation=_risk_of(nutrients.volatilisation, VOLATILISATION, weather.volatile),
        leaching=_risk_of(nutrients.leaching, LEACHING, weather.leaching),
        weather=weather.inputs,
        weather_devices=weather.devices,
    )


def _elements_of(nutrients: Nutrients | None, factor: float = 1.0) -> Elements | None:
    return None if nutrients is None else nutrients.scaled(factor).elements


def _risk_of(risk: Risk, method: Method, window: Window) -> LossRisk:
    return LossRisk(state=risk.state, reasons=list(risk.reasons), window=window, method=method)
