"""Validation of messages: never raises, for any bytes."""

from __future__ import annotations

import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import encode_batch, encode_record
from headland.contract.records import Batch, Block, Clock, Descriptor, GatewayStatus
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import ack_topic, data_topic, meta_topic, senml_topic, status_topic
from headland.store.port import Mark
from ingest.admission.admit import Admitted, ChannelRule, admit, find_rule, mark_of_properties
from tests.examples import examples
from tests.ingest.gateway import T0_MS, batch_of, block_of, properties_of

TOPICS = [
    data_topic("gw-1"),
    senml_topic("gw-1", "bed-7"),
    meta_topic("gw-1", "bed-7"),
    status_topic("gw-1"),
    ack_topic("gw-1"),
    "headland/v1/data/99/gw-1",
    "other",
]
BED_7 = Descriptor(device="bed-7", kind="soil_probe", site="north", name="Bed 7")


def take(topic: str, payload: bytes, properties: dict[str, str] | None = None) -> Admitted:
    return admit(topic, payload, properties or {}, lambda _, __: None)


def reasons(admitted: Admitted) -> list[Reason]:
    return [refused.reason for refused in admitted.refused]


@settings(max_examples=examples(100), deadline=None)
@given(st.sampled_from(TOPICS), st.binary(max_size=300), st.dictionaries(st.text(), st.text(), max_size=3))
def test_any_bytes_give_a_value(topic: str, payload: bytes, properties: dict[str, str]) -> None:
    for body in (payload, zlib.compress(payload)):
        admitted = take(topic, body, properties)
        assert admitted.refused or not admitted.blocks


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_any_damage_to_a_valid_message_gives_a_value(data: st.DataObject) -> None:
    topic, payload = data.draw(
        st.sampled_from(
            [
                (data_topic("gw-1"), msgspec.json.encode(batch_of(1))),
                (
                    senml_topic("gw-1", "bed-7"),
                    b'[{"bn":"a:","bt":1790000000,"n":"soil_temperature","u":"Cel","v":17.5}]',
                ),
                (meta_topic("gw-1", "bed-7"), encode_record(BED_7)),
                (status_topic("gw-1"), encode_record(GatewayStatus(gw="gw-1", online=True, t=T0_MS))),
            ]
        )
    )
    damaged = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    take(topic, zlib.compress(body) if topic.startswith("headland/v1/data") else body)


def test_a_valid_batch_is_admitted_with_the_mark_of_its_payload() -> None:
    admitted = take(data_topic("gw-1"), encode_batch(batch_of(9, first=4)), properties_of("e1", 77))
    assert admitted.mark == Mark("gw-1", "e1", 4, 9)
    assert (len(admitted.blocks), admitted.refused) == (1, ())


def test_a_batch_that_cannot_be_read_has_the_mark_of_its_user_properties() -> None:
    admitted = take(data_topic("gw-1"), b"?", properties_of("e1", 9, 4))
    assert admitted.mark == Mark("gw-1", "e1", 4, 9)
    assert reasons(admitted) == [Reason.NOT_DEFLATE]


def test_a_foreign_gateway_is_refused_and_the_mark_is_the_topics_gateways() -> None:
    admitted = take(data_topic("gw-1"), encode_batch(batch_of(3, gateway="gw-2")), properties_of("e1", 3))
    assert admitted.mark == Mark("gw-1", "e1", 3, 3)
    assert (reasons(admitted), admitted.blocks) == ([Reason.WRONG_IDENTITY], ())


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"epoch": "e1"},
        {"epoch": "e1", "seq": "0"},
        {"epoch": "e1", "seq": "-1"},
        {"epoch": "e1", "seq": "1.5"},
        {"epoch": "e1", "seq": "²"},
        {"epoch": "e1", "seq": "9" * 30},
        {"epoch": "e 1", "seq": "1"},
        {"epoch": "e1", "seq": "1", "first": "2"},
        {"epoch": "e1", "seq": "1", "first": ""},
    ],
)
def test_invalid_user_properties_hold_no_mark(properties: dict[str, str]) -> None:
    assert mark_of_properties("gw-1", properties) is None


def test_one_bad_block_does_not_cost_its_neighbours() -> None:
    bad = block_of({"air_temperature_degc": [1.0]}, device="no such name!")
    admitted = take(data_topic("gw-1"), encode_batch(batch_of(1, bad, block_of({"air_temperature_degc": [2.0]}))))
    assert [block.device for block in admitted.blocks] == ["gh-1"]
    assert reasons(admitted) == [Reason.BAD_NAME]


@pytest.mark.parametrize(
    "channel", ["mood", "Air_temperature_degc", "air temperature_degc", "x_degc:1000", "degc", "", "a" * 90]
)
def test_a_channel_of_unknown_unit_is_refused_alone(channel: str) -> None:
    block = block_of({channel: [1.0], "air_temperature_degc": [20.0]}, quality={channel: [3]})
    admitted = take(data_topic("gw-1"), encode_batch(batch_of(1, block)))
    assert [list(block.c) for block in admitted.blocks] == [["air_temperature_degc"]]
    assert reasons(admitted) == [Reason.UNKNOWN_CHANNEL]


def test_a_new_quantity_with_a_known_unit_is_not_evaluated() -> None:
    assert find_rule("oil_temperature_degc:2") == ChannelRule(float("-inf"), float("inf"), 2)
    assert find_rule("air_temperature_degc:2") == ChannelRule(-60, 80, 1)
    assert isinstance(find_rule("oil"), Refused)


def test_senml_of_a_device_without_a_descriptor_is_undescribed() -> None:
    admitted = take(senml_topic("gw-1", "bed-7"), b'[{"bt":1790000000,"n":"soil_temperature","u":"Cel","v":17.5}]')
    (block,) = admitted.blocks
    assert (block.device, block.kind, block.site) == ("bed-7", "undescribed", "undescribed")
    assert block.clock == Clock.RTC


def test_senml_gets_kind_and_site_of_the_descriptor() -> None:
    known = {("gw-1", "bed-7"): msgspec.structs.replace(BED_7, simulated=True)}
    payload = b'[{"bt":1790000000,"n":"soil_temperature_degc","v":17.5},{"n":"door","vs":"open"},{"n":"x","t":1,"v":1}]'
    admitted = admit(senml_topic("gw-1", "bed-7"), payload, {}, lambda gateway, device: known.get((gateway, device)))
    (block,) = admitted.blocks
    (event,) = admitted.events
    assert (block.kind, block.site, block.simulated) == ("soil_probe", "north", True)
    assert (event.kind, event.device_kind, event.simulated, event.data) == (
        "door",
        "soil_probe",
        True,
        {"value": "open"},
    )
    assert reasons(admitted) == [Reason.UNKNOWN_CHANNEL]
    assert admitted.mark is None


def test_a_descriptor_of_another_device_is_refused() -> None:
    assert take(meta_topic("gw-1", "bed-7"), encode_record(BED_7)).descriptor == BED_7
    assert reasons(take(meta_topic("gw-1", "bed-8"), encode_record(BED_7))) == [Reason.WRONG_IDENTITY]
    wrong = msgspec.structs.replace(BED_7, site="../etc")
    assert reasons(take(meta_topic("gw-1", "bed-7"), encode_record(wrong))) == [Reason.BAD_NAME]


def test_a_status_of_another_gateway_is_refused() -> None:
    status = GatewayStatus(gw="gw-1", online=True, t=T0_MS)
    assert take(status_topic("gw-1"), encode_record(status)).status == status
    assert reasons(take(status_topic("gw-2"), encode_record(status))) == [Reason.WRONG_IDENTITY]


@pytest.mark.parametrize("topic", [meta_topic("gw-1", "bed-7"), status_topic("gw-1")])
def test_clearing_a_retained_topic_is_no_refusal(topic: str) -> None:
    admitted = take(topic, b"")
    assert (admitted.refused, admitted.descriptor, admitted.status) == ((), None, None)


@pytest.mark.parametrize("topic", ["", "headland/v1/ack/gw-1", "headland/v2/data/1/gw-1", "x" * 5000])
def test_a_topic_that_is_not_for_ingest_is_refused(topic: str) -> None:
    assert reasons(take(topic, b"")) == [Reason.UNKNOWN_TOPIC]


def test_an_empty_batch_is_valid() -> None:
    admitted = take(data_topic("gw-1"), encode_batch(Batch(gw="gw-1", epoch="e1", seq=50, first=1, v=1)))
    assert (admitted.mark, admitted.blocks, admitted.refused) == (Mark("gw-1", "e1", 1, 50), (), ())


def test_a_block_loses_every_column_of_a_refused_channel() -> None:
    block = Block(
        device="gh-1",
        kind="greenhouse",
        site="home",
        clock=Clock.NTP,
        t0=T0_MS,
        dt=[0],
        c={"mood": [1.0]},
        q={"mood": [3]},
    )
    (quarantined,) = take(data_topic("gw-1"), encode_batch(batch_of(1, block))).blocks
    assert (quarantined.c, quarantined.q) == ({}, {})
