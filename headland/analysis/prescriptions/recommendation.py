"""Nitrogen recommendation for a field by one published rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final

from headland.agronomy.prescription import nitrogen_rules as rules
from headland.agronomy.prescription.nutrients import kg_mu
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.doubts import InputDoubt
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.prescriptions.grade import grade_of
from headland.analysis.prescriptions.recommendation_inputs import RecommendationInputs, judge_amounts
from headland.registry.models.models import Field, Product, ProductKind


class Rule(StrEnum):
    """A published rule of nitrogen recommendation."""

    STANFORD = "stanford"
    TARGET_YIELD = "target_yield"
    DUEV = "duev"
    NFOA = "nfoa"
    SUFFICIENCY = "sufficiency"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class ProductRate:
    """The recommendation as a rate of a product, with the other nutrients it brings."""

    id: str
    name: str
    kg_ha: float
    kg_mu: float
    l_ha: Annotated[float | None, "Litres per hectare; null for granules and without a density."]
    p2o5_kg_ha: Annotated[float, "Phosphorus as oxide that the rate brings."]
    k2o_kg_ha: Annotated[float, "Potassium as oxide that the rate brings."]
    field_kg: Annotated[float, "Mass for the whole usable ground."]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Nitrogen for a field by one published rule, with its inputs and range of validity."""

    field: str
    n_kg_ha: float
    n_kg_mu: float
    field_n_kg: Annotated[float, "Nitrogen for the whole usable ground."]
    area_ha: float
    method: Annotated[Method, "The published rule."]
    valid_for: Annotated[str, "Range of validity of the rule."]
    inputs: Annotated[Mapping[str, float | str], "Inputs by name."]
    parts: Annotated[Mapping[str, float], "Intermediate results by name."]
    product: Annotated[ProductRate | None, "Rate of the product; null where none is asked for."]
    doubts: Annotated[tuple[InputDoubt, ...], "What is improbable in the inputs; empty where nothing is."] = ()


#: The inputs that each rule requires.
_REQUIRED: Final[dict[Rule, tuple[str, ...]]] = {
    Rule.STANFORD: ("crop_n_kg_ha", "soil_n_kg_ha", "efficiency"),
    Rule.TARGET_YIELD: ("target_yield_t_ha", "unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery"),
    Rule.DUEV: ("mean_yield_t_ha", "nmin_kg_ha", "quality_class"),
    Rule.NFOA: ("ndvi", "reference_ndvi", "growing_days", "curve"),
    Rule.SUFFICIENCY: ("index", "reference_index", "optimum_kg_ha"),
    Rule.LINEAR: ("index", "index_low", "index_high", "least_kg_ha", "most_kg_ha", "direction"),
}


def recommend(
    field: Field, rule: Rule, inputs: RecommendationInputs, product: Product | None, crop: str | None = None
) -> Recommendation:
    """Return the recommendation of a rule, and its rate in a product where one is given.

    `crop` is that of the season, whose usual yields the given ones are compared with. Raises AnalysisError:
    missing-input (`extra` names each), impossible-amount, outside-of-rule, no-nitrogen.
    """
    doubts = judge_amounts(rule, crop, inputs)
    if inputs.crop_n_kg_ha is None and inputs.target_yield_t_ha is not None and inputs.uptake_kg_100kg is not None:
        inputs = replace(inputs, crop_n_kg_ha=inputs.target_yield_t_ha * 10.0 * inputs.uptake_kg_100kg)
    is_aim = False
    if rule is Rule.DUEV and inputs.mean_yield_t_ha is None:
        if inputs.past_yields_t_ha:
            inputs = replace(inputs, mean_yield_t_ha=rules.mean_yield(inputs.past_yields_t_ha))
        elif inputs.aimed_yield_t_ha is not None:
            # An older request: its yield is used, and the answer says that it is not the ordinance's.
            inputs, is_aim = replace(inputs, mean_yield_t_ha=inputs.aimed_yield_t_ha), True
    missing = [name for name in _REQUIRED[rule] if getattr(inputs, name) is None]
    if missing:
        sentence = f"{rule} also needs {', '.join(missing)}."
        if "crop_n_kg_ha" in missing:
            sentence += " crop_n_kg_ha also follows from target_yield_t_ha and uptake_kg_100kg."
        if "mean_yield_t_ha" in missing:
            sentence += " It is the mean of the last five years' yields, or give these as past_yields_t_ha."
        raise AnalysisError("missing-input", "Inputs missing", sentence, {"missing": missing})
    try:
        by_rule = _duev(inputs, is_aim=is_aim) if rule is Rule.DUEV else _RULES[rule](inputs)
    except ValueError as error:
        raise AnalysisError("outside-of-rule", "Inputs outside the rule's range", f"{error}.") from error
    area_ha = field.usable_area_m2 / 10_000.0
    rate = None if product is None else _product_rate(product, by_rule.n_kg_ha, area_ha)
    return Recommendation(
        field=field.id,
        n_kg_ha=by_rule.n_kg_ha,
        n_kg_mu=kg_mu(by_rule.n_kg_ha),
        field_n_kg=by_rule.n_kg_ha * area_ha,
        area_ha=area_ha,
        method=by_rule.method,
        valid_for=by_rule.valid_for,
        inputs=dict(by_rule.inputs),
        parts=dict(by_rule.parts),
        product=rate,
        doubts=doubts,
    )


def _product_rate(product: Product, n_kg_ha: float, area_ha: float) -> ProductRate:
    if product.n_pct == 0.0:
        sentence = f"{product.name} contains no nitrogen: name a product that does."
        raise AnalysisError("no-nitrogen", "Product without nitrogen", sentence)
    grade = grade_of(product)
    kg_ha = grade.product_for_n(n_kg_ha)
    nutrients = grade.nutrients(kg_ha)
    is_liquid = product.kind is ProductKind.LIQUID and product.density_kg_l is not None
    return ProductRate(
        id=product.id,
        name=product.name,
        kg_ha=kg_ha,
        kg_mu=kg_mu(kg_ha),
        l_ha=kg_ha / product.density_kg_l if is_liquid and product.density_kg_l else None,
        p2o5_kg_ha=nutrients.p2o5,
        k2o_kg_ha=nutrients.k2o,
        field_kg=kg_ha * area_ha,
    )


def _number(value: float | None) -> float:
    """Return a required input, which `recommend` has checked."""
    assert value is not None  # noqa: S101 - `_REQUIRED` was checked
    return value


def _stanford(inputs: RecommendationInputs) -> rules.RateRecommendation:
    return rules.stanford(_number(inputs.crop_n_kg_ha), _number(inputs.soil_n_kg_ha), _number(inputs.efficiency))


def _target_yield(inputs: RecommendationInputs) -> rules.RateRecommendation:
    return rules.target_yield(
        _number(inputs.target_yield_t_ha) * 1000.0,
        _number(inputs.unfertilised_yield_t_ha) * 1000.0,
        _number(inputs.uptake_kg_100kg),
        _number(inputs.recovery),
        fixed_share=inputs.fixed_share,
    )


def _duev(inputs: RecommendationInputs, *, is_aim: bool) -> rules.RateRecommendation:
    return rules.duev_wheat(
        _number(inputs.mean_yield_t_ha),
        _number(inputs.nmin_kg_ha),
        quality_class=inputs.quality_class or "",
        humus_kg_ha=inputs.humus_kg_ha,
        organic_last_year_kg_ha=inputs.organic_last_year_kg_ha,
        precrop_kg_ha=inputs.precrop_kg_ha,
        is_aim=is_aim,
    )


def _nfoa(inputs: RecommendationInputs) -> rules.RateRecommendation:
    curve = rules.YIELD_CURVES.get(inputs.curve or "")
    if curve is None:
        raise ValueError(f"curve is one of {', '.join(rules.YIELD_CURVES)}")
    return rules.nfoa(_number(inputs.ndvi), _number(inputs.reference_ndvi), _number(inputs.growing_days), curve)


def _sufficiency(inputs: RecommendationInputs) -> rules.RateRecommendation:
    return rules.sufficiency_index(
        _number(inputs.index),
        _number(inputs.reference_index),
        _number(inputs.optimum_kg_ha),
        credits_kg_ha=inputs.credits_kg_ha,
    )


def _linear(inputs: RecommendationInputs) -> rules.RateRecommendation:
    return rules.linear_index(
        _number(inputs.index),
        (_number(inputs.index_low), _number(inputs.index_high)),
        (_number(inputs.least_kg_ha), _number(inputs.most_kg_ha)),
        compensate=inputs.direction == "compensate",
    )


_RULES: Final[dict[Rule, Callable[[RecommendationInputs], rules.RateRecommendation]]] = {
    Rule.STANFORD: _stanford,
    Rule.TARGET_YIELD: _target_yield,
    Rule.NFOA: _nfoa,
    Rule.SUFFICIENCY: _sufficiency,
    Rule.LINEAR: _linear,
}
