"""What the ingest benchmark sends: the same samples as native batches or SenML packs, from any number of gateways."""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.codec import decode_record, encode_batch
from headland.contract.records import Ack, Batch, Block, Clock
from headland.contract.senml.decoder import encode_senml
from headland.contract.topics import ack_topic, data_topic, senml_topic
from tests.bench.mqtt_packets import encode_publish, publish_all
from tests.waiting import wait_until

STEP_MS = 100
START_MS = 1_790_000_000_000
WINDOW = 500
EPOCH = "bench"
CHANNELS = (
    ("latitude_deg", 31.2, 1e-3),
    ("longitude_deg", 121.4, 1e-3),
    ("altitude_m", 40.0, 5.0),
    ("ground_speed_m_s", 5.0, 1.0),
    ("heading_deg", 180.0, 90.0),
    ("roll_rad", 0.0, 0.2),
    ("pitch_rad", 0.0, 0.2),
    ("battery_voltage_v", 44.0, 1.0),
    ("battery_current_a", 60.0, 10.0),
    ("flow_l_min", 3.0, 0.5),
)


@dataclass(frozen=True, slots=True)
class Load:
    """`messages` of `points` samples each. Devices take turns, gateways share them."""

    messages: int
    points: int
    gateways: int = 4
    devices: int = 4
    channels: int = 10
    senml: bool = False

    @property
    def total(self) -> int:
        """How many samples there are in all."""
        return self.messages * self.points


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to publish; `seq` is 0 for SenML."""

    gateway: str
    seq: int
    topic: str
    payload: bytes
    properties: dict[str, str]


def make_messages(load: Load) -> list[Sent]:
    """Return the messages of a load, always the same ones."""
    chance = np.random.default_rng(7)
    channels = CHANNELS[: load.channels]
    rows = load.points // len(channels)
    seqs: Counter[str] = Counter()
    sent: list[Sent] = []
    for number in range(load.messages):
        turn, device = divmod(number, load.devices)
        # With fewer gateways than devices each has several; with more, a device is heard by several.
        gateway = f"gw-{(device if load.devices >= load.gateways else number) % load.gateways}"
        block = Block(
            device=f"uav-{device}",
            kind="drone",
            site="bench",
            clock=Clock.GPS,
            t0=START_MS + turn * rows * STEP_MS,
            dt=[row * STEP_MS for row in range(rows)],
            c={name: np.round(mean + spread * chance.random(rows), 3).tolist() for name, mean, spread in channels},
            simulated=True,
        )
        if load.senml:
            sent.append(Sent(gateway, 0, senml_topic(gateway, block.device), encode_senml(block), {}))
            continue
        seqs[gateway] += 1
        seq = seqs[gateway]
        payload = encode_batch(Batch(gw=gateway, epoch=EPOCH, seq=seq, v=1, blocks=[block]))
        sent.append(Sent(gateway, seq, data_topic(gateway), payload, {"epoch": EPOCH, "seq": str(seq)}))
    return sent


def publish(pipe: Connection, port: int, load: Load) -> None:
    """Make the messages and say how many bytes they are; at the word, publish them as fast as they are taken."""
    messages = make_messages(load)
    packets = [
        encode_publish(one.topic, one.payload, number % 65_535 + 1, one.properties)
        for number, one in enumerate(messages)
    ]
    pipe.send(sum(len(one.payload) for one in messages))
    pipe.recv()
    publish_all(port, packets, WINDOW)


def publish_paced(pipe: Connection, port: int, load: Load, messages_per_s: float) -> None:
    """As `publish`, but so many a second; then send each message's seconds from publish to commit ack."""
    messages = make_messages(load)
    #: Of each gateway, what was sent and not yet said to be committed: sequence and time.
    under_way: defaultdict[str, deque[tuple[int, float]]] = defaultdict(deque)
    took_s: list[float] = []
    subscribed: list[int] = []

    def hear(_client: Client, _data: object, message: MQTTMessage) -> None:
        now_s, waiting = time.perf_counter(), under_way[message.topic.rsplit("/", 1)[1]]
        ack = decode_record(bytes(message.payload), Ack)
        assert isinstance(ack, Ack)
        while waiting and waiting[0][0] <= ack.seq:
            took_s.append(now_s - waiting.popleft()[1])

    client = Client(CallbackAPIVersion.VERSION2, "bench-gateways", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = hear
    client.on_connect = lambda client, *_: client.subscribe(ack_topic("+"), qos=0)
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait_until(lambda: subscribed)
    pipe.send(sum(len(one.payload) for one in messages))
    pipe.recv()
    begun_s = time.perf_counter()
    for number, one in enumerate(messages):
        time.sleep(max(0.0, begun_s + number / messages_per_s - time.perf_counter()))
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.UserProperty = list(one.properties.items())
        under_way[one.gateway].append((one.seq, time.perf_counter()))
        client.publish(one.topic, one.payload, qos=1, properties=properties)
    wait_until(lambda: len(took_s) == len(messages), 30)
    client.loop_stop()
    pipe.send(took_s)
