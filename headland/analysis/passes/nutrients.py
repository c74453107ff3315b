"""What a pass means for the field's nutrients, and for whoever's plot it was."""

from __future__ import annotations

from dataclasses import dataclass

from headland.agronomy.geometry.outline import draw_rings, rasterise
from headland.agronomy.prescription.loss_risk import Risk, judge_leaching, judge_volatilisation
from headland.agronomy.prescription.nutrients import Grade, Nutrients
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.field_geometry import bounds_of
from headland.analysis.passes.as_applied import Applied, apply_pass, fine_cell_m
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.plan import holds
from headland.analysis.passes.weather_after import Followed, follow_pass
from headland.analysis.scope import OrgScope
from headland.registry.models.models import Field, Product, Season
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class PassNutrients:
    """What a pass brought a field, per hectare of its usable ground; None with the `reason` where it is not known."""

    one: FieldPass
    product: Product | None
    product_kg: float | None
    per_ha: Nutrients | None
    reason: str | None
    volatilisation: Risk
    leaching: Risk
    followed: Followed


@dataclass(frozen=True, slots=True)
class PlotShare:
    """What of a pass is one plot's: ground that swaths covered, and the amount that landed; `owner` may be empty."""

    field: Field
    treated_m2: float
    amount: float


def share_by_plot(
    scope: OrgScope, repositories: OrganisationRepositories, one: FieldPass, *, cell_m: float, swath_m: float | None
) -> list[PlotShare]:
    """Return what of a pass landed on each of the organisation's fields that it touched."""
    applied = apply_pass(scope, one, cell_m=cell_m, swath_m=swath_m)
    if applied.amount.value is None:
        sentence = f"What was applied is not known ({applied.amount.reason}): nothing can be settled by it."
        raise PreconditionError("no-amount", "The amount is not known", sentence)
    drawn, plane = applied.drawn, applied.work.plane
    treated = drawn.evidence > 0
    shares = []
    for field in repositories.fields.all():
        if not _near(bounds_of(field), bounds_of(one.field)):
            continue
        inside = rasterise(draw_rings(field.geometry, plane), drawn.grid)
        amount = float(drawn.amount[inside].sum())
        if amount > 0.0:
            shares.append(PlotShare(field, float((inside & treated).sum()) * drawn.grid.cell_m**2, amount))
    return shares


def _near(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    margin_deg = 0.005
    apart = (
        one[0] > other[2] + margin_deg,
        other[0] > one[2] + margin_deg,
        one[1] > other[3] + margin_deg,
        other[1] > one[3] + margin_deg,
    )
    return not any(apart)


def grade_of(product: Product) -> Grade:
    """Return a product's label as shares of its mass; forms that it does not tell are 0."""
    return Grade(
        product.n_pct / 100.0,
        product.p2o5_pct / 100.0,
        product.k2o_pct / 100.0,
        (product.nitrate_n_pct or 0.0) / 100.0,
        (product.ammonium_n_pct or 0.0) / 100.0,
        (product.amide_n_pct or 0.0) / 100.0,
    )


def count_nutrients(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    one: FieldPass,
    soil_deficit_mm: float | None = None,
    applied: Applied | AnalysisError | None = None,
) -> PassNutrients:
    """Return what one pass brought its field, from what was metered, and whether the weather after it took some away.

    `soil_deficit_mm` is how much more water the root zone could have held when the pass ended; `applied` is the pass
    on fine cells, or why there is no map of it, where the caller has that already.
    """
    followed = follow_pass(scope, repositories, one, soil_deficit_mm)
    unknown = Risk("insufficient_data", ("product_not_told",))
    product = None if one.declared is None or one.declared.product is None else one.declared.product
    if product is None:
        return PassNutrients(one, None, None, None, "product_not_told", unknown, unknown, followed)
    told = repositories.products.get(product, also_deleted=True)
    grade = grade_of(told)
    volatilisation = judge_volatilisation(grade, followed.after)
    mass_kg, usable_ha, reason = _landed(_apply(scope, one) if applied is None else applied, told)
    per_mass_ha = None if mass_kg is None or usable_ha <= 0.0 else mass_kg / usable_ha
    leaching = judge_leaching(grade, per_mass_ha, followed.after)
    if mass_kg is None or per_mass_ha is None:
        return PassNutrients(one, told, None, None, reason, volatilisation, leaching, followed)
    per_ha = grade.nutrients(per_mass_ha)
    return PassNutrients(one, told, mass_kg, per_ha, None, volatilisation, leaching, followed)


def _apply(scope: OrgScope, one: FieldPass) -> Applied | AnalysisError:
    try:
        return apply_pass(scope, one, cell_m=fine_cell_m(one))
    except AnalysisError as error:
        return error


def _landed(applied: Applied | AnalysisError, product: Product) -> tuple[float | None, float, str | None]:
    """Return the product's mass on the usable field and that field's hectares, or why the mass is not known."""
    if isinstance(applied, AnalysisError):
        return None, 0.0, applied.reason
    mass_kg, reason = _mass_kg(applied, product)
    return mass_kg, applied.drawn.cover.field_m2 / 10_000.0, reason


def passes_of_season(passes: list[FieldPass], season: Season) -> list[FieldPass]:
    """Return the passes that say this season, or say none and lie between its sowing and its harvest."""
    found = []
    for one in passes:
        told = None if one.declared is None else one.declared.season
        if told == season.id or (told is None and holds(season, one.start_ms)):
            found.append(one)
    return found


def _mass_kg(applied: Applied, product: Product) -> tuple[float | None, str | None]:
    """Return the product's mass on the usable field; litres become kilograms by its density alone."""
    if applied.amount.value is None:
        return None, applied.amount.reason
    amount = applied.drawn.totals.usable
    if applied.unit == "kg":
        return amount, None
    return (None, "density_not_told") if product.density_kg_l is None else (amount * product.density_kg_l, None)
