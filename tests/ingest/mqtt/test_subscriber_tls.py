from pathlib import Path

import pytest

from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.bench.ingest_load import WINDOW, Load, make_messages
from tests.bench.mqtt_packets import encode_publish, publish_all
from tests.broker import Broker
from tests.ports import find_free_port
from tests.station.certificates import Authority
from tests.waiting import wait_until

#: Packets far below and far above the 16 KiB of a TLS record.
LOADS = (Load(400, 20), Load(20, 2000, senml=True))


@pytest.mark.services("mosquitto", "openssl")
def test_small_and_large_messages_come_whole_through_tls(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path / "certificates"), find_free_port()
    cert, key = authority.issue("broker")
    tls = [f"listener {port} 127.0.0.1", f"certfile {cert}", f"keyfile {key}", "max_inflight_messages 1000"]
    broker = Broker(tmp_path / "broker", lines=tls)
    broker.start()
    settings = IngestSettings(
        quarantine_path=tmp_path / "quarantine.sqlite", host="localhost", port=port, tls=True, tls_ca_path=authority.ca
    )
    service = IngestService(settings, MemoryStore())
    service.start()
    try:
        wait_until(lambda: service.health().ok)
        messages = [message for load in LOADS for message in make_messages(load)]
        packets = [
            encode_publish(one.topic, one.payload, number + 1, one.properties) for number, one in enumerate(messages)
        ]
        assert max(map(len, packets)) > 64 * 1024
        publish_all(broker.port, packets, WINDOW)
        wait_until(lambda: service.counters()["received"] == len(messages))
        wait_until(lambda: service.counters()["stored"] == len(messages))
        counters = service.counters()
        assert counters["points"] + counters["points_duplicate"] + counters["points_conflicting"] == sum(
            load.total for load in LOADS
        )
        assert counters["session_generation"] == 1
    finally:
        service.stop()
        broker.kill()
