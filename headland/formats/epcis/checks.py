"""Checks of an EPCIS event beyond the types of its fields, and the names that its fields may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from headland.formats.epcis.events import (
    AggregationEvent,
    AnyEvent,
    AssociationEvent,
    BizTransaction,
    EpcisEvent,
    EpcisPlace,
    EpcisQuantity,
    ErrorDeclaration,
    EventDestination,
    EventSource,
    InvalidEvent,
    ObjectEvent,
    PersistentDisposition,
    SensorElement,
    SensorMetadata,
    SensorReport,
    TransactionEvent,
    TransformationEvent,
    time_ms_of,
)

_KINDS: Final[dict[str, type[EpcisEvent]]] = {
    kind.__name__: kind
    for kind in (ObjectEvent, AggregationEvent, AssociationEvent, TransactionEvent, TransformationEvent)
}
EVENT_TYPES: Final = tuple(_KINDS)
#: Fields that hold objects, with the type that names the fields of these.
_PARTS: Final[dict[str, type[msgspec.Struct]]] = {
    **dict.fromkeys(("readPoint", "bizLocation"), EpcisPlace),
    **dict.fromkeys(("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), EpcisQuantity),
    "bizTransactionList": BizTransaction,
    "sourceList": EventSource,
    "destinationList": EventDestination,
    "persistentDisposition": PersistentDisposition,
    "errorDeclaration": ErrorDeclaration,
    "sensorElementList": SensorElement,
    "sensorMetadata": SensorMetadata,
    "sensorReport": SensorReport,
}


def view_event(value: Any) -> EpcisEvent:
    """Return what is interpreted of an event in JSON; raises InvalidEvent, which names the first fault.

    A type of event that is not the standard's has a namespace; of it what all events have is interpreted.
    """
    if not isinstance(value, Mapping):
        raise InvalidEvent("An event is an object with a type.")
    type_ = value.get("type")
    if not isinstance(type_, str) or not (type_ in _KINDS or ":" in type_):
        raise InvalidEvent(
            f"{str(type_)[:80]!r} is no type of event: name one of the standard, or one with a namespace."
        )
    kind = _KINDS.get(type_)
    raw = msgspec.json.encode(value)
    try:
        event: EpcisEvent = msgspec.json.decode(raw, type=AnyEvent if kind is not None else EpcisEvent)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidEvent(f"The event is not of the form of EPCIS 2.0: {error}") from error
    if kind is not None:
        _check_names(value, kind)
    for text in _times_of(event):
        if text is not None:
            time_ms_of(text)
    _check(event, value)
    return event


def _check_names(value: Mapping[str, Any], kind: type[msgspec.Struct]) -> None:
    """Raise InvalidEvent where a field is neither the standard's nor has a namespace: it would mean nothing."""
    # The context of the standard makes these two the id and the type of every object.
    known = {"id", "type", *(field.encode_name for field in msgspec.structs.fields(kind))}
    for name, inner in value.items():
        if name not in known:
            if ":" not in name and not name.startswith("@"):
                raise InvalidEvent(f"{name[:80]!r} is no field of EPCIS 2.0: give a field of your own a namespace.")
        elif name == "ilmd":
            _check_own(inner)
        elif name in _PARTS:
            for each in inner if isinstance(inner, list) else [inner]:
                if isinstance(each, Mapping):
                    _check_names(each, _PARTS[name])


def _check_own(values: Mapping[str, Any]) -> None:
    for name in values:
        if ":" not in name and not name.startswith("@"):
            raise InvalidEvent(f"{name[:80]!r} has no namespace: name one of the prefixes of the document's context.")


def _check(event: EpcisEvent, value: Mapping[str, Any]) -> None:
    if isinstance(event, ObjectEvent):
        if event.ilmd and event.action != "ADD":
            raise InvalidEvent("An ObjectEvent has ILMD only with the action ADD.")
        has_things = "epcList" in value or "quantityList" in value
        if not (has_things or (event.sensor_element_list and event.read_point)):
            raise InvalidEvent("An ObjectEvent names things, or has sensor reports and a read point.")
    elif isinstance(event, AggregationEvent):
        if event.parent_id is None and event.action != "OBSERVE":
            raise InvalidEvent("An AggregationEvent names its parent, except with the action OBSERVE.")
        _check_children(event)
    elif isinstance(event, AssociationEvent):
        _check_children(event)
    elif isinstance(event, TransactionEvent):
        if not event.biz_transaction_list:
            raise InvalidEvent("A TransactionEvent names at least one business transaction.")
    elif isinstance(event, TransformationEvent):
        inputs = bool(event.input_epc_list or event.input_quantity_list)
        outputs = bool(event.output_epc_list or event.output_quantity_list)
        if not (inputs and outputs) and not (event.transformation_id and (inputs or outputs)):
            raise InvalidEvent("A TransformationEvent names inputs and outputs.")


def _check_children(event: AggregationEvent | AssociationEvent) -> None:
    if not (event.child_epcs or event.child_quantity_list) and event.action != "DELETE":
        raise InvalidEvent(f"An {event.kind} names its children.")


def _times_of(event: EpcisEvent) -> Iterator[str | None]:
    yield from (event.event_time, event.record_time)
    if event.error_declaration is not None:
        yield event.error_declaration.declaration_time
    for element in event.sensor_element_list:
        yield from (report.time for report in element.sensor_report)
        if (metadata := element.sensor_metadata) is not None:
            yield from (metadata.time, metadata.start_time, metadata.end_time)
