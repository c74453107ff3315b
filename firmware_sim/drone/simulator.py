"""Simulated drones as a process: vehicles on one MAVLink link, stepped in simulated time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymavlink.dialects.v20 import common

from firmware_sim.core.clock import SimClock
from firmware_sim.drone.card.dataflash_recorder import DataflashRecorder
from firmware_sim.drone.card.file_server import FileServer
from firmware_sim.drone.card.flight_recorder import FlightRecorder
from firmware_sim.drone.card.log_server import LogServer
from firmware_sim.drone.card.ulog_recorder import UlogRecorder
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.encoder import Message, VehicleEncoder, unique_id
from firmware_sim.drone.mavlink.firmware.choice import firmware_named
from firmware_sim.drone.mavlink.handler import Handler, MessageReceiver
from firmware_sim.drone.mavlink.streams import Streams
from firmware_sim.drone.physics.vehicle_body import STEP_MS
from firmware_sim.drone.scenarios import field_named
from firmware_sim.drone.truth import DroneTruth
from firmware_sim.links.faults import NO_FAULTS, Faults
from firmware_sim.links.impairment import ImpairedLink
from firmware_sim.links.udp_tcp import Link, open_link
from headland.clock import wall_clock_ms
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)

_AUTOPILOT_VERSION: Final = common.MAVLINK_MSG_ID_AUTOPILOT_VERSION
_TICK_S: Final = 0.01
#: Maximum number of vehicle steps between two checks of the link and of `stop`: 6 s of simulated time, about 40 ms.
_MAX_STEPS: Final = 300
#: Maximum size of a datagram with several frames: it fits an Ethernet frame.
_DATAGRAM_BYTES: Final = 1200
#: Delay between the first flights of a fleet's vehicles.
_STAGGER_S: Final = 7.0
#: Difference between the boot times of a fleet's vehicles.
_BOOT_APART_S: Final = 41.38
#: Distance between the fields of a fleet's vehicles.
_PATH_M: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DroneSettings:
    """Settings of simulated drones. Without `start_ms` they start now, and `speed` has no effect.

    In a `fleet` seeds and system ids count up from `seed` and `system_id`. With `idle` the drones wait on the ground
    for a ground station.
    """

    connect: str = "udpout:127.0.0.1:14550"
    scenario: str = "demo"
    seed: int = 1
    speed: float = 1.0
    start_ms: int | None = None
    truth_dir: Path | None = None
    system_id: int = 1
    mavlink_version: int = 2
    fleet: int = 1
    idle: bool = False
    faults: Faults = NO_FAULTS
    #: Firmware that the vehicles speak for: `copter`, `rover` or `px4`.
    autopilot: str = "copter"

    def __post_init__(self) -> None:
        """Validate all values; raises SettingsError."""
        field_named(self.scenario)
        firmware_named(self.autopilot)
        SimClock(self.speed, 0, 0)
        last_id = self.system_id + (0 if self.faults.same_id else self.fleet - 1)
        if not 1 <= self.system_id <= last_id <= 255 or not 1 <= self.fleet <= 250:
            raise SettingsError(
                f"{self.fleet} drones from system id {self.system_id} on: give 1 to 250 drones with ids of 1 to 255."
            )
        if self.mavlink_version not in {1, 2}:
            raise SettingsError(f"The MAVLink version {self.mavlink_version} is not valid: give 1 or 2.")
        if not 0 <= self.seed < 2**63:
            raise SettingsError(f"The seed {self.seed} is not valid: give an integer from 0.")


class Drone:
    """A vehicle with its MAVLink messages. Pure: messages in, frames out; no clock and no socket."""

    def __init__(self, settings: DroneSettings, start_ms: int, number: int = 0) -> None:
        scenario, firmware = field_named(settings.scenario), firmware_named(settings.autopilot)
        if number:
            scenario = scenario.moved_across(number * (scenario.width_m() + _PATH_M))
        seed = settings.seed + number
        system_id = settings.system_id + (0 if settings.faults.same_id else number)
        self.vehicle = SimulatedVehicle(
            scenario,
            seed,
            start_ms,
            system_id=system_id,
            flies=not settings.idle,
            delay_s=number * _STAGGER_S,
            up_for_s=number * _BOOT_APART_S,
            with_ground=settings.truth_dir is not None,
            speed=settings.speed,
            traits=firmware.traits,
        )
        self.seed = seed
        self.encoder = VehicleEncoder(self.vehicle, firmware, seed, system_id, settings.mavlink_version)
        self.streams = Streams(firmware.intervals_ms)
        self.handler = Handler(self.vehicle, firmware, self.encoder, self.streams, system_id, settings.speed)
        self.recorder: FlightRecorder = (
            DataflashRecorder(self.vehicle, unique_id(seed), firmware.name.title())
            if firmware.has_dataflash_card
            else UlogRecorder(self.vehicle, unique_id(seed))
        )
        self.handler.add_service(LogServer(self.vehicle, self.recorder))
        self.handler.add_service(FileServer(self.vehicle, self.recorder))
        self._faults = settings.faults
        self._power_up_ms = self.vehicle.time_ms

    def identify(self) -> list[bytes]:
        """Return the frames by which a ground station that asks learns the vehicle's unique id."""
        return [self.encoder.pack(message) for message in self.encoder.makers[_AUTOPILOT_VERSION]()]

    def respond(self, messages: Iterable[Message]) -> list[bytes]:
        """Return the response frames to messages from the link."""
        responses = [response for message in messages for response in self.handler.respond(message)]
        return [self.encoder.pack(response) for response in responses]

    def step(self) -> list[bytes]:
        """Advance by one step and return the frames that are due."""
        self.vehicle.step()
        self.recorder.step()
        self._inject_faults()
        if self.handler.commander.is_reboot_due:
            self._reboot()
        messages = [*self.encoder.due(self.streams), *self.handler.repeat_requests()]
        return [self.encoder.pack(message) for message in messages]

    def _inject_faults(self) -> None:
        """Inject the faults that are due at this step."""
        faults, receiver = self._faults, self.vehicle.body.receiver
        for reboot_s in faults.reboots_s:
            if self._is_now(reboot_s):
                self._reboot()
        for step in faults.clock_steps:
            if self._is_now(step.at_s):
                receiver.clock_error_ms += round(step.amount * 1000)
        for loss in faults.no_fix:
            if self._is_now(loss.at_s):
                receiver.lose_fix(self.vehicle.time_ms, loss.amount)

    def _is_now(self, at_s: float) -> bool:
        since_ms = self.vehicle.time_ms - self._power_up_ms
        return since_ms - STEP_MS <= at_s * 1000 < since_ms

    def _reboot(self) -> None:
        self.handler.commander.forget_reboot()
        self.vehicle.reboot()
        self.streams.restart()
        self.encoder.restart()


class SimulatedFleet:
    """The drones on one link. Pure: bytes in, frames out."""

    def __init__(self, settings: DroneSettings, start_ms: int) -> None:
        self.drones = [Drone(settings, start_ms, number) for number in range(settings.fleet)]
        self._receiver = MessageReceiver()
        is_impaired = settings.faults.hurts_link
        power_up_ms = self.drones[0].vehicle.time_ms
        self._down = ImpairedLink(settings.faults, settings.seed, power_up_ms) if is_impaired else None
        self._up = ImpairedLink(settings.faults, settings.seed + 1, power_up_ms) if is_impaired else None

    @property
    def time_ms(self) -> int:
        """Simulated time, without clock faults."""
        return self.drones[0].vehicle.time_ms

    def receive(self, chunk: bytes) -> list[bytes]:
        """Process bytes from the link and return the response frames."""
        if self._up is not None:
            chunk = b"".join(self._up.carry([chunk] if chunk else [], self.time_ms))
        messages = self._receiver.receive(chunk)
        return self._carry([frame for drone in self.drones for frame in drone.respond(messages)] if messages else [])

    def step(self) -> list[bytes]:
        """Advance by one step and return the frames that are due."""
        return self._carry([frame for drone in self.drones for frame in drone.step()])

    def _carry(self, frames: list[bytes]) -> list[bytes]:
        return frames if self._down is None else self._down.carry(frames, self.time_ms)


def run_drone(settings: DroneSettings, stop: threading.Event) -> None:
    """Fly until `stop` is set; returns within a second. Waits for a lost peer.

    Raises SettingsError for an invalid link, RetryLater where its address is not available.
    """
    real_ms = wall_clock_ms()
    clock = SimClock(settings.speed, real_ms if settings.start_ms is None else settings.start_ms, real_ms)
    fleet = SimulatedFleet(settings, clock.now_ms(real_ms))
    link = open_link(settings.connect)
    truths = (
        []
        if settings.truth_dir is None
        else [DroneTruth(Path(settings.truth_dir), drone.vehicle, drone.seed) for drone in fleet.drones]
    )
    _LOGGER.info("%d drone(s) flying %s on %s", settings.fleet, settings.scenario, settings.connect)
    try:
        while not stop.is_set():
            caught_up = advance(fleet, clock.now_ms(wall_clock_ms()), link, truths)
            stop.wait(_TICK_S if caught_up else 0)
    finally:
        link.close()
        for truth in truths:
            truth.close()
        frames = sum(drone.encoder.frames for drone in fleet.drones)
        _LOGGER.info("Stopped: %d frames sent, %d chunks without a receiver", frames, link.dropped)


def advance(fleet: SimulatedFleet, until_ms: int, link: Link, truths: Sequence[DroneTruth]) -> bool:
    """Respond to messages and step up to `until_ms`, at most `_MAX_STEPS` steps; return whether it was reached."""
    pending = bytearray()
    frames = fleet.receive(link.receive())
    max_steps = max(1, _MAX_STEPS // len(fleet.drones))
    steps = 0
    while True:
        for frame in frames:
            if len(pending) + len(frame) > _DATAGRAM_BYTES:
                link.send(bytes(pending))
                pending.clear()
            pending += frame
        if fleet.time_ms + STEP_MS > until_ms or steps >= max_steps:
            break
        frames = fleet.step()
        steps += 1
        for truth in truths:
            truth.record()
    if pending:
        link.send(bytes(pending))
    return fleet.time_ms + STEP_MS > until_ms
