"""Sparkplug B: payloads of a foreign encoder, names by birth alone, and births that are asked for on a real broker."""

from __future__ import annotations

import itertools
import threading
import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.sources.mqtt.message import DecodedMessage, MessageRefusal
from edge.sources.mqtt.protobuf_wire import write_field
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.sparkplug import SparkplugDecoder
from edge.sources.mqtt.sparkplug_payload import REBIRTH, read_payload, write_rebirth_request
from edge.survey.listener import listen
from edge.survey.proposals import propose
from tests.broker import Broker
from tests.edge.running import running
from tests.edge.sources.mqtt.sparkplug_node import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT16,
    INT64,
    PAYLOAD,
    STRING,
    by_alias,
    metric,
    payload,
)
from tests.edge.sources.mqtt.test_source import Publisher, make
from tests.waiting import WaitUntil

NODE = "spBv1.0/Farm/{}/edge-1"
HOUSE = "spBv1.0/Farm/{}/edge-1/house"
VALUES = st.one_of(
    st.tuples(st.just(FLOAT), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(DOUBLE), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(INT16), st.integers(-32_768, 32_767)),
    st.tuples(st.just(INT64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(BOOLEAN), st.booleans()),
    st.tuples(st.just(STRING), st.text(max_size=40)),
)


def birth(number: int = 3) -> bytes:
    return payload({"name": "bdSeq", "datatype": INT64, "value": number}, metric("Load", 1, 40.0, "%"), seq=0)


def house_birth(alias: int = 10) -> bytes:
    return payload(metric("Air Temperature", alias, 20.0, "°C"), metric("Outdoor", alias + 1, 5.0, "°C"), seq=1)


def born(filter_: str = "spBv1.0/Farm/#") -> SparkplugDecoder:
    decoder = SparkplugDecoder(filter_)
    decoder.decode(NODE.format("NBIRTH"), birth(), 0)
    decoder.decode(HOUSE.format("DBIRTH"), house_birth(), 0)
    return decoder


def read(decoder: SparkplugDecoder, topic: str, data: bytes) -> list[Any]:
    found = decoder.decode(topic, data, 0)
    assert not isinstance(found, MessageRefusal)
    return [
        (each.name, [(str(number.name), number.value, number.unit) for number in each.measurements])
        if isinstance(each, DecodedMessage)
        else each
        for each in found
    ]


@given(st.lists(VALUES, max_size=8), st.integers(0, 255))
def test_a_foreign_encoders_payload_is_read_as_it_was_written(values: list[tuple[int, Any]], seq: int) -> None:
    given_metrics = [
        {"name": f"m{at}", "alias": at, "datatype": kind, "value": value, "unit": "°C"}
        for at, (kind, value) in enumerate(values)
    ]
    found = read_payload(payload(*given_metrics, seq=seq))
    assert found.sequence == seq
    assert [(each.name, each.alias, each.unit, each.value) for each in found.metrics] == [
        (f"m{at}", at, "°C", value) for at, (_, value) in enumerate(values)
    ]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 300) | st.binary(max_size=9)), max_size=6))
@example([(1, b"m"), (12, 0)])
@example([(1, b"m"), (12, b"")])
def test_a_metric_of_wrong_wire_types_is_refused_or_read_and_nothing_else(
    fields: list[tuple[int, int | bytes]],
) -> None:
    content = write_field(2, b"".join(write_field(number, value) for number, value in fields))
    found = SparkplugDecoder("spBv1.0/Farm/#").decode(NODE.format("NDATA"), content, 0)
    assert found is MessageRefusal.SHAPE or not isinstance(found, MessageRefusal)


@pytest.mark.parametrize("value", [0, b""])
def test_a_fractional_number_without_its_bytes_is_a_refused_shape(value: int | bytes) -> None:
    content = write_field(2, write_field(1, b"m") + write_field(12, value))
    assert born().decode(NODE.format("NDATA"), content, 0) is MessageRefusal.SHAPE


@given(st.binary(max_size=300))
def test_hostile_bytes_are_refused_or_read_and_nothing_else(data: bytes) -> None:
    found = SparkplugDecoder("spBv1.0/#").decode(NODE.format("NDATA"), data, 0)
    assert found == MessageRefusal.SHAPE or isinstance(found, list)


def test_the_request_for_births_is_what_the_specification_says() -> None:
    message = PAYLOAD.FromString(write_rebirth_request(1_790_000_000_000))
    assert message.timestamp == 1_790_000_000_000
    assert [(each.name, each.datatype, each.boolean_value) for each in message.metrics] == [(REBIRTH, BOOLEAN, True)]


def test_an_alias_has_the_name_and_unit_of_the_birth() -> None:
    data = payload(by_alias(10, 21.5), by_alias(11, -3.5), seq=2)
    assert read(born(), HOUSE.format("DDATA"), data) == [
        ("edge-1/house", [("Air Temperature", 21.5, "°C"), ("Outdoor", -3.5, "°C")])
    ]


def test_the_group_is_part_of_the_name_where_the_filter_leaves_it_open() -> None:
    found = read(born("spBv1.0/#"), HOUSE.format("DDATA"), payload(by_alias(10, 21.5), seq=2))
    assert found[0][0] == "Farm/edge-1/house"


def test_data_without_a_birth_is_refused_and_the_node_is_asked_once_a_minute() -> None:
    decoder = SparkplugDecoder("spBv1.0/#")
    for at in range(3):
        assert read(decoder, HOUSE.format("DDATA"), payload(by_alias(10, 21.5), seq=at)) == [MessageRefusal.ALIAS]
        asked = decoder.take_requests(at * 20_000)
        assert [topic for topic, _ in asked] == ([NODE.format("NCMD")] if at == 0 else [])
    decoder.decode(HOUSE.format("DDATA"), payload(by_alias(10, 21.5), seq=3), 0)
    assert len(decoder.take_requests(60_000)) == 1


@pytest.mark.parametrize("lost", ["gap", "connection"])
def test_after_something_was_missed_no_old_name_is_given_to_a_new_alias(lost: str) -> None:
    decoder = born()
    if lost == "connection":
        decoder.restart()
    data = payload(by_alias(11, 21.5), seq=2 if lost == "connection" else 5)
    assert read(decoder, HOUSE.format("DDATA"), data) == [MessageRefusal.ALIAS]
    assert len(decoder.take_requests(0)) == 1
    decoder.decode(NODE.format("NBIRTH"), birth(), 0)
    decoder.decode(HOUSE.format("DBIRTH"), house_birth(11), 0)
    assert read(decoder, HOUSE.format("DDATA"), payload(by_alias(11, 21.5), seq=2)) == [
        ("edge-1/house", [("Air Temperature", 21.5, "°C")])
    ]
    assert decoder.take_requests(60_000) == []


def test_a_name_in_the_data_needs_no_birth() -> None:
    decoder = SparkplugDecoder("spBv1.0/Farm/#")
    named = {"name": "CO2", "datatype": FLOAT, "value": 640.0, "unit": "ppm"}
    assert read(decoder, HOUSE.format("DDATA"), payload(named, seq=9)) == [("edge-1/house", [("CO2", 640.0, "ppm")])]
    assert decoder.take_requests(0) == []


def test_a_will_of_an_earlier_session_that_comes_late_ends_nothing() -> None:
    for number, ends in ((2, False), (3, True)):
        decoder = born()
        decoder.decode(NODE.format("NDEATH"), payload({"name": "bdSeq", "datatype": INT64, "value": number}), 0)
        found = read(decoder, HOUSE.format("DDATA"), payload(by_alias(10, 21.5), seq=2))
        assert (found == [MessageRefusal.ALIAS]) is ends


def test_a_missing_value_is_missing_and_times_are_the_metrics_own() -> None:
    data = payload({"alias": 10, "is_null": True}, {**by_alias(11, 4.0), "time_ms": 1_789_999_999_000}, seq=2)
    found = born().decode(HOUSE.format("DDATA"), data, 0)
    assert [
        (each.time_ms, [number.value for number in each.measurements])
        for each in found
        if isinstance(each, DecodedMessage)
    ] == [(1_790_000_000_000, [None]), (1_789_999_999_000, [4.0])]


def test_a_survey_of_nodes_born_before_it_asks_them_and_proposes_their_table(mosquitto: Broker) -> None:
    node = Client(CallbackAPIVersion.VERSION2)
    stop = threading.Event()

    def on_command(client: Client, _data: object, message: Any) -> None:
        assert PAYLOAD.FromString(message.payload).metrics[0].name == REBIRTH
        client.publish(NODE.format("NBIRTH"), birth())
        client.publish(HOUSE.format("DBIRTH"), house_birth())
        client.publish(HOUSE.format("DDATA"), payload(by_alias(10, 23.75), seq=2))

    def publish_until_stopped() -> None:
        while not stop.wait(0.1):
            node.publish(HOUSE.format("DDATA"), payload(by_alias(10, 22.0), seq=7))

    node.on_message = on_command
    node.connect(mosquitto.host, mosquitto.port)
    node.subscribe(NODE.format("NCMD"), 1)
    node.loop_start()
    publisher = threading.Thread(target=publish_until_stopped)
    publisher.start()
    settings = MqttSettings(name="listen", format="json", host=mosquitto.host, port=mosquitto.port, topic="#")
    try:
        text = propose(listen(settings, 2.0, threading.Event()).topics)
    finally:
        stop.set()
        publisher.join()
        node.loop_stop()
    assert tomllib.loads(text)["source"][0]["topic"] == "spBv1.0/Farm/#"
    assert 'from = "Air Temperature"\nchannel = "air_temperature_degc"' in text


def test_a_gateway_that_comes_late_asks_for_the_births_and_stores_what_follows(
    mosquitto: Broker, wait_until: WaitUntil
) -> None:
    node = Client(CallbackAPIVersion.VERSION2)

    def on_command(client: Client, _data: object, message: Any) -> None:
        asked = PAYLOAD.FromString(message.payload)
        if any(each.name == REBIRTH and each.boolean_value for each in asked.metrics):
            client.publish(NODE.format("NBIRTH"), birth())
            client.publish(HOUSE.format("DBIRTH"), house_birth())
            client.publish(HOUSE.format("DDATA"), payload(by_alias(10, 23.75), seq=2))

    node.on_message = on_command
    node.connect(mosquitto.host, mosquitto.port)
    node.subscribe(NODE.format("NCMD"), 1)
    node.loop_start()
    channel = [{"from": "Air Temperature", "channel": "air_temperature_degc"}]
    source = make(mosquitto, "sparkplug", topic="spBv1.0/Farm/#", channel=channel)

    def data_arrives() -> bool:
        node.publish(HOUSE.format("DDATA"), payload(by_alias(10, 22.0), seq=7))
        return source.counters()["births_asked"] == 1

    with running(source) as sink:
        wait_until(data_arrives)
        wait_until(lambda: any(23.75 in each.values.values() for each in list(sink.readings)))
        devices = {each.source.device for each in list(sink.readings)}
    node.loop_stop()
    assert len(devices) == 1
    assert source.counters()["refused_alias"] >= 1


def test_after_a_broker_was_lost_a_gateway_names_no_number_by_an_old_birth(
    mosquitto: Broker, wait_until: WaitUntil
) -> None:
    channel = [{"from": "Air Temperature", "channel": "air_temperature_degc"}]
    source = make(mosquitto, "sparkplug", topic="spBv1.0/Farm/#", channel=channel)
    with running(source) as sink:

        def has(value: float) -> bool:
            return any(value in row.values.values() for row in list(sink.readings))

        def is_born(node: Publisher) -> bool:
            node.publish(NODE.format("NBIRTH"), birth())
            node.publish(HOUSE.format("DBIRTH"), house_birth())
            node.publish(HOUSE.format("DDATA"), payload(by_alias(10, 21.0), seq=2))
            return has(21.0)

        node = Publisher(mosquitto)
        wait_until(lambda: is_born(node))
        node.close()
        asked = source.counters()["births_asked"]
        mosquitto.kill()
        wait_until(lambda: source.counters()["lost"] == 1)
        mosquitto.start()
        wait_until(lambda: source.counters()["connects"] == 2)
        node, numbers = Publisher(mosquitto), itertools.count(3)

        def is_judged() -> bool:
            node.publish(HOUSE.format("DDATA"), payload(by_alias(10, 99.0), seq=next(numbers)))
            return has(99.0) or source.counters()["births_asked"] > asked

        wait_until(is_judged)
        node.close()
        assert not has(99.0)
