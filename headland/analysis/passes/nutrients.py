"""Nutrients that a pass brought its field, and each plot's share of a pass."""

from __future__ import annotations

from dataclasses import dataclass

from headland.agronomy.application.pass_areas import find_treated
from headland.agronomy.geometry.outline import rasterise
from headland.agronomy.prescription.loss_risk import Risk, leaching_risk, volatilisation_risk
from headland.agronomy.prescription.nutrients import Nutrients
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.field_geometry import bounds_of, outline_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass, list_passes
from headland.analysis.passes.options import PassOptions
from headland.analysis.passes.pass_state import refuse_flying
from headland.analysis.passes.plan import season_contains
from headland.analysis.passes.weather_after import PassWeather, weather_after_pass
from headland.analysis.prescriptions.grade import grade_of
from headland.registry.models.models import Field, Product, Season
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Fields whose boxes are further apart than this share no ground [deg].
_NEAR_DEG = 0.005


@dataclass(frozen=True, slots=True)
class PassNutrients:
    """Nutrients of a pass per hectare of the field's usable ground; None, with a `reason`, where unknown."""

    field_pass: FieldPass
    product: Product | None
    product_kg: float | None
    per_ha: Nutrients | None
    reason: str | None
    volatilisation: Risk
    leaching: Risk
    weather: PassWeather


@dataclass(frozen=True, slots=True)
class FieldNutrients:
    """Nutrients of a field's passes; the total is None, with a `reason`, while one of them is unknown."""

    passes: list[PassNutrients]
    total: Nutrients | None
    reason: str | None

    @property
    def known(self) -> Nutrients | None:
        """The sum of the passes that are known; None where none is."""
        found = [nutrients.per_ha for nutrients in self.passes if nutrients.per_ha is not None]
        return sum(found, Nutrients()) if found else None

    @property
    def simulated(self) -> bool:
        """Whether any pass is simulated."""
        return any(nutrients.field_pass.simulated for nutrients in self.passes)


@dataclass(frozen=True, slots=True)
class PlotShare:
    """The treated ground of one plot, by `PassAreas` [m2], and the amount that landed on the plot's usable ground."""

    field: Field
    treated_m2: float
    amount: float


def share_by_plot(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    field_pass: FieldPass,
    *,
    options: PassOptions,
) -> list[PlotShare]:
    """Return the share of each of the organisation's fields that a pass treated or on which its product landed.

    Raises PreconditionError: no-amount where no amount is known, pass-under-way before the pass has ended.
    """
    refuse_flying(scope, field_pass)
    applied = compute_as_applied(
        scope, field_pass, cell_m=options.cell_m, swath_m=options.swath_m, latency_s=options.latency_s
    )
    if applied.amount.value is None:
        sentence = f"The applied amount is unknown ({applied.amount.reason}), so it cannot be settled."
        raise PreconditionError("no-amount", "Applied amount unknown", sentence)
    applied_map, plane = applied.map, applied.inputs.plane
    shares = []
    for field in repositories.fields.all():
        if not _is_near(bounds_of(field), bounds_of(field_pass.field)):
            continue
        usable = outline_of(field, plane).usable
        amount = float(applied_map.amount[rasterise(usable, applied_map.grid)].sum())
        treated_m2 = applied_map.areas.treated_m2
        if field.id != field_pass.field.id:
            treated_m2 = float(find_treated(applied_map.swaths, usable).area)
        if amount > 0.0 or treated_m2 > 0.0:
            shares.append(PlotShare(field, treated_m2, amount))
    return shares


def nutrients_of_field(
    scope: OrgScope,
    field_id: str,
    window: Window,
    season: Season | None,
    soil_deficit_mm: float | None,
    swath_m: float | None = None,
) -> FieldNutrients:
    """Return the nutrients of the passes of a field that begin in a window, of one season where it is given.

    `swath_m` is that of passes without a known implement; the others have their own.
    """
    passes = list_passes(scope, field_id, window)
    if season is not None:
        passes = passes_of_season(passes, season)
    repositories = scope.repositories
    brought = [
        nutrients_of_pass(scope, repositories, field_pass, soil_deficit_mm, swath_m=swath_m) for field_pass in passes
    ]
    if not brought:
        return FieldNutrients(brought, None, "no_passes")
    unknown = [nutrients for nutrients in brought if nutrients.per_ha is None]
    if unknown:
        return FieldNutrients(brought, None, unknown[0].reason)
    return FieldNutrients(brought, sum((n.per_ha for n in brought if n.per_ha is not None), Nutrients()), None)


def nutrients_of_pass(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    field_pass: FieldPass,
    soil_deficit_mm: float | None = None,
    applied: AppliedPass | AnalysisError | None = None,
    swath_m: float | None = None,
) -> PassNutrients:
    """Return the nutrients that one pass brought its field, by the metered amount, and the risks of losing them.

    `soil_deficit_mm` is the water that the root zone could still take up when the pass ended; `applied` is the pass on
    fine cells, or the error that prevents it, where the caller has that already. `swath_m` is that of a pass without a
    known implement.
    """
    weather = weather_after_pass(scope, repositories, field_pass, soil_deficit_mm)
    unknown = Risk("insufficient_data", ("product_not_told",))
    product_id = None if field_pass.declared is None else field_pass.declared.product
    if product_id is None:
        return PassNutrients(field_pass, None, None, None, "product_not_told", unknown, unknown, weather)
    product = repositories.products.get(product_id, also_deleted=True)
    grade = grade_of(product)
    volatilisation = volatilisation_risk(grade, weather.after)
    mass_kg, usable_ha, reason = _landed(_apply(scope, field_pass, swath_m) if applied is None else applied, product)
    per_mass_ha = None if mass_kg is None or usable_ha <= 0.0 else mass_kg / usable_ha
    leaching = leaching_risk(grade, per_mass_ha, weather.after)
    if mass_kg is None or per_mass_ha is None:
        return PassNutrients(field_pass, product, None, None, reason, volatilisation, leaching, weather)
    per_ha = grade.nutrients(per_mass_ha)
    return PassNutrients(field_pass, product, mass_kg, per_ha, None, volatilisation, leaching, weather)


def passes_of_season(passes: list[FieldPass], season: Season) -> list[FieldPass]:
    """Return the passes that name this season, or name none and are between its sowing and its harvest."""

    def belongs(field_pass: FieldPass) -> bool:
        named = None if field_pass.declared is None else field_pass.declared.season
        return named == season.id or (named is None and season_contains(season, field_pass.start_ms))

    return [field_pass for field_pass in passes if belongs(field_pass)]


def _is_near(box: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Return whether two boxes (W, S, E, N) are within `_NEAR_DEG` of each other."""
    apart = (
        box[0] > other[2] + _NEAR_DEG,
        other[0] > box[2] + _NEAR_DEG,
        box[1] > other[3] + _NEAR_DEG,
        other[1] > box[3] + _NEAR_DEG,
    )
    return not any(apart)


def _apply(scope: OrgScope, field_pass: FieldPass, swath_m: float | None) -> AppliedPass | AnalysisError:
    try:
        return compute_as_applied(scope, field_pass, swath_m=None if field_pass.swath_m else swath_m)
    except AnalysisError as error:
        return error


def _landed(applied: AppliedPass | AnalysisError, product: Product) -> tuple[float | None, float, str | None]:
    """Return the product's mass on the usable field and that field's hectares, or why the mass is unknown."""
    if isinstance(applied, AnalysisError):
        return None, 0.0, applied.reason
    mass_kg, reason = _mass_kg(applied, product)
    return mass_kg, applied.map.areas.field_m2 / 10_000.0, reason


def _mass_kg(applied: AppliedPass, product: Product) -> tuple[float | None, str | None]:
    """Return the product's mass on the usable field; litres become kilograms by its density alone."""
    if applied.amount.value is None:
        return None, applied.amount.reason
    amount = applied.map.totals.usable
    if applied.unit == "kg":
        return amount, None
    return (None, "density_not_told") if product.density_kg_l is None else (amount * product.density_kg_l, None)
