"""New records beside a backlog, a metered link, and consumers without commit acks: against a real broker."""

from __future__ import annotations

from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.spool.queue import Spool
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.codec import decode_record
from headland.contract.records import GatewayStatus
from headland.contract.topics import data_topic, status_topic
from tests.broker import Broker
from tests.edge.contents import alarm, content
from tests.edge.ingest_stand_in import StandInIngest
from tests.waiting import WaitUntil
from tests.waiting import wait_until as wait_until_true

GATEWAY = "gw-1"
pytestmark = pytest.mark.services


def uplink_to(broker: Broker, spool: Spool, **changes: Any) -> Uplink:
    return Uplink(BrokerSettings(host=broker.host, port=broker.port, **{"resend_s": 600.0, **changes}), GATEWAY, spool)


class Subscriber:
    """Subscribes to a topic and keeps the payloads."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.payloads: list[bytes] = []
        client = Client(CallbackAPIVersion.VERSION2, topic.replace("/", "-"), protocol=MQTTProtocolVersion.MQTTv5)
        subscribed: list[bool] = []
        client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        client.on_subscribe = lambda *_: subscribed.append(True)
        client.on_message = lambda _client, _data, message: self.payloads.append(bytes(message.payload))
        client.connect(broker.host, broker.port)
        client.loop_start()
        self._client = client
        wait_until_true(lambda: subscribed)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_new_records_are_sent_ahead_of_a_backlog_and_all_arrive_once(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil, share: float
) -> None:
    assert spool.append([content(number, rows=50) for number in range(1, 401)])
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = uplink_to(mosquitto, spool, backlog_share=share, live_s=600.0, max_bytes_per_s=300_000, window=20)
    # New, for what was there when the uplink was made is the backlog: neither depends on how fast it begins.
    assert spool.append([content(number) for number in range(401, 421)])
    uplink.start()
    wait_until(lambda: spool.status().records == 0)
    counters = uplink.counters()
    uplink.stop()
    ingest.close()
    order = [seq for _, seq in ingest.seen]
    assert sorted(order) == list(range(1, 421))
    assert order.index(420) < order.index(400), "the backlog was still waiting"
    assert counters["published_ahead"] >= 1
    assert (counters["published"], counters["resends"], ingest.messages) == (420, 0, 420)
    behind = [dict(labels) for labels in ingest.labels if "base" in dict(labels)]
    assert all(int(labels["base"]) == int(labels["seq"]) <= 420 for labels in behind)


def test_with_the_whole_share_the_oldest_is_always_sent_first(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    assert spool.append([content(number, rows=50) for number in range(1, 201)])
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = uplink_to(mosquitto, spool, backlog_share=1.0, live_s=1.0, max_bytes_per_s=60_000)
    uplink.start()
    wait_until(lambda: ingest.seen)
    assert spool.append([content(201)])
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert [seq for _, seq in ingest.seen] == list(range(1, 202))


def test_a_broker_killed_while_new_records_are_sent_ahead_loses_none(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    assert spool.append([content(number, rows=50) for number in range(1, 401)])
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = uplink_to(mosquitto, spool, live_s=1.0, max_bytes_per_s=80_000, window=20)
    uplink.start()
    wait_until(lambda: ingest.seen)
    assert spool.append([content(number) for number in range(401, 431)])
    uplink.wake()
    wait_until(lambda: (spool.epoch, 405) in ingest.seen)
    mosquitto.kill()
    assert spool.append([content(number) for number in range(431, 441)])
    mosquitto.restart()
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert sorted(seq for _, seq in ingest.seen) == list(range(1, 441))


def test_an_overdue_commit_ack_is_in_state_and_status_until_it_arrives(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY, acks=False)
    subscriber = Subscriber(mosquitto, status_topic(GATEWAY))
    uplink = uplink_to(mosquitto, spool, resend_s=0.5)
    uplink.start()
    assert spool.append([content(1)])
    uplink.wake()
    wait_until(lambda: uplink.state().overdue_ms)
    since_ms = uplink.state().overdue_ms

    def status() -> GatewayStatus:
        last = decode_record(subscriber.payloads[-1], GatewayStatus)
        assert isinstance(last, GatewayStatus)
        return last

    wait_until(lambda: status().overdue_ms == since_ms)
    ingest.acks = True
    wait_until(lambda: spool.status().records == 0)
    wait_until(lambda: uplink.state().overdue_ms is None)
    wait_until(lambda: status().overdue_ms is None)
    uplink.stop()
    subscriber.close()
    ingest.close()


def test_for_a_foreign_consumer_the_puback_deletes_and_the_status_contains_it(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    consumer = Subscriber(mosquitto, data_topic(GATEWAY))
    statuses = Subscriber(mosquitto, status_topic(GATEWAY))
    uplink = uplink_to(mosquitto, spool, delete_on="puback")
    uplink.start()
    assert spool.append([content(number) for number in range(1, 301)])
    uplink.wake()
    wait_until(lambda: spool.status().records == 0)
    wait_until(lambda: len(consumer.payloads) == 300)
    wait_until(lambda: statuses.payloads)
    state = uplink.state()
    assert (state.delete_on, state.acked_seq) == ("puback", 300)
    status = decode_record(statuses.payloads[-1], GatewayStatus)
    assert isinstance(status, GatewayStatus)
    assert status.delete_on == "puback"
    uplink.stop()
    consumer.close()
    statuses.close()


def test_where_the_puback_deletes_no_record_without_subscribers_is_deleted(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    assert spool.append([content(number) for number in range(1, 101)])
    uplink = uplink_to(mosquitto, spool, delete_on="puback")
    uplink.start()
    wait_until(lambda: uplink.counters()["unheard"] >= 2)
    assert spool.status().records == 100
    consumer = Subscriber(mosquitto, data_topic(GATEWAY))
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    consumer.close()
    assert len(set(consumer.payloads)) == 100


def test_alarms_are_sent_first_when_the_link_returns_and_all_arrive_once(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    alarms = (150, 151, 300)
    assert spool.append([alarm(number) if number in alarms else content(number, rows=50) for number in range(1, 401)])
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = uplink_to(mosquitto, spool, max_bytes_per_s=120_000, window=20)
    uplink.start()
    wait_until(lambda: len(ingest.seen) > 50)
    assert spool.append([alarm(401)])
    uplink.wake()
    wait_until(lambda: spool.status().records == 0)
    counters = uplink.counters()
    uplink.stop()
    ingest.close()
    order = [seq for _, seq in ingest.seen]
    assert order[:5] == [*alarms, 1, 2]
    assert order.index(401) < order.index(399), "an alarm that comes later overtakes waiting records"
    assert sorted(order) == list(range(1, 402))
    assert (counters["published"], counters["published_urgent"], ingest.messages) == (401, 4, 401)


def test_a_broker_killed_in_between_receives_the_alarms_first_again(
    mosquitto: Broker, spool: Spool, wait_until: WaitUntil
) -> None:
    assert spool.append([alarm(number) if number == 250 else content(number, rows=50) for number in range(1, 301)])
    ingest = StandInIngest(mosquitto.host, mosquitto.port, GATEWAY)
    uplink = uplink_to(mosquitto, spool, max_bytes_per_s=80_000, window=20)
    uplink.start()
    wait_until(lambda: len(ingest.seen) > 20)
    mosquitto.kill()
    mosquitto.restart()
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert next(iter(ingest.seen)) == (spool.epoch, 250)
    assert sorted(seq for _, seq in ingest.seen) == list(range(1, 301))
