"""The uplink against a real broker."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.spool.queue import Spool
from edge.uplink import uplink as uplink_module
from edge.uplink.connection import BrokerLink, LinkEvent
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.ack_keys import derive_ack_key, sign_ack
from headland.contract.codec import decode_record, encode_record
from headland.contract.records import Ack, Descriptor, GatewayStatus
from headland.contract.topics import ack_topic, meta_topic, status_topic
from tests.broker import Broker
from tests.edge.contents import content
from tests.edge.ingest_stand_in import StandInIngest
from tests.waiting import WaitUntil

GATEWAY = "gw-1"
pytestmark = pytest.mark.services


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    started: list[Broker] = []

    def start(*lines: str, port: int | None = None) -> Broker:
        broker = Broker(tmp_path / "own", port, lines)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.kill()


def _settings(broker: Broker, **changes: Any) -> BrokerSettings:
    return BrokerSettings(host=broker.host, port=broker.port, **{"resend_s": 0.5, **changes})


def _listen(broker: Broker, topic: str) -> tuple[Client, dict[str, list[bytes]]]:
    payloads: dict[str, list[bytes]] = {}
    client = Client(CallbackAPIVersion.VERSION2, "listener", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_message = lambda _client, _data, message: payloads.setdefault(message.topic, []).append(
        bytes(message.payload)
    )
    client.connect(broker.host, broker.port)
    client.loop_start()
    return client, payloads


def _end(client: Client) -> None:
    client.disconnect()
    client.loop_stop()


def test_appended_records_arrive_and_only_the_commit_ack_deletes_them(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    uplink = Uplink(_settings(mosquitto), GATEWAY, spool)
    uplink.start()
    assert spool.append([content(number) for number in range(1, 16)])
    uplink.wake()
    wait_until(lambda: len(ingest.seen) == 15)
    wait_until(lambda: uplink.counters()["pubacks"] >= 15)
    assert spool.status().records == 15
    ingest.acks = True
    wait_until(lambda: spool.status().records == 0)
    state = uplink.state()
    assert state.connected
    assert state.acked_seq == 15
    uplink.stop()
    ingest.close()
    assert ingest.labels[0] == [("epoch", spool.epoch), ("seq", "1")]
    assert [ingest.seen[spool.epoch, seq].blocks[0].c["co2_ppm"][0] for seq in (1, 15)] == [1.0, 15.0]


def test_a_broker_killed_in_the_middle_loses_no_record(mosquitto: Broker, spool: Spool, wait_until: WaitUntil) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = Uplink(_settings(mosquitto, window=20), GATEWAY, spool)
    uplink.start()
    for first in range(1, 2001, 50):
        assert spool.append([content(number) for number in range(first, first + 50)])
        uplink.wake()
        if first == 1001:
            wait_until(lambda: len(ingest.seen) >= 300)
            mosquitto.kill()
    mosquitto.restart()
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert sorted(seq for _, seq in ingest.seen) == list(range(1, 2001))
    assert uplink.counters()["connects"] >= 2


def test_an_ack_of_another_epoch_deletes_nothing(mosquitto: Broker, spool: Spool, wait_until: WaitUntil) -> None:
    client, _ = _listen(mosquitto, "none")
    # At the broker before the gateway listens: only what is retained reaches it.
    client.publish(ack_topic(GATEWAY), b"no json", qos=1).wait_for_publish(120)
    retained = client.publish(ack_topic(GATEWAY), encode_record(Ack(epoch="old", seq=99)), qos=1, retain=True)
    retained.wait_for_publish(120)
    assert spool.append([content(1)])
    uplink = Uplink(_settings(mosquitto), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: uplink.counters()["foreign_acks"] >= 1)
    assert spool.status().records == 1
    client.publish(ack_topic(GATEWAY), b"no json", qos=1)
    wait_until(lambda: uplink.counters()["bad_acks"] == 1)
    uplink.stop(0)
    _end(client)


def test_a_retained_commit_ack_is_applied_after_a_restart(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    client, _ = _listen(mosquitto, "headland/v1/data/#")
    assert spool.append([content(number) for number in range(1, 4)])
    assert len(spool.oldest(0, 3)) == 3, "they were sent before"
    acknowledged = client.publish(ack_topic(GATEWAY), encode_record(Ack(epoch=spool.epoch, seq=3)), qos=1, retain=True)
    acknowledged.wait_for_publish(120)
    # What was sent before the restart is sent again: only what has arrived at the broker is deleted.
    for _ in range(5):  # by chance it arrives with the answer to the subscription or after it
        uplink = Uplink(_settings(mosquitto), GATEWAY, spool)
        uplink.start()
        wait_until(lambda: spool.status().records == 0 and uplink.counters()["commit_acks"] > 0)  # noqa: B023 - called at once
        uplink.stop(0)
        assert uplink.state().acked_seq == 3
    _end(client)


def test_status_and_descriptors_are_retained_and_the_last_status_is_offline(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    client, payloads = _listen(mosquitto, "headland/v1/#")
    uplink = Uplink(_settings(mosquitto), GATEWAY, spool, software="1.2.3")
    uplink.describe(Descriptor(device="gh-1", kind="greenhouse", site="home", name="house-1"))
    uplink.start()
    wait_until(lambda: payloads.get(meta_topic(GATEWAY, "gh-1")))
    changed = Descriptor(device="gh-1", kind="greenhouse", site="home", name="house-1", simulated=True)
    uplink.describe(changed)
    wait_until(lambda: len(payloads[meta_topic(GATEWAY, "gh-1")]) == 2)
    assert decode_record(payloads[meta_topic(GATEWAY, "gh-1")][1], Descriptor) == changed
    statuses = payloads.setdefault(status_topic(GATEWAY), [])
    wait_until(lambda: statuses)
    online = decode_record(statuses[0], GatewayStatus)
    assert isinstance(online, GatewayStatus)
    assert (online.online, online.software, online.epoch) == (True, "1.2.3", spool.epoch)
    uplink.stop()
    wait_until(lambda: len(statuses) > 1)
    offline = decode_record(statuses[-1], GatewayStatus)
    assert isinstance(offline, GatewayStatus)
    assert not offline.online
    _end(client)


def test_without_an_ingest_the_broker_is_not_filled_with_copies(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    uplink = Uplink(_settings(mosquitto, window=20), GATEWAY, spool)
    assert spool.append([content(number) for number in range(1, 501)])
    uplink.start()
    wait_until(lambda: uplink.counters()["resends"] >= 2)
    published = uplink.counters()["published"]  # before the resends, of which there is one more each half a second
    assert published <= 20 + 8 * uplink.counters()["resends"] + 8
    uplink.stop(0)
    assert spool.status().records == 500


def test_the_window_respects_the_brokers_receive_maximum(
    start_broker: Callable[..., Broker], spool: Spool, wait_until: WaitUntil
) -> None:
    broker = start_broker("max_inflight_messages 5")
    ingest = StandInIngest(broker.host, broker.port, GATEWAY)
    uplink = Uplink(_settings(broker, window=1000), GATEWAY, spool)
    assert spool.append([content(number) for number in range(1, 301)])
    uplink.start()
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert uplink.counters()["connects"] == 1


def test_a_refused_login_is_reported_and_retried(
    start_broker: Callable[..., Broker], spool: Spool, wait_until: WaitUntil
) -> None:
    broker = start_broker("allow_anonymous false")
    uplink = Uplink(_settings(broker), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: uplink.counters()["connect_failures"] >= 2)
    state = uplink.state()
    uplink.stop()
    assert not state.connected
    assert "Not authorized" in state.detail


def test_a_broker_of_mqtt_3_1_1_is_named_with_the_remedy(spool: Spool, wait_until: WaitUntil) -> None:
    # MQTT 3.1.1 section 3.2.2.3: CONNACK with "unacceptable protocol version", then the end of the connection.
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    peer.recv(1024)
                    peer.sendall(bytes((0x20, 2, 0, 1)))
                    peer.close()

        threading.Thread(target=refuse, daemon=True).start()
        uplink = Uplink(BrokerSettings(host="127.0.0.1", port=server.getsockname()[1]), GATEWAY, spool)
        uplink.start()
        wait_until(lambda: "MQTT 3.1.1 only; use an MQTT 5 broker" in uplink.state().detail)
        uplink.stop(0)


def test_a_login_of_another_gateway_is_reported_and_retried_slowly(
    start_broker: Callable[..., Broker], spool: Spool, tmp_path: Path, wait_until: WaitUntil
) -> None:
    (tmp_path / "acl").write_text("topic read headland/v1/ack/#\n")
    broker = start_broker(f"acl_file {tmp_path / 'acl'}")
    uplink = Uplink(_settings(broker), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: "refuses messages of" in uplink.state().detail)
    assert f"refuses messages of {GATEWAY} as user anonymous" in uplink.state().detail
    wait_until(lambda: uplink.counters()["refused_by_broker"] >= 2)
    wait_until(lambda: uplink._failures >= 2)
    uplink.stop(0)


def test_an_unreachable_broker_is_retried(
    new_port: Callable[[], int], start_broker: Callable[..., Broker], spool: Spool, wait_until: WaitUntil
) -> None:
    port = new_port()
    uplink = Uplink(BrokerSettings(port=port), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: "cannot be reached" in uplink.state().detail)
    start_broker(port=port)
    wait_until(lambda: uplink.state().connected)
    uplink.stop()


def test_a_message_too_large_for_the_broker_is_kept_and_reported(
    start_broker: Callable[..., Broker], spool: Spool, wait_until: WaitUntil
) -> None:
    broker = start_broker("max_packet_size 2000")
    assert spool.append([content(1)])
    assert spool.append([content(2, events=1, text=random.Random(1).randbytes(4000).hex())])
    uplink = Uplink(_settings(broker), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: uplink.counters()["too_large"] == 1)
    assert "2000 bytes a message" in uplink.state().detail
    assert uplink.counters()["connects"] == 1
    uplink.stop(0)
    assert spool.status().records == 2


def test_records_published_before_ingest_subscribes_arrive_in_order(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    assert spool.append([content(number) for number in range(1, 301)])
    uplink = Uplink(_settings(mosquitto), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: "no ingest is subscribed" in uplink.state().detail)
    assert uplink.counters()["unheard"] > 0
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    wait_until(lambda: spool.status().records == 0)
    assert [seq for _, seq in ingest.seen] == list(range(1, 301))
    wait_until(lambda: uplink.state().detail == "")
    uplink.stop()
    ingest.close()


def test_the_head_of_the_spool_is_marked_as_the_base(mosquitto: Broker, spool: Spool, wait_until: WaitUntil) -> None:
    assert spool.append([content(number) for number in range(1, 21)])
    assert len(spool.oldest(0, 15)) == 15
    assert spool.confirm(spool.epoch, 15)
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    uplink = Uplink(_settings(mosquitto), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: ingest.messages >= 5)
    assert ("base", "16") in ingest.labels[0]
    assert all("base" not in dict(labels) for labels in ingest.labels[1:5])
    uplink.stop(0)
    ingest.close()


def test_an_ack_that_ingest_did_not_sign_deletes_nothing(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    key = derive_ack_key("the secret of ingest", GATEWAY)
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    uplink = Uplink(_settings(mosquitto, ack_key=key), GATEWAY, spool)
    uplink.start()
    assert spool.append([content(number) for number in range(1, 11)])
    uplink.wake()
    wait_until(lambda: len(ingest.seen) == 10)
    attacker, _ = _listen(mosquitto, "none")
    unsigned = Ack(epoch=spool.epoch, seq=10)
    forged = sign_ack(unsigned, GATEWAY, derive_ack_key("another secret", GATEWAY))
    for ack in (unsigned, forged, sign_ack(unsigned, "gw-2", derive_ack_key("the secret of ingest", "gw-2"))):
        attacker.publish(ack_topic(GATEWAY), encode_record(ack), qos=1, retain=True)
    wait_until(lambda: uplink.counters()["forged_acks"] >= 3)
    assert spool.status().records == 10
    attacker.publish(ack_topic(GATEWAY), encode_record(sign_ack(unsigned, GATEWAY, key)), qos=1, retain=True)
    wait_until(lambda: spool.status().records == 0)
    uplink.stop(0)
    _end(attacker)
    ingest.close()


def test_what_acks_say_of_those_who_follow_is_passed_on_and_ends_with_the_connection(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    key = derive_ack_key("the secret of ingest", GATEWAY)
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    uplink = Uplink(_settings(mosquitto, ack_key=key), GATEWAY, spool)
    passed: list[bool] = []
    uplink.on_followed = passed.append
    uplink.start()
    sender, _ = _listen(mosquitto, "none")

    def received() -> int:
        return uplink.counters()["commit_acks"] + uplink.counters()["forged_acks"]

    def say(ack: Ack) -> None:
        before = received()
        sender.publish(ack_topic(GATEWAY), encode_record(ack), qos=1)
        wait_until(lambda: received() > before)

    wait_until(lambda: uplink.state().connected)
    for number, is_followed in enumerate((True, True, False, True), 1):
        assert spool.append([content(number)])
        uplink.wake()
        wait_until(lambda: len(ingest.seen) == number)  # noqa: B023 - it is called in this round
        say(sign_ack(Ack(epoch=spool.epoch, seq=number, followed=is_followed), GATEWAY, key))
    assert passed == [True, False, True]
    say(Ack(epoch=spool.epoch, seq=4, followed=False))  # not of this farm's ingest
    assert passed == [True, False, True]
    mosquitto.kill()
    wait_until(lambda: passed == [True, False, True, False])
    uplink.stop(0)
    _end(sender)
    ingest.close()


def test_the_broker_s_answer_is_read_with_the_next_record(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink_module, "_REST_S", 600.0)  # nothing but a record ends the rest
    pumps: list[int] = []

    class CountedLink(BrokerLink):
        def pump(self, timeout_s: float) -> list[LinkEvent]:
            events = super().pump(timeout_s)
            pumps.append(len(events))
            return events

    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    uplink = Uplink(_settings(mosquitto, resend_s=60.0), GATEWAY, spool, make_link=CountedLink)
    uplink.start()
    for number in range(1, 21):
        assert spool.append([content(number)])
        uplink.wake()
        wait_until(lambda: len(ingest.seen) == number)  # noqa: B023 - it is called in this round
        if number == 1:
            pumps.clear()
    assert len(pumps) <= 19 + 2, "one look at the link for each record"
    assert uplink.counters()["pubacks"] >= 17
    uplink.stop(0)
    ingest.close()
    assert spool.status().records == 20
