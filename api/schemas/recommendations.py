"""What a nitrogen recommendation is asked with, and what it answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import AnswerMethod, Model
from headland.agronomy.prescription.nitrogen_rules import YIELD_CURVES

_Kg = Annotated[float, Field(ge=0, le=1000)]
_Yield = Annotated[float, Field(ge=0, le=30)]
_Share = Annotated[float, Field(gt=0, le=1)]


class Rule(StrEnum):
    """Which published rule is followed."""

    STANFORD = "stanford"
    TARGET_YIELD = "target_yield"
    DUEV = "duev"
    NFOA = "nfoa"
    SUFFICIENCY = "sufficiency"
    LINEAR = "linear"


class RecommendationQuery(BaseModel):
    """The rule, and the inputs of any of them; which it lacks, the answer says one by one."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    method: Annotated[Rule, Field(description="Which published rule is followed.")]
    season: Annotated[
        str | None,
        Field(description="A season of the field, whose target yield is taken if none is given.", max_length=64),
    ] = None
    product: Annotated[str | None, Field(description="The product that it is to come from.", max_length=64)] = None
    target_yield_t_ha: Annotated[
        _Yield | None, Field(description="Grain that is aimed at (all but the index rules).")
    ] = None
    crop_n_kg_ha: Annotated[
        _Kg | None, Field(description="stanford: what the crop needs, if not by yield and uptake.")
    ] = None
    soil_n_kg_ha: Annotated[_Kg | None, Field(description="stanford: what the soil supplies.")] = None
    efficiency: Annotated[_Share | None, Field(description="stanford: the part of fertilizer N that is taken up.")] = (
        None
    )
    uptake_kg_100kg: Annotated[
        Annotated[float, Field(ge=1, le=5)] | None,
        Field(description="stanford, target_yield: N for 100 kg of grain; wheat 2.4 to 3.1."),
    ] = None
    unfertilised_yield_t_ha: Annotated[_Yield | None, Field(description="target_yield: grain without fertilizer.")] = (
        None
    )
    recovery: Annotated[
        _Share | None, Field(description="target_yield: the part of fertilizer N that is taken up.")
    ] = None
    nmin_kg_ha: Annotated[_Kg | None, Field(description="duev: mineral N in 0 to 90 cm in spring.")] = None
    quality_class: Annotated[Literal["A", "B", "C", "E"] | None, Field(description="duev: class of the wheat.")] = None
    humus_kg_ha: Annotated[_Kg, Field(description="duev: credit for humus; 20 above 4 %.")] = 0.0
    organic_last_year_kg_ha: Annotated[_Kg, Field(description="duev: a tenth of last year's organic N.")] = 0.0
    precrop_kg_ha: Annotated[_Kg, Field(description="duev: credit for the crop before.")] = 0.0
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
        Annotated[float, Field(gt=0, le=100)] | None, Field(description="sufficiency: that of a well-fed strip.")
    ] = None
    optimum_kg_ha: Annotated[_Kg | None, Field(description="sufficiency: the optimum rate of the season.")] = None
    credits_kg_ha: Annotated[_Kg, Field(description="sufficiency: what was given already.")] = 0.0
    index_low: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None, Field(description="linear: the index at one end.")
    ] = None
    index_high: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None, Field(description="linear: the index at the other.")
    ] = None
    least_kg_ha: Annotated[_Kg | None, Field(description="linear: the smallest rate.")] = None
    most_kg_ha: Annotated[_Kg | None, Field(description="linear: the largest rate.")] = None
    direction: Annotated[
        Literal["compensate", "proportional"] | None,
        Field(description="linear: whether weak parts get more, or strong ones."),
    ] = None


class ProductRate(Model):
    """The recommendation in a product: its own rate, and what else comes with it."""

    id: str
    name: str
    kg_ha: float
    kg_mu: float
    l_ha: float | None
    p2o5_kg_ha: float
    k2o_kg_ha: float
    field_kg: float


class Recommendation(Model):
    """Nitrogen for a field by one published rule, with all that went in and where the rule holds."""

    field: str
    n_kg_ha: float
    n_kg_mu: float
    field_n_kg: float
    area_ha: float
    method: AnswerMethod
    valid_for: str
    inputs: dict[str, float | str]
    parts: dict[str, float]
    product: ProductRate | None
