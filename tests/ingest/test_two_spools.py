"""Two spools of one gateway, of its daemon and of an import, on a real broker: neither loses its commit acks."""

from __future__ import annotations

import pytest

from headland.contract.codec import encode_record
from headland.contract.records import Ack, GatewayStatus
from headland.contract.topics import status_topic
from headland.store.memory import MemoryStore
from tests.broker import Broker
from tests.ingest.brittle_store import count_points
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import T0_MS, Gateway, batch_of, block_of
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")
DAEMON, IMPORT = Ack(epoch="daemon", seq=2), Ack(epoch="import", seq=3)


def send(gateway: Gateway, epoch: str, seqs: range) -> None:
    for seq in seqs:
        block = block_of({"air_temperature_degc": [20.0, 20.5]}, T0_MS + seq * 1000, device=f"gh-{epoch}")
        gateway.send(batch_of(seq, block, epoch=epoch))


def send_both(gateway: Gateway) -> None:
    send(gateway, "import", range(1, 4))
    send(gateway, "daemon", range(1, 3))
    wait_until(lambda: {DAEMON, IMPORT} <= set(gateway.acks))


def test_both_spools_are_acknowledged_side_by_side(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, mosquitto: Broker
) -> None:
    service = start_ingest(memory_store)
    with Gateway(mosquitto.host, mosquitto.port) as importer:
        send(gateway, "daemon", range(1, 2))
        send(importer, "import", range(1, 4))
        send(gateway, "daemon", range(2, 3))
        wait_until(lambda: {DAEMON, IMPORT} <= set(gateway.acks) & set(importer.acks))
    assert count_points(memory_store) == 10
    report = service.delivery("gw-1")
    assert report is not None
    assert [(each.epoch, each.stored) for each in report.epochs] == [("daemon", 2), ("import", 3)]


def test_after_a_broker_lost_its_retained_acks_every_subscriber_gets_both_again(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, mosquitto: Broker
) -> None:
    service = start_ingest(memory_store)
    send_both(gateway)
    with Gateway(mosquitto.host, mosquitto.port) as listener:
        # The same order as at a new session of the ingest, which publishes all of them in turn.
        wait_until(lambda: listener.acks == [DAEMON])
        service._writer.resend_acks()
        wait_until(lambda: listener.acks == [DAEMON, IMPORT, DAEMON])
    mosquitto.restart()
    wait_until(lambda: service.counters()["session_generation"] == 2)
    with Gateway(mosquitto.host, mosquitto.port) as back:
        # It may have been there before the republished acks, and then it hears the other as well.
        wait_until(lambda: back.acks in ([DAEMON], [IMPORT, DAEMON]))


def test_the_owner_of_the_other_spool_gets_its_ack_when_it_sends_a_record_again(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, mosquitto: Broker
) -> None:
    start_ingest(memory_store)
    send_both(gateway)
    with Gateway(mosquitto.host, mosquitto.port) as importer:
        wait_until(lambda: importer.acks == [DAEMON])
        send(importer, "import", range(1, 2))
        wait_until(lambda: importer.acks[-1] == IMPORT)
    assert count_points(memory_store) == 10


def test_the_owner_of_the_other_spool_gets_its_ack_on_its_status(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway, mosquitto: Broker
) -> None:
    service = start_ingest(memory_store)
    send_both(gateway)
    with Gateway(mosquitto.host, mosquitto.port) as importer:
        wait_until(lambda: importer.acks == [DAEMON])
        status = GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="import", acked_seq=1)
        importer.publish(status_topic("gw-1"), encode_record(status), retain=True)
        wait_until(lambda: importer.acks[-1] == IMPORT)
    assert service.counters()["duplicate"] == 0
