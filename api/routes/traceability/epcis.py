"""EPCIS 2.0: capture of events, and a subset of its queries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import read_cursor, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.router import Router
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.events import (
    NAMESPACE,
    AnyEvent,
    EpcisDocument,
    InvalidEvent,
    identifiers_of,
    make_document,
    read_document,
    time_ms_of,
)
from headland.registry.repositories.harvest.epcis_events import CapturedEvent, EventQuery, StoredEpcisEvent

_JSON_LD: Final = "application/ld+json"
_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "An EPCIS 2.0 document.", "content": {_JSON_LD: {"schema": {"type": "object"}}}}
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}, _JSON_LD: {"schema": {"type": "object"}}},
    }
}
#: Identifiers or types in one parameter, separated by commas.
_Words = Annotated[str | None, Query(max_length=4000)]

#: Largest document: 500 events with their reports.
_MOST_BYTES: Final = 4 * 1024 * 1024


async def _read_document(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            sentence = f"An EPCIS document may have at most {_MOST_BYTES} bytes: send its events in parts."
            raise ProblemError(413, "too-large", "Request body too large", sentence)
    return bytes(body)


router = Router(prefix="/epcis", tags=["registry"], responses=declare_problems(400, 404, 422, 503))


class CaptureAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture stored: ids of all events of the document, and how many of them are new."""

    event_ids: list[str]
    new: int


@router.post("/capture", status_code=201, response_class=Response, openapi_extra=_BODY, responses=declare_problems(413))
def capture_events(scope: ScopeOf, raw: Annotated[bytes, Depends(_read_document)]) -> Response:
    """Store the events of an EPCIS 2.0 document, all or none; each gets the hash of its content as its id.

    At most 500 events: Object, Aggregation and Transformation events. A field that is not in the subset is refused. An
    event that is known already is not stored again. An eventID that is a hash must be that of the event.
    """
    try:
        document = read_document(raw)
        captured = [_captured(event, document) for event in document.epcis_body.event_list]
    except InvalidEvent as error:
        raise ProblemError(400, "invalid-event", "Invalid EPCIS document", str(error)) from error
    fresh = scope.repositories.epcis.capture(captured)
    answer = CaptureAnswer(event_ids=[event.event_id for event in captured], new=len(fresh))
    return Response(msgspec.json.encode(answer), 201, media_type="application/json")


@router.get("/events", response_class=Response, responses=_DOCUMENT)
def query_events(
    scope: ScopeOf,
    types: Annotated[_Words, Query(alias="eventType", description="Types, separated by commas.")] = None,
    biz_steps: Annotated[_Words, Query(alias="EQ_bizStep", description="Business steps.")] = None,
    identifiers: Annotated[_Words, Query(alias="MATCH_anyEPC", description="Things, in whatever role.")] = None,
    event_from: Annotated[str | None, Query(alias="GE_eventTime", max_length=40)] = None,
    event_until: Annotated[str | None, Query(alias="LT_eventTime", max_length=40)] = None,
    record_from: Annotated[str | None, Query(alias="GE_recordTime", max_length=40)] = None,
    record_until: Annotated[str | None, Query(alias="LT_recordTime", max_length=40)] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=500)] = 100,
    token: Annotated[str | None, Query(alias="nextPageToken", max_length=200)] = None,
) -> Response:
    """Return the events that fit, in the order of their capture; `Link` leads to the next page."""
    after = read_cursor(token, tuple[int])
    try:
        asked = EventQuery(
            types=_words(types),
            biz_steps=_words(biz_steps),
            identifiers=_words(identifiers),
            event_from_ms=_time(event_from),
            event_until_ms=_time(event_until),
            record_from_ms=_time(record_from),
            record_until_ms=_time(record_until),
        )
    except InvalidEvent as error:
        raise ProblemError(400, "invalid-time", "Invalid time", str(error)) from error
    found = scope.repositories.epcis.query(asked, after_seq=0 if after is None else after[0], limit=per_page + 1)
    answer = _document(found[:per_page], scope.now_ms)
    if len(found) > per_page:
        following = write_cursor(found[per_page - 1].seq)
        answer.headers["Link"] = f'</epcis/events?nextPageToken={following}&perPage={per_page}>; rel="next"'
    return answer


@router.get("/events/{event_id:path}", response_class=Response, responses=_DOCUMENT)
def get_event(
    scope: ScopeOf, event_id: Annotated[str, PathParameter(max_length=200)], ver: str | None = None
) -> Response:
    """Return the event of an id."""
    # The id has a question mark; a client that does not escape it sends its end as a query.
    full = event_id if ver is None else f"{event_id}?ver={ver}"
    found = scope.repositories.epcis.find(full)
    if found is None:
        raise ProblemError(404, "unknown-event", "No such event", "No event has this id: take one from a query.")
    return _document([found], scope.now_ms)


def _captured(event: AnyEvent, document: EpcisDocument) -> CapturedEvent:
    namespaces = document.namespaces()
    event_id = hash_event(event, namespaces)
    if event.event_id is not None and event.event_id.startswith("ni:") and event.event_id != event_id:
        raise InvalidEvent(f"The event's id is not the hash of its content, which is {event_id}.")
    stored = msgspec.structs.replace(event, event_id=event_id, record_time=None)
    return CapturedEvent(
        event_id=event_id,
        type=event.kind,
        biz_step=event.biz_step or "",
        event_ms=time_ms_of(event.event_time),
        body=msgspec.json.encode({"event": stored, "prefixes": namespaces}).decode(),
        identifiers=tuple(identifiers_of(event)),
    )


def _document(found: list[StoredEpcisEvent], now_ms: int) -> Response:
    events: list[dict[str, Any]] = []
    prefixes: dict[str, str] = {"headland": NAMESPACE}
    for each in found:
        held = msgspec.json.decode(each.body)
        event = {**held["event"], "recordTime": _text(each.record_ms)}
        names = {prefix: _own_prefix(prefixes, prefix, iri) for prefix, iri in held["prefixes"].items()}
        if "ilmd" in event:
            event["ilmd"] = _renamed(event["ilmd"], names)
        events.append(event)
    document = make_document(events, _text(now_ms))
    document["@context"][1] = prefixes
    return Response(msgspec.json.encode(document), media_type=_JSON_LD)


def _own_prefix(prefixes: dict[str, str], prefix: str, iri: str) -> str:
    """Return a prefix that stands for this namespace alone: two documents may give one prefix two meanings."""
    name, number = prefix, 1
    while prefixes.setdefault(name, iri) != iri:
        number += 1
        name = f"{prefix}{number}"
    return name


def _renamed(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    renamed = {}
    for name, value in values.items():
        prefix, _, local = name.partition(":")
        renamed[f"{names[prefix]}:{local}"] = _renamed(value, names) if isinstance(value, dict) else value
    return renamed


def _words(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(word.strip() for word in text.split(",") if word.strip())


def _time(text: str | None) -> int | None:
    # In a query a plus sign arrives as a space where it is not escaped.
    return None if text is None else time_ms_of(text.replace(" ", "+"))


def _text(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000.0, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
