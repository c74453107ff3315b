"""Capture of EPCIS 2.0 documents and events, and the jobs that say what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
from fastapi import Depends, Header, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import read_cursor, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.router import Router
from headland.formats.epcis.answers import events_document, time_text
from headland.formats.epcis.documents import read_document, read_event, read_events
from headland.formats.epcis.events import InvalidEvent
from headland.registry.repositories.harvest.epcis_events import (
    CaptureOrder,
    StoredCapture,
)

JSON_LD: Final = "application/ld+json"
#: Largest document: 500 events with their reports.
MOST_BYTES: Final = 4 * 1024 * 1024
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}, JSON_LD: {"schema": {"type": "object"}}},
    }
}
_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "An EPCIS 2.0 document.", "content": {JSON_LD: {"schema": {"type": "object"}}}}
}
_JOB: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "The job of the capture.", "content": {"application/json": {"schema": {"type": "object"}}}}
}
_JOB_FOUND: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The job of a capture.", "content": {"application/json": {"schema": {"type": "object"}}}}
}
_JOBS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Jobs of captures.",
        "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
    }
}
_Behaviour = Annotated[Literal["rollback", "proceed"], Header(alias="GS1-Capture-Error-Behaviour")]
#: What the standard calls an event that is not valid.
_FAULT: Final = "epcisException:ValidationException"
_CaptureId = Annotated[str, PathParameter(max_length=40)]

router = Router(prefix="/epcis", tags=["registry"], responses=declare_problems(400, 404, 422, 503))


async def read_body(request: Request) -> bytes:
    """Return the body of a capture; raises ProblemError (413) for one that is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            sentence = f"An EPCIS document may have at most {MOST_BYTES} bytes: send its events in parts."
            raise ProblemError(413, "too-large", "Request body too large", sentence)
    return bytes(body)


Body = Annotated[bytes, Depends(read_body)]


class CaptureJob(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Job of a capture, as the standard names its fields; it has ended when it is answered.

    `errors` name the events that were not captured by their places in the document, from 0 on, and say why.
    `eventIDs` are the ids of the events that are stored, in the order of the document, those that were known among
    them; `new` says how many were not.
    """

    capture_id: str = msgspec.field(name="captureID")
    created_at: str
    finished_at: str
    running: Literal[False] = False
    success: bool
    capture_error_behaviour: str
    errors: list[dict[str, Any]]
    event_ids: list[str] | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="eventIDs")
    new: int | msgspec.UnsetType = msgspec.UNSET


@router.post(
    "/capture",
    status_code=202,
    response_class=Response,
    openapi_extra=_BODY,
    responses={**_JOB, **declare_problems(413)},
)
def capture_document(scope: ScopeOf, raw: Body, behaviour: _Behaviour = "rollback") -> Response:
    """Store the events of an EPCIS 2.0 document as they are; `Location` is the job that says what became of them.

    At most 500 events, of every type of the standard or with a type of your own; fields with a namespace are kept. An
    event whose eventID is known is not stored again; one without has the hash of its content as its id. With
    `rollback` an event that is not valid refuses the document, with `proceed` it is left out and named by the job.
    """
    with _invalid_is_400():
        document = read_document(raw)
        events, faults = read_events(document)
        if faults and behaviour == "rollback":
            raise InvalidEvent(f"Event {faults[0].place + 1} of {len(document.events)}: {faults[0].reason}")
        order = CaptureOrder(
            header=msgspec.json.encode({**document.header, "@context": document.context}).decode(),
            behaviour=behaviour,
            faults=tuple((each.place, each.reason) for each in faults),
        )
        made, new = scope.repositories.epcis.capture_document(events, order)
    ids = scope.repositories.epcis.ids_of_capture(made)
    answer = Response(msgspec.json.encode(_job_of(made, ids, new)), 202, media_type="application/json")
    answer.headers["Location"] = f"/epcis/capture/{made.id}"
    return answer


@router.get("/capture", response_class=Response, responses=_JOBS)
def get_captures(
    scope: ScopeOf,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=500)] = 100,
    token: Annotated[str | None, Query(alias="nextPageToken", max_length=200)] = None,
) -> Response:
    """Return the jobs of captures, the newest first; `Link` leads to the next page."""
    before = read_cursor(token, tuple[int])
    found = scope.repositories.epcis.captures(before_seq=None if before is None else before[0], limit=per_page + 1)
    jobs = [_job_of(each) for each in found[:per_page]]
    answer = Response(msgspec.json.encode(jobs), media_type="application/json")
    if len(found) > per_page:
        following = write_cursor(found[per_page - 1].seq)
        answer.headers["Link"] = f'</epcis/capture?perPage={per_page}&nextPageToken={following}>; rel="next"'
    return answer


@router.get("/capture/{capture_id}", response_class=Response, responses=_JOB_FOUND)
def get_capture(scope: ScopeOf, capture_id: _CaptureId) -> Response:
    """Return what became of a captured document."""
    found = _find(scope, capture_id)
    return Response(
        msgspec.json.encode(_job_of(found, scope.repositories.epcis.ids_of_capture(found))),
        media_type="application/json",
    )


@router.get("/capture/{capture_id}/document", response_class=Response, responses=_DOCUMENT)
def get_captured_document(scope: ScopeOf, capture_id: _CaptureId) -> Response:
    """Return a captured document with what its sender said of it: sender, receiver, master data, times."""
    found = _find(scope, capture_id)
    header = msgspec.json.decode(found.header, type=dict[str, msgspec.Raw])
    header.pop("@context", None)
    if header.get("type") != msgspec.Raw(b'"EPCISDocument"'):
        header["type"] = msgspec.Raw(b'"EPCISDocument"')
    told = events_document(scope.repositories.epcis.of_capture(found), header, found.created_ms)
    return Response(msgspec.json.encode(told), media_type=JSON_LD)


@router.post(
    "/events", status_code=201, response_class=Response, openapi_extra=_BODY, responses=declare_problems(409, 413)
)
def capture_event(scope: ScopeOf, raw: Body) -> Response:
    """Store an event that is sent by itself with its `@context`; `Location` is its address.

    The answer is the same where the event was stored before.
    """
    with _invalid_is_400():
        event = read_event(raw)
    scope.repositories.epcis.capture([event])
    answer = Response(msgspec.json.encode({"eventID": event.event_id}), 201, media_type="application/json")
    answer.headers["Location"] = f"/epcis/events/{quote(event.event_id, safe='')}"
    return answer


@contextmanager
def _invalid_is_400() -> Iterator[None]:
    try:
        yield
    except InvalidEvent as error:
        raise ProblemError(400, "invalid-event", "Invalid EPCIS document", str(error)) from error


def _find(scope: ScopeOf, capture_id: str) -> StoredCapture:
    found = scope.repositories.epcis.find_capture(capture_id)
    if found is None:
        sentence = "No capture has this id: take one from the list of captures."
        raise ProblemError(404, "unknown-capture", "No such capture", sentence)
    return found


def _job_of(
    made: StoredCapture,
    ids: list[str] | msgspec.UnsetType = msgspec.UNSET,
    new: int | msgspec.UnsetType = msgspec.UNSET,
) -> CaptureJob:
    return CaptureJob(
        capture_id=made.id,
        created_at=time_text(made.created_ms),
        finished_at=time_text(made.finished_ms),
        success=not made.faults,
        capture_error_behaviour=made.behaviour,
        errors=[{"type": _FAULT, "title": reason, "event": place} for place, reason in made.faults],
        event_ids=ids,
        new=new,
    )
