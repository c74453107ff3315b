"""Documents of EPCIS 2.0 in JSON-LD, as they are received: events whole, numbers as they were written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from headland.formats.epcis.checks import view_event
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.events import InvalidEvent, identifiers_of, time_ms_of
from headland.formats.epcis.terms import figures_of, terms_of
from headland.formats.epcis.vocabulary import CONTEXT, namespaces_of
from headland.registry.repositories.harvest.epcis_events import CapturedEvent

MOST_EVENTS: Final = 500
_MOST_DEPTH: Final = 40
_MOST_ID: Final = 1000
#: Fields of a document that are not its events: who sent it to whom, its time, its master data, fields of others.
_BODY: Final = "epcisBody"


class ReceivedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document: `header` is all of it but the events, `context` its context."""

    header: dict[str, Any]
    context: Any
    events: list[Any]


class EventFault(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a document that cannot be captured: its place from 0 on, and why."""

    place: int
    reason: str


def read_json(raw: bytes) -> Any:
    """Return a JSON value whose numbers are kept as they were written; raises InvalidEvent.

    Of a name that an object has twice the last one counts, as with other readers of JSON (RFC 8259, 4).
    """
    try:
        value = json.loads(raw, parse_float=_number, parse_int=_number, parse_constant=_no_number)
        _check_depth(value, _MOST_DEPTH)
        # A text with half of a surrogate pair is no text in UTF-8.
        msgspec.json.encode(value)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"The body is no JSON: {str(error)[:200]}") from error
    return value


def read_document(raw: bytes) -> ReceivedDocument:
    """Return an EPCISDocument or EPCISQueryDocument; raises InvalidEvent, which names the first fault."""
    value = read_json(raw)
    if not isinstance(value, dict) or value.get("type") not in ("EPCISDocument", "EPCISQueryDocument"):
        raise InvalidEvent("The body is no EPCIS 2.0 document: its type is EPCISDocument or EPCISQueryDocument.")
    version = value.get("schemaVersion")
    if value["type"] == "EPCISDocument" and version not in ("2.0", "2.0.0", "2.0.1"):
        raise InvalidEvent("The document is not of version 2.0: name 2.0 as its schemaVersion.")
    context = value.get("@context")
    _check_context(context)
    created = value.get("creationDate")
    if isinstance(created, str):
        time_ms_of(created)
    elif created is not None or value["type"] == "EPCISDocument":
        raise InvalidEvent("The document has no creationDate: name the time at which it was made.")
    header = {name: each for name, each in value.items() if name not in (_BODY, "@context")}
    return ReceivedDocument(header=header, context=context, events=_events_in(value.get(_BODY)))


def read_event(raw: bytes) -> CapturedEvent:
    """Return an event that is sent by itself, with its own context; raises InvalidEvent."""
    value = read_json(raw)
    if not isinstance(value, dict):
        raise InvalidEvent("The body is no event: an event is an object with a type.")
    _check_context(value.get("@context"))
    return capture_form(value, CONTEXT)


def read_events(document: ReceivedDocument) -> tuple[list[CapturedEvent], list[EventFault]]:
    """Return the events of a document that can be captured, and what is wrong with the others."""
    events: list[CapturedEvent] = []
    faults: list[EventFault] = []
    for place, value in enumerate(document.events):
        try:
            events.append(capture_form(value, document.context))
        except InvalidEvent as error:
            faults.append(EventFault(place=place, reason=str(error)))
    return events, faults


def capture_form(value: Mapping[str, Any], context: Any) -> CapturedEvent:
    """Return an event as it is stored, in the context of its document; raises InvalidEvent.

    Without an eventID of the sender's it has the hash of its content as its id.
    """
    event = view_event(value)
    namespaces = namespaces_of(context, value.get("@context"))
    content = hash_event(value, namespaces)
    event_id = content if event.event_id is None else event.event_id
    if len(event_id) > _MOST_ID:
        raise InvalidEvent(f"An eventID has at most {_MOST_ID} characters.")
    declared = value.get("errorDeclaration")
    kept = {name: each for name, each in value.items() if name != "recordTime"}
    return CapturedEvent(
        event_id=event_id,
        type=str(value["type"]),
        biz_step=event.biz_step or "",
        event_ms=time_ms_of(event.event_time),
        content=content,
        declaration="" if declared is None else _digest(declared),
        body=msgspec.json.encode({"event": kept, "context": context}).decode(),
        identifiers=tuple(dict.fromkeys(identifiers_of(event))),
        terms=tuple(terms_of(event, event_id, value, namespaces)),
        figures=tuple(figures_of(event)),
    )


def capture_own(value: Mapping[str, Any], context: Any) -> CapturedEvent:
    """Return an event of our own as it is stored: with the hash as its id."""
    content = hash_event(value, namespaces_of(context))
    return capture_form({**value, "eventID": content}, context)


def _events_in(body: Any) -> list[Any]:
    results = body.get("queryResults") if isinstance(body, dict) else None
    inner = results.get("resultsBody") if isinstance(results, dict) else body
    events = inner.get("eventList") if isinstance(inner, dict) else None
    if events is None and isinstance(inner, dict) and isinstance(inner.get("event"), dict):
        events = [inner["event"]]
    if not isinstance(events, list) or not events:
        raise InvalidEvent("The document has no events: its epcisBody has an eventList with at least one.")
    if len(events) > MOST_EVENTS:
        raise InvalidEvent(f"A document has at most {MOST_EVENTS} events: send them in parts.")
    return events


def _check_context(context: Any) -> None:
    parts = context if isinstance(context, list) else [context]
    if not all(isinstance(part, str | dict) for part in parts):
        raise InvalidEvent(f"The document has no context: name {CONTEXT}, and prefixes of your own.")


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(_plain(value), order="sorted")).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value with its numbers as texts, so that it can be put in order."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else value


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise InvalidEvent(f"The document is nested too deep: keep it within {_MOST_DEPTH} levels.")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(each, left - 1)


def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
