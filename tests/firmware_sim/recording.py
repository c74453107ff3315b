"""One whole flight, recorded once for all the tests that look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.modes import Stage
from firmware_sim.drone.physics.sprayer import Sprayer
from firmware_sim.drone.simulator import Drone, DroneSettings

START_MS = 1_795_000_000_000
STEP_S = 0.02


@dataclass
class Recording:
    """The drone after the flight, every frame, and the truth of every step."""

    drone: Drone
    frames: list[bytes] = field(default_factory=list)
    east_north_m: list[tuple[float, float]] = field(default_factory=list)
    velocity_m_s: list[tuple[float, float, float]] = field(default_factory=list)
    flow_l_min: list[float] = field(default_factory=list)
    spraying: list[bool] = field(default_factory=list)
    stages: list[tuple[float, Stage]] = field(default_factory=list)

    def step(self) -> None:
        """Advance the drone and write down what happened."""
        vehicle = self.drone.vehicle
        self.frames += self.drone.step()
        motion, machine = vehicle.body.motion, sprayer_of(self.drone)
        self.east_north_m.append((motion.east_m, motion.north_m))
        self.velocity_m_s.append((motion.east_m_s, motion.north_m_s, motion.up_m_s))
        self.flow_l_min.append(machine.flow_l_min)
        self.spraying.append(vehicle.autopilot.sprayer.spraying)
        if not self.stages or self.stages[-1][1] is not vehicle.autopilot.stage:
            self.stages.append((vehicle.boot_time_ms / 1000, vehicle.autopilot.stage))


def sprayer_of(drone: Drone) -> Sprayer:
    """Return the machine of a drone that carries a sprayer."""
    machine = drone.vehicle.body.machine
    assert isinstance(machine, Sprayer)
    return machine


@cache
def record_demo() -> Recording:
    """Return the demo's first pass, from power-up to the landing."""
    recording = Recording(Drone(DroneSettings(), START_MS))
    while len(recording.stages) < 2 or recording.stages[-1][1] is not Stage.IDLE:
        recording.step()
    return recording


def read_frames(frames: list[bytes]) -> list[Any]:
    """Return the messages pymavlink reads in the frames; every one must be sound."""
    parser = dialect.MAVLink(None)
    messages = parser.parse_buffer(b"".join(frames)) or []
    assert len(messages) == len(frames)
    return list(messages)


@cache
def read_demo() -> list[Any]:
    """Return the messages of the recorded demo."""
    return read_frames(record_demo().frames)
