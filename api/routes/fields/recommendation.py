"""Route of a field's nitrogen recommendation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import RecordId
from api.schemas.fields.recommendations import RecommendationQuery, inputs_of
from headland.analysis.prescriptions.recommendation import Recommendation, recommend

router = Router(prefix="/v1/fields", tags=["fertilization"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{thing:record_id}/recommendation", response_model=Recommendation)
def get_recommendation(
    request: Request, scope: ScopeOf, thing: RecordId, query: Annotated[RecommendationQuery, Query()]
) -> Response:
    """Recommend nitrogen by one published rule, with its source, range of validity and inputs.

    A required input that is missing is reported, never assumed.
    """
    repositories = scope.repositories
    field = repositories.fields.get(thing)
    season = None if query.season is None else repositories.seasons.get(query.season)
    if season is not None and season.field != field.id:
        sentence = f"The season {season.name!r} belongs to another field: give one of this field."
        raise ProblemError(400, "other-field", "Season belongs to another field", sentence)
    product = None if query.product is None else repositories.products.get(query.product)
    inputs = inputs_of(query, None if season is None else season.target_yield_t_ha)
    return reply(request, recommend(field, query.method, inputs, product, None if season is None else season.crop))
