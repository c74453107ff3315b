"""Publish -> broker -> ingest -> store -> commit ack, on a real mosquitto."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.ack_keys import derive_ack_key, is_genuine
from headland.contract.codec import encode_record
from headland.contract.records import Descriptor, GatewayStatus
from headland.contract.topics import data_topic, meta_topic, senml_topic, status_topic
from headland.store.memory import MemoryStore
from headland.store.port import SeriesFilter
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import T0_MS, Gateway, batch_of, block_of, properties_of
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")
HOME = SeriesFilter("local")


def stored(store: MemoryStore) -> list[tuple[str, int, float, int]]:
    return [
        (samples.key.channel, int(time_ms), float(value), int(quality))
        for samples in store.raw(HOME, 0, 2**60)
        for time_ms, value, quality in zip(samples.time_ms, samples.value, samples.quality, strict=True)
    ]


def test_a_published_batch_is_stored_and_then_acknowledged(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    gateway.send(batch_of(1, block_of({"air_temperature_degc": [20.0, None, 21.0], "co2_ppm": [400, 410, 1e9]})))
    gateway.wait_for_ack(1)
    assert stored(memory_store) == [
        ("air_temperature_degc", T0_MS, 20.0, 1),
        ("air_temperature_degc", T0_MS + 200, 21.0, 1),
        ("co2_ppm", T0_MS, 400.0, 1),
        ("co2_ppm", T0_MS + 100, 410.0, 1),
        ("co2_ppm", T0_MS + 200, 1e9, 4),
    ]
    counters = service.counters()
    assert (counters["received"], counters["stored"], counters["points"]) == (1, 1, 5)


def test_acks_are_signed_for_each_gateway_where_ingest_has_a_secret(
    ingest_settings: IngestSettings, memory_store: MemoryStore, gateway: Gateway
) -> None:
    secret = "a secret of this farm"
    service = IngestService(replace(ingest_settings, ack_secret=secret), memory_store)
    service.start()
    wait_until(lambda: service.health().ok)
    gateway.send(batch_of(1))
    wait_until(lambda: gateway.acks)
    service.stop()
    ack = gateway.acks[-1]
    assert is_genuine(ack, "gw-1", derive_ack_key(secret, "gw-1"))
    assert not is_genuine(ack, "gw-2", derive_ack_key(secret, "gw-2"))


def test_the_session_of_an_earlier_version_is_forgotten(
    mosquitto: Broker, ingest_settings: IngestSettings, memory_store: MemoryStore
) -> None:
    def connect_as_before() -> bool:
        """Connect under the former id and return whether the broker had its session."""
        answers: list[bool] = []
        client = Client(CallbackAPIVersion.VERSION2, "ingest-0", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_connect = lambda _client, _data, flags, _code, _properties: answers.append(flags.session_present)
        expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
        expiry.SessionExpiryInterval = 600
        client.connect(mosquitto.host, mosquitto.port, clean_start=False, properties=expiry)
        wait_until(lambda: bool(answers) or client.loop(0.05) != 0)
        client.disconnect()
        client.loop(0.05)
        return answers[0]

    assert not connect_as_before()
    assert connect_as_before()
    service = IngestService(replace(ingest_settings, client_id="ingest-0-x", former_client_id="ingest-0"), memory_store)
    service.start()
    wait_until(lambda: service.health().ok)
    service.stop()
    assert not connect_as_before()


def test_the_ack_is_the_contiguous_high_water(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    start_ingest(memory_store)
    gateway.send(batch_of(1))
    gateway.wait_for_ack(1)
    gateway.send(batch_of(3))
    wait_until(lambda: len(stored(memory_store)) == 4)
    gateway.wait_for_ack(1)
    gateway.send(batch_of(2))
    gateway.wait_for_ack(3)
    assert len(stored(memory_store)) == 6


def test_a_duplicate_is_not_stored_again_and_acknowledged_again(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    gateway.send(batch_of(1))
    gateway.wait_for_ack(1)
    heard = len(gateway.acks)
    gateway.send(batch_of(1))
    wait_until(lambda: len(gateway.acks) > heard)
    gateway.wait_for_ack(1)
    assert service.counters()["duplicate"] == 1
    assert service.counters()["points_duplicate"] == 0
    assert len(stored(memory_store)) == 2


def test_a_poison_message_is_quarantined_and_its_gateway_moves_on(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    gateway.send(batch_of(1))
    gateway.publish(data_topic("gw-1"), b"no deflate", properties_of("e1", 2))
    gateway.send(batch_of(3))
    gateway.wait_for_ack(3)
    assert len(stored(memory_store)) == 4
    (quarantined,) = service.quarantine.list()
    assert (quarantined.payload, quarantined.reason, quarantined.properties["seq"]) == (
        b"no deflate",
        "not_deflate",
        "2",
    )
    assert service.counters()["quarantined_not_deflate"] == 1


def test_a_foreign_gateway_in_the_payload_is_quarantined(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    from headland.contract.codec import encode_batch

    service = start_ingest(memory_store)
    gateway.publish(data_topic("gw-1"), encode_batch(batch_of(1, gateway="gw-2")), properties_of("e1", 1))
    gateway.wait_for_ack(1)
    assert stored(memory_store) == []
    assert service.quarantine.list()[0].reason == "wrong_identity"


def test_one_unknown_channel_costs_only_itself_and_the_message_is_quarantined(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    gateway.send(batch_of(1, block_of({"mood": [1.0], "oil_temperature_degc": [80.0], "air_temperature_degc": [20.0]})))
    gateway.wait_for_ack(1)
    assert [(row[0], row[3]) for row in stored(memory_store)] == [
        ("air_temperature_degc", 1),
        ("oil_temperature_degc", 2),
    ]
    assert service.quarantine.list()[0].reason == "unknown_channel"


def test_senml_takes_kind_and_site_from_the_descriptor(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    start_ingest(memory_store)
    descriptor = Descriptor(device="bed-7", kind="soil_probe", site="north", name="Bed 7", simulated=True)
    gateway.publish(meta_topic("gw-1", "bed-7"), encode_record(descriptor), retain=True)
    pack = b'[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1790000000,"n":"soil_temperature","u":"Cel","v":17.5}]'
    gateway.publish(senml_topic("gw-1", "bed-7"), pack)
    wait_until(lambda: stored(memory_store))
    (key,) = memory_store.series(HOME)
    assert (key.site, key.kind, key.device, key.channel, key.simulated) == (
        "north",
        "soil_probe",
        "bed-7",
        "soil_temperature_degc",
        True,
    )


def test_a_retained_sample_is_counted_and_not_stored(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    pack = b'[{"bt":1790000000,"n":"soil_temperature","u":"Cel","v":17.5}]'
    gateway.publish(senml_topic("gw-1", "bed-7"), pack, retain=True)
    service = start_ingest(memory_store)
    wait_until(lambda: service.counters().get("ignored_retained"))
    assert stored(memory_store) == []


def test_the_retained_status_and_descriptor_are_known_after_a_start(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    status = GatewayStatus(gw="gw-1", online=True, t=T0_MS)
    gateway.publish(status_topic("gw-1"), encode_record(status), retain=True)
    descriptor = Descriptor(device="gh-1", kind="greenhouse", site="home", name="House 1")
    gateway.publish(meta_topic("gw-1", "gh-1"), encode_record(descriptor), retain=True)
    service = start_ingest(memory_store)
    wait_until(lambda: service.gateways().get("gw-1") == status)
    wait_until(lambda: [record.descriptor for record in memory_store.devices("local")] == [descriptor])
