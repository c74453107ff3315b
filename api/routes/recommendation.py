"""How much nitrogen a field should get."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.recommendation import recommend
from api.routes.registry import ThingId
from api.schemas.recommendations import Recommendation, RecommendationQuery
from headland.analysis.registry_access import repositories_of

router = APIRouter(prefix="/v1/fields", tags=["fertilization"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{thing:record_id}/recommendation", response_model=Recommendation)
def get_recommendation(
    request: Request, scope: ScopeOf, thing: ThingId, query: Annotated[RecommendationQuery, Query()]
) -> Response:
    """Recommend nitrogen by one published rule: its source, where it holds, and every input that went in.

    An input that the rule needs and that is not given is named, never assumed.
    """
    repositories = repositories_of(scope)
    field = repositories.fields.get(thing)
    season = None if query.season is None else repositories.seasons.get(query.season)
    if season is not None and season.field != field.id:
        sentence = f"The season {season.name!r} is another field's."
        raise ProblemError(400, "other-field", "Not of this field", sentence)
    product = None if query.product is None else repositories.products.get(query.product)
    return reply(request, recommend(field, query, None if season is None else season.target_yield_t_ha, product))
