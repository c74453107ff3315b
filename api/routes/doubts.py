"""Route of the questions about improbable records. What a person says of one is a record: `/v1/confirmations`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from headland.analysis.inputs.doubts import DoubtQuestion, list_questions
from headland.analysis.tonight.house_doubts import list_house_questions

router = Router(prefix="/v1/doubts", tags=["registry"], responses=declare_problems(503))


class DoubtList(msgspec.Struct, frozen=True, kw_only=True):
    """Questions about improbable records."""

    items: list[DoubtQuestion]
    next: None


@router.get("", name="list_doubts", response_model=DoubtList, responses=declare_problems(422))
def list_doubts(
    request: Request,
    scope: ScopeOf,
    answered: Annotated[bool, Query(description="Also those of which a person said that the value is right.")] = False,
) -> Response:
    """List what is improbable in the farm's records and in the last three days of houses and stations, as questions.

    A change is made by the record's own route, with all its `changes` at once. What no record has, such as the unit of
    a channel, has a `remedy` instead: it is mended at the device or its gateway. Whoever says that the value is right
    adds a confirmation with `target`, `target_id`, `cause` and `value` of the question: it is not asked again while the
    value is the same.
    """
    by_samples = list_house_questions(scope)
    of_records = list_questions(scope.repositories)
    # A place that its zone contradicts is asked about once; where a person said that it is right, light may tell more.
    named = {(each.target, each.target_id) for each in of_records if each.confirmed is None}
    found = [*of_records, *(each for each in by_samples if (each.target, each.target_id) not in named)]
    items = [each for each in found if answered or each.confirmed is None]
    return reply(request, DoubtList(items=items, next=None))
