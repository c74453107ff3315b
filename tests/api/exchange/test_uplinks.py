"""Uplinks that network servers of LoRaWAN post, through the API and a real ingest into a store."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from tests.api.exchange.posting import JSON, Writer, told

pytestmark = pytest.mark.services("mosquitto")
THINGS_STACK = "/v1/samples/things-stack"
CHIRPSTACK = "/v1/samples/chirpstack"
TIME = "2026-09-21T14:13:20Z"


def things_stack(**uplink: Any) -> str:
    ids = {"device_id": "bed-1", "application_ids": {"application_id": "farm"}, "dev_eui": "0004A30B001C0530"}
    return json.dumps({"end_device_ids": ids, "received_at": TIME, "uplink_message": {"received_at": TIME, **uplink}})


def chirpstack(**event: Any) -> str:
    return json.dumps({"time": TIME, "deviceInfo": {"devEui": "0004a30b001c0531", "deviceName": "bed 2"}, **event})


def test_an_uplink_is_stored_once_however_often_it_comes(writer: Writer) -> None:
    normalized = {"soil": {"temperature": 18.5}}
    body = things_stack(decoded_payload={"co2_ppm": 410}, normalized_payload=[normalized])
    assert told(writer.post(body, JSON, THINGS_STACK), "stored", "duplicate") == (200, 2, 0)
    assert told(writer.post(body, JSON, THINGS_STACK), "stored", "duplicate") == (200, 0, 2)
    event = chirpstack(object={"co2_ppm": 420})
    assert told(writer.post(event, JSON, CHIRPSTACK, event="up"), "stored", "unmapped") == (200, 1, [])
    times = {time_ms for _, _, time_ms, _ in writer.stored()}
    assert sorted((device, channel, value) for device, channel, _, value in writer.stored()) == [
        ("chirpstack.0004a30b001c0531", "co2_ppm", 420.0),
        ("farm.bed-1", "co2_ppm", 410.0),
        ("farm.bed-1", "soil_temperature_degc", 18.5),
    ]
    assert times == {1_790_000_000_000}


def test_what_has_no_channel_is_told_with_what_stores_it(writer: Writer) -> None:
    body = things_stack(decoded_payload={"co2_ppm": 410, "TempC_SHT": 22.4, "BatV": 3.07})
    answer = writer.post(body, JSON, THINGS_STACK)
    assert told(answer, "stored") == (200, 1)
    proposed = [unquote(each.partition("channel=")[2]) for each in answer.json()["unmapped"]]
    assert sorted(proposed) == ["air_temperature_degc,degC,TempC_SHT", "battery_voltage_v,V,BatV"]
    again = writer.post(body, JSON, THINGS_STACK, channel=proposed)
    assert told(again, "stored", "duplicate", "unmapped") == (200, 2, 1, [])


def test_an_uplink_of_which_nothing_is_known_is_kept_in_quarantine(writer: Writer) -> None:
    body = things_stack(decoded_payload={"mood": 3, "TempC_SHT": 22.4})
    answer = writer.post(body, JSON, THINGS_STACK)
    assert told(answer, "type", "stored") == (400, "urn:headland:problem:samples-refused", 0)
    assert "channel=air_temperature_degc,degC,TempC_SHT" in answer.json()["detail"]
    assert [each["reason"] for each in writer.quarantined()] == ["unknown_channel"]
    assert writer.stored() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        (THINGS_STACK, things_stack(), 400, "samples-refused"),
        (THINGS_STACK, "{}", 422, "bad-body"),
        (THINGS_STACK, "[", 422, "bad-body"),
        (CHIRPSTACK, chirpstack(), 400, "samples-refused"),
        (CHIRPSTACK, json.dumps({"deviceInfo": {"devEui": "0004"}, "object": {"co2_ppm": 4}}), 400, "no-time"),
        (CHIRPSTACK, "x" * 200_000, 413, "too-large"),
    ],
)
def test_other_bodies_are_refused(writer: Writer, path: str, body: str, status: int, kind: str) -> None:
    assert told(writer.post(body, JSON, path), "type") == (status, f"urn:headland:problem:{kind}")
    assert writer.stored() == []


def test_a_simulated_uplink_is_no_measurement(writer: Writer) -> None:
    body = {**json.loads(things_stack(decoded_payload={"co2_ppm": 410})), "simulated": True}
    answer = writer.post(json.dumps(body), JSON, THINGS_STACK)
    assert told(answer, "stored") == (400, 0)
    assert "simulated" in answer.json()["detail"]
    assert writer.stored() == []


def test_events_that_are_no_uplinks_hold_no_samples(writer: Writer) -> None:
    answer = writer.post(chirpstack(batteryLevel=80), JSON, CHIRPSTACK, event="status")
    assert told(answer, "stored") == (200, 0)
    assert (writer.stored(), writer.quarantined()) == ([], [])


def test_a_wrong_channel_is_told_before_anything_is_stored(writer: Writer) -> None:
    answer = writer.post(
        things_stack(decoded_payload={"co2_ppm": 410}), JSON, THINGS_STACK, channel="air_temperature_degc,V,BatV"
    )
    assert told(answer, "type") == (422, "urn:headland:problem:bad-parameter")
    assert writer.stored() == []


def test_a_key_writes_about_its_own_devices_alone(writer: Writer) -> None:
    body = things_stack(decoded_payload={"co2_ppm": 410})
    assert told(writer.post(body, JSON, THINGS_STACK), "stored") == (200, 1)
    answer = writer.post(body.replace("410", "411"), {**JSON, **writer.other}, THINGS_STACK)
    assert told(answer, "stored") == (400, 0)
    assert [each["reason"] for each in answer.json()["errors"]] == ["wrong_identity"]
    assert [value for _, _, _, value in writer.stored()] == [410.0]
