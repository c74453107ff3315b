"""Nutrient grade of a product of the registry."""

from __future__ import annotations

from headland.agronomy.prescription.nutrients import Grade
from headland.registry.models.models import Product


def grade_of(product: Product) -> Grade:
    """Return a product's label as shares of its mass; forms of nitrogen that it does not state are 0."""
    forms = (product.nitrate_n_pct, product.ammonium_n_pct, product.amide_n_pct)
    nitrate, ammonium, amide = ((part or 0.0) / 100.0 for part in forms)
    return Grade(product.n_pct / 100.0, product.p2o5_pct / 100.0, product.k2o_pct / 100.0, nitrate, ammonium, amide)
