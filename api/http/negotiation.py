"""What a request may send and ask for, by what its route says of itself: 415 and 406 in a sentence otherwise."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute

from api.http.content_types import JSON, choose_format
from api.http.problems import ProblemError, declare_problems

#: Said by programs that say nothing of what they send: it is looked at as what the route takes.
_UNSAID: Final = frozenset(("", "application/octet-stream"))


async def check_exchange(request: Request) -> None:
    """Raise ProblemError for a body that a route does not take, and where it gives JSON alone and that is unwanted."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if takes_json(route) and kind not in _UNSAID and not _is_json(kind):
        sentence = f"{request.url.path} takes {JSON}, and this is {kind}: say Content-Type: {JSON}."
        raise ProblemError(415, "unsupported-media-type", "Not this kind of body", sentence)
    if gives_json_alone(route):
        choose_format(request.headers.get("accept"), (JSON,))


def takes_json(route: APIRoute) -> bool:
    """Tell whether a route takes a JSON body."""
    if route.body_field is not None:
        return True
    told: dict[str, Any] = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    return list(told) == [JSON]


def gives_json_alone(route: APIRoute) -> bool:
    """Tell whether JSON is all that a route answers with when all is well."""
    contents = [told.get("content", {}) for status, told in route.responses.items() if str(status).startswith("2")]
    kinds = {kind for content in contents for kind in content}
    return kinds == {JSON} or (not kinds and route.response_model is not None)


def describe_exchange(document: dict[str, Any]) -> None:
    """Add to a document where 406 and 415 may come."""
    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        answers = operation["responses"]
        given = {kind for status, told in answers.items() if status < "400" for kind in told.get("content", {})}
        refusals = declare_problems(406) if given == {JSON} else {}
        if list(operation.get("requestBody", {}).get("content", {})) == [JSON]:
            refusals |= declare_problems(415)
        for status, told in refusals.items():
            answers.setdefault(str(status), told)


def _is_json(kind: str) -> bool:
    return kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
