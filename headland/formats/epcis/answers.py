"""Documents that tell stored EPCIS events: each as it was received, with its id and the time of its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from headland.formats.epcis.documents import read_json
from headland.formats.epcis.vocabulary import CONTEXT
from headland.registry.repositories.harvest.epcis_events import StoredEpcisEvent


def tell_events(stored: Sequence[StoredEpcisEvent]) -> tuple[Any, list[dict[str, Any]]]:
    """Return a context that holds for events of several documents, and these events.

    The context of all is theirs where they have the same; else prefixes are put together. An event whose context says
    something else of a prefix, or links to another, has its own.
    """
    contexts, events = [], []
    for each in stored:
        context, event = _held(each.body)
        told = {"eventID": each.event_id, **event, "recordTime": time_text(each.record_ms)}
        contexts.append(context)
        events.append(told)
    if not contexts:
        return [CONTEXT], []
    if all(context == contexts[0] for context in contexts):
        return contexts[0], events
    prefixes: dict[str, Any] = {}
    for context, event in zip(contexts, events, strict=True):
        if (names := _plain_prefixes(context)) is None or any(prefixes.get(k, v) != v for k, v in names.items()):
            own = event.get("@context")
            event["@context"] = [*_parts(context), *([] if own is None else _parts(own))]
        else:
            prefixes |= names
    return [CONTEXT, prefixes] if prefixes else [CONTEXT], events


def query_document(stored: Sequence[StoredEpcisEvent], now_ms: int, query: str = "SimpleEventQuery") -> dict[str, Any]:
    """Return the answer of a query."""
    context, events = tell_events(stored)
    return {
        "@context": context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(now_ms),
        "epcisBody": {"queryResults": {"queryName": query, "resultsBody": {"eventList": events}}},
    }


def events_document(stored: Sequence[StoredEpcisEvent], header: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """Return a document of events; `header` has what its sender said beside them."""
    context, events = tell_events(stored)
    return {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(now_ms),
        **header,
        "epcisBody": {"eventList": events},
    }


def time_text(time_ms: int) -> str:
    """Return an instant as the standard writes it."""
    return datetime.fromtimestamp(time_ms / 1000.0, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _held(body: str) -> tuple[Any, dict[str, Any]]:
    held = read_json(body.encode())
    # Events that were captured before contexts were kept have their prefixes.
    return held["context"] if "context" in held else [CONTEXT, held["prefixes"]], held["event"]


def _parts(context: Any) -> list[Any]:
    return context if isinstance(context, list) else [context]


def _plain_prefixes(context: Any) -> dict[str, str] | None:
    """Return the prefixes of a context that has nothing else beside that of the standard, None for another."""
    names: dict[str, str] = {}
    for part in _parts(context):
        if isinstance(part, str):
            if part != CONTEXT:
                return None
            continue
        for prefix, iri in part.items():
            if not isinstance(iri, str) or prefix.startswith("@") or names.setdefault(prefix, iri) != iri:
                return None
    return names
