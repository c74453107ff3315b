"""A nitrogen recommendation for a field: the rule that was asked for, with what the request and the season say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.schemas.base import AnswerMethod
from api.schemas.recommendations import ProductRate, Recommendation, RecommendationQuery, Rule
from headland.agronomy.prescription import nitrogen_rules as rules
from headland.agronomy.prescription.nutrients import kg_mu
from headland.analysis.errors import AnalysisError
from headland.analysis.prescriptions.build import grade_of
from headland.registry.models.models import Field, Product, ProductKind

#: What each rule cannot do without.
_NEEDS: Final[dict[Rule, tuple[str, ...]]] = {
    Rule.STANFORD: ("crop_n_kg_ha", "soil_n_kg_ha", "efficiency"),
    Rule.TARGET_YIELD: ("target_yield_t_ha", "unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery"),
    Rule.DUEV: ("target_yield_t_ha", "nmin_kg_ha", "quality_class"),
    Rule.NFOA: ("ndvi", "reference_ndvi", "growing_days", "curve"),
    Rule.SUFFICIENCY: ("index", "reference_index", "optimum_kg_ha"),
    Rule.LINEAR: ("index", "index_low", "index_high", "least_kg_ha", "most_kg_ha", "direction"),
}


def recommend(
    field: Field, query: RecommendationQuery, target_yield_t_ha: float | None, product: Product | None
) -> Recommendation:
    """Return the recommendation; a problem (400) names each input that is missing, or says where the rule ends.

    `target_yield_t_ha` is the season's, for a query that gives none.
    """
    if query.target_yield_t_ha is None:
        query = query.model_copy(update={"target_yield_t_ha": target_yield_t_ha})
    if query.crop_n_kg_ha is None and query.target_yield_t_ha is not None and query.uptake_kg_100kg is not None:
        query = query.model_copy(update={"crop_n_kg_ha": query.target_yield_t_ha * 10.0 * query.uptake_kg_100kg})
    missing = [name for name in _NEEDS[query.method] if getattr(query, name) is None]
    if missing:
        sentence = f"{query.method} needs {', '.join(missing)} as well."
        if "crop_n_kg_ha" in missing:
            sentence += " crop_n_kg_ha follows from target_yield_t_ha and uptake_kg_100kg, too."
        raise AnalysisError("missing-input", "Inputs are missing", sentence, {"missing": missing})
    try:
        found = _RULES[query.method](query)
    except ValueError as error:
        raise AnalysisError("outside-of-rule", "The rule does not reach so far", f"{error}.") from error
    area_ha = field.usable_area_m2 / 10_000.0
    return Recommendation(
        field=field.id,
        n_kg_ha=found.n_kg_ha,
        n_kg_mu=kg_mu(found.n_kg_ha),
        field_n_kg=found.n_kg_ha * area_ha,
        area_ha=area_ha,
        method=AnswerMethod(id=found.method.id, version=found.method.version, source=found.method.source),
        valid_for=found.valid_for,
        inputs=dict(found.inputs),
        parts=dict(found.parts),
        product=None if product is None else _in_product(product, found.n_kg_ha, area_ha),
    )


def _in_product(product: Product, n_kg_ha: float, area_ha: float) -> ProductRate:
    if product.n_pct == 0.0:
        sentence = f"{product.name} holds no nitrogen: name a product that does."
        raise AnalysisError("no-nitrogen", "No nitrogen in it", sentence)
    grade = grade_of(product)
    kg_ha = grade.product_for_n(n_kg_ha)
    with_it = grade.nutrients(kg_ha)
    is_liquid = product.kind is ProductKind.LIQUID and product.density_kg_l is not None
    return ProductRate(
        id=product.id,
        name=product.name,
        kg_ha=kg_ha,
        kg_mu=kg_mu(kg_ha),
        l_ha=kg_ha / product.density_kg_l if is_liquid and product.density_kg_l else None,
        p2o5_kg_ha=with_it.p2o5,
        k2o_kg_ha=with_it.k2o,
        field_kg=kg_ha * area_ha,
    )


def _number(value: float | None) -> float:
    """Return an input that was looked at for being there."""
    assert value is not None  # noqa: S101 - `_NEEDS` was held against it
    return value


def _stanford(query: RecommendationQuery) -> rules.Recommendation:
    return rules.stanford(_number(query.crop_n_kg_ha), _number(query.soil_n_kg_ha), _number(query.efficiency))


def _target_yield(query: RecommendationQuery) -> rules.Recommendation:
    return rules.target_yield(
        _number(query.target_yield_t_ha) * 1000.0,
        _number(query.unfertilised_yield_t_ha) * 1000.0,
        _number(query.uptake_kg_100kg),
        _number(query.recovery),
    )


def _duev(query: RecommendationQuery) -> rules.Recommendation:
    return rules.duev_wheat(
        _number(query.target_yield_t_ha),
        _number(query.nmin_kg_ha),
        quality_class=query.quality_class or "",
        humus_kg_ha=query.humus_kg_ha,
        organic_last_year_kg_ha=query.organic_last_year_kg_ha,
        precrop_kg_ha=query.precrop_kg_ha,
    )


def _nfoa(query: RecommendationQuery) -> rules.Recommendation:
    curve = rules.YIELD_CURVES.get(query.curve or "")
    if curve is None:
        raise ValueError(f"curve is one of {', '.join(rules.YIELD_CURVES)}")
    return rules.nfoa(_number(query.ndvi), _number(query.reference_ndvi), _number(query.growing_days), curve)


def _sufficiency(query: RecommendationQuery) -> rules.Recommendation:
    return rules.sufficiency_index(
        _number(query.index),
        _number(query.reference_index),
        _number(query.optimum_kg_ha),
        credits_kg_ha=query.credits_kg_ha,
    )


def _linear(query: RecommendationQuery) -> rules.Recommendation:
    return rules.linear_index(
        _number(query.index),
        (_number(query.index_low), _number(query.index_high)),
        (_number(query.least_kg_ha), _number(query.most_kg_ha)),
        compensate=query.direction == "compensate",
    )


_RULES: Final[dict[Rule, Callable[[RecommendationQuery], rules.Recommendation]]] = {
    Rule.STANFORD: _stanford,
    Rule.TARGET_YIELD: _target_yield,
    Rule.DUEV: _duev,
    Rule.NFOA: _nfoa,
    Rule.SUFFICIENCY: _sufficiency,
    Rule.LINEAR: _linear,
}
