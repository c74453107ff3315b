"""Uplinks of network servers: the proposals of an answer, pasted unchanged, read what the same MQTT messages give."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.posts.uplinks import read_uplink
from headland.contract.posts.packs import PostedBody
from headland.contract.posts.uplinks import UplinkServer
from headland.contract.refusals import Reason
from headland.errors import SettingsError
from tests.edge.survey.device_classes import CLASSES, DeviceClass

LORAWAN = [each for each in CLASSES if each.name.startswith(("The Things Stack", "ChirpStack"))]
TIME = "2026-09-21T14:13:20Z"


def things_stack(decoded: Any, **parts: Any) -> bytes:
    ids = {"device_id": "dev1", "application_ids": {"application_id": "app1"}}
    uplink = {"decoded_payload": decoded, "received_at": TIME}
    return json.dumps({"end_device_ids": ids, "uplink_message": uplink, **parts}).encode()


def proposals(posted: PostedBody) -> list[str]:
    """Return the parts for the webhook's address that nobody has to complete."""
    found = [unquote(text.partition("channel=")[2]) for text in posted.unmapped if "channel=" in text]
    return [each for each in found if ",UNIT," not in each]


@pytest.mark.parametrize("device_class", LORAWAN, ids=lambda each: each.name)
def test_proposals_pasted_unchanged_store_every_number_whose_unit_is_stated(device_class: DeviceClass) -> None:
    server = UplinkServer.THINGS_STACK if "Things" in device_class.name else UplinkServer.CHIRPSTACK
    bodies = [json.dumps(message).encode() for _, message in device_class.messages]
    pasted = sorted({each for body in bodies for each in proposals(read_uplink(server, body, ()))})
    stored: dict[str, dict[str, object]] = {}
    for body in bodies:
        posted = read_uplink(server, body, pasted)
        assert proposals(posted) == []
        for record in posted.records:
            assert stored.setdefault(record.device, {}).setdefault(record.name, record.value) == record.value
    expected = {name.replace("things-stack.", "farm."): values for name, values in device_class.stored.items()}
    assert stored == {device: pytest.approx(values, abs=1e-3) for device, values in expected.items()}


def test_a_normalized_payload_needs_no_map() -> None:
    body = {
        "end_device_ids": {"device_id": "dev1", "application_ids": {"application_id": "app1"}},
        "uplink_message": {"normalized_payload": [{"air": {"temperature": 20.5}}], "received_at": TIME},
    }
    posted = read_uplink(UplinkServer.THINGS_STACK, json.dumps(body).encode(), ())
    assert [(each.device, each.name, each.value, each.time_s) for each in posted.records] == [
        ("app1.dev1", "air_temperature_degc", 20.5, 1_790_000_000.0)
    ]


@pytest.mark.parametrize(
    ("normalized", "channel"),
    [
        ({"soil": {"temperature": 20.5}}, "soil_temperature_degc"),
        ({"soil": {"moisture": 20.5}}, "substrate_moisture_pct"),
        ({"soil": {"ec": 0.5}}, "soil_ec_ms_cm"),
        ({"soil": {"pH": 6.5}}, "soil_ph"),
        ({"air": {"lightIntensity": 500}}, "illuminance_lx"),
        ({"wind": {"speed": 3.5}}, "wind_speed_m_s"),
        ({"wind": {"direction": 90}}, "wind_from_deg"),
        ({"battery": 3.5}, "battery_voltage_v"),
    ],
)
def test_a_number_is_of_what_it_is_part_of(normalized: dict[str, Any], channel: str) -> None:
    uplink = {"normalized_payload": [normalized], "received_at": TIME}
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack(None, uplink_message=uplink), ())
    assert [each.name for each in posted.records] == [channel]


def test_a_nested_name_is_proposed_with_what_it_is_part_of() -> None:
    posted = read_uplink(
        UplinkServer.THINGS_STACK, things_stack({"soil": {"temperature_c": 18.5}, "temperature_c": 21.0}), ()
    )
    assert sorted(proposals(posted)) == [
        "air_temperature_degc,degC,temperature_c",
        "soil_temperature_degc,degC,soil/temperature_c",
    ]


def test_a_unit_that_nothing_states_is_left_to_a_person() -> None:
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack({"temperature": 21.5, "co2_ppm": 400}), ())
    assert [each.name for each in posted.records] == ["co2_ppm"]
    assert posted.unmapped == ["temperature (21.5): channel=air_temperature_degc,UNIT,temperature"]
    channels = ["air_temperature_degc,degF,temperature"]
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack({"temperature": 212.0}), channels)
    (record,) = posted.records
    assert record.name == "air_temperature_degc"
    assert record.value == pytest.approx(100.0)


def test_of_two_numbers_of_one_channel_the_second_is_told() -> None:
    channels = ["air_temperature_degc,degC,a", "air_temperature_degc,degC,b"]
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack({"a": 20, "b": 30}), channels)
    assert [(each.name, each.value) for each in posted.records] == [("air_temperature_degc", 20.0)]
    assert posted.unmapped == ["b (30): another number is air_temperature_degc already"]


def test_a_value_that_its_channel_cannot_take_is_told() -> None:
    uplink = {"decoded_payload": {"state": "ok", "co2_ppm": 400}, "normalized_payload": [{"battery": 3.5}]}
    channels = ["humidity_pct,%,state", "air_temperature_degc,,normalized/battery"]
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack(None, uplink_message=uplink), channels)
    assert [each.name for each in posted.records] == ["co2_ppm"]
    assert posted.unmapped == [
        "state (ok): it is no number",
        "normalized/battery (3.5): its unit does not fit its channel",
    ]


def test_a_clock_that_was_never_set_is_no_time() -> None:
    event = {"deviceInfo": {"devEui": "01"}, "object": {"co2_ppm": 400}, "time": "1990-01-01T00:00:00Z"}
    assert read_uplink(UplinkServer.CHIRPSTACK, json.dumps(event).encode(), ()).is_undated


def test_a_missing_value_is_none_and_no_refusal() -> None:
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack({"co2_ppm": None}), ())
    assert (list(posted.records), list(posted.refused)) == ([], [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[", Reason.NOT_JSON),
        (b"[]", Reason.WRONG_SHAPE),
        (b'{"uplink_message": {}}', Reason.WRONG_SHAPE),
        (b'{"end_device_ids": {"device_id": "dev1"}}', Reason.WRONG_SHAPE),
        (things_stack(None), Reason.EMPTY),
        (things_stack({"mood": 3}), Reason.UNKNOWN_CHANNEL),
        (things_stack({"co2_ppm": 400}, simulated=True), Reason.STORE_REFUSED),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, reason: Reason) -> None:
    posted = read_uplink(UplinkServer.THINGS_STACK, body, ())
    assert (list(posted.records), [each.reason for each in posted.refused]) == ([], [reason])


@pytest.mark.parametrize("text", ["", "co2_ppm", "co2_ppm,ppm,", "mood,V,BatV", "air_temperature_degc,V,BatV"])
def test_a_wrong_channel_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError):
        read_uplink(UplinkServer.THINGS_STACK, things_stack({"co2_ppm": 400}), [text])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(decoded=_JSON, server=st.sampled_from(UplinkServer))
def test_nothing_that_is_posted_raises(decoded: Any, server: UplinkServer) -> None:
    for body in (
        things_stack(decoded),
        json.dumps({"deviceInfo": {"devEui": "01"}, "object": decoded, "time": decoded}).encode(),
        json.dumps(decoded).encode(),
    ):
        posted = read_uplink(server, body, ())
        assert not (posted.records and posted.refused)
