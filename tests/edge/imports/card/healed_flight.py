"""A simulated flight over a link that is cut, read from the autopilot's card after landing; no clock, no socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.card.formats import log_formats
from edge.sources.mavlink.card.gateway_flights import GatewayFlights, VehicleNow
from edge.sources.mavlink.card.link_healing import LinkHealing
from edge.sources.mavlink.card.span_reader import CardParts
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.encoder import Encoder, Outgoing
from edge.sources.mavlink.protocol.messages import CARD_MESSAGES, MESSAGE_BY_ID
from edge.sources.mavlink.settings import HealSettings, MavlinkSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output, deliver
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.source import Reading, Readings
from firmware_sim.drone.simulator import Drone
from headland.contract.records import Clock, Descriptor, Event
from tests.edge.sources.mavlink.test_simulated import request_version

LAND = 9
LINK = "a"
STEP_MS = 20
_TICK_MS = 250

Lossy = Callable[[list[bytes]], list[bytes]]


@dataclass
class Store:
    """A sink that keeps the samples by channel and time, and counts those that come twice."""

    samples: dict[tuple[str, int], float] = field(default_factory=dict)
    twice: int = 0
    contradictions: int = 0
    events: list[Event] = field(default_factory=list)
    described: dict[str, Descriptor] = field(default_factory=dict)
    finished: int = 0

    def reading(self, reading: Reading) -> None:
        for channel, value in reading.values.items():
            if value is None:
                continue
            key = (channel, reading.time_ms)
            if key in self.samples:
                self.twice += 1
                self.contradictions += self.samples[key] != value
            self.samples[key] = value

    def runs(self, runs: Sequence[Readings]) -> None:
        for run in runs:
            for row in run.rows():
                self.reading(row)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def describe(self, descriptor: Descriptor) -> None:
        self.described[descriptor.device] = descriptor

    def finish(self) -> None:
        self.finished += 1

    def of(self, channel: str, begin_ms: int = 0, end_ms: int = 1 << 62) -> dict[int, float]:
        found = {at: value for (name, at), value in self.samples.items() if name == channel and begin_ms < at < end_ms}
        return dict(sorted(found.items()))

    def coverages(self) -> list[Mapping[str, Any]]:
        return [event.data for event in self.events if event.kind == "flight_coverage"]


class Gateway:
    """A gateway on one link; `sent` are all requests to cards, `frames` their bytes."""

    def __init__(
        self, folder: Path, live: Store, history: Store, heal: HealSettings | None = None, *, listen_only: bool = False
    ) -> None:
        heal = HealSettings() if heal is None else heal
        self.settings = MavlinkSettings(name="drones", url="udpin:127.0.0.1:14550", heal=heal, listen_only=listen_only)
        self.fleet = Fleet(
            SourceContext("gw-1", "home", link="drones"), None, lambda _s, _c: HoldPolicy(wait_ms=10_000, rows=20_000)
        )
        self.live = live
        self.sent: list[tuple[int, Outgoing]] = []
        self.frames: list[bytes] = []
        parts = CardParts(folder, log_formats(self.settings), lambda: history)
        self.healing = LinkHealing(self.settings, parts, Clock.RTC, 1)
        self._decoder = FrameDecoder(wanted=frozenset((*MESSAGE_BY_ID, *CARD_MESSAGES)))
        self._encoder = Encoder()
        self._next_ms = 0

    def receive(self, data: bytes, now_ms: int) -> None:
        frames = self._decoder.read(data)
        self._pass(self.fleet.read(LINK, frames, [now_ms] * len(frames)), now_ms)

    def step(self, now_ms: int) -> list[bytes]:
        """Return the frames to send."""
        if now_ms < self._next_ms:
            return []
        self._next_ms = now_ms + _TICK_MS
        self._pass(self.fleet.tick(now_ms), now_ms)
        requests = [request for _, request in self.healing.step(self.fleet, self.live, now_ms / 1000, now_ms)]
        self.sent += [(now_ms, request) for request in requests]
        frames = [self._encoder.encode(request) for request in requests]
        self.frames += frames
        return frames

    def _pass(self, outputs: list[Output], now_ms: int) -> None:
        self.healing.note_rows(self.fleet, deliver(outputs, self.live), now_ms / 1000)


@dataclass
class Flight:
    """A drone and a gateway."""

    drone: Drone
    gateway: Gateway
    lose_down: Lossy = lambda frames: frames
    lose_up: Lossy = lambda frames: frames
    is_cut: bool = False
    _receiver: Any = field(init=False)

    def __post_init__(self) -> None:
        self._receiver = dialect.MAVLink(None)

    @property
    def now_ms(self) -> int:
        return self.drone.vehicle.time_ms

    def run(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
        for _ in range(int(seconds * 1000 / STEP_MS)):
            frames = self.drone.step()
            if not self.is_cut:
                self.gateway.receive(b"".join(self.lose_down(frames)), self.now_ms)
            up = self.lose_up(self.gateway.step(self.now_ms))
            if up and not self.is_cut:
                messages = [message for frame in up for message in self._receiver.parse_buffer(frame) or ()]
                self.gateway.receive(b"".join(self.lose_down(self.drone.respond(messages))), self.now_ms)
            if until():
                return

    def identify(self) -> None:
        self.gateway.receive(b"".join(self.drone.respond([request_version()])), self.now_ms)

    def land(self) -> None:
        """Let the vehicle land where it is; its crew does not start it again."""
        self.drone.vehicle.crew.hand_over()
        self.drone.respond([dialect.MAVLink_set_mode_message(1, 1, LAND)])

    def connect(self, gateway: Gateway) -> None:
        """Go on with another gateway, as after a restart of it."""
        self.gateway = gateway
        self.identify()


#: What was noted of a vehicle: its state, its rows, and when.
Heard = tuple[VehicleNow, Sequence[Readings], float]


def hear(gateway: Gateway) -> list[Heard]:
    """Return the list to which all is added, from now on, that the gateway notes of its flights."""
    heard: list[Heard] = []
    flights: GatewayFlights = gateway.healing._flights
    note_rows = flights.note_rows

    def note(vehicle: VehicleNow, runs: Sequence[Readings], now_s: float, least_gap_ms: int) -> None:
        heard.append((vehicle, runs, now_s))
        note_rows(vehicle, runs, now_s, least_gap_ms)

    flights.note_rows = note  # type: ignore[method-assign]
    return heard
