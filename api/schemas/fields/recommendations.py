"""Query of a nitrogen recommendation."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from headland.agronomy.prescription.nitrogen_rules import UPTAKE_KG_100KG, YIELD_CURVES
from headland.analysis.prescriptions.recommendation import Rule
from headland.analysis.prescriptions.recommendation_inputs import RecommendationInputs

_Kg = Annotated[float, Field(ge=0, le=1000)]
#: The most of any crop, under a roof; the crop's own is checked with the rule.
_Yield = Annotated[float, Field(ge=0, le=2400)]
_Share = Annotated[float, Field(gt=0, le=1)]


class RecommendationQuery(BaseModel):
    """The rule and its inputs; a missing input is reported by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    method: Annotated[Rule, Field(description="The published rule.")]
    season: Annotated[
        str | None,
        Field(description="A season of the field, whose target yield applies if none is given.", max_length=64),
    ] = None
    product: Annotated[str | None, Field(description="The product that supplies the nitrogen.", max_length=64)] = None
    target_yield_t_ha: Annotated[
        _Yield | None, Field(description="Target yield (stanford, target_yield); the ordinance wants mean_yield_t_ha.")
    ] = None
    crop_n_kg_ha: Annotated[
        _Kg | None, Field(description="stanford: need of the crop, unless by yield and uptake.")
    ] = None
    soil_n_kg_ha: Annotated[_Kg | None, Field(description="stanford: supply of the soil.")] = None
    efficiency: Annotated[_Share | None, Field(description="stanford: share of fertilizer N that is taken up.")] = None
    uptake_kg_100kg: Annotated[
        Annotated[float, Field(ge=UPTAKE_KG_100KG[0], le=UPTAKE_KG_100KG[1])] | None,
        Field(
            description="stanford, target_yield: N for 100 kg of harvest; wheat 2.4 to 3.1, soybean 7.2, tomatoes 0.45."
        ),
    ] = None
    fixed_share: Annotated[
        Annotated[float, Field(ge=0, lt=1)],
        Field(description="target_yield: share of its N that a legume takes from the air; soybean, peanut 0.67."),
    ] = 0.0
    unfertilised_yield_t_ha: Annotated[_Yield | None, Field(description="target_yield: grain without fertilizer.")] = (
        None
    )
    recovery: Annotated[_Share | None, Field(description="target_yield: share of fertilizer N that is taken up.")] = (
        None
    )
    mean_yield_t_ha: Annotated[
        _Yield | None, Field(description="duev: mean of the last five years' yields; instead of past_yields_t_ha.")
    ] = None
    past_yields_t_ha: Annotated[
        tuple[_Yield, ...], Field(description="duev: yields of the last years, oldest first.", max_length=20)
    ] = ()
    nmin_kg_ha: Annotated[_Kg | None, Field(description="duev: mineral N in 0 to 90 cm in spring.")] = None
    quality_class: Annotated[Literal["A", "B", "C", "E"] | None, Field(description="duev: class of the wheat.")] = None
    humus_kg_ha: Annotated[_Kg, Field(description="duev: credit for humus; 20 above 4 %.")] = 0.0
    organic_last_year_kg_ha: Annotated[_Kg, Field(description="duev: a tenth of last year's organic N.")] = 0.0
    precrop_kg_ha: Annotated[_Kg, Field(description="duev: credit for the preceding crop.")] = 0.0
    ndvi: Annotated[_Share | None, Field(description="nfoa: NDVI of the field.")] = None
    reference_ndvi: Annotated[_Share | None, Field(description="nfoa: NDVI of a nitrogen-rich strip.")] = None
    growing_days: Annotated[
        Annotated[float, Field(ge=30, le=300)] | None,
        Field(description="nfoa: days since sowing with a mean above 4.4 degC."),
    ] = None
    curve: Annotated[
        str | None, Field(description=f"nfoa: regional coefficients, one of {', '.join(YIELD_CURVES)}.", max_length=64)
    ] = None
    index: Annotated[
        Annotated[float, Field(gt=0, le=100)] | None, Field(description="sufficiency, linear: the crop's index.")
    ] = None
    reference_index: Annotated[
        Annotated[float, Field(gt=0, le=100)] | None,
        Field(description="sufficiency: index of a well-fertilized strip."),
    ] = None
    optimum_kg_ha: Annotated[_Kg | None, Field(description="sufficiency: the optimum rate of the season.")] = None
    credits_kg_ha: Annotated[_Kg, Field(description="sufficiency: nitrogen applied already.")] = 0.0
    index_low: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None, Field(description="linear: the lowest index.")
    ] = None
    index_high: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None, Field(description="linear: the highest index.")
    ] = None
    least_kg_ha: Annotated[_Kg | None, Field(description="linear: the smallest rate.")] = None
    most_kg_ha: Annotated[_Kg | None, Field(description="linear: the largest rate.")] = None
    direction: Annotated[
        Literal["compensate", "proportional"] | None,
        Field(description="linear: whether weak or strong parts get more."),
    ] = None


def inputs_of(query: RecommendationQuery, target_yield_t_ha: float | None) -> RecommendationInputs:
    """Return the inputs of a query; `target_yield_t_ha` is the season's, for a query without one."""
    names = {field.name for field in fields(RecommendationInputs)} - {"aimed_yield_t_ha"}
    inputs = {name: getattr(query, name) for name in names}
    inputs["aimed_yield_t_ha"] = query.target_yield_t_ha
    if query.target_yield_t_ha is None:
        inputs["target_yield_t_ha"] = target_yield_t_ha
    return RecommendationInputs(**inputs)
