"""Sources put, changed and removed by orders in a loop: no record of another source is lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from tests.broker import Broker
from tests.edge.sources.mqtt.test_source import Publisher
from tests.services.farm import SELDOM_S, Farm

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.long, pytest.mark.timeout(600)]

ORDERS: Final = "/v1/gateways/gateway-1/orders"
FIRST: Final = 1000
#: Each round puts two sources, changes one of them and removes it.
ROUNDS: Final = 6
#: Between two numbers of a device [s]: each has a time of its own.
EVERY_S: Final = 0.02


class Counting:
    """A device that publishes one number after the other until it is told to end."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._publisher = Publisher(broker)
        self._topic = f"house/{name}"
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self.next = FIRST
        self._thread = threading.Thread(target=self._run, name=f"counting-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join(60)
        self._publisher.close()

    def _run(self) -> None:
        while not self._ends.wait(EVERY_S):
            self._publisher.publish(self._topic, {"n": self.next})
            self.next += 1


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path / "farm", "--no-past")
    made.wait_ready()
    yield made
    if made.process.poll() is None:
        made.stop()


def source(broker: Broker, name: str, **more: Any) -> dict[str, Any]:
    """Return a source that reads the numbers of the device `name`."""
    return {
        "name": name,
        "type": "mqtt",
        "host": broker.host,
        "port": broker.port,
        "format": "json",
        "topic": "house/+",
        "channels": [{"key": "n", "channel": "co2_ppm", "unit": "ppm"}],
        "devices": [{"match": name, "device": name}],
        **more,
    }


def give(farm: Farm, order: dict[str, Any]) -> None:
    with farm.client() as client:
        answer = client.post(ORDERS, json={"order": order}).raise_for_status().json()
    assert (answer["state"], answer["why"]) == ("applied", "")


def newest(farm: Farm, device: str) -> float:
    """Return the newest number of a device; 0 before its first."""
    items = [each["channels"] for each in farm.get("/v1/latest")["items"] if each["device"] == device]
    return next((float(each["co2_ppm"]["value"]) for each in items if "co2_ppm" in each), 0.0)


def test_no_record_of_another_source_is_lost_or_doubled_while_sources_are_put_changed_and_removed(
    farm: Farm, tmp_path: Path
) -> None:
    broker = Broker(tmp_path / "sensors")
    broker.start()
    farm.wait_until(lambda: farm.devices("greenhouse"), every_s=SELDOM_S)
    steady, moving = Counting(broker, "steady"), Counting(broker, "moving")
    give(farm, {"type": "put_source", "source": source(broker, "steady")})
    steady.start()
    moving.start()
    farm.wait_until(lambda: newest(farm, "steady") > FIRST)
    first = int(newest(farm, "steady"))
    spans: list[tuple[int, int]] = []
    for turn in range(ROUNDS):
        give(farm, {"type": "put_source", "source": source(broker, "moving")})
        one = moving.next
        farm.wait_until(lambda one=one: newest(farm, "moving") > one)  # type: ignore[misc]  # the loop's value
        two = int(newest(farm, "moving"))
        spans.append((one + 25, two))
        # The same numbers by another filter: it replaces the one that runs.
        give(farm, {"type": "put_source", "source": source(broker, "moving", topic="house/moving", device_level=2)})
        three = moving.next
        farm.wait_until(lambda three=three: newest(farm, "moving") > three)  # type: ignore[misc]  # the loop's value
        spans.append((three + 25, int(newest(farm, "moving"))))
        if turn < ROUNDS - 1:
            give(farm, {"type": "remove_source", "name": "moving"})
    steady.stop()
    moving.stop()
    farm.wait_until(lambda: newest(farm, "steady") == steady.next - 1 and newest(farm, "moving") == moving.next - 1)
    farm.wait_until(lambda: farm.get("/v1/gateways/gateway-1/delivery")["totals"]["missing"] == 0, every_s=SELDOM_S)
    delivery = farm.get("/v1/gateways/gateway-1/delivery")
    assert (delivery["loss"], delivery["totals"]["lost"], delivery["other_content"]) == (0, 0, 0)
    assert delivery["totals"]["quarantined"] == delivery["totals"]["store_refused"] == 0
    farm.stop()
    broker.stop()
    with closing(DuckDBStore(farm.folder.store_path)) as store:
        samples = store.raw(SeriesFilter("local"), 0, 2**60)
        assert store.conflicts("local", 0, 2**60) == []
    found = {
        each.key.device: [int(number) for number in each.value.tolist()]
        for each in samples
        if each.key.channel == "co2_ppm"
    }
    assert found["steady"][found["steady"].index(first) :] == list(range(first, steady.next))
    assert found["moving"] == sorted(set(found["moving"]))
    for low, high in spans:
        assert set(range(low, high + 1)) <= set(found["moving"]), (low, high)
