"""A whole station while a gateway's login, an enrolling gateway and files say anything: it stays ready."""

from __future__ import annotations

import io
import random
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from station.local.gateways import Gateways
from tests.hostile.enrolments import HostileEnrolments
from tests.hostile.mutations import MqttMutations, as_json, count, mutate, mutate_bytes
from tests.ports import find_free_port
from tests.services.farm import Farm
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.long]

#: Memory that one peer's messages may add to the station, after as many of them as warm it up.
MOST_GROWTH_BYTES = 20_000_000
#: Messages that warm it up: its caches, its store's pages, the tracked devices of one gateway.
WARM_UP = 3000
#: Messages that wait for the broker's answer at a time.
IN_FLIGHT = 50
OUTLINE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "north"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[119.1, 31.9], [119.11, 31.9], [119.11, 31.91], [119.1, 31.9]]],
            },
        }
    ],
}


class Readiness:
    """Asks /readyz again and again, in a thread; keeps every answer that is not 200."""

    def __init__(self, farm: Farm) -> None:
        self.asked = 0
        self.failures: list[str] = []
        self._url = farm.folder.read_state().api_url + "/readyz"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="readiness")

    def __enter__(self) -> Readiness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with httpx.Client(timeout=120) as client:
            while not self._stop.wait(0.2):
                answer = client.get(self._url)
                self.asked += 1
                if answer.status_code != 200:
                    self.failures.append(answer.text[:500])


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    door = f"127.0.0.1:{find_free_port()}"
    made = Farm(tmp_path_factory.mktemp("farm"), "--no-sim", "--listen", door, "--enrol")
    made.wait_ready()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rogue(farm: Farm) -> Iterator[Client]:
    assert farm.call("gateway", "add", "gw-z", "--site", "home").returncode == 0
    (login,) = [each for each in Gateways(farm.folder).all() if each.name == "gw-z"]
    state = farm.folder.read_state()
    client = Client(CallbackAPIVersion.VERSION2, "gw-z", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("gw-z", login.password)
    client.max_inflight_messages_set(IN_FLIGHT)
    client.connect(state.broker_host, state.broker_port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def station_log(farm: Farm) -> str:
    return (farm.folder.logs_dir / "station.log").read_text(errors="replace")


def memory_bytes(farm: Farm) -> int:
    """Return the memory of the station's process."""
    lines = Path(f"/proc/{farm.folder.read_state().pids['station']}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def metric(farm: Farm, name: str) -> float:
    with farm.client() as client:
        text = client.get("/metrics").text
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def test_no_message_of_a_login_ends_anything_or_takes_the_station_away(farm: Farm, rogue: Client) -> None:
    total, mutations = WARM_UP + count(0.4, 1200), MqttMutations("gw-z", random.Random(42))
    pids, warm, sent = farm.folder.read_state().pids, 0, list[MQTTMessageInfo]()
    with Readiness(farm) as readiness:
        for number in range(total):
            message = mutations.next()
            wire: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            if message.properties:
                wire.UserProperty = list(message.properties.items())
            sent.append(rogue.publish(message.topic, message.payload, qos=1, properties=wire))
            if len(sent) >= IN_FLIGHT:
                sent.pop(0).wait_for_publish(120)
            if number == WARM_UP:
                wait_until(lambda: metric(farm, "headland_ingest_waiting") == 0, every_s=0.5)
                warm = memory_bytes(farm)
        for info in sent:
            info.wait_for_publish(120)
        received = metric(farm, "headland_ingest_received_total")
        wait_until(lambda: metric(farm, "headland_ingest_waiting") == 0, every_s=0.5)
        grown = memory_bytes(farm) - warm
    print(
        f"\nMQTT: {total} messages, {received:.0f} received, /readyz {readiness.asked} times, {grown / 1e6:.1f} MB more"
    )
    assert readiness.failures == []
    assert farm.folder.read_state().pids == pids
    assert "Traceback" not in station_log(farm)
    for path in ("gateways", "gateways/gw-z/delivery", "devices", "alarms", "quarantine"):
        assert farm.get(f"/v1/{path}") is not None, path
    assert grown <= MOST_GROWTH_BYTES


def test_no_enrolment_and_no_outline_is_an_error_of_the_station(farm: Farm) -> None:
    total, dice, codes = count(0.1, 300), random.Random(7), Counter[str]()
    enrolments = HostileEnrolments(farm, dice)
    with Readiness(farm) as readiness, farm.client() as client:
        for _ in range(total):
            kind = dice.choice(("enrolment", "enrolment", "outline", "zip"))
            if kind == "enrolment":
                answer = enrolments.ask()
            else:
                data = as_json(mutate(OUTLINE, dice), dice)
                if kind == "zip":
                    packed = io.BytesIO()
                    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                        archive.writestr("field.kml", data)
                        archive.writestr("field.shp", dice.randbytes(300))
                        archive.writestr("field.dbf", dice.randbytes(300))
                    data = mutate_bytes(packed.getvalue(), dice)
                answer = client.post("/v1/fields/import", content=data)
            codes[f"{'enrolment' if kind == 'enrolment' else 'outline'} {answer.status_code}"] += 1
            assert answer.status_code < 500, (kind, answer.text)
    enrolments.close()
    # They reach what reads them, and are not turned away before.
    assert codes["enrolment 403"] > total / 20
    assert codes["enrolment 429"] < total / 20
    print(f"\nenrolments and outlines: {total}, answers {dict(codes)}, /readyz {readiness.asked} times")
    assert readiness.failures == []
    assert "Traceback" not in station_log(farm)
