"""EPCIS 2.0 events in JSON-LD: the bounded subset that is captured, told and queried.

Object, Aggregation and Transformation events with identifiers, quantities, places, sensor reports and ILMD. A field
that is not named here is refused, not ignored: what is stored is what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, field

from headland.errors import HeadlandError

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
#: Namespace of what Headland says beyond the standard.
NAMESPACE: Final = "urn:headland:epcis:"
MOST_EVENTS: Final = 500
_MOST_ILMD: Final = 100
_MOST_DEPTH: Final = 4

Uri = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+$", max_length=500)]
Time = Annotated[str, Meta(max_length=40)]
Word = Annotated[str, Meta(pattern=r"^(?:[a-z_]{2,40}|[a-z]+:[A-Za-z0-9_.:/-]{1,200}|https?://[!-~]{1,200})$")]
Text = Annotated[str, Meta(max_length=500)]
Number = Annotated[float, Meta(ge=-1e15, le=1e15)]
Unit = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,3}$")]
Ids = Annotated[tuple[Uri, ...], Meta(max_length=2000)]


class InvalidEvent(HeadlandError):  # noqa: N818 - named as the registry's InvalidRecord
    """An EPCIS document or event outside of the standard, or of the subset that is captured."""


class EpcisQuantity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Quantity of a class of things; `uom` is the code of UN/ECE Recommendation 20, such as KGM."""

    epc_class: Uri = field(name="epcClass")
    quantity: Number | None = None
    uom: Unit | None = None


class EpcisPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read point or business location."""

    id: Uri


class SensorMetadata(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"
):
    """When and by what the reports of an element were made."""

    time: Time | None = None
    start_time: Time | None = None
    end_time: Time | None = None
    device_id: Uri | None = field(default=None, name="deviceID")
    device_metadata: Uri | None = None
    raw_data: Uri | None = None
    data_processing_method: Uri | None = None
    biz_rules: Uri | None = None


class SensorReport(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"
):
    """A measurement: `type` is a word of the GS1 vocabulary, such as Temperature."""

    type: (
        Annotated[str, Meta(pattern=r"^(?:[A-Z][A-Za-z]{2,60}|[a-z]+:[!-~]{1,200}|https?://[!-~]{1,200})$")] | None
    ) = None
    time: Time | None = None
    device_id: Uri | None = field(default=None, name="deviceID")
    data_processing_method: Uri | None = None
    value: Number | None = None
    string_value: Text | None = None
    min_value: Number | None = None
    max_value: Number | None = None
    mean_value: Number | None = None
    s_dev: Number | None = None
    uom: Unit | None = None


class SensorElement(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"
):
    """Measurements with the circumstances that they share."""

    sensor_metadata: SensorMetadata | None = None
    sensor_report: Annotated[tuple[SensorReport, ...], Meta(min_length=1, max_length=500)]


SensorElements = Annotated[tuple[SensorElement, ...], Meta(max_length=200)]
Quantities = Annotated[tuple[EpcisQuantity, ...], Meta(max_length=2000)]


class EpcisEvent(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"
):
    """What all events have. Times are ISO 8601 with an offset."""

    event_time: Time
    event_time_zone_offset: Annotated[str, Meta(pattern=r"^[+-](?:0\d|1[0-4]):[0-5]\d$")]
    event_id: Uri | None = field(default=None, name="eventID")
    record_time: Time | None = None
    biz_step: Word | None = None
    disposition: Word | None = None
    read_point: EpcisPlace | None = None
    biz_location: EpcisPlace | None = None
    sensor_element_list: SensorElements = ()

    @property
    def kind(self) -> str:
        """Type of the event, as EPCIS names it."""
        return type(self).__name__


class ObjectEvent(EpcisEvent, tag_field="type", tag="ObjectEvent", frozen=True, kw_only=True, rename="camel"):
    """Something happened to things: they came to be, were seen, or ceased to be."""

    action: Literal["ADD", "OBSERVE", "DELETE"]
    epc_list: Ids = ()
    quantity_list: Quantities = ()
    ilmd: dict[str, Any] = {}


class AggregationEvent(EpcisEvent, tag_field="type", tag="AggregationEvent", frozen=True, kw_only=True, rename="camel"):
    """Things were put together into a parent, or taken out of it."""

    action: Literal["ADD", "OBSERVE", "DELETE"]
    parent_id: Uri | None = field(default=None, name="parentID")
    child_epcs: Ids = field(default=(), name="childEPCs")
    child_quantity_list: Quantities = ()


class TransformationEvent(
    EpcisEvent, tag_field="type", tag="TransformationEvent", frozen=True, kw_only=True, rename="camel"
):
    """Things were used up to make others."""

    input_epc_list: Ids = field(default=(), name="inputEPCList")
    input_quantity_list: Quantities = ()
    output_epc_list: Ids = field(default=(), name="outputEPCList")
    output_quantity_list: Quantities = ()
    transformation_id: Uri | None = field(default=None, name="transformationID")
    ilmd: dict[str, Any] = {}


AnyEvent = ObjectEvent | AggregationEvent | TransformationEvent


class EpcisBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Events of a document."""

    event_list: Annotated[tuple[AnyEvent, ...], Meta(min_length=1, max_length=MOST_EVENTS)]


class EpcisDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A document of events. A context beside the standard's maps prefixes to namespaces."""

    context: str | tuple[str | dict[str, str], ...] = field(name="@context")
    type: Literal["EPCISDocument"]
    schema_version: Literal["2.0"]
    creation_date: Time
    epcis_body: EpcisBody
    id: Uri | None = None

    def namespaces(self) -> dict[str, str]:
        """Return the namespaces by prefix."""
        parts = () if isinstance(self.context, str) else self.context
        return {prefix: iri for part in parts if isinstance(part, dict) for prefix, iri in part.items()}


def read_document(raw: bytes) -> EpcisDocument:
    """Return a document of events; raises InvalidEvent, which names the first fault."""
    try:
        document = msgspec.json.decode(raw, type=EpcisDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidEvent(f"The document is not EPCIS 2.0, or not in the subset that is captured: {error}") from error
    contexts = (document.context,) if isinstance(document.context, str) else document.context
    if CONTEXT not in contexts or any(isinstance(part, str) and part != CONTEXT for part in contexts):
        raise InvalidEvent(f"Name the context {CONTEXT}, and besides it only prefixes.")
    for event in document.epcis_body.event_list:
        check_event(event, document.namespaces())
    return document


def check_event(event: AnyEvent, namespaces: Mapping[str, str]) -> None:
    """Raise InvalidEvent where an event is outside of the standard beyond its shape."""
    for value in _times_of(event):
        if value is not None:
            time_ms_of(value)
    if isinstance(event, ObjectEvent):
        _check_object(event)
    elif isinstance(event, AggregationEvent):
        if event.parent_id is None and event.action != "OBSERVE":
            raise InvalidEvent("An AggregationEvent names its parent, except with the action OBSERVE.")
        if not (event.child_epcs or event.child_quantity_list) and event.action != "DELETE":
            raise InvalidEvent("An AggregationEvent names its children.")
    else:
        inputs = event.input_epc_list or event.input_quantity_list
        outputs = event.output_epc_list or event.output_quantity_list
        if not inputs or not outputs:
            raise InvalidEvent("A TransformationEvent names inputs and outputs.")
    _check_ilmd(getattr(event, "ilmd", {}), namespaces)


def _check_object(event: ObjectEvent) -> None:
    if event.ilmd and event.action != "ADD":
        raise InvalidEvent("An ObjectEvent has ILMD only with the action ADD.")
    if not (event.epc_list or event.quantity_list or (event.sensor_element_list and event.read_point)):
        raise InvalidEvent("An ObjectEvent names things, or has sensor reports and a read point.")


def _times_of(event: AnyEvent) -> Iterator[str | None]:
    yield from (event.event_time, event.record_time)
    for element in event.sensor_element_list:
        yield from (report.time for report in element.sensor_report)
        if (metadata := element.sensor_metadata) is not None:
            yield from (metadata.time, metadata.start_time, metadata.end_time)


def time_ms_of(text: str) -> int:
    """Return the instant of an ISO 8601 time with an offset; raises InvalidEvent."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise InvalidEvent(f"{text!r} is no time: write 2026-09-01T08:00:00.000+08:00.")
    return round(moment.timestamp() * 1000)


def identifiers_of(event: AnyEvent) -> Iterator[str]:
    """Yield every identifier of things that an event names, in whatever role."""
    for name in ("epc_list", "child_epcs", "input_epc_list", "output_epc_list"):
        yield from getattr(event, name, ())
    for name in ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list"):
        yield from (each.epc_class for each in getattr(event, name, ()))
    if (parent := getattr(event, "parent_id", None)) is not None:
        yield parent


def make_document(events: list[dict[str, Any]], created: str) -> dict[str, Any]:
    """Return a document of encoded events."""
    return {
        "@context": [CONTEXT, {"headland": NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": events},
    }


def encode_event(event: AnyEvent) -> dict[str, Any]:
    """Return an event as JSON values."""
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return encoded


def _check_ilmd(ilmd: Mapping[str, Any], namespaces: Mapping[str, str], depth: int = 1) -> None:
    if depth > _MOST_DEPTH or len(ilmd) > _MOST_ILMD:
        raise InvalidEvent("The ILMD is too large: keep it within 100 names and four levels.")
    for name, value in ilmd.items():
        prefix, mark, local = name.partition(":")
        if not mark or prefix not in namespaces or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,80}", local):
            raise InvalidEvent(f"{name[:80]!r} has no namespace: name one of the prefixes of the document's context.")
        if isinstance(value, dict):
            _check_ilmd(value, namespaces, depth + 1)
        elif isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > 1000:
            raise InvalidEvent(f"The value of {name} is neither a short text nor a number.")
