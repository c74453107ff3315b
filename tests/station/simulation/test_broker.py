"""The simulated broker behaves as mosquitto does, where the chain depends on it."""

import pytest

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import (
    Broker,
    Connack,
    Connect,
    Packet,
    Puback,
    Publish,
    PublishedMessage,
    Subscribe,
    matches,
)


class RecordedPeer:
    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.reasons: list[str] = []

    def send(self, packet: Packet) -> None:
        self.packets.append(packet)

    def close(self, reason: str) -> None:
        self.reasons.append(reason)

    def received(self) -> list[bytes]:
        return [packet.message.payload for packet in self.packets if isinstance(packet, Publish)]


@pytest.fixture
def agenda() -> Agenda:
    return Agenda()


@pytest.fixture
def broker(agenda: Agenda) -> Broker:
    return Broker(agenda)


def connect(broker: Broker, client_id: str, *, is_clean: bool, most: int = 10) -> RecordedPeer:
    peer = RecordedPeer()
    broker.receive(peer, Connect(client_id, is_clean, most))
    return peer


def publish(broker: Broker, peer: RecordedPeer, payload: bytes, *, retain: bool = False) -> Puback:
    broker.receive(peer, Publish(1, PublishedMessage("a/b", payload, (), retain)))
    answer = peer.packets[-1]
    assert isinstance(answer, Puback)
    return answer


def test_a_session_receives_again_what_it_did_not_acknowledge(broker: Broker) -> None:
    reader = connect(broker, "reader", is_clean=False)
    broker.receive(reader, Subscribe(("a/+",)))
    writer = connect(broker, "writer", is_clean=True)
    publish(broker, writer, b"1")
    publish(broker, writer, b"2")
    first = next(packet for packet in reader.packets if isinstance(packet, Publish))
    broker.receive(reader, Puback(first.mid))
    broker.lost(reader)
    publish(broker, writer, b"3")
    again = connect(broker, "reader", is_clean=False)
    assert isinstance(again.packets[0], Connack)
    assert again.packets[0].session_present
    assert again.received() == [b"2", b"3"]


def test_a_publisher_is_told_that_nobody_listens(broker: Broker) -> None:
    assert not publish(broker, connect(broker, "writer", is_clean=True), b"1").has_subscribers


def test_a_kill_forgets_what_was_not_yet_saved_and_a_stop_does_not(broker: Broker, agenda: Agenda) -> None:
    for end, expected in ((broker.kill, [b"1"]), (broker.stop, [b"1", b"2"])):
        broker.start(with_state=False)
        reader = connect(broker, "reader", is_clean=False)
        broker.receive(reader, Subscribe(("#",)))
        broker.lost(reader)
        writer = connect(broker, "writer", is_clean=True)
        publish(broker, writer, b"1")
        agenda.run(agenda.now_s + 1.5)
        publish(broker, connect(broker, "writer", is_clean=True), b"2")
        end()
        broker.start()
        assert connect(broker, "reader", is_clean=False).received() == expected
        broker.kill()


def test_a_will_is_published_unless_the_client_says_goodbye_and_stays_retained(broker: Broker) -> None:
    peer = RecordedPeer()
    broker.receive(peer, Connect("writer", True, 10, PublishedMessage("a/b", b"gone", (), True)))
    broker.lost(peer)
    reader = connect(broker, "reader", is_clean=True)
    broker.receive(reader, Subscribe(("a/b",)))
    assert reader.received() == [b"gone"]


def test_a_second_client_of_one_name_takes_the_session_over(broker: Broker) -> None:
    first = connect(broker, "writer", is_clean=True)
    connect(broker, "writer", is_clean=True)
    assert first.reasons == ["Session taken over"]


def test_no_more_is_under_way_than_the_client_accepts(broker: Broker) -> None:
    reader = connect(broker, "reader", is_clean=False, most=2)
    broker.receive(reader, Subscribe(("#",)))
    writer = connect(broker, "writer", is_clean=True)
    for number in range(5):
        publish(broker, writer, b"%d" % number)
    assert reader.received() == [b"0", b"1"]


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [("a/+", "a/b", True), ("a/+", "a/b/c", False), ("a/#", "a/b/c", True), ("a/b", "a/b", True), ("a/b", "a", False)],
)
def test_filters_match_as_mqtt_says(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected
