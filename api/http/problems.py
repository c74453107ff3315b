"""Errors as problem+json (RFC 9457), without internal details, in the language that the request asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from api.http.languages import TAGS, current_language, language_of, speaks_to_a_person
from api.http.validation_texts import describe_error, join_errors
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.errors import HeadlandError, RetryLater
from headland.i18n import Language, find_term, load_terms
from headland.i18n.sentences import translate_sentence
from headland.registry.models.errors import (
    InvalidRecord,
    InvalidTarget,
    NotFound,
    NotOwn,
    RecordConflict,
    RequestRepeated,
    VersionConflict,
)
from headland.runtime.cancellation import WorkCancelled

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:headland:problem:"
#: Pages of the help that explain each kind of problem, and the kind of those that have no words of their own.
HELP_PAGES: Final[Mapping[Language, str]] = {"en": "/help/reference/problems/", "zh": "/help/zh/problems/"}
OTHER: Final = "other"
#: How long a client waits before it asks an unavailable store again [s].
RETRY_AFTER_S: Final = 2

#: The status of an analysis whose precondition is not met, whatever its kind.
PRECONDITION_STATUS: Final = 409
#: The status of every other kind of AnalysisError.
STATUS_BY_KIND: Final[Mapping[str, int]] = {
    "above-the-ceiling": 400,
    "impossible-amount": 422,
    "missing-input": 400,
    "no-correction": 400,
    "no-design": 400,
    "no-flight": 400,
    "no-nitrogen": 400,
    "no-person": 400,
    "no-place": 400,
    "no-prescription": 400,
    "no-product": 400,
    "no-rates": 400,
    "no-such-hour": 400,
    "no-week": 400,
    "other-field": 400,
    "other-person": 400,
    "other-unit": 400,
    "plots-outside": 400,
    "outside-of-rule": 400,
    "samples-let-go": 400,
    "too-many-cells": 400,
    "too-many-samples": 400,
    "two-corrections": 400,
    "two-plans": 400,
    "unknown-prescription": 400,
    "week-not-begun": 400,
    "empty-greenhouse": 404,
    "no-cell": 404,
    "no-registry": 404,
    "no-stages": 404,
    "not-a-greenhouse": 404,
    "unknown-channel": 404,
    "unknown-device": 404,
    "unknown-pass": 404,
    "unknown-site": 404,
    "unknown-week": 404,
    "weight-far-off": 400,
    "unknown-zone": 404,
    "no-pdf": 501,
}

#: How the decoder of records begins the place of a fault; no person reads such a path.
_PATH: Final = "`$"
#: Where a standard wants 400 for an invalid parameter: OGC 18-088, query-status-code; OGC 17-069r4,
#: 7.15; the OpenAPI documents of EPCIS 2.0 and BrAPI.
_INVALID_IS_400: Final = ("/sta/", "/ogc", "/epcis/", "/brapi/")
#: What stands in a path by names that say less.
_NOUNS: Final = {"id": "import", "seq": "entry", "message": "quarantined-message", "thing": "record"}
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>\w+)`(?: - at `\$\.?(?P<outer>[^`]*)`)?")
_WRONG: Final = re.compile(
    r"(?P<fault>(?:Expected|Invalid|Number|Integer|Object) .*? - at `\$\.(?P<path>[^`]+)`)", re.DOTALL
)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class ProblemError(HeadlandError):
    """An HTTP request that is refused before any analysis: its status, stable kind, title and detail.

    An empty `kind` gives a problem of type "about:blank", which the status describes.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def status_of(error: AnalysisError) -> int:
    """Return the HTTP status of an analysis that cannot be answered."""
    return PRECONDITION_STATUS if isinstance(error, PreconditionError) else STATUS_BY_KIND[error.kind]


def reply_problem(
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    title: str | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    language: Language | None = None,
    is_translated: bool = False,
) -> Response:
    """Return a problem as a response; without a `kind` its type is "about:blank".

    Title and detail are in `language`, by default that of the request; one that `is_translated` is so already.
    """
    language = current_language() if language is None else language
    body = {
        "type": "about:blank" if kind is None else f"{TYPE_PREFIX}{kind}",
        "title": title_in(language, title or _phrase(status)),
        "status": status,
        "detail": detail if is_translated else detail_in(language, kind, detail),
        **({} if kind is None else {"help": help_address(kind, language)}),
        **({} if is_translated else locate_fault(detail, language)),
        **(extra or {}),
    }
    spoken = {"Content-Language": TAGS[language], "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), status, {**(headers or {}), **spoken}, MEDIA_TYPE)


def help_address(kind: str, language: Language) -> str:
    """Return the address of what the help pages say of a kind of problem."""
    known = load_terms()["problems"]
    general = "unknown-record" if kind.startswith("unknown-") else OTHER
    return f"{HELP_PAGES[language]}#{kind if kind in known else general}"


def locate_fault(detail: str, language: Language) -> dict[str, Any]:
    """Return `errors`, as an invalid parameter has them, for a record's fault that names its place."""
    if (missing := _MISSING.search(detail)) is not None:
        outer, fault = missing["outer"] or "", f"Object missing required field `{missing['name']}`"
        parameter = f"{outer}.{missing['name']}" if outer else missing["name"]
    elif (wrong := _WRONG.search(detail)) is not None:
        parameter, fault = wrong["path"], wrong["fault"]
    else:
        return {}
    told = translate_sentence(fault, language) or fault
    # Beside the input its name is not needed again.
    return {"errors": [{"parameter": parameter, "detail": re.sub(r"^[^:：]*(: |：)", "", told)}]}


def title_in(language: Language, title: str) -> str:
    """Return the title of a problem in a language."""
    translated = translate_sentence(title, language)
    return translated or (title if language == "en" else translate_sentence("Error", language) or title)


def detail_in(language: Language, kind: str | None, detail: str) -> str:
    """Return the detail of a problem in a language: its sentence, else what is known of its kind.

    A program that names no language is told the names of the API's parameters, a person those of the forms.
    """
    if language == "en" and _PATH not in detail and not speaks_to_a_person():
        return detail
    translated = translate_sentence(detail, language)
    if translated is not None or (language == "en" and _PATH not in detail):
        return translated or detail
    return find_term("problems", kind or OTHER, language) or find_term("problems", OTHER, language) or detail


def respond(error: ProblemError) -> Response:
    """Return the response of an error."""
    return reply_problem(
        error.status, error.detail, kind=error.kind or None, title=error.title, extra=error.extra, headers=error.headers
    )


def too_many_requests(kind: str, title: str, sentence: str, wait_s: float) -> ProblemError:
    """Return the problem 429 with the seconds after which another request may succeed."""
    return ProblemError(429, kind, title, sentence, headers={"Retry-After": str(max(1, math.ceil(wait_s)))})


def already_carried_out() -> ProblemError:
    """Return the problem 409 of a request whose key was used, and whose answer is not known any more."""
    return ProblemError(409, "carried-out-already", "Request carried out already", str(RequestRepeated()))


def declare_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems that a route may answer with."""
    return {
        status: {
            "description": _phrase(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install_problems(app: FastAPI, find_unknown: Callable[[Request], HeadlandError | None]) -> None:
    """Make every error of `app` a problem.

    `find_unknown` returns the error of a path whose thing is not there: it is told before what is wrong with the rest
    of the request.
    """
    app.state.find_unknown = find_unknown
    app.exception_handler(ProblemError)(_on_problem)
    app.exception_handler(AnalysisError)(_on_analysis)
    app.exception_handler(RequestValidationError)(_on_invalid)
    app.exception_handler(HTTPException)(_on_http)
    app.exception_handler(RetryLater)(_on_retry_later)
    app.exception_handler(WorkCancelled)(_on_cancelled)
    app.exception_handler(NotFound)(_on_not_found)
    app.exception_handler(RecordConflict)(_on_conflict)
    app.exception_handler(NotOwn)(_on_not_own)
    app.exception_handler(InvalidRecord)(_on_invalid_record)
    app.exception_handler(Exception)(_on_bug)


def _on_problem(request: Request, error: ProblemError) -> Response:
    return (_on_unknown(request) if error.status in (404, 422) else None) or respond(error)


def _on_unknown(request: Request) -> Response | None:
    """Return the problem of the thing that the path names, None where it is known or the path names none."""
    error = request.app.state.find_unknown(request)
    if isinstance(error, ProblemError):
        return respond(error)
    if isinstance(error, AnalysisError):
        return _on_analysis(request, error)
    return _reply_not_found(error) if isinstance(error, NotFound) else None


def _on_analysis(_request: Request, error: AnalysisError) -> Response:
    return reply_problem(status_of(error), error.detail, kind=error.kind, title=error.title, extra=error.extra)


def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    unknown = _on_unknown(request)
    if unknown is not None:
        return unknown
    places = [tuple(map(str, item["loc"])) for item in error.errors()]
    for place in places:
        if place[0] == "path":
            # An id of a wrong form names nothing, as an unknown one does.
            noun = _NOUNS.get(place[1], place[1]).replace("_", "-")
            text = str(request.path_params.get(place[1], ""))[:64]
            return reply_problem(404, f"There is no {noun} {text!r}.", kind=f"unknown-{noun}", title=f"No such {noun}")
    language = current_language()
    described = [describe_error(item, language) for item in error.errors()]
    errors = [{"parameter": item.parameter, "detail": item.text} for item in described]
    sentence = join_errors(described, language)
    if request.url.path.startswith(_INVALID_IS_400):
        status, kind, title = 400, "bad-query", "Invalid query"
    elif all(place[0] == "body" for place in places):
        status, kind, title = 422, "bad-body", "Invalid request body"
    else:
        status, kind, title = 422, "bad-parameter", "Invalid parameter"
    return reply_problem(status, sentence, is_translated=True, kind=kind, title=title, extra={"errors": errors})


def _on_http(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == 404:
        unknown = _on_unknown(request)
        if unknown is not None:
            return unknown
        return reply_problem(404, f"There is no resource at {request.url.path}: check the address.", headers=headers)
    if error.status_code == 405:
        allowed = _allowed_methods(request)
        headers["Allow"] = ", ".join(allowed)
        return reply_problem(405, f"{request.url.path} accepts {' or '.join(allowed)}.", headers=headers)
    return reply_problem(error.status_code, str(error.detail), headers=headers)


def _on_retry_later(_request: Request, error: RetryLater) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return reply_problem(503, str(error), kind="store-unavailable", title="Store not available", headers=headers)


def _on_cancelled(_request: Request, error: WorkCancelled) -> Response:
    return reply_cancelled(error)


def reply_cancelled(error: WorkCancelled) -> Response:
    """Return the response of a request whose work is cancelled: few are there to read it."""
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return reply_problem(503, str(error), kind="cancelled", title="Request cancelled", headers=headers)


def _on_not_found(request: Request, error: NotFound) -> Response:
    return _on_unknown(request) or _reply_not_found(error)


def _reply_not_found(error: NotFound) -> Response:
    kind = error.kind.replace(" ", "-")
    return reply_problem(404, str(error), kind=f"unknown-{kind}", title=f"No such {error.kind}")


def _on_conflict(_request: Request, error: RecordConflict) -> Response:
    if isinstance(error, VersionConflict):
        extra = {"expected": error.expected, "found": error.current}
        return reply_problem(412, str(error), kind="changed-meanwhile", title="Record modified meanwhile", extra=extra)
    if isinstance(error, RequestRepeated):
        return respond(already_carried_out())
    return reply_problem(409, str(error), kind="conflict", title="Conflict with an existing record")


def _on_not_own(_request: Request, error: NotOwn) -> Response:
    return reply_problem(403, str(error), kind="not-own", title="Record of somebody else")


def _on_invalid_record(_request: Request, error: InvalidRecord) -> Response:
    if isinstance(error, InvalidTarget):
        return reply_problem(400, str(error), kind=error.kind, title="Invalid recipient")
    return reply_problem(400, str(error), kind="invalid-record", title="Invalid record")


def _on_bug(request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after this response, and the server logs it with its trace.
    language = language_of(request.headers.get("accept-language", ""))
    return reply_problem(500, "The station failed to answer; its log has the cause.", language=language)


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods of all routes at this path; Starlette names those of the first one only.

    A path that is a route's own is no name of a thing: `acknowledge` is no alarm.
    """
    own = [route for route in request.app.routes if getattr(route, "path", None) == request.scope["path"]]
    scope = {key: value for key, value in request.scope.items() if key not in ("route", "endpoint", "path_params")}
    return [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in own or request.app.routes)
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
