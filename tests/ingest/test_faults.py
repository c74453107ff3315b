"""Faults around the service: nothing is lost or stored twice, and health reports the cause."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from headland.contract.codec import encode_record
from headland.contract.records import Ack, Descriptor, GatewayStatus, SpoolStatus
from headland.contract.topics import data_topic, meta_topic, status_topic
from headland.errors import PeerRefused
from headland.store.memory import MemoryStore
from headland.store.port import WriteBatch
from ingest.mqtt.inbox import InboundMessage
from ingest.service import IngestHealth, IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.ingest.brittle_store import BrittleStore, count_points, is_away
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import Gateway, batch_of, block_of, properties_of
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")


def send_until_acked(gateway: Gateway, last_seq: int) -> None:
    """Send records 1 to `last_seq` as a real gateway does: from the head again while the commit ack stays behind."""

    def high_water() -> int:
        return max((ack.seq for ack in gateway.acks), default=0)

    def pushed() -> bool:
        for seq in range(high_water() + 1, min(high_water() + 30, last_seq) + 1):
            gateway.send(batch_of(seq))
        before = high_water()
        try:
            wait_until(lambda: high_water() > before or high_water() == last_seq, 5.0)
        except AssertionError:
            return False
        return high_water() == last_seq

    wait_until(pushed)


def test_a_store_that_is_away_gets_no_acks_and_loses_nothing(start_ingest: StartIngest, gateway: Gateway) -> None:
    store = BrittleStore()
    service = start_ingest(store)
    store.check = is_away
    for seq in range(1, 6):
        gateway.send(batch_of(seq))
    wait_until(lambda: store.tries >= 3)
    assert gateway.acks == []
    assert not service.health().ok
    assert "the disk is away" in service.health().detail
    store.check = lambda _: None
    gateway.wait_for_ack(5)
    assert count_points(store) == 10
    wait_until(lambda: service.health().ok)


def test_a_stop_while_the_store_is_away_leaves_the_messages_with_the_broker(
    ingest_settings: IngestSettings, start_ingest: StartIngest, gateway: Gateway
) -> None:
    store = BrittleStore()
    first = IngestService(ingest_settings, store)
    first.start()
    wait_until(lambda: first.health().ok)
    store.check = is_away
    gateway.send(batch_of(1))
    wait_until(lambda: store.tries >= 1)
    first.stop()
    gateway.send(batch_of(2))
    store.check = lambda _: None
    start_ingest(store)
    gateway.wait_for_ack(2)
    assert count_points(store) == 4


@pytest.mark.parametrize("error", [PeerRefused("no such unit"), ValueError("a defect")])
def test_a_message_that_the_store_refuses_goes_to_quarantine_and_blocks_no_other(
    start_ingest: StartIngest, gateway: Gateway, error: Exception
) -> None:
    def check(batch: WriteBatch) -> None:
        if any(key.channel == "co2_ppm" for key in batch.points.series):
            raise error

    store = BrittleStore()
    store.check = check
    service = start_ingest(store)
    gateway.send(batch_of(1))
    gateway.send(batch_of(2, block_of({"co2_ppm": [400.0]})))
    gateway.send(batch_of(3))
    gateway.wait_for_ack(3)
    assert count_points(store) == 4
    (quarantined,) = service.quarantine.list()
    assert quarantined.reason == "store_refused"
    assert str(error) in quarantined.detail


def test_a_broker_killed_in_between_loses_and_doubles_nothing(
    start_ingest: StartIngest, mosquitto: Broker, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    for seq in range(1, 20):
        gateway.send(batch_of(seq))
    mosquitto.kill()
    wait_until(lambda: not service.health().ok)
    mosquitto.start()
    wait_until(lambda: service.health().ok)
    gateway.wait_until_connected()
    send_until_acked(gateway, 100)
    assert count_points(memory_store) == 200
    assert service.counters()["points_duplicate"] == 0
    assert service.counters()["session_generation"] == 2


def test_a_broker_that_lost_its_retained_acks_gets_them_again(
    start_ingest: StartIngest, mosquitto: Broker, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    gateway.send(batch_of(1))
    gateway.wait_for_ack(1)
    mosquitto.restart()
    wait_until(lambda: service.counters()["session_generation"] == 2)
    with Gateway(mosquitto.host, mosquitto.port, "gw-1") as back:
        back.wait_for_ack(1)
    assert service.counters()["sessions_lost"] == 1
    wait_until(lambda: service.health().ok)
    assert "forgot the session" in service.health().detail


def test_a_broken_callback_ends_the_connection_and_never_the_thread(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_ingest(memory_store)
    inbox = service._inbox
    put_all, broken = inbox.put_all, threading.Event()

    def put_badly(messages: Iterable[InboundMessage]) -> None:
        if not broken.is_set():
            broken.set()
            raise KeyError("a defect")
        put_all(messages)

    monkeypatch.setattr(inbox, "put_all", put_badly)
    gateway.send(batch_of(1))
    gateway.wait_for_ack(1)
    assert service.counters()["callback_errors"] == 1
    assert count_points(memory_store) == 2


def test_a_worker_accepts_its_shards_only(
    ingest_settings: IngestSettings, mosquitto: Broker, memory_store: MemoryStore, gateway: Gateway
) -> None:
    from headland.contract.topics import shard_of

    mine = frozenset({shard_of("gw-1")})
    other = next(f"gw-{number}" for number in range(2, 99) if shard_of(f"gw-{number}") not in mine)
    service = IngestService(replace(ingest_settings, shards=mine), memory_store)
    service.start()
    try:
        wait_until(lambda: service.health().ok)
        descriptor = Descriptor(device="gh-9", kind="greenhouse", site="home", name="House 9")
        gateway.publish(meta_topic(other, "gh-9"), encode_record(descriptor))
        gateway.send(batch_of(1, gateway=other))
        gateway.send(batch_of(1))
        gateway.wait_for_ack(1)
        wait_until(lambda: service.counters().get("ignored_other_shard") == 1)
        assert service.counters()["received"] == 2
        assert memory_store.devices("local")[0].descriptor.device == "gh-1"
    finally:
        service.stop()


def test_a_full_window_of_poison_does_not_stall_the_session(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    start_ingest(memory_store)
    for seq in range(1, 1101):
        gateway.publish_soon(data_topic("gw-1"), b"poison", properties_of("e1", seq))
    gateway.send(batch_of(1101))
    gateway.wait_for_ack(1101)
    assert count_points(memory_store) == 2


def test_a_login_that_the_broker_refuses_shows_in_health(
    mosquitto: Broker, ingest_settings: IngestSettings, memory_store: MemoryStore
) -> None:
    mosquitto.stop()
    config = mosquitto._config
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    mosquitto.start()
    service = IngestService(ingest_settings, memory_store)
    assert not service.health().ok
    service.start()
    try:
        wait_until(lambda: "refuses the login" in service.health().detail)
        assert not service.health().ok
    finally:
        service.stop()
    assert service.health().detail == "the writer thread is not running"


def test_the_last_commit_ack_of_two_epochs_is_that_of_the_last_message(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    start_ingest(memory_store)
    gateway.send(batch_of(7, epoch="old", first=1))
    gateway.send(batch_of(1, epoch="new"))
    wait_until(lambda: Ack(epoch="new", seq=1) in gateway.acks)
    assert gateway.acks[-1] == Ack(epoch="new", seq=1)


def test_a_refused_subscription_shows_in_health_and_is_tried_again(
    start_ingest: StartIngest, memory_store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # mosquitto's access file refuses deliveries, never subscriptions, so the broker's answer is said for it.
    monkeypatch.setattr("ingest.mqtt.subscriber._LOOP_S", 0.02)
    service = start_ingest(memory_store)
    subscriber = service._subscriber
    client = subscriber._client
    assert client is not None
    refusal = ReasonCode(PacketTypes.SUBACK, identifier=0x87)
    subscriber._on_subscribe(client, None, 1, [refusal, ReasonCode(PacketTypes.SUBACK, identifier=1)], None)
    assert service.health() == IngestHealth(False, "the broker refuses 1 of 2 subscriptions: check its access list")
    monkeypatch.setattr("ingest.mqtt.subscriber._SUBSCRIBE_AGAIN_S", 0.01)
    wait_until(lambda: service.health().ok)
    assert service.counters()["session_generation"] == 1


def test_messages_that_wait_without_a_commit_show_in_health(
    start_ingest: StartIngest, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.service._COMMIT_WITHIN_S", 0.1)
    store, go_on = BrittleStore(), threading.Event()

    def hang(_: WriteBatch) -> None:
        go_on.wait(120)

    store.check = hang
    service = start_ingest(store)
    gateway.send(batch_of(1))
    wait_until(lambda: "nothing was committed" in service.health().detail)
    go_on.set()
    wait_until(lambda: service.health().ok)
    gateway.wait_for_ack(1)


def test_a_gateway_that_fills_its_spool_while_none_of_its_data_arrives_is_named_and_ingest_stays_ready(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.accounting.gateway_stats.QUIET_S", 0.1)
    service = start_ingest(memory_store)

    def say(records: int) -> None:
        status = GatewayStatus(gw="gw-1", online=True, t=0, epoch="e1", spool=SpoolStatus(records=records))
        gateway.publish(status_topic("gw-1"), encode_record(status), retain=True)

    say(1)
    wait_until(lambda: service.gateways())
    say(9)
    wait_until(lambda: "gw-1 is online and its spool grows, but none of its data" in service.describe_delivery())
    assert service.health().ok
    gateway.send(batch_of(1))
    wait_until(lambda: service.describe_delivery() == "each record of each gateway is accounted for")
