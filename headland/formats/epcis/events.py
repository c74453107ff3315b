"""EPCIS 2.0 events as far as they are interpreted: their shape by the standard, and the events that lots are told in.

What is captured is kept as it was received (`headland.formats.epcis.documents`); these types say what must be true of
it. A field with a namespace is anybody's and is kept; one without is the standard's, or refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, field

from headland.errors import HeadlandError
from headland.formats.epcis.vocabulary import CONTEXT

#: Namespace of what Headland says beyond the standard.
NAMESPACE: Final = "urn:headland:epcis:"

Uri = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$", max_length=1000)]
Time = Annotated[str, Meta(max_length=40)]
Word = Annotated[str, Meta(pattern=r"^(?:[A-Za-z_]{1,60}|[A-Za-z][A-Za-z0-9+.-]*:[^\s]{1,500})$")]
Text = Annotated[str, Meta(max_length=10_000)]
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
Unit = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,3}$")]
Ids = Annotated[tuple[Uri, ...], Meta(max_length=20_000)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=100)]


class InvalidEvent(HeadlandError):  # noqa: N818 - named as the registry's InvalidRecord
    """An EPCIS document or event outside of the standard."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Part of an event; fields with a namespace may stand beside those that are named."""


class EpcisQuantity(_Part, frozen=True, kw_only=True):
    """Quantity of a class of things; `uom` is the code of UN/ECE Recommendation 20, such as KGM."""

    epc_class: Uri
    quantity: Number | None = None
    uom: Unit | None = None


class EpcisPlace(_Part, frozen=True, kw_only=True):
    """Read point or business location."""

    id: Uri


class BizTransaction(_Part, frozen=True, kw_only=True):
    """Document that an event belongs to, such as an order."""

    type: Word | None = None
    biz_transaction: Uri


class EventSource(_Part, frozen=True, kw_only=True):
    """Party or place from which things came."""

    type: Word
    source: Uri


class EventDestination(_Part, frozen=True, kw_only=True):
    """Party or place to which things go."""

    type: Word
    destination: Uri


class PersistentDisposition(_Part, frozen=True, kw_only=True):
    """States that hold until they are taken back."""

    set: Words | None = None
    unset: Words | None = None


class ErrorDeclaration(_Part, frozen=True, kw_only=True):
    """Statement that an event was wrong, and which events correct it."""

    declaration_time: Time
    reason: Word | None = None
    corrective_event_ids: Ids = field(default=(), name="correctiveEventIDs")


class SensorMetadata(_Part, frozen=True, kw_only=True):
    """When and by what the reports of an element were made."""

    time: Time | None = None
    start_time: Time | None = None
    end_time: Time | None = None
    device_id: Uri | None = field(default=None, name="deviceID")
    device_metadata: Uri | None = None
    raw_data: Uri | None = None
    data_processing_method: Uri | None = None
    biz_rules: Uri | None = None


class SensorReport(_Part, frozen=True, kw_only=True):
    """A measurement: `type` is a word of the GS1 vocabulary, such as Temperature."""

    type: Word | None = None
    exception: Word | None = None
    time: Time | None = None
    device_id: Uri | None = field(default=None, name="deviceID")
    device_metadata: Uri | None = None
    raw_data: Uri | None = None
    data_processing_method: Uri | None = None
    biz_rules: Uri | None = None
    microorganism: Uri | None = None
    chemical_substance: Uri | None = None
    coordinate_reference_system: Uri | None = None
    component: Word | None = None
    value: Number | None = None
    string_value: Text | None = None
    boolean_value: bool | None = None
    hex_binary_value: Annotated[str, Meta(pattern=r"^[A-Fa-f0-9]+$")] | None = None
    uri_value: Uri | None = None
    min_value: Number | None = None
    max_value: Number | None = None
    mean_value: Number | None = None
    s_dev: Number | None = None
    perc_rank: Number | None = None
    perc_value: Number | None = None
    uom: Annotated[str, Meta(max_length=40)] | None = None


class SensorElement(_Part, frozen=True, kw_only=True):
    """Measurements with the circumstances that they share."""

    sensor_metadata: SensorMetadata | None = None
    sensor_report: Annotated[tuple[SensorReport, ...], Meta(min_length=1, max_length=5000)]


Quantities = Annotated[tuple[EpcisQuantity, ...], Meta(max_length=20_000)]


class EpcisEvent(_Part, frozen=True, kw_only=True):
    """What all events have. Times are ISO 8601 with an offset."""

    event_time: Time
    event_time_zone_offset: Annotated[str, Meta(pattern=r"^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$")]
    event_id: Uri | None = field(default=None, name="eventID")
    record_time: Time | None = None
    certification_info: Uri | Ids | None = None
    error_declaration: ErrorDeclaration | None = None
    biz_step: Word | None = None
    disposition: Word | None = None
    persistent_disposition: PersistentDisposition | None = None
    read_point: EpcisPlace | None = None
    biz_location: EpcisPlace | None = None
    biz_transaction_list: Annotated[tuple[BizTransaction, ...], Meta(max_length=5000)] = ()
    source_list: Annotated[tuple[EventSource, ...], Meta(max_length=5000)] = ()
    destination_list: Annotated[tuple[EventDestination, ...], Meta(max_length=5000)] = ()
    sensor_element_list: Annotated[tuple[SensorElement, ...], Meta(max_length=5000)] = ()

    @property
    def kind(self) -> str:
        """Type of the event, as EPCIS names it."""
        return type(self).__name__


Action = Literal["ADD", "OBSERVE", "DELETE"]


class ObjectEvent(EpcisEvent, tag_field="type", tag="ObjectEvent", frozen=True, kw_only=True):
    """Something happened to things: they came to be, were seen, or ceased to be."""

    action: Action
    epc_list: Ids = ()
    quantity_list: Quantities = ()
    ilmd: dict[str, Any] = {}


class AggregationEvent(EpcisEvent, tag_field="type", tag="AggregationEvent", frozen=True, kw_only=True):
    """Things were put together into a parent, or taken out of it."""

    action: Action
    parent_id: Uri | None = field(default=None, name="parentID")
    child_epcs: Ids = field(default=(), name="childEPCs")
    child_quantity_list: Quantities = ()


class AssociationEvent(EpcisEvent, tag_field="type", tag="AssociationEvent", frozen=True, kw_only=True):
    """Things were fixed to a thing or a place, such as a sensor to a container, or taken off it."""

    action: Action
    parent_id: Uri = field(name="parentID")
    child_epcs: Ids = field(default=(), name="childEPCs")
    child_quantity_list: Quantities = ()


class TransactionEvent(EpcisEvent, tag_field="type", tag="TransactionEvent", frozen=True, kw_only=True):
    """Things came to belong to documents, or no longer do."""

    action: Action
    parent_id: Uri | None = field(default=None, name="parentID")
    epc_list: Ids = ()
    quantity_list: Quantities = ()


class TransformationEvent(EpcisEvent, tag_field="type", tag="TransformationEvent", frozen=True, kw_only=True):
    """Things were used up to make others."""

    input_epc_list: Ids = field(default=(), name="inputEPCList")
    input_quantity_list: Quantities = ()
    output_epc_list: Ids = field(default=(), name="outputEPCList")
    output_quantity_list: Quantities = ()
    transformation_id: Uri | None = field(default=None, name="transformationID")
    ilmd: dict[str, Any] = {}


AnyEvent = ObjectEvent | AggregationEvent | AssociationEvent | TransactionEvent | TransformationEvent


def time_ms_of(text: str) -> int:
    """Return the instant of an ISO 8601 time with an offset; raises InvalidEvent."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise InvalidEvent(f"{text!r} is no time: write 2026-09-01T08:00:00.000+08:00.")
    return round(moment.timestamp() * 1000)


def identifiers_of(event: EpcisEvent) -> Iterator[str]:
    """Yield every identifier of things that an event names, in whatever role."""
    for name in ("epc_list", "child_epcs", "input_epc_list", "output_epc_list"):
        yield from getattr(event, name, ())
    for name in ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list"):
        yield from (each.epc_class for each in getattr(event, name, ()))
    if (parent := getattr(event, "parent_id", None)) is not None:
        yield parent


def make_document(events: list[dict[str, Any]], created: str) -> dict[str, Any]:
    """Return a document of encoded events of our own."""
    return {
        "@context": [CONTEXT, {"headland": NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": events},
    }


def encode_event(event: EpcisEvent) -> dict[str, Any]:
    """Return an event as JSON values."""
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return encoded
