"""Terms and figures of an EPCIS event: what a query may ask for, named as the parameters of the standard's query.

Identifiers are in their canonical form (a Digital Link), words of vocabularies are addresses, fields of others are
the namespace with the name, in ILMD after `ILMD_`, and within another field after `INNER_`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from headland.formats.epcis.digital_link import canonical
from headland.formats.epcis.event_hash import text_of_scalar
from headland.formats.epcis.events import EpcisEvent, SensorReport, time_ms_of
from headland.formats.epcis.vocabulary import address_of_word, expand_name

Term = tuple[str, str]
#: Fields with identifiers of things, and the names by which they are asked for.
_THINGS: Final = {
    "epc": ("epc_list", "child_epcs"),
    "inputEPC": ("input_epc_list",),
    "outputEPC": ("output_epc_list",),
}
_CLASSES: Final = {
    "epcClass": ("quantity_list", "child_quantity_list"),
    "inputEPCClass": ("input_quantity_list",),
    "outputEPCClass": ("output_quantity_list",),
}
_TRANSACTIONS: Final = {
    "bizTransaction": ("bizTransactionList", "biz_transaction_list", "biz_transaction"),
    "source": ("sourceList", "source_list", "source"),
    "destination": ("destinationList", "destination_list", "destination"),
}
#: Fields of sensor elements by the name that they are asked for by.
_SENSOR_TEXTS: Final = {
    "deviceID": "device_id",
    "dataProcessingMethod": "data_processing_method",
    "bizRules": "biz_rules",
    "microorganism": "microorganism",
    "chemicalSubstance": "chemical_substance",
    "coordinateReferenceSystem": "coordinate_reference_system",
    "deviceMetadata": "device_metadata",
    "rawData": "raw_data",
    "stringValue": "string_value",
    "hexBinaryValue": "hex_binary_value",
    "uriValue": "uri_value",
}
#: Figures of sensor reports by name; they are asked for with their unit, as `value_CEL`.
SENSOR_FIGURES: Final = {
    "value": "value",
    "minValue": "min_value",
    "maxValue": "max_value",
    "meanValue": "mean_value",
    "sDev": "s_dev",
    "percValue": "perc_value",
}
_MOST_TEXT: Final = 500


def term_of(identifier: str) -> str:
    """Return an identifier as it is indexed: all forms of one name are one term."""
    return canonical(identifier) or identifier


def terms_of(
    event: EpcisEvent, event_id: str, value: Mapping[str, Any], namespaces: Mapping[str, str]
) -> Iterator[Term]:
    """Yield the terms of an event, each once; texts beyond 500 characters are not indexed."""
    seen = set()
    for term in _all_terms(event, event_id, value, namespaces):
        if len(term[0]) <= _MOST_TEXT and len(term[1]) <= _MOST_TEXT and "\0" not in term[1] and term not in seen:
            seen.add(term)
            yield term


def figures_of(event: EpcisEvent) -> Iterator[tuple[str, float]]:
    """Yield what is compared as a number: quantities, and times in milliseconds."""
    seen: dict[tuple[str, float], None] = {}
    for names in _CLASSES.values():
        for name in names:
            for each in getattr(event, name, ()):
                if each.quantity is not None:
                    seen["quantity", each.quantity] = None
    if event.error_declaration is not None:
        seen["errorDeclarationTime", float(time_ms_of(event.error_declaration.declaration_time))] = None
    for element in event.sensor_element_list:
        if (metadata := element.sensor_metadata) is not None:
            for name, text in (("startTime", metadata.start_time), ("endTime", metadata.end_time)):
                if text is not None:
                    seen[name, float(time_ms_of(text))] = None
    for element in event.sensor_element_list:
        for report in element.sensor_report:
            seen |= {(f"{name}_{report.uom}", figure): None for name, figure in _report_figures(report)}
    yield from seen


def _report_figures(report: SensorReport) -> Iterator[tuple[str, float]]:
    for name, field in SENSOR_FIGURES.items():
        if report.uom is not None and (figure := getattr(report, field)) is not None:
            yield name, figure


def _all_terms(
    event: EpcisEvent, event_id: str, value: Mapping[str, Any], namespaces: Mapping[str, str]
) -> Iterator[Term]:
    yield ("eventType", str(value["type"]))
    yield ("eventID", event_id)
    for name, field in (("action", "action"), ("transformationID", "transformation_id")):
        if (text := getattr(event, field, None)) is not None:
            yield (name, term_of(text))
    yield from _word_terms(event)
    for name, place in (("readPoint", event.read_point), ("bizLocation", event.biz_location)):
        if place is not None:
            yield (name, term_of(place.id))
    yield from _thing_terms(event)
    yield from _error_terms(event)
    yield from _sensor_terms(event)
    for name, inner in value.items():
        if name == "ilmd":
            yield from _own_terms("ILMD_", inner, namespaces)
        elif ":" in name:
            yield from _own_terms("", {name: inner}, namespaces)


def _word_terms(event: EpcisEvent) -> Iterator[Term]:
    for name, word in (("bizStep", event.biz_step), ("disposition", event.disposition)):
        if word is not None:
            yield (name, address_of_word("", name, word))
    if (lasting := event.persistent_disposition) is not None:
        for name, words in (("set", lasting.set), ("unset", lasting.unset)):
            for word in words or ():
                yield (f"persistentDisposition_{name}", address_of_word("persistentDisposition", name, word))


def _thing_terms(event: EpcisEvent) -> Iterator[Term]:
    for name, fields in _THINGS.items():
        for field in fields:
            yield from ((name, term_of(each)) for each in getattr(event, field, ()))
    for name, fields in _CLASSES.items():
        for field in fields:
            yield from ((name, term_of(each.epc_class)) for each in getattr(event, field, ()))
    if (parent := getattr(event, "parent_id", None)) is not None:
        yield ("parentID", term_of(parent))
    for name, (element, field, inner) in _TRANSACTIONS.items():
        for each in getattr(event, field):
            type_ = "" if each.type is None else address_of_word(element, "type", each.type)
            yield (f"{name}_{type_}", term_of(getattr(each, inner)))


def _error_terms(event: EpcisEvent) -> Iterator[Term]:
    if (declared := event.error_declaration) is None:
        return
    yield ("errorDeclaration", "")
    if declared.reason is not None:
        yield ("errorReason", address_of_word("errorDeclaration", "reason", declared.reason))
    yield from (("correctiveEventID", each) for each in declared.corrective_event_ids)


def _sensor_terms(event: EpcisEvent) -> Iterator[Term]:
    for element in event.sensor_element_list:
        for part in (element.sensor_metadata, *element.sensor_report):
            for name, field in _SENSOR_TEXTS.items():
                if (text := getattr(part, field, None)) is not None:
                    yield (name, term_of(text))
        for report in element.sensor_report:
            for name, word in (("type", report.type), ("exception", report.exception), ("component", report.component)):
                if word is not None:
                    yield (name, address_of_word("sensorReport", name, word))
            if report.boolean_value is not None:
                yield ("booleanValue", "true" if report.boolean_value else "false")


def _own_terms(before: str, values: Any, namespaces: Mapping[str, str]) -> Iterator[Term]:
    """Yield the fields with a namespace; those within others after INNER_."""
    for name, inner in values.items() if isinstance(values, Mapping) else ():
        full = f"{before}{expand_name(name, namespaces)}"
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, Mapping):
                yield (full, "")
                yield from _inner_terms(f"INNER_{before}", each, namespaces)
            elif not isinstance(each, list):
                yield (full, _value_text(each))


def _inner_terms(before: str, values: Mapping[str, Any], namespaces: Mapping[str, str]) -> Iterator[Term]:
    for name, inner in values.items():
        full = f"{before}{expand_name(name, namespaces)}"
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, Mapping):
                yield from _inner_terms(before, each, namespaces)
            elif not isinstance(each, list):
                yield (full, _value_text(each))


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else text_of_scalar(value) if isinstance(value, msgspec.Raw) else str(value)
