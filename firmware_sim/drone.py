"""The simulated autopilot as a process: a vehicle, its MAVLink and a link, stepped in simulated time."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from firmware_sim.clock import SimClock
from firmware_sim.encoder import Encoder, Streams
from firmware_sim.handler import Handler
from firmware_sim.link import Link, open_link
from firmware_sim.scenario import field_named
from firmware_sim.truth import TruthFile
from firmware_sim.vehicle import STEP_MS, Vehicle
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)

_TICK_S = 0.01
#: Steps between two looks at the link and at `stop`: six seconds of simulated time, some 20 ms of real time.
_MAX_STEPS = 300
#: Frames are sent together up to this size, so that a datagram fits an Ethernet frame.
_DATAGRAM_BYTES = 1200

TRUTH_COLUMNS = (
    "time_ms",
    "latitude_deg",
    "longitude_deg",
    "relative_altitude_m",
    "pump_on",
    "flow_l_min",
    "applied_l",
    "treated_m2",
    "overlap_m2",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DroneSettings:
    """What a simulated drone is told; `start_ms` None means now, and then `speed` has nothing to catch up."""

    connect: str = "udpout:127.0.0.1:14550"
    scenario: str = "demo"
    seed: int = 1
    speed: float = 1.0
    start_ms: int | None = None
    truth_dir: Path | None = None
    system_id: int = 1
    mavlink_version: int = 2

    def __post_init__(self) -> None:
        """Check every bound once; raises SettingsError."""
        field_named(self.scenario)
        SimClock(self.speed, 0, 0)
        if not 1 <= self.system_id <= 255:
            raise SettingsError(f"The drone's system id is {self.system_id}: give 1 to 255.")
        if self.mavlink_version not in {1, 2}:
            raise SettingsError(f"There is no MAVLink {self.mavlink_version}: give 1 or 2.")
        if not 0 <= self.seed < 2**63:
            raise SettingsError(f"The seed is {self.seed}: give a whole number from 0.")


class Drone:
    """A vehicle, what it says and what it answers; pure: bytes in, bytes out, no clock and no socket."""

    def __init__(self, settings: DroneSettings, start_ms: int) -> None:
        self.vehicle = Vehicle(field_named(settings.scenario), settings.seed, start_ms)
        self.encoder = Encoder(self.vehicle, settings.seed, settings.system_id, settings.mavlink_version)
        self.streams = Streams()
        self.handler = Handler(self.vehicle, self.encoder, self.streams, settings.system_id)

    def hear(self, chunk: bytes) -> list[bytes]:
        """Take bytes from the link and return the frames that answer them."""
        return [self.encoder.pack(message) for message in self.handler.hear(chunk)]

    def step(self) -> list[bytes]:
        """Advance by one step and return the frames that are due."""
        self.vehicle.step()
        messages = list(self.streams.due(self.encoder, self.vehicle.boot_time_ms))
        while self.vehicle.texts:
            messages.append(self.encoder.status_text(self.vehicle.texts.popleft()))
        return [self.encoder.pack(message) for message in messages]

    def truth(self) -> tuple[str, ...]:
        """Return the truth row of this moment, without its time."""
        vehicle = self.vehicle
        latitude, longitude = vehicle.true_degrees()
        sprayer, raster = vehicle.sprayer, vehicle.raster
        return (
            f"{latitude:.9f}",
            f"{longitude:.9f}",
            f"{vehicle.motion.up_m:.3f}",
            str(int(sprayer.running)),
            f"{sprayer.flow_l_min:.4f}",
            f"{sprayer.applied_l:.5f}",
            f"{raster.treated_m2:.2f}",
            f"{raster.overlap_m2:.2f}",
        )


def run_drone(settings: DroneSettings, stop: threading.Event) -> None:
    """Fly until `stop` is set; returns within a second of it. A lost peer is waited for.

    Raises SettingsError for a link that is none, RetryLater where its address cannot be taken.
    """
    real_ms = _real_ms()
    clock = SimClock(settings.speed, real_ms if settings.start_ms is None else settings.start_ms, real_ms)
    drone = Drone(settings, clock.now_ms(real_ms))
    link = open_link(settings.connect)
    truth = None
    if settings.truth_dir is not None:
        truth = TruthFile(Path(settings.truth_dir) / f"drone-{settings.seed}.csv", TRUTH_COLUMNS)
    _LOGGER.info("drone %d flies %s on %s", settings.system_id, settings.scenario, settings.connect)
    try:
        while not stop.is_set():
            caught_up = advance(drone, clock.now_ms(_real_ms()), link, truth)
            stop.wait(_TICK_S if caught_up else 0)
    finally:
        link.close()
        if truth is not None:
            truth.close()
        _LOGGER.info("drone ends: %d frames sent, %d chunks without a taker", drone.encoder.frames, link.dropped)


def advance(drone: Drone, until_ms: int, link: Link, truth: TruthFile | None) -> bool:
    """Answer what was heard and step up to `until_ms`, at most `_MAX_STEPS`; tell whether it was reached."""
    pending = bytearray()
    frames = drone.hear(link.receive())
    steps = 0
    while True:
        for frame in frames:
            if len(pending) + len(frame) > _DATAGRAM_BYTES:
                link.send(bytes(pending))
                pending.clear()
            pending += frame
        if drone.vehicle.time_ms + STEP_MS > until_ms or steps >= _MAX_STEPS:
            break
        frames = drone.step()
        steps += 1
        if truth is not None and drone.vehicle.time_ms % 1000 == 0:
            truth.append(drone.vehicle.time_ms, drone.truth())
    if pending:
        link.send(bytes(pending))
    return drone.vehicle.time_ms + STEP_MS > until_ms


def _real_ms() -> int:
    return time.time_ns() // 1_000_000
