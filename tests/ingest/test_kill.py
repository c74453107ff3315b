"""SIGKILL of the whole service in the middle of a stream: with DuckDB behind it every record is stored once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headland.contract.records import Ack
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState, SeriesFilter
from tests.broker import Broker
from tests.ingest.gateway import Gateway, batch_of, properties_of, topic_and_payload
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")
RECORDS = 400


def start_child(port: int, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.ingest.child", str(port), str(folder)])


def high_water(gateway: Gateway) -> int:
    return max((ack.seq for ack in gateway.acks), default=0)


def is_acked_after_sending(gateway: Gateway, seq: int) -> bool:
    """Send a record, which nobody hears before the service has subscribed, and tell whether it was acknowledged."""
    gateway.send(batch_of(seq))
    return bool(gateway.acks)


def stop_in_the_middle(child: subprocess.Popen[bytes], gateway: Gateway) -> int:
    """Send records after the first and suspend the service while it stores them; return the number of the last one.

    Where the service was done before it was suspended, more are sent.
    """
    last = 1
    while True:
        first, last = last + 1, last + RECORDS
        for seq in range(first, last + 1):
            topic, payload = topic_and_payload(batch_of(seq))
            gateway.publish_soon(topic, payload, properties_of("e1", seq))
        wait_until(lambda least=first + RECORDS // 10: high_water(gateway) > least)  # type: ignore[misc]
        child.send_signal(signal.SIGSTOP)
        if high_water(gateway) < last:
            return last
        child.send_signal(signal.SIGCONT)


def test_a_killed_service_loses_nothing_and_stores_nothing_twice(
    mosquitto: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    child = start_child(mosquitto.port, tmp_path)
    try:
        wait_until(lambda: is_acked_after_sending(gateway, 1))
        last = stop_in_the_middle(child, gateway)
        child.kill()
        child.wait()
        child = start_child(mosquitto.port, tmp_path)
        wait_until(lambda: gateway.acks[-1] == Ack(epoch="e1", seq=last))
    finally:
        child.kill()
        child.wait()
    store = DuckDBStore(tmp_path / "farm.duckdb")
    try:
        assert store.marks() == {("gw-1", "e1"): MarkState(last)}
        (samples,) = store.raw(SeriesFilter("local"), 0, 2**60)
        assert len(samples.time_ms) == 2 * last
        assert len(set(samples.time_ms.tolist())) == 2 * last
    finally:
        store.close()
