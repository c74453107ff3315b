"""EPCIS events are captured once, told as they were, and found by what they name."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from headland.formats.epcis.events import InvalidEvent, read_document
from headland.store.memory import MemoryStore
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import serve_spread_field
from tests.formats.epcis.samples import document, random_event


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("epcis"), MemoryStore()) as served:
        yield served


def capture(farm_api: RegistryApi, value: Any) -> Any:
    return farm_api.client.post("/epcis/capture", content=json.dumps(value))


def query(farm_api: RegistryApi, **params: Any) -> list[dict[str, Any]]:
    answer = farm_api.client.get("/epcis/events", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/ld+json"
    if answer.json()["epcisBody"]["eventList"]:
        read_document(answer.content)
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["eventList"]
    return found


def test_events_are_captured_once_and_found_again(farm_api: RegistryApi) -> None:
    chance = random.Random(6)
    events = [random_event(chance) for _ in range(20)]
    made = capture(farm_api, document(*events))
    assert made.status_code == 201, made.text
    assert made.json()["new"] == 20
    assert capture(farm_api, document(*events)).json() == {**made.json(), "new": 0}
    told = query(farm_api)
    ids = made.json()["event_ids"]
    assert [{k: v for k, v in each.items() if k not in ("eventID", "recordTime")} for each in told] == events
    assert [each["eventID"] for each in told] == ids
    assert capture(farm_api, document(*told)).json()["new"] == 0
    assert len(query(farm_api, eventType="ObjectEvent")) == sum(e["type"] == "ObjectEvent" for e in events)
    assert len(query(farm_api, EQ_bizStep="packing,shipping")) == sum(
        e["bizStep"] in ("packing", "shipping") for e in events
    )
    name = next(e["quantityList"][0]["epcClass"] for e in events if e.get("quantityList"))
    assert query(farm_api, MATCH_anyEPC=name)
    assert query(farm_api, MATCH_anyEPC="urn:x:none") == []
    middle = sorted(e["eventTime"] for e in events)[10]
    assert len(query(farm_api, GE_eventTime=middle)) + len(query(farm_api, LT_eventTime=middle)) == 20
    assert query(farm_api, GE_recordTime="2200-01-01T00:00:00Z") == []
    one = farm_api.client.get(f"/epcis/events/{quote(ids[3], safe='')}").json()["epcisBody"]["eventList"]
    assert one == [told[3]]
    assert farm_api.client.get("/epcis/events/ni:///sha-256;0").status_code == 404


def test_pages_lead_from_one_to_the_next(farm_api: RegistryApi) -> None:
    seen, path = [], "/epcis/events?perPage=7"
    while path:
        answer = farm_api.client.get(path)
        seen += [each["eventID"] for each in answer.json()["epcisBody"]["eventList"]]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert len(seen) == len(set(seen)) == 20


def test_one_prefix_may_stand_for_two_namespaces(farm_api: RegistryApi) -> None:
    base = {"eventTime": "2025-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00", "type": "ObjectEvent"}
    event = {**base, "action": "ADD", "epcList": ["urn:x:two"], "ilmd": {"a:note": "1"}}
    for iri in ("urn:one:", "urn:two:"):
        sent = document(event)
        sent["@context"][1] = {"a": iri}
        assert capture(farm_api, sent).json()["new"] == 1
    answer = farm_api.client.get("/epcis/events", params={"MATCH_anyEPC": "urn:x:two"})
    document_ = read_document(answer.content)
    assert capture(farm_api, answer.json()).json()["new"] == 0
    assert {document_.namespaces()[name] for name in ("a", "a2")} == {"urn:one:", "urn:two:"}


def test_what_is_no_document_is_refused_and_nothing_of_it_is_stored(farm_api: RegistryApi) -> None:
    good = random_event(random.Random(11))
    before = len(query(farm_api, perPage=500))
    for wrong in (
        document(good, {**good, "surprise": 1}),
        document({**good, "eventID": "ni:///sha-256;00?ver=CBV2.0"}),
    ):
        answer = capture(farm_api, wrong)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:invalid-event")
    with pytest.raises(InvalidEvent):
        read_document(json.dumps(document({**good, "surprise": 1})).encode())
    assert farm_api.client.post("/epcis/capture", content=b" " * 5_000_000).status_code == 413
    assert farm_api.client.get("/epcis/events", params={"GE_eventTime": "yesterday"}).status_code == 400
    assert len(query(farm_api, perPage=500)) == before


def test_a_sender_without_a_key_captures_and_reads_nothing(farm_api: RegistryApi) -> None:
    for method, path in (("POST", "/epcis/capture"), ("GET", "/epcis/events")):
        answer = farm_api.client.request(method, path, headers={"Authorization": ""})
        assert answer.status_code == 401
