"""EPCIS events are captured once, told as they were, and found by what they name."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from headland.formats.epcis.documents import read_document
from headland.formats.epcis.vocabulary import namespaces_of
from headland.store.memory import MemoryStore
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import serve_spread_field
from tests.formats.epcis.samples import document, random_event, random_rich_event

SGTIN = "urn:epc:id:sgtin:4012345.011111.77"


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("epcis"), MemoryStore()) as served:
        yield served


def capture(farm_api: RegistryApi, value: Any, **headers: str) -> Any:
    return farm_api.client.post("/epcis/capture", content=json.dumps(value), headers=headers)


def events_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "EPCISQueryDocument"
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def query(farm_api: RegistryApi, **params: Any) -> list[dict[str, Any]]:
    answer = farm_api.client.get("/epcis/events", params=params)
    assert answer.headers["content-type"] == "application/ld+json"
    return events_of(answer)


def plain(**parts: Any) -> dict[str, Any]:
    base = {"type": "ObjectEvent", "eventTime": "2025-01-01T08:00:00+08:00", "eventTimeZoneOffset": "+08:00"}
    return {**base, "action": "OBSERVE", "epcList": [SGTIN], **parts}


def test_events_are_captured_once_and_found_again(farm_api: RegistryApi) -> None:
    chance = random.Random(6)
    events = [random_event(chance) for _ in range(20)]
    made = capture(farm_api, document(*events))
    assert made.status_code == 202, made.text
    assert made.json()["new"] == 20
    again = capture(farm_api, document(*events)).json()
    assert (again["new"], again["eventIDs"]) == (0, made.json()["eventIDs"])
    told = query(farm_api)
    ids = made.json()["eventIDs"]
    assert [{k: v for k, v in each.items() if k not in ("eventID", "recordTime")} for each in told] == events
    assert [each["eventID"] for each in told] == ids
    assert capture(farm_api, document(*told)).json()["new"] == 0
    assert len(query(farm_api, eventType="ObjectEvent")) == sum(e["type"] == "ObjectEvent" for e in events)
    assert len(query(farm_api, EQ_bizStep="packing,shipping")) == sum(
        e["bizStep"] in ("packing", "shipping") for e in events
    )
    name = next(e["quantityList"][0]["epcClass"] for e in events if e.get("quantityList"))
    assert query(farm_api, MATCH_anyEPCClass=name)
    assert query(farm_api, MATCH_anyEPC="urn:x:none") == []
    middle = sorted(e["eventTime"] for e in events)[10]
    assert len(query(farm_api, GE_eventTime=middle)) + len(query(farm_api, LT_eventTime=middle)) == 20
    assert query(farm_api, GE_recordTime="2200-01-01T00:00:00Z") == []
    one = events_of(farm_api.client.get(f"/epcis/events/{quote(ids[3], safe='')}"))
    assert one == [told[3]]
    assert farm_api.client.get("/epcis/events/ni:///sha-256;0").status_code == 404


def test_pages_lead_from_one_to_the_next(farm_api: RegistryApi) -> None:
    for order in ("", "&orderBy=eventTime&orderDirection=ASC", "&orderBy=recordTime"):
        seen: list[dict[str, Any]] = []
        path = f"/epcis/events?perPage=7{order}"
        while path:
            answer = farm_api.client.get(path)
            seen += events_of(answer)
            path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        ids = [each["eventID"] for each in seen]
        assert len(ids) == len(set(ids)) == 20
        if "ASC" in order:
            assert [each["eventTime"] for each in seen] == sorted(each["eventTime"] for each in seen)
    assert len(query(farm_api, eventCountLimit=3)) == 3
    few = farm_api.client.get("/epcis/events", params={"maxEventCount": 3})
    assert (few.status_code, few.json()["type"]) == (413, "urn:headland:problem:too-many-events")


def test_a_whole_document_comes_back_with_what_its_sender_said(farm_api: RegistryApi) -> None:
    chance = random.Random(8)
    events = [{**random_rich_event(chance), "eventID": f"urn:uuid:{n}"} for n in range(12)]
    sent = {**document(*events), "sender": "urn:epc:id:pgln:4012345.00225", "instanceIdentifier": "77"}
    sent["epcisHeader"] = {"epcisMasterData": {"vocabularyList": []}}
    made = capture(farm_api, sent)
    assert made.json()["new"] == 12, made.text
    job = farm_api.client.get(made.headers["location"]).json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    told = farm_api.client.get(f"{made.headers['location']}/document").json()
    for event in told["epcisBody"]["eventList"]:
        assert event.pop("recordTime")
    assert told == sent
    assert farm_api.client.get("/epcis/capture").json()[0]["captureID"] == job["captureID"]
    assert farm_api.client.get("/epcis/capture/none").status_code == 404


def test_events_are_found_by_every_form_of_a_name_and_by_fields_of_others(farm_api: RegistryApi) -> None:
    declared = {"declarationTime": "2026-11-07T14:00:00+01:00", "reason": "incorrect_data"}
    event = plain(
        eventID="urn:uuid:found",
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000016:77"}],
        persistentDisposition={"set": ["conformant"]},
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 21.5, "uom": "CEL"}]}],
        quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.77A", "quantity": 200, "uom": "KGM"}],
        **{"ext1:a": "seventy seven", "ext2:b": {"ext1:deep": "77"}},
    )
    assert capture(farm_api, document(event, {**event, "errorDeclaration": declared})).json()["new"] == 2
    both = ["urn:uuid:found"] * 2
    for params, expected in (
        ({"MATCH_epc": SGTIN}, both),
        ({"MATCH_anyEPC": "https://id.gs1.org/01/04012345111118/21/77"}, both),
        ({"MATCH_epc": "https://shop.test/gtin/04012345111118/ser/77?x=1"}, both),
        ({"MATCH_parentID": SGTIN}, []),
        ({"MATCH_anyEPCClass": "urn:epc:class:lgtin:4012345.012345.77A"}, both),
        ({"EQ_bizTransaction_po": "urn:epcglobal:cbv:bt:4012345000016:77"}, both),
        ({"EQ_bizTransaction_inv": "urn:epcglobal:cbv:bt:4012345000016:77"}, []),
        ({"EQ_persistentDisposition_set": "conformant", "MATCH_epc": SGTIN}, both),
        ({"EQ_type": "gs1:Temperature", "GE_value_CEL": "21.5", "MATCH_epc": SGTIN}, both),
        ({"GT_value_CEL": "21.5", "MATCH_epc": SGTIN}, []),
        ({"EQ_quantity": "200", "MATCH_epc": SGTIN}, both),
        ({"EXISTS_errorDeclaration": "true", "MATCH_epc": SGTIN}, both[:1]),
        ({"GE_errorDeclarationTime": "2026-11-07T13:00:00Z", "MATCH_epc": SGTIN}, both[:1]),
        ({"LT_errorDeclarationTime": "2026-11-07T13:00:00Z", "MATCH_epc": SGTIN}, []),
        ({"EQ_errorReason": "incorrect_data", "EQ_eventID": "urn:uuid:found"}, both[:1]),
        ({"EQ_http://example.com/ext1/a": "seventy seven"}, both),
        ({"EQ_INNER_http://example.com/ext1/deep": "77"}, both),
        ({"EXISTS_http://example.com/ext1/a": "", "MATCH_epc": SGTIN}, both),
        ({"EQ_http://example.com/ext1/a": "other"}, []),
    ):
        assert [each["eventID"] for each in query(farm_api, **params)] == expected, params
    mapped = {"GS1-Extensions": "e=http://example.com/ext1/"}
    answer = farm_api.client.get("/epcis/events", params={"EQ_e:a": "seventy seven"}, headers=mapped)
    assert len(events_of(answer)) == 2
    assert len(events_of(farm_api.client.get("/epcis/events/urn:uuid:found"))) == 2


def test_one_prefix_may_stand_for_two_namespaces(farm_api: RegistryApi) -> None:
    event = plain(action="ADD", epcList=["urn:x:two"], ilmd={"a:note": "1"})
    for iri in ("urn:one:", "urn:two:"):
        sent = document(event)
        sent["@context"][1] = {"a": iri}
        assert capture(farm_api, sent).json()["new"] == 1
    answer = farm_api.client.get("/epcis/events", params={"MATCH_anyEPC": "urn:x:two"})
    told = read_document(answer.content)
    assert capture(farm_api, answer.json()).json()["new"] == 0
    assert {namespaces_of(told.context, each.get("@context"))["a"] for each in told.events} == {"urn:one:", "urn:two:"}


def test_an_event_by_itself_brings_its_context(farm_api: RegistryApi) -> None:
    event = {"@context": document()["@context"], **plain(epcList=["urn:x:alone"], **{"ext1:a": "1"})}
    made = farm_api.client.post("/epcis/events", json=event)
    assert made.status_code == 201, made.text
    (told,) = events_of(farm_api.client.get(made.headers["location"]))
    assert {k: v for k, v in told.items() if k not in ("eventID", "recordTime")} == event
    assert farm_api.client.post("/epcis/events", json=event).json() == made.json()
    assert len(query(farm_api, MATCH_epc="urn:x:alone")) == 1


def test_what_is_not_valid_refuses_a_document_or_is_left_out_of_it(farm_api: RegistryApi) -> None:
    good, before = plain(epcList=["urn:x:good"]), len(query(farm_api, perPage=500))
    mixed = document(good, {**good, "surprise": 1}, {**good, "eventTime": "yesterday"})
    answer = capture(farm_api, mixed)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:invalid-event")
    assert "Event 2 of 3" in answer.json()["detail"]
    assert farm_api.client.post("/epcis/capture", content=b" " * 5_000_000).status_code == 413
    xml = farm_api.client.post("/epcis/capture", content=b"<a/>", headers={"Content-Type": "application/xml"})
    assert xml.status_code == 415
    for params in (
        {"GE_eventTime": "yesterday"},
        {"EQ_quantity": "many"},
        {"EXISTS_errorDeclaration": "maybe"},
        {"orderBy": "bizStep"},
        {"eventCountLimit": "0"},
        {"EQ_bizstep": "packing"},
        {"eventType": "x" * 8001},
    ):
        assert farm_api.client.get("/epcis/events", params=params).status_code == 400, params
    assert len(query(farm_api, perPage=500)) == before
    job = capture(farm_api, mixed, **{"GS1-Capture-Error-Behaviour": "proceed"}).json()
    assert (job["new"], job["success"], [each["event"] for each in job["errors"]]) == (1, False, [1, 2])
    assert len(query(farm_api, perPage=500)) == before + 1


def test_a_sender_without_a_key_captures_and_reads_nothing(farm_api: RegistryApi) -> None:
    for method, path in (
        *(("POST", "/epcis/capture"), ("GET", "/epcis/events"), ("POST", "/epcis/events")),
        *(("GET", "/epcis/capture"), ("GET", "/epcis/capture/1/document")),
    ):
        answer = farm_api.client.request(method, path, headers={"Authorization": ""})
        assert answer.status_code == 401
