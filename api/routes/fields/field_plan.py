"""Routes of a field's plan: one draft of the next dressing, and one change of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import RecordId
from headland.agronomy.prescription.nitrogen_rules import UPTAKE_KG_100KG
from headland.analysis.passes.field_plan.numbers import FieldPlan, PlanChange
from headland.analysis.passes.field_plan.plan import change_plan, plan_field

router = Router(prefix="/v1/fields", tags=["fertilization"], responses=declare_problems(400, 404, 422, 503))

_Season = Annotated[str | None, Query(description="A season of the field; else its newest.", max_length=64)]
_Kg = Annotated[float | None, Query(ge=0, le=1000, allow_inf_nan=False)]


def read_told(
    unfertilised_yield_t_ha: Annotated[
        float | None, Query(description="Yield of a plot without fertilizer [t/ha].", ge=0, le=2400)
    ] = None,
    uptake_kg_100kg: Annotated[
        float | None,
        Query(description="Nitrogen for 100 kg of harvest.", ge=UPTAKE_KG_100KG[0], le=UPTAKE_KG_100KG[1]),
    ] = None,
    recovery: Annotated[
        float | None, Query(description="Share of the fertilizer's nitrogen that is taken up.", gt=0, le=1)
    ] = None,
    n_total_kg_ha: Annotated[_Kg, Query(description="Nitrogen of the season, instead of the calculated.")] = None,
    n_elsewhere_kg_ha: Annotated[_Kg, Query(description="Nitrogen given by hand or as manure.")] = None,
    n_later_kg_ha: Annotated[_Kg, Query(description="Nitrogen that is kept for later.")] = None,
    rate_ha: Annotated[
        float | None, Query(description="Rate of the product, kg or L per hectare.", gt=0, le=100_000)
    ] = None,
    legal_n_kg_ha: Annotated[_Kg, Query(description="Ceiling of nitrogen by law.")] = None,
    product: Annotated[str | None, Query(description="Id of the product.", max_length=64)] = None,
    implement: Annotated[str | None, Query(description="Id of the implement.", max_length=64)] = None,
) -> dict[str, float | str]:
    """Return what a person told of a plan, by name."""
    told: dict[str, float | str | None] = {
        "unfertilised_yield_t_ha": unfertilised_yield_t_ha,
        "uptake_kg_100kg": uptake_kg_100kg,
        "recovery": recovery,
        "n_total_kg_ha": n_total_kg_ha,
        "n_elsewhere_kg_ha": n_elsewhere_kg_ha,
        "n_later_kg_ha": n_later_kg_ha,
        "rate_ha": rate_ha,
        "legal_n_kg_ha": legal_n_kg_ha,
        "product": product,
        "implement": implement,
    }
    return {name: value for name, value in told.items() if value is not None}


Entered = Annotated[dict[str, float | str], Depends(read_told)]
_TEXTS: Final = frozenset(("product", "implement", "crop", "sowing_date"))
#: Bounds of the numbers, those of the parameters.
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "target_yield_t_ha": (0.01, 2400.0),
    "unfertilised_yield_t_ha": (0.0, 2400.0),
    "uptake_kg_100kg": UPTAKE_KG_100KG,
    "recovery": (0.001, 1.0),
    "rate_ha": (0.001, 100_000.0),
}


@router.get("/{thing:record_id}/plan", response_model=FieldPlan)
def get_plan(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    told: Entered,
    season: _Season = None,
    anew: Annotated[
        bool, Query(description="Plan the dressing after the prescription of the last 30 days, if there is one.")
    ] = False,
) -> Response:
    """Return the draft of a field's next dressing, from season to mission, each number with its unit and source.

    What a person told is in the parameters until a prescription is made, which keeps it: the next plan has it as
    before. Nothing that is not known is put in its place: its value is null, and `step` is where it is asked.
    """
    field = scope.repositories.fields.get(thing)
    return reply(request, plan_field(scope, field, told, season, anew=anew))


@router.patch("/{thing:record_id}/plan", response_model=FieldPlan, responses=declare_problems(409, 412))
def change_value(
    request: Request, scope: ScopeOf, thing: RecordId, change: Sent[PlanChange], told: Entered, season: _Season = None
) -> Response:
    """Change one value of a plan and return all of it. Crop, sowing day and target yield are stored with the season.

    The others are in `told` of the answer, and in the parameters of the next request.
    """
    field = scope.repositories.fields.get(thing)
    changed, season_id = change_plan(scope, field, told, season, change.name, _checked(change))
    return reply(request, plan_field(scope, field, changed, season_id, anew=True))


def _checked(change: PlanChange) -> Any:
    """Return the value of a change; raises ProblemError (422) for one of the wrong kind or beyond its bounds."""
    value, name = change.value, change.name
    if value is None:
        if name in ("crop", "target_yield_t_ha"):
            raise _refuse(f"A season has a {name}: give one.")
        return None
    if isinstance(value, str) is not (name in _TEXTS):
        raise _refuse(f"{name} is {'a text' if name in _TEXTS else 'a number'}.")
    if name == "sowing_date":
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise _refuse("sowing_date is a day: write it as 2026-11-02.") from error
    if isinstance(value, float | int):
        low, high = _BOUNDS.get(name, (0.0, 1000.0))
        if not low <= value <= high:
            raise _refuse(f"{name} is from {low:g} to {high:g}.")
    return value


def _refuse(sentence: str) -> ProblemError:
    return ProblemError(422, "bad-body", "Invalid request body", sentence)
