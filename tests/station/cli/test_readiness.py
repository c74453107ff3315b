"""Readiness of a station whose gateways say what they like: it is what the station itself can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.clock import wall_clock_ms
from headland.clock.station_clock.record import AGREE_MS
from headland.contract.codec import encode_batch, encode_record
from headland.contract.records import Batch, Block, Clock, Event, GatewayStatus, SpoolStatus
from headland.contract.topics import data_topic, status_topic
from headland.units_of_time import DAY_MS, MINUTE_MS
from station.local.gateways import Gateways
from tests.services.farm import Farm
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto")]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    made = Farm(tmp_path_factory.mktemp("farm"), "--no-sim")
    made.wait_ready()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rogue(farm: Farm) -> Iterator[Client]:
    """A session with the login of gw-z, as whoever holds its card has it."""
    with session(farm, "gw-z") as client:
        yield client


@pytest.fixture(scope="module")
def honest(farm: Farm) -> Iterator[Client]:
    """A session of a gateway that says what is so."""
    with session(farm, "gw-h") as client:
        yield client


@contextmanager
def session(farm: Farm, gateway: str) -> Iterator[Client]:
    assert farm.call("gateway", "add", gateway, "--site", "north").returncode == 0
    state = farm.folder.read_state()
    client = Client(CallbackAPIVersion.VERSION2, gateway, protocol=MQTTProtocolVersion.MQTTv5)
    (login,) = [each for each in Gateways(farm.folder).all() if each.name == gateway]
    client.username_pw_set(gateway, login.password)
    client.connect(state.broker_host, state.broker_port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(rogue: Client, topic: str, payload: bytes, properties: dict[str, str] | None = None) -> None:
    wire: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    if properties:
        wire.UserProperty = list(properties.items())
    rogue.publish(topic, payload, qos=1, properties=wire).wait_for_publish(120)


def batch(seq: int, value: float, *events: Event, epoch: str = "e1", device: str = "house-z") -> Batch:
    block = block_of(device, [1_790_000_000_000 + round(value)], value)
    return Batch(gw="gw-z", epoch=epoch, seq=seq, v=1, blocks=[block], events=list(events))


def block_of(device: str, times_ms: list[int], value: float, clock: Clock = Clock.NTP) -> Block:
    offsets_ms = [time_ms - times_ms[0] for time_ms in times_ms]
    values: list[float | None] = [value] * len(times_ms)
    return Block(
        device=device,
        kind="greenhouse",
        site="north",
        clock=clock,
        t0=times_ms[0],
        dt=offsets_ms,
        c={"air_temperature_degc": values},
    )


def send(rogue: Client, *batches: Batch) -> None:
    for each in batches:
        publish(rogue, data_topic(each.gw), encode_batch(each), {"epoch": each.epoch, "seq": str(each.seq)})


def checks(farm: Farm) -> dict[str, dict[str, Any]]:
    """Return the checks of /readyz, which answers 200 whatever a gateway said."""
    answer = farm.get("/readyz")
    assert answer is not None
    assert answer["ready"] is True
    return {check["name"]: check for check in answer["checks"]}


def tell(farm: Farm) -> str:
    return str(checks(farm)["delivery"]["detail"])


def test_two_contents_under_one_number_are_told_to_people_and_leave_the_station_ready(
    farm: Farm, rogue: Client
) -> None:
    send(rogue, batch(1, 20.0))
    send(rogue, batch(1, 25.0))
    wait_until(lambda: "two machines use the identity of gw-z" in tell(farm))
    assert checks(farm)["delivery"]["ok"] is True
    wait_until(lambda: "gateway-identity" in {alarm["rule"] for alarm in farm.get("/v1/alarms")["items"]})
    doctor = msgspec.json.decode(farm.run("doctor", "--json").stdout)
    (finding,) = [each for each in doctor if each["check"] == "delivery"]
    assert finding["state"] == "warning"
    assert "two machines use the identity of gw-z" in finding["found"]
    assert "docs/how-to/check-a-farm.md" in finding["advice"]


@pytest.mark.long
def test_whatever_a_gateway_reports_of_itself_leaves_the_station_ready(farm: Farm, rogue: Client) -> None:
    most = 2**62
    for number in range(8):
        spool = SpoolStatus(
            records=number * 1000,
            bytes=most,
            oldest_ms=0,
            dropped_records=most,
            trouble="the disk is full",
            renewals=most,
            shortened_records=most,
        )
        status = GatewayStatus(
            gw="gw-z",
            online=True,
            t=1_790_000_000_000 + number,
            epoch="e1",
            acked_seq=most,
            spool=spool,
            instance="ab"[number % 2],
        )
        publish(rogue, status_topic("gw-z"), encode_record(status))
    lost = Event(
        t=1_790_000_000_000,
        device="gw-z",
        kind="spool_shortened",
        device_kind="gateway",
        site="north",
        clock=Clock.NTP,
        data={"epoch": "e7", "first_seq": 1, "last_seq": most, "records": most, "why": "log"},
    )
    send(rogue, batch(most, 30.0, epoch="e3"), batch(1, 31.0, lost, epoch="e4"), batch(2, 32.0, device="house-y"))
    wait_until(lambda: "are lost" in tell(farm))
    for path in ("/v1/gateways", "/v1/gateways/gw-z/delivery", "/v1/alarms", "/v1/devices"):
        assert farm.get(path) is not None, path
    wait_until(lambda: "gateway-loss" in {alarm["rule"] for alarm in farm.get("/v1/alarms")["items"]})
    assert all(check["ok"] for check in checks(farm).values())


@pytest.mark.parametrize(
    ("house", "clock", "ahead_ms"),
    [
        ("house-1", Clock.NTP, -70 * DAY_MS),
        ("house-2", Clock.GPS, 3650 * DAY_MS),
        ("house-3", Clock.NTP, 3650 * DAY_MS),
    ],
)
def test_no_clock_of_one_gateway_keeps_the_frost_of_another_from_being_raised(
    farm: Farm, rogue: Client, honest: Client, house: str, clock: Clock, ahead_ms: int
) -> None:
    number = int(house[-1])
    seq = 0

    def contradicts() -> bool:
        nonlocal seq
        seq += 1
        block = block_of(f"theirs-{number}", [wall_clock_ms() + ahead_ms], 20.0, clock)
        send(rogue, Batch(gw="gw-z", epoch=f"r{number}", seq=seq, v=1, blocks=[block]))
        return bool(farm.get("/v1/clock")["witnesses"] == 1)

    wait_until(contradicts, every_s=0.5)
    now_ms = wall_clock_ms()
    minutes = [now_ms - at * MINUTE_MS for at in range(10, -1, -1)]
    # Its own clock is none that speaks for the station's.
    frost = block_of(house, minutes, -3.0, Clock.RTC)
    send(honest, Batch(gw="gw-h", epoch="h1", seq=number, v=1, blocks=[frost]))

    def is_raised() -> bool:
        contradicts()
        active = farm.get("/v1/alarms?state=active")["items"]
        return any((alarm["rule"], alarm["subject"], alarm["late"]) == ("frost", house, False) for alarm in active)

    wait_until(is_raised, every_s=0.5)
    state = farm.get("/v1/clock")
    assert state["in_doubt"] is True
    assert abs(state["believed_ms"] - wall_clock_ms()) < AGREE_MS
    assert all(check["ok"] for check in checks(farm).values())
