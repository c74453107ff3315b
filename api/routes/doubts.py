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
    """List what is improbable in the records of the farm, each as one question to a person.

    A change is made by the record's own route, with all its `changes` at once. Whoever says that the value is right
    adds a confirmation with `target`, `target_id`, `cause` and `value` of the question: it is not asked again while the
    value is the same.
    """
    items = [each for each in list_questions(scope.repositories) if answered or each.confirmed is None]
    return reply(request, DoubtList(items=items, next=None))
