"""Media types that a route accepts and returns; others are refused with 415 and 406."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute

from api.http.content_types import JSON, choose_format
from api.http.problems import ProblemError, declare_problems

#: Content types of clients that name none: the body is read as the one that the route accepts.
_UNSPECIFIED: Final = frozenset(("", "application/octet-stream"))


async def check_exchange(request: Request) -> None:
    """Raise ProblemError for a body type that a route does not accept (415), or a type it does not return (406)."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if accepts_json(route) and kind not in _UNSPECIFIED and not _is_json(kind):
        sentence = f"{request.url.path} accepts {JSON}, not {kind}: send Content-Type: {JSON}."
        raise ProblemError(415, "unsupported-media-type", "Unsupported media type", sentence)
    if returns_only_json(route):
        choose_format(request.headers.get("accept"), (JSON,))


def accepts_json(route: APIRoute) -> bool:
    """Tell whether a route accepts a JSON body."""
    if route.body_field is not None:
        return True
    content: dict[str, Any] = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    return bool(content) and all(_is_json(kind) for kind in content)


def returns_only_json(route: APIRoute) -> bool:
    """Tell whether a successful response of a route is always JSON."""
    responses = [entry for status, entry in route.responses.items() if str(status).startswith("2")]
    kinds = {kind for entry in responses for kind in entry.get("content", {})}
    return kinds == {JSON} or (not kinds and route.response_model is not None)


def describe_exchange(document: dict[str, Any]) -> None:
    """Add the responses 406 and 415 to the operations of a document that may return them."""
    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        responses = operation["responses"]
        given = {kind for status, entry in responses.items() if status < "400" for kind in entry.get("content", {})}
        refusals = declare_problems(406) if given == {JSON} else {}
        if list(operation.get("requestBody", {}).get("content", {})) == [JSON]:
            refusals |= declare_problems(415)
        for status, entry in refusals.items():
            responses.setdefault(str(status), entry)


def _is_json(kind: str) -> bool:
    return kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
